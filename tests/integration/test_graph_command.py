"""``causalex graph`` as a user runs it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from causalex_core import cli, paths, regions
from causalex_core.graphs import compound, pag


@pytest.fixture
def motion(tmp_path):
    """12 smooth regions; the second follows the first, the last rows were not measured."""
    generator = np.random.default_rng(1)
    values = gaussian_filter1d(generator.standard_normal((400, 12, 2)), 3, axis=0)
    values[:, 1] += 2 * values[:, 0]
    quality = np.zeros(400, np.uint8)
    quality[100] = 1
    quality[390:] = 3
    values[quality == 3] = 0
    path = tmp_path / "motion.npz"
    names = np.array(["measured", "several_faces", "end_of_video", "no_face", "scene_cut"])
    np.savez(path, motion=values.astype(np.float32), quality=quality, quality_names=names)
    return path


def test_the_file_holds_the_graph(motion, tmp_path, capsys):
    target = tmp_path / "graph.json"
    assert cli.main(["graph", str(motion), "-o", str(target)]) == 0
    graph = pag.read(target)
    assert graph.adjacency[0, 1]
    assert graph.alpha == 0.01
    assert graph.settings["frames"] == 390
    assert graph.settings["series"] == 1
    assert graph.settings["components"] == "magnitude"
    assert graph.settings["regions"] == list(regions.NAMES)
    assert graph.n_eff.shape == (12, 12)
    shown = capsys.readouterr().out
    assert "390 samples in 1 series, worth" in shown
    assert f"{regions.NAMES[0]} " in shown


@pytest.fixture
def another(motion, tmp_path):
    """A second video, as long as the first."""
    content = dict(np.load(motion))
    path = tmp_path / "another.npz"
    np.savez(path, **{**content, "motion": content["motion"][..., ::-1]})
    return path


def test_options_reach_the_search(motion, another, tmp_path):
    target = tmp_path / "graph.json"
    words = ["--components", "stacked", "--alpha", "0.05", "--depth", "1", "--no-possible-d-sep",
             "--effective-sample-size", "frames"]  # fmt: skip
    assert cli.main(["graph", str(motion), str(another), "-o", str(target), *words]) == 0
    graph = pag.read(target)
    assert graph.alpha == 0.05
    assert graph.settings["frames"] == 1560
    assert {key: graph.settings[key] for key in ("components", "depth", "possible_d_sep")} == {
        "components": "stacked",
        "depth": 1,
        "possible_d_sep": False,
    }


def test_causal_learn_can_be_asked(motion, tmp_path, capsys):
    target = tmp_path / "graph.json"
    words = ["graph", str(motion), "-o", str(target), "--backend", "causal-learn", "--depth", "0"]
    assert cli.main(words) == 2
    assert "knows only 'frames'" in capsys.readouterr().err
    assert cli.main([*words, "--effective-sample-size", "frames", "--no-possible-d-sep"]) == 2
    assert cli.main([*words, "--effective-sample-size", "frames"]) == 0
    assert pag.read(target).settings["backend"] == "causal-learn"


def test_the_same_bytes_whatever_hash_seed_and_threads(motion, tmp_path):
    written = set()
    for seed, threads in (("0", "1"), ("1", "2")):
        target = tmp_path / f"{seed}.json"
        subprocess.run(
            [sys.executable, "-m", "causalex_core.cli", "graph", str(motion), "-o", str(target),
             "--policy", "possibly_directed"],
            cwd=paths.ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads,
                 "OPENBLAS_NUM_THREADS": threads},
            check=True,
        )  # fmt: skip
        written.add(target.read_bytes())
    assert len(written) == 1


MOVING = np.random.default_rng(1).standard_normal((80, 12, 2))
STILL_NOSE, TWINS = MOVING.copy(), MOVING.copy()
STILL_NOSE[:, regions.NAMES.index("nose bridge")] = 1
TWINS[:, regions.NAMES.index("right mouth corner")] = (
    2 * TWINS[:, regions.NAMES.index("left mouth corner")]
)
SLOW = 5 + np.tanh(np.linspace(-5, 5, 80))[:, None, None] + 0.001 * MOVING


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read the motion file"),
        (b"\0\0\0\x18ftypmp42", "it is no .npz file, or damaged; expected what `causalex extract`"),
        ({"flow": np.zeros(3)}, "cannot read the motion file"),
        ({"motion": np.zeros((9, 68, 2))}, "motion of shape (9, 68, 2), expected (frames, 12, 2)"),
        ({"motion": np.zeros((50, 12, 2))}, "do not vary"),
        ({"motion": np.ones((50, 12, 2)), "quality": np.full(50, 3)}, "none of its 50 frames"),
        ({"motion": np.ones((50, 12, 2)), "quality": np.zeros(4)}, "for 50 frames"),
        (
            {"motion": np.full((50, 12, 2), np.nan)},
            "first in frame 0 at the region 'left brow, outer'",
        ),
        ({"motion": STILL_NOSE}, "regions ['nose bridge'] do not vary"),
        ({"motion": TWINS}, "regions ['left mouth corner', 'right mouth corner'] are collinear"),
        ({"motion": SLOW}, "are worth only"),
    ],
)
def test_what_is_no_motion_is_one_line(content, said, tmp_path, capsys):
    path, target = tmp_path / "motion.npz", tmp_path / "graph.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        np.savez(path, **content)
    assert cli.main(["graph", str(path), "-o", str(target)]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1
    assert not target.exists()


def test_columns_are_called_by_the_names_of_their_regions(tmp_path, capsys):
    path = tmp_path / "motion.npz"
    for content in (STILL_NOSE, TWINS, SLOW):
        np.savez(path, motion=content)
        assert cli.main(["graph", str(path), "-o", str(tmp_path / "graph.json")]) == 2
        shown = capsys.readouterr().err
        assert "column" not in shown
        assert any(name in shown for name in regions.NAMES)


def test_frames_that_were_not_measured_may_hold_anything(motion, tmp_path):
    content = dict(np.load(motion))
    content["motion"][content["quality"] == 3] = np.nan
    broken, target = tmp_path / "nan.npz", tmp_path / "graph.json"
    np.savez(broken, **content)
    assert cli.main(["graph", str(broken), "-o", str(target)]) == 0


@pytest.mark.parametrize("policy", compound.POLICIES)
def test_a_policy_adds_its_matrix(policy, motion, tmp_path):
    target, plain = tmp_path / "graph.json", tmp_path / "plain.json"
    assert cli.main(["graph", str(motion), "-o", str(target), "--policy", policy]) == 0
    assert cli.main(["graph", str(motion), "-o", str(plain)]) == 0
    graph, content = pag.read(target), json.loads(target.read_text())
    assert content["policy"] == policy
    assert content["adjacency"] == compound.adjacency(graph.marks, policy).tolist()
    assert graph.to_json() == pag.read(plain).to_json() == plain.read_text()


def test_an_archive_of_something_else(tmp_path, capsys):
    path = tmp_path / "motion.npz"
    path.write_bytes(b"PK\x03\x04 not an archive")
    assert cli.main(["graph", str(path), "-o", str(tmp_path / "graph.json")]) == 2
    assert "cannot read the motion file" in capsys.readouterr().err


def test_first_frames_are_left_out_of_every_video(motion, another, tmp_path, capsys):
    target, cut = tmp_path / "graph.json", [tmp_path / "cut.npz", tmp_path / "another_cut.npz"]
    words = ["graph", str(motion), str(another), "-o", str(target), "--leave-out-first", "15"]
    assert cli.main(words) == 0
    shown = capsys.readouterr().out
    assert "the first 15 frames of each video left out\n750 samples in 2 series" in shown
    left_out = pag.read(target)
    assert left_out.settings["leave_out_first"] == 15
    for whole, part in zip((motion, another), cut, strict=True):
        content = dict(np.load(whole))
        later = {name: content[name][15:] for name in ("motion", "quality")}
        np.savez(part, **{**content, **later})
    assert cli.main(["graph", *map(str, cut), "-o", str(target)]) == 0
    assert (pag.read(target).marks == left_out.marks).all()
    assert pag.read(target).settings["leave_out_first"] == 0
    assert cli.main(["graph", str(motion), "-o", str(target), "--leave-out-first", "400"]) == 2
    assert "the first 400 frames leaves none: the longest video has 400" in capsys.readouterr().err


@pytest.fixture
def windows(motion, tmp_path):
    """The motion as AUW-GCN's archive has it: two videos of a person, one of another."""
    values = np.load(motion)["motion"][:390]
    padded = np.pad(values / 20, ((7, 200), (0, 0), (0, 0)))
    folder = tmp_path / "feature_segment"
    for part in ("train", "test"):
        for video in ("casme_016_0101", "casme_016_0102", "casme_017_0101"):
            for offset in (0, 256):
                file = folder / part / video[:9] / f"{video}_{offset:04d}.npz"
                file.parent.mkdir(parents=True, exist_ok=True)
                window = {"feature": padded[offset : offset + 270], "label": np.zeros((270, 8))}
                np.savez(file, **window, video_name=np.array(video))
    return folder


