"""Targets against the reference's, and where the sound ones differ."""

import json

import numpy as np
import pandas as pd
import pytest

from causalex_core.spotting.network import CONTEXT, FRAMES
from causalex_core.spotting.targets import NEITHER, TargetConfig, marks, targets
from causalex_core.spotting.windows import AUW_GCN_CONSTANTS, Video, cut, gather

VALID_FRAMES = slice(CONTEXT, FRAMES - CONTEXT)


def table(video, rows):
    """Annotations with the reference's codes: 0 is missing, type 2 is micro."""
    frame = pd.DataFrame(rows, columns=["onset", "apex", "offset", "kind"], dtype=float)
    frame["apex"] = frame["apex"].mask(frame["apex"] == 0)
    frame["offset"] = frame["offset"].mask(frame["offset"] == 0)
    frame["kind"] = frame["kind"].map({1.0: "macro", 2.0: "micro"}).astype(object)
    return frame.assign(subject="s1", video=video)


def test_reference_windows_and_targets(oracles):
    meta = json.loads((oracles / "auw_gcn" / "label_cases_meta.json").read_text())
    with np.load(oracles / "auw_gcn" / "label_cases.npz") as archive:
        expected = {name: archive[name] for name in archive.files}
    videos = [
        Video("s1", v["video"], expected[f"{v['video']}/feature_input"]) for v in meta["videos"]
    ]
    labels = pd.concat(
        [table(v["video"], v["annotations_start_apex_end_type"]) for v in meta["videos"]]
    )
    windows = gather(videos, labels, TargetConfig(variant="released"))
    names = [
        f"{windows.names[video]}_{first:04d}"
        for video, first in zip(windows.video, windows.first, strict=True)
    ]
    assert sorted(names) == sorted(meta["segments"])
    kept = sorted(np.array(names)[windows.with_expression])
    assert kept == sorted(meta["segments_kept_for_training"])
    motion = AUW_GCN_CONSTANTS(windows.motion).numpy()
    for position, name in enumerate(names):
        np.testing.assert_allclose(
            motion[position], expected[f"{name}/feature_norm"], rtol=1e-5, atol=1e-6
        )
        for kind, order in (("micro", 0), ("macro", 1)):
            for ours, theirs in (("phase", "start_end"), ("apex", "apex"), ("action", "action")):
                found = getattr(windows.answers, ours)[position, order].numpy()
                np.testing.assert_allclose(
                    found, expected[f"{name}/{kind}_{theirs}"], rtol=1e-6, err_msg=name
                )


def of(rows, frames, config):
    return targets(cut(marks(table("v", rows), frames, config.variant)), config)


def test_released_marks_lose_their_right_side_at_the_end_of_a_window():
    rows = [[230, 240, 252, 1]]
    released = of(rows, 300, TargetConfig("released")).phase[0, 1]
    sound = of(rows, 300, TargetConfig("sound")).phase[0, 1]
    # position 256 of the window is frame 249: from there on nothing spreads to the right
    assert np.flatnonzero(released == 1).tolist() == [249, 250, 251, 252]
    assert np.flatnonzero(sound == 1).tolist() == [249, 250, 251, 252, 253, 254, 255]


def test_sound_targets_continue_from_window_to_window():
    sound = of([[230, 255, 258, 1]], 512, TargetConfig("sound"))
    assert np.flatnonzero(np.concatenate(sound.phase[:, 1]) == 1).tolist() == list(range(255, 262))
    apex = np.concatenate(sound.apex[:, 1])
    assert np.flatnonzero(apex).tolist() == list(range(252, 259))
    np.testing.assert_allclose(apex[255:259], [1, 0.9692, 0.8825, 0.7548], atol=1e-4)


def test_of_two_near_marks_the_nearer_wins():
    rows = [[100, 104, 108, 2], [110, 114, 118, 2]]
    phase = of(rows, 200, TargetConfig("sound", radius=(2, 3))).phase[0, 0]
    assert phase[105:114].tolist() == [2, 1, 1, 1, 1, 0, 0, 0, 2]
    released = of(rows, 200, TargetConfig("released", radius=(2, 3))).phase[0, 0]
    assert released[105:114].tolist() == [2, 1, 1, 1, 1, 1, 0, 0, 2]


def test_expressions_that_reach_beyond_the_video():
    sound = marks(table("v", [[80, 105, 130, 1], [120, 125, 130, 1]]), 100, "sound")
    assert sound[:, 1].sum(axis=0).tolist() == [1, 0, 0, 20]
    assert not marks(table("v", [[80, 105, 130, 1]]), 100, "released").any()


def test_released_marks_take_the_codes_of_the_tables():
    codes = pd.DataFrame(
        [(50, 60, 0, "macro"), (0, 0, 40, "macro"), (10, -1, 15, "micro")],
        columns=["onset", "apex", "offset", "kind"],
    )
    found = marks(codes, 100, "released")
    assert np.argwhere(found[:, 1, :3]).tolist() == [[50, 0], [60, 1], [70, 2]]
    assert np.argwhere(found[:, 0, :3]).tolist() == [[10, 0], [15, 2], [99, 1]]


def test_without_apex_and_offset_nothing_is_marked():
    assert not marks(table("v", [[10, 0, 0, 1]]), 100, "sound").any()


@pytest.mark.parametrize("variant", ["released", "sound"])
def test_a_video_without_expressions_asks_for_nothing(variant):
    empty = of([], 300, TargetConfig(variant))
    assert (empty.phase == NEITHER).all()
    assert not empty.apex.any()
    assert not empty.action.any()
