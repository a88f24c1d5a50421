"""``causalex recognise`` as a user runs it, after ``causalex spot``."""

import pickle
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest

from causalex_core import cli
from causalex_core.recognition.checkpoints import SHIPPED
from causalex_synthetic import dataset

FRAMES, BEFORE = 120, 50
ADDED = ["emotion", "negative", "positive", "surprise", "skipped"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Part of a video around a strong smile of somebody whom no model has seen."""
    people = dataset.draw(dataset.Config(seed=77))
    number, event = next(
        (number, event)
        for number, video in enumerate(people.videos)
        for event in video.events
        if event.kind == "macro"
        and event.emotion == "positive"
        and max(event.intensities) > 0.6
        and event.onset > BEFORE
        and event.offset - event.onset < FRAMES - BEFORE - 20
    )
    film, first = people.film(number), event.onset - BEFORE
    folder = tmp_path_factory.mktemp("clips")
    (folder / "smile").mkdir()
    points = []
    for frame in range(FRAMES):
        cv2.imwrite(str(folder / "smile" / f"{frame:03d}.png"), film.picture(first + frame))
        points.append(film.face.landmarks(film.state(first + frame)))
    np.save(folder / "smile.npy", np.stack(points))
    return folder, tuple(frame - first for frame in (event.onset, event.apex, event.offset))


@pytest.fixture
def table(clip, tmp_path):
    """The true interval as a table, which a test may change."""

    def written(**changes):
        row = dict(zip(("onset", "apex", "offset"), clip[1], strict=True))
        row = {"subject": "smile", "video": "smile", **row, "kind": "macro", "note": "kept"}
        path = tmp_path / "intervals.csv"
        pd.DataFrame([row | changes]).to_csv(path, index=False)
        return path

    return written


def words(folder, intervals, output, *more):
    points = ["--fps", "30", "--landmarks", folder / "smile.npy"]
    every = [folder / "smile", "--intervals", intervals, "-o", output, *points, *more]
    return ["recognise", *map(str, every)]


def test_a_smile_is_spotted_and_named(clip, tmp_path, capsys):
    folder, truth = clip
    found, named = tmp_path / "detections.csv", tmp_path / "emotions.csv"
    spot = ["spot", str(folder / "smile"), "--fps", "30", "--landmarks", str(folder / "smile.npy")]
    assert cli.main([*spot, "-o", str(found)]) == 0
    assert cli.main(words(folder, found, named)) == 0
    assert "positive" in capsys.readouterr().out
    before, after = pd.read_csv(found), pd.read_csv(named)
    assert list(after) == [*before, *ADDED]
    pd.testing.assert_frame_equal(after[list(before)], before)
    np.testing.assert_allclose(after[ADDED[1:4]].sum(axis=1), 1, atol=2e-4)
    inner = np.minimum(after["offset"], truth[2]) - np.maximum(after["onset"], truth[0])
    smile = after.loc[inner.idxmax()]
    assert smile["emotion"] == "positive" and smile["positive"] > 0.5


def test_the_face_is_found_without_landmarks(clip, table, tmp_path):
    pytest.importorskip("mediapipe")
    target = tmp_path / "emotions.csv"
    given = [str(clip[0] / "smile"), "--fps", "30", "--intervals", str(table())]
    assert cli.main(["recognise", *given, "-o", str(target)]) == 0
    assert pd.read_csv(target)["emotion"].tolist() == ["positive"]


def test_only_one_kind(clip, table, tmp_path):
    target = tmp_path / "emotions.csv"
    assert cli.main(words(clip[0], table(), target, "--kind", "macro")) == 0
    assert pd.read_csv(target)["note"].tolist() == ["kept"]
    assert cli.main(words(clip[0], table(), target, "--kind", "micro")) == 0
    nothing = pd.read_csv(target)
    assert nothing.empty and list(nothing)[-5:] == ADDED


def test_an_empty_table_stays_empty(tmp_path):
    source, target = tmp_path / "none.csv", tmp_path / "emotions.csv"
    source.write_text("subject,video,onset,apex,offset,kind\n")
    given = ["recognise", "nowhere.mp4", "--intervals", str(source), "-o", str(target)]
    assert cli.main(given) == 0
    assert (
        target.read_text()
        == "subject,video,onset,apex,offset,kind,emotion,negative,positive,surprise,skipped\n"
    )


def test_rows_go_to_their_videos(clip, table, tmp_path, capsys):
    folder, videos = clip[0], tmp_path / "in"
    for name in ("s1/a", "s2/a"):
        shutil.copytree(folder / "smile", videos / name)
    one = pd.read_csv(table())
    rows = [
        one.assign(subject="s2", video="a", note="first"),
        one.assign(subject="s1", video="a", note="second"),
    ]
    source, target = tmp_path / "two.csv", tmp_path / "emotions.csv"
    pd.concat(rows).to_csv(source, index=False)
    given = ["recognise", str(videos), "--fps", "30", "--intervals", str(source)]
    pytest.importorskip("mediapipe")
    assert cli.main([*given, "-o", str(target)]) == 0
    found = pd.read_csv(target)
    assert found["note"].tolist() == ["first", "second"]
    assert found["positive"].iloc[0] == found["positive"].iloc[1]
    (videos / "s2" / "a" / "060.png").write_bytes(b"broken")
    assert cli.main([*given, "-o", str(target)]) == 2
    shown = capsys.readouterr().err
    assert "060.png cannot be read" in shown
    assert shown.endswith("causalex: error: 1 of 2 videos could not be judged, see above\n")
    assert pd.read_csv(target)["note"].tolist() == ["second"]


def fails(arguments, said, capsys):
    assert cli.main(arguments) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.startswith("causalex: error: ") and shown.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"apex": 10_000, "offset": 10_020}, "no frame 10000; it has 120"),
        ({"onset": 70, "apex": 70, "offset": 80}, "expected 0 <= onset < apex < offset"),
        ({"onset": 60, "apex": 80, "offset": 80}, "expected 0 <= onset < apex < offset"),
        ({"apex": ""}, "expected whole frames, none missing"),
        ({"apex": 60.5}, "expected whole frames, none missing"),
        ({"kind": "smile"}, "is no kind"),
        (
            {"onset": 50, "onset_seconds": 3.333},
            "at 3.333 s, which is frame 100 at 30 per",
        ),
        ({"video": "other"}, "row 1: video 'other' of subject 'smile' is none of those given"),
        ({"emotion": "positive"}, "has a column 'emotion' already"),
    ],
)
def test_intervals_that_cannot_be_meant(clip, table, tmp_path, capsys, changes, said):
    target = tmp_path / "emotions.csv"
    fails(words(clip[0], table(**changes), target), said, capsys)
    assert not target.exists()


def test_columns_faces_and_weights_that_are_missing(clip, table, tmp_path, capsys):
    folder, target = clip[0], tmp_path / "emotions.csv"
    without = tmp_path / "without.csv"
    pd.read_csv(table()).drop(columns="apex").to_csv(without, index=False)
    fails(words(folder, without, target), "intervals without 'apex'", capsys)
    pd.read_csv(table()).drop(columns="offset").to_csv(without, index=False)
    fails(words(folder, without, target), "no column 'offset'", capsys)
    points = np.load(folder / "smile.npy")
    points[clip[1][1] :] = np.nan
    np.save(tmp_path / "hidden.npy", points)
    hidden = words(folder, table(), target, "--landmarks", tmp_path / "hidden.npy")
    fails(hidden, f"none of 1 rows could be judged; {table()}, row 1: no face in frame", capsys)
    weights = tmp_path / "weights.safetensors"
    for content, said in (
        (SHIPPED.read_bytes()[:5000], "truncated or not safetensors"),
        (pickle.dumps({"weight": 1}), "truncated or not safetensors"),
    ):
        weights.write_bytes(content)
        fails(words(folder, table(), target, "--model", weights), said, capsys)
    assert not target.exists()


def test_landmarks_of_another_video_are_refused(clip, table, tmp_path, capsys):
    points, target = tmp_path / "longer.npy", tmp_path / "emotions.csv"
    np.save(points, np.concatenate([np.load(clip[0] / "smile.npy")] * 2))
    given = words(clip[0], table(), target, "--landmarks", points)
    fails(given, f"landmarks of {2 * FRAMES} frames, the video has {FRAMES}", capsys)
    assert not target.exists()


def test_a_table_without_rows_is_told(clip, table, tmp_path, capsys):
    target = tmp_path / "emotions.csv"
    assert cli.main(words(clip[0], table(), target, "--kind", "micro")) == 0
    assert "no expression to recognise among 1 rows (--kind micro)" in capsys.readouterr().err
    table().write_text("subject,video,onset,apex,offset,kind\n")
    assert cli.main(words(clip[0], tmp_path / "intervals.csv", target)) == 0
    assert "no expression to recognise among 0 rows" in capsys.readouterr().err
    assert len(pd.read_csv(target)) == 0


def test_a_full_disk_leaves_what_was_there(clip, table, tmp_path, capsys, small_files):
    target = tmp_path / "emotions.csv"
    target.write_text("kept")
    given = words(clip[0], table(), target)
    with small_files(20):
        fails(given, f"too large: {target}", capsys)
    assert target.read_text() == "kept"


def test_rows_that_cannot_be_judged_are_skipped_with_the_reason(clip, table, tmp_path, capsys):
    good = pd.read_csv(table()).assign(measured_share=1.0, reasons="")
    changes = (
        {"apex": clip[1][0]},
        {"offset": 10_000},
        {"apex": np.nan},
        {"measured_share": 0.3, "reasons": "20 no face"},
        {"measured_share": 0.9, "reasons": "1 scene cut"},
    )
    source, target = tmp_path / "mixed.csv", tmp_path / "emotions.xlsx"
    rows = [good.assign(**change) for change in changes]
    pd.concat([*rows[:2], good, *rows[2:]]).to_csv(source, index=False)
    assert cli.main(words(clip[0], source, target)) == 0
    found = pd.read_excel(target, keep_default_na=False)
    assert (found["emotion"] != "").tolist() == [False, False, True, False, False, False]
    for row, said in (
        (0, "onset < apex < offset"),
        (1, "no frame 10000; it has 120"),
        (3, "expected whole frames, none missing"),
        (4, "30% were measured; 20 no face"),
        (5, "90% were measured; 1 scene cut"),
    ):
        assert said in found["skipped"][row]
    assert found["skipped"][2] == ""
    assert found["onset"].dtype.kind == "i"  # numbers, and no text
    shown = capsys.readouterr().err
    assert shown.count("causalex: warning: skipped ") == 5
    assert f"skipped {source}, row 2: no frame 10000" in shown


def test_what_spot_writes_of_a_slow_video_is_taken(cases, clip, tmp_path, capsys):
    """At 6 frames per second key frames of short expressions fall together."""
    detections, target = tmp_path / "d.csv", tmp_path / "emotions.csv"
    motion = cases / "chain_low_rate" / "d20_6.npz"
    assert cli.main(["spot", str(motion), "-o", str(detections)]) == 0
    assert "6 frames per second" in capsys.readouterr().err
    table = pd.read_csv(detections).assign(subject="smile", video="smile")
    del table["onset_seconds"]  # of another video than the clip
    table.to_csv(detections, index=False)
    assert cli.main(words(clip[0], detections, target)) == 0
    emotions = pd.read_csv(target, keep_default_na=False)
    flat = (table["onset"] >= table["apex"]) | (table["apex"] >= table["offset"])
    assert flat.any() and not flat.all()
    assert ((emotions["emotion"] == "") == flat).all()
    assert capsys.readouterr().err.count("expected 0 <= onset < apex < offset") == flat.sum()


def test_probabilities_have_four_digits(clip, table, tmp_path):
    target = tmp_path / "emotions.csv"
    assert cli.main(words(clip[0], table(), target)) == 0
    cells = pd.read_csv(target, dtype=str)[ADDED[1:4]].to_numpy().ravel()
    assert all(len(cell.partition(".")[2]) <= 4 for cell in cells)