@pytest.mark.parametrize(
    ("given", "videos", "frames"),
    [
        (["."], 3, 1170),
        (["train"], 3, 1170),
        (["test/casme_016"], 2, 780),
        (["test/casme_016", "test/casme_016/casme_016_0101_0000.npz"], 2, 780),
        (["test/casme_016/casme_016_0101_0000.npz"], 1, 256),
        (["test/casme_016/casme_016_0101_0256.npz"], 1, 134),
    ],
)
def test_windows_of_the_archive_are_put_together_and_pooled(
    given, videos, frames, windows, tmp_path, capsys
):
    target = tmp_path / "graph.json"
    assert cli.main(["graph", *(str(windows / one) for one in given), "-o", str(target)]) == 0
    shown = capsys.readouterr().out
    assert f"{videos} videos of AUW-GCN's features, in units of 20 px\n" in shown
    settings = pag.read(target).settings
    assert (settings["series"], settings["frames"]) == (videos, frames)
    assert settings["unit_px"] == 20


def test_the_unit_of_motion_does_not_matter_to_the_graph(motion, windows, tmp_path):
    target = tmp_path / "graph.json"
    video = windows / "test" / "casme_017"
    marks = []
    for given in (motion, video):
        assert cli.main(["graph", str(given), "-o", str(target)]) == 0
        marks.append(pag.read(target).marks)
    assert (marks[0] == marks[1]).all()


