"""``causalex spot`` as a user runs it, and its page in a browser."""

import json
import pickle
import re
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest

from causalex_core import cli, regions
from causalex_core.data import manifest
from causalex_core.motion.extract import Config
from causalex_core.motion.record import Quality
from causalex_core.motion.video import open_frames
from causalex_core.spotting.checkpoints import SHIPPED
from causalex_synthetic.dataset import draw

CLIP = "feat/tests/data/WolfgangLanger_Pexels.mp4"
FRAMES, BEFORE = 150, 60
COLUMNS = [
    "subject", "video", "onset", "apex", "offset", "kind", "score",
    "onset_seconds", "apex_seconds", "offset_seconds", "measured_share", "reasons",
]  # fmt: skip


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Part of a video of the cohort around a strong macro-expression, with its landmarks."""
    people = draw()
    number, event = next(
        (number, event)
        for number, video in enumerate(people.videos)
        for event in video.events
        if event.kind == "macro" and max(event.intensities) > 0.7 and event.onset > BEFORE
    )
    film, first = people.film(number), event.onset - BEFORE
    folder = tmp_path_factory.mktemp("clips")
    (folder / "smile").mkdir()
    points = []
    for frame in range(FRAMES):
        picture = film.picture(first + frame)
        cv2.imwrite(str(folder / "smile" / f"{frame:03d}.png"), picture)
        points.append(film.face.landmarks(film.state(first + frame)))
    np.save(folder / "smile.npy", np.stack(points))
    return folder, (BEFORE, BEFORE + event.offset - event.onset)


@pytest.fixture(scope="module")
def spotted(clip):
    """The command has run on the clip."""
    folder, truth = clip
    words = ["spot", str(folder / "smile"), "--fps", "30", "--landmarks", str(folder / "smile.npy")]
    target, page = folder / "out" / "detections.csv", folder / "out" / "page.html"
    assert cli.main([*words, "-o", str(target), "--timeline", str(page)]) == 0
    return pd.read_csv(target), page, truth


@pytest.fixture(scope="module")
def motion(tmp_path_factory):
    """A motion file as `causalex extract` writes it; noise with one strong movement."""
    values = np.random.default_rng(2).normal(0, 0.02, (200, 12, 2)).astype(np.float32)
    path = tmp_path_factory.mktemp("motion") / "noise.npz"
    np.savez(path, motion=values, fps=30.0, config=Config().to_json())
    return path


def overlap(row, truth):
    inner = min(row["offset"], truth[1]) - max(row["onset"], truth[0]) + 1
    return max(inner, 0) / (max(row["offset"], truth[1]) - min(row["onset"], truth[0]) + 1)


def test_the_expression_of_a_rendered_clip_is_found(spotted):
    table, _, truth = spotted
    assert list(table) == COLUMNS
    macro = table[table["kind"] == "macro"]
    assert max(overlap(row, truth) for _, row in macro.iterrows()) >= 0.5
    assert len(macro) <= 3
    np.testing.assert_allclose(table["onset_seconds"], table["onset"] / 30, atol=1e-3)


def test_the_table_can_be_scored(spotted, clip, tmp_path, capsys):
    folder, truth = clip
    (tmp_path / "truth.csv").write_text(
        f"subject,video,onset,offset,kind\nsmile,smile,{truth[0]},{truth[1]},macro\n"
    )
    words = ["score", "--truth", str(tmp_path / "truth.csv"), "--predictions"]
    assert cli.main([*words, str(folder / "out" / "detections.csv")]) == 0
    assert "macro" in capsys.readouterr().out


def test_the_page_holds_all_that_it_needs(spotted):
    table, page, _ = spotted
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", text)
    assert "http" not in text.replace("http://www.w3.org/", "")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["frames"] == FRAMES and len(data["scores"]["macro"]) == FRAMES
    assert len(data["faces"]) == -(-FRAMES // data["every"]) and all(data["faces"])
    assert text.count('class="bar ') == len(table)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 400)])
def test_the_page_in_a_browser(spotted, browser, scheme, width):
    table, page, _ = spotted
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    sheet = context.new_page()
    complaints = []
    sheet.on("console", lambda message: complaints.append(message.text))
    sheet.on("pageerror", lambda error: complaints.append(str(error)))
    sheet.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("data:", page.as_uri()))
            else complaints.append(request.url)
        ),
    )
    sheet.goto(page.as_uri())
    assert sheet.locator(".bar").count() == len(table)
    assert sheet.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert sheet.locator("img:not([hidden])").evaluate_all(
        "all => all.every(one => one.alt && one.naturalWidth > 0)"
    )
    frame = sheet.locator("#frame")
    frame.focus()
    sheet.keyboard.press("ArrowRight")
    assert "Frame 1, 0.03 s" in frame.get_attribute("aria-valuetext")
    first = sheet.locator("#face").get_attribute("src")
    sheet.locator(".bar").first.focus()
    sheet.keyboard.press("Enter")
    apex = sheet.locator(".bar").first.get_attribute("data-apex")
    assert sheet.locator("#now").inner_text().startswith(f"Frame {apex},")
    assert sheet.locator("#face").get_attribute("src") != first
    sheet.locator("#zoom").fill("2")
    assert sheet.evaluate("document.querySelector('.strip').clientWidth") > 1.8 * (
        sheet.locator(".scroll").evaluate("one => one.clientWidth") - 24
    )
    colours = sheet.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert ("rgb(255" in colours[0]) == (scheme == "light")
    assert colours[0] != colours[1]
    context.close()
    assert complaints == []


def test_the_clip_of_an_actor(mirror, tmp_path, capsys):
    if manifest.locate("pyfeat_clips") is None:
        pytest.skip("pyfeat_clips is not in the mirror")
    video = manifest.require("pyfeat_clips").path(CLIP)
    target, page = tmp_path / "detections.csv", tmp_path / "page.html"
    assert cli.main(["spot", str(video), "-o", str(target), "--timeline", str(page)]) == 0
    assert "in 472 frames" in capsys.readouterr().out
    table = pd.read_csv(target)
    assert set(table["kind"]) <= {"macro", "micro"} and (table["kind"] == "macro").any()
    assert table[["onset", "apex", "offset"]].to_numpy().min() >= 0
    assert table["offset"].max() < 472
    assert "emotion" not in " ".join(table.columns)


def test_many_videos_become_one_table(motion, tmp_path, capsys):
    for name in ("s1/a", "s1/b", "s2/a"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(motion, tmp_path / "in" / f"{name}.npz")
    (tmp_path / "in" / "s2" / "b.npz").write_bytes(motion.read_bytes()[:500])
    target = tmp_path / "detections.csv"
    assert cli.main(["spot", str(tmp_path / "in"), "-o", str(target)]) == 2
    shown = capsys.readouterr()
    assert "cannot read the motion file" in shown.err
    assert shown.err.endswith("causalex: error: 1 of 4 videos could not be judged, see above\n")
    assert shown.out.count("in 200 frames") == 3
    assert list(pd.read_csv(target)) == COLUMNS


def test_a_video_shorter_than_a_window_and_than_a_graph(tmp_path, capsys):
    values = np.random.default_rng(2).normal(0, 0.02, (9, 12, 2)).astype(np.float32)
    path, page = tmp_path / "short.npz", tmp_path / "page.html"
    np.savez(path, motion=values, fps=25.0, config=Config().to_json())
    words = ["spot", str(path), "-o", str(tmp_path / "d.csv"), "--timeline", str(page)]
    assert cli.main(words) == 0
    shown = capsys.readouterr()
    assert "in 9 frames; no graph" in shown.out
    assert "no causal graph (9 frames in 1 series are too few" in shown.err
    assert "the prior alone is used" in shown.err
    assert "the prior graph was used" in page.read_text(encoding="utf-8")


def fails(words, said, capsys):
    assert cli.main(["spot", *map(str, words)]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1


def test_motion_that_cannot_be_judged(motion, tmp_path, capsys):
    target, other = tmp_path / "d.csv", tmp_path / "other.npz"
    content = dict(np.load(motion))
    broken = content["motion"].copy()
    broken[70, 3] = np.nan
    for changes, said in (
        ({"motion": broken}, f"first in frame 70 at the region '{regions.NAMES[3]}'"),
        ({"config": Config(stride=1).to_json()}, "was not extracted as the model needs it"),
        ({"motion": content["motion"][:, :5]}, "motion of shape (200, 5, 2)"),
    ):
        np.savez(other, **{**content, **changes})
        fails([other, "-o", target], said, capsys)
    fails([tmp_path / "none.mp4", "-o", target], "does not exist", capsys)
    fails([motion, motion, "-o", target], "two videos are called 'noise'", capsys)
    fails([motion, other, "-o", target, "--timeline", "t.html"], "for one video", capsys)
    assert not target.exists()


def test_motion_of_another_video_is_refused(motion, tmp_path, capsys):
    folder, other = tmp_path / "frames", tmp_path / "other.npz"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((8, 8), np.uint8))
    words = [folder, "--fps", "30", "--motion", other, "-o", tmp_path / "d.csv"]
    np.savez(other, **np.load(motion), source="ab12")
    fails(words, f"{other} was not made from {folder}", capsys)
    np.savez(other, **np.load(motion), source=open_frames(folder, 30).digest())
    assert cli.main(["spot", *map(str, words)]) == 0


def test_a_lambda_beyond_all_probabilities_is_refused(motion, tmp_path, capsys):
    given = [motion, "-o", tmp_path / "d.csv", "--debias", "1e300"]
    fails(given, "lambda 1e+300: expected 0 to 1e+06", capsys)


def test_weights_that_are_none(motion, tmp_path, capsys):
    target, weights = tmp_path / "d.csv", tmp_path / "weights.safetensors"
    target.write_text("kept")
    whole = SHIPPED.read_bytes()
    for content, said in (
        (whole[: len(whole) // 2], "truncated or not safetensors"),
        (pickle.dumps({"weight": 1}), "truncated or not safetensors"),
        (b"", "truncated or not safetensors"),
    ):
        weights.write_bytes(content)
        fails([motion, "-o", target, "--model", weights], said, capsys)
    weights.unlink()
    fails([motion, "-o", target, "--model", weights], "cannot be read", capsys)
    assert target.read_text() == "kept"


def test_a_full_disk_leaves_what_was_there(motion, tmp_path, capsys, small_files):
    target, page = tmp_path / "d.csv", tmp_path / "page.html"
    assert cli.main(["spot", str(motion), "-o", str(target), "--timeline", str(page)]) == 0
    capsys.readouterr()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert sorted(before) == ["d.csv", "page.html"]
    for most, full, words in (
        (20, target, []),
        (len(before["d.csv"]) + 1, page, ["--timeline", page]),
    ):
        with small_files(most):
            fails([motion, "-o", target, "--debias", "0.1", *words], f"too large: {full}", capsys)
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("given", [".", "test/s1", "test/s1/v_0000.npz"])
def test_windows_of_the_archive_are_refused(given, motion, tmp_path, capsys):
    window = tmp_path / "feature_segment" / "test" / "s1" / "v_0000.npz"
    window.parent.mkdir(parents=True)
    np.savez(window, feature=np.ones((270, 12, 2)), label=np.zeros((270, 8)), video_name="v")
    place = tmp_path / "feature_segment" / given
    said = f"{place} holds AUW-GCN's features, which say neither their frame rate nor how"
    out = ["-o", tmp_path / "detections.csv"]
    fails([place, *out], said, capsys)
    fails([motion, "--motion", place, *out], said, capsys)
    assert not (tmp_path / "detections.csv").exists()


def test_what_the_model_knows_is_said_once(motion, tmp_path, capsys):
    for name in ("a", "b"):
        shutil.copy(motion, tmp_path / f"{name}.npz")
    assert cli.main(["spot", str(tmp_path), "-o", str(tmp_path / "d.csv")]) == 0
    assert capsys.readouterr().err.count("trained on synthetic faces only") == 1
    weights = shutil.copy(SHIPPED, tmp_path / "other.safetensors")
    words = ["spot", str(motion), "-o", str(tmp_path / "d.csv"), "--model", str(weights)]
    assert cli.main(words) == 0
    assert capsys.readouterr().err == ""


@pytest.fixture(scope="module")
def strong(clip, tmp_path_factory):
    """Motion of the clip, in which there is something to spot."""
    folder, path = clip[0], tmp_path_factory.mktemp("strong") / "smile.npz"
    words = [folder / "smile", "--fps", "30", "--landmarks", folder / "smile.npy", "-o", path]
    assert cli.main(["extract", *map(str, words)]) == 0
    return dict(np.load(path))


@pytest.mark.parametrize("fps", [30.0, 24.0])
@pytest.mark.parametrize("hidden", [(0, 70), (75, 80), (85, 150)])
def test_nothing_is_spotted_where_no_face_is(strong, spotted, tmp_path, capsys, hidden, fps):
    """Whatever part of the expression is hidden, an end of the video too."""
    quality = strong["quality"].copy()
    quality[slice(*hidden)][quality[slice(*hidden)] == 0] = Quality.NO_FACE
    path, target = tmp_path / "hidden.npz", tmp_path / "d.csv"
    np.savez(path, **{**strong, "quality": quality, "fps": fps})
    assert cli.main(["spot", str(path), "-o", str(target)]) == 0
    lost = np.isin(np.arange(FRAMES), np.arange(*hidden))
    table = pd.read_csv(target, keep_default_na=False)
    assert not lost[table[["onset", "apex", "offset"]].to_numpy(int)].any()
    for row in table.itertuples():
        part = quality[row.onset : row.offset + 1]
        assert row.measured_share == round((part <= 1).mean(), 4)
        assert (row.reasons == "") == (row.measured_share == 1)
    shown = capsys.readouterr().err
    assert f"{path}: {(quality > 1).sum()} of {FRAMES} frames were not measured" in shown
    assert f"{(quality == Quality.NO_FACE).sum()} no face" in shown


def test_several_faces_and_low_rates_are_told(motion, tmp_path, capsys):
    content, path = dict(np.load(motion)), tmp_path / "two.npz"
    quality = np.zeros(200, np.uint8)
    quality[:50] = Quality.SEVERAL_FACES
    names = [item.name.lower() for item in Quality]
    who = "mediapipe FaceMesh; left of 2 faces, at (10, 20)"
    more = {"quality": quality, "quality_names": names, "landmarks": who, "fps": 6.0}
    np.savez(path, **content | more)
    assert cli.main(["spot", str(path), "-o", str(tmp_path / "d.csv")]) == 0
    shown = capsys.readouterr().err
    assert "several faces in 50 frames; measured: left of 2 faces, at (10, 20)" in shown
    assert "6 frames per second" in shown


def test_a_workbook_holds_the_same_table(strong, tmp_path, capsys):
    np.savez(tmp_path / "smile.npz", **strong)
    tables = []
    for name, read in (("d.csv", pd.read_csv), ("d.xlsx", pd.read_excel)):
        words = ["spot", str(tmp_path / "smile.npz"), "-o", str(tmp_path / name)]
        assert cli.main(words) == 0
        tables.append(read(tmp_path / name))
    pd.testing.assert_frame_equal(*tables, check_dtype=False)
    assert len(tables[0]) and (tables[0]["score"] == tables[0]["score"].round(4)).all()
    capsys.readouterr()
    shutil.copy(tmp_path / "smile.npz", tmp_path / "a\x01b.npz")
    fails([tmp_path / "a\x01b.npz", "-o", tmp_path / "e.xlsx"], "no workbook can hold", capsys)
    for name in ("d.xls", "d.csv.gz", "detections"):
        fails(
            [tmp_path / "smile.npz", "-o", tmp_path / name], "is written as .csv or .xlsx", capsys
        )


def test_options_of_faces_are_for_videos(motion, tmp_path, capsys):
    target = tmp_path / "d.csv"
    fails([motion, "-o", target, "--face", "left"], "is motion: --landmarks and --face", capsys)
    fails([motion, "-o", target, "--landmarks", "p.csv"], "is motion: --landmarks", capsys)


def test_scores_are_no_workbook(tmp_path, capsys):
    words = ["score", "--truth", "t.csv", "--predictions", "p.csv", "--json"]
    assert cli.main([*words, str(tmp_path / "scores.xlsx")]) == 2
    shown = capsys.readouterr().err
    assert "scores.xlsx': it is written as .json" in shown and shown.count("\n") == 1