def test_the_first_frames_are_those_of_the_video_not_of_a_window(windows, tmp_path):
    target = tmp_path / "graph.json"
    second = windows / "test" / "casme_016" / "casme_016_0101_0256.npz"
    assert cli.main(["graph", str(second), "-o", str(target), "--leave-out-first", "15"]) == 0
    assert pag.read(target).settings["frames"] == 134


def test_a_folder_that_lacks_a_window_is_refused(windows, tmp_path, capsys):
    for absent, frame in (("casme_016_0101_0000", 0), ("casme_016_0102_0256", 256)):
        file = windows / "test" / "casme_016" / f"{absent}.npz"
        content = file.read_bytes()
        file.unlink()
        assert cli.main(["graph", str(file.parent), "-o", str(tmp_path / "graph.json")]) == 2
        shown = capsys.readouterr().err
        assert f"video '{absent[:14]}' lacks the window at frame {frame}" in shown
        file.write_bytes(content)


def test_two_units_are_not_pooled(motion, windows, tmp_path, capsys):
    target = tmp_path / "graph.json"
    assert cli.main(["graph", str(windows), str(motion), "-o", str(target)]) == 2
    shown = capsys.readouterr().err
    assert f"{motion} holds no windows of AUW-GCN's features" in shown and "20 px" in shown
    assert shown.count("\n") == 1
    assert not target.exists()


def test_windows_of_two_videos_under_one_name_are_refused(windows, tmp_path, capsys):
    file = windows / "test" / "casme_016" / "casme_016_0101_0256.npz"
    content = dict(np.load(file))
    np.savez(file, **{**content, "feature": content["feature"][::-1]})
    assert cli.main(["graph", str(windows), "-o", str(tmp_path / "graph.json")]) == 2
    assert "belongs to another video" in capsys.readouterr().err


@pytest.mark.parametrize("copy", ["itself", "renamed", "link", "compressed", "of another rate"])
def test_a_video_given_twice_is_refused(copy, motion, another, tmp_path, capsys):
    twin, target = tmp_path / "twin.npz", tmp_path / "graph.json"
    content = dict(np.load(motion))
    if copy == "itself":
        twin = motion
    elif copy == "link":
        twin.symlink_to(motion)
    elif copy == "compressed":
        np.savez_compressed(twin, **content, landmarks="elsewhere.csv")
    elif copy == "of another rate":
        np.savez(motion, **content, fps=30.0)
        np.savez(another, **np.load(another), fps=30.0)
        np.savez(twin, **content, fps=30.1)
    else:
        twin.write_bytes(motion.read_bytes())
    words = ["graph", str(motion), str(another), str(twin), "-o", str(target)]
    assert cli.main(words) == 2
    shown = capsys.readouterr().err
    assert f"{twin} holds motion of the same video as {motion}: give each video once" in shown
    assert shown.count("\n") == 1
    assert not target.exists()


def test_two_faces_of_a_video_are_pooled_and_one_is_not(motion, another, tmp_path, capsys):
    words = ["graph", str(motion), str(another), "-o", str(tmp_path / "graph.json")]
    contents = {path: dict(np.load(path)) for path in (motion, another)}
    for face, code in (("left", 0), ("right", 2)):
        for path, who in ((motion, "right"), (another, face)):
            np.savez(path, **contents[path], source="ab12", landmarks=f"mesh; {who} of 2 faces")
        assert cli.main(words) == code
    assert f"{another} holds motion of the same video as {motion}" in capsys.readouterr().err


def test_a_graph_never_takes_the_place_of_motion(motion, capsys):
    before = motion.read_bytes()
    assert cli.main(["graph", str(motion), "-o", str(motion)]) == 2
    assert "it is written as .json" in capsys.readouterr().err
    assert motion.read_bytes() == before


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({"fps": 30.0}, {"fps": 200.0}, "frames per second 200, but 30 in"),
        ({"fps": 25.0}, {"fps": 29.97}, "frames per second 29.97, but 25 in"),
        ({"fps": 30.0}, {}, "frames per second unknown, but 30 in"),
        ({"stride": 2}, {"stride": 4}, "stride 4, but 2 in"),
        ({"config": '{"flow": "dis"}'}, {"config": '{"flow": "tv_l1"}'}, "flow tv_l1, but dis in"),
        ({"config": '{"crop_px": 256}'}, {}, "crop_px unknown, but 256 in"),
        ({}, {"config": "by hand"}, "settings by hand, but unknown in"),
        ({"fps": 29.97, "stride": 4}, {"fps": 30.0, "stride": 4}, None),
        ({"config": '{"flow": "dis", "mdmo": "liu"}'},
         {"config": '{"mdmo": "liu", "flow": "dis"}', "landmarks": "openface.csv"}, None),
    ],
)  # fmt: skip
def test_videos_of_other_rates_or_settings_are_refused(
    first, second, said, motion, another, tmp_path, capsys
):
    target = tmp_path / "graph.json"
    for path, more in ((motion, first), (another, second)):
        content = dict(np.load(path))
        np.savez(path, **content, **more)
    code = cli.main(["graph", str(motion), str(another), "-o", str(target)])
    shown = capsys.readouterr().err
    if said is None:
        assert code == 0
        return
    assert code == 2
    assert f"{another}: {said} {motion}: extract all videos alike" in shown
    assert shown.count("\n") == 1
    assert not target.exists()


@pytest.mark.parametrize(
    ("case", "words", "said"),
    [
        ("graph_same_twice", ["one.npz", "one.npz"], "holds motion of the same video as"),
        ("graph_mixed", ["one.npz", "fast.npz"], "fast.npz: frames per second 200, but 30 in"),
    ],
)
def test_the_given_cases(case, words, said, cases, tmp_path, capsys):
    inputs = [str(cases / case / word) for word in words]
    assert cli.main(["graph", *inputs, "-o", str(tmp_path / "graph.json")]) == 2
    assert said in capsys.readouterr().err
