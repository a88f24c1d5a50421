"""Windows of videos, their targets, and folds of subjects."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from causalex_core.errors import CausalexError
from causalex_core.spotting.data import (
    AUW_GCN_CONSTANTS,
    NEITHER,
    TargetConfig,
    Video,
    cut,
    gather,
    hold_out,
    leave_one_subject_out,
    marks,
    targets,
    training_normalisation,
)

COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]


def videos(lengths, seed=1):
    generator = np.random.default_rng(seed)
    return [
        Video(subject, name, generator.normal(1 + number, 2, (frames, 12, 2)))
        for number, (subject, name, frames) in enumerate(lengths)
    ]


THREE = videos([("a", "1", 300), ("b", "1", 40), ("b", "2", 256), ("c", "1", 513)])
TABLE = pd.DataFrame(
    [
        ("a", "1", 10.0, 20.0, 30.0, "macro"),
        ("b", "1", 5.0, 9.0, 12.0, "micro"),
        ("c", "1", 240.0, 250.0, 254.0, "macro"),
    ],
    columns=COLUMNS,
)


def test_windows_overlap_by_their_context_and_are_zero_beyond_the_video():
    series = np.arange(1, 514, dtype=float)
    found = cut(series)
    assert found.shape == (3, 270)
    assert found[0, :8].tolist() == [0] * 7 + [1]
    assert found[1, 0] == found[0, 256] == 250
    assert found[2].tolist() == [*range(506, 514), *[0] * 262]
    assert cut(np.ones(256)).shape == (1, 270)
    assert cut(np.ones(257)).shape == (2, 270)


def test_a_short_video_is_one_window():
    windows = gather(THREE, TABLE)
    assert windows.video.tolist() == [0, 0, 1, 2, 3, 3, 3]
    assert windows.first.tolist() == [0, 256, 0, 0, 0, 256, 512]
    assert not windows.motion[2, 47:].any()
    np.testing.assert_allclose(windows.motion[2, 7:47], THREE[1].motion, rtol=1e-6)
    # the expression of c ends in the context of its second window
    assert windows.with_expression.tolist() == [True, False, True, False, True, True, False]


def test_folds_hold_out_all_of_a_subject_and_train_on_expressions_of_the_others():
    windows = gather(THREE, TABLE)
    folds = leave_one_subject_out(windows)
    assert [fold.name for fold in folds] == ["a", "b", "c"]
    assert folds[1].held_out.tolist() == [2, 3]
    assert folds[1].train.tolist() == [0, 4, 5]
    inner = hold_out(windows, ["a"], name="inner", among=["a", "b"], all_windows=True)
    assert inner.train.tolist() == [2, 3]
    with pytest.raises(CausalexError, match="fold 'a': no window"):
        hold_out(windows, ["a"], name="a", among=["a"])
    with pytest.raises(CausalexError, match="none of its subjects"):
        hold_out(windows, ["x"], name="x")


def test_normalisation_knows_only_training_subjects():
    windows = gather(THREE, TABLE)
    folds = leave_one_subject_out(windows)
    scale = training_normalisation(windows, folds)
    others = np.concatenate([THREE[0].motion, THREE[3].motion])
    np.testing.assert_allclose(scale.mean[1], others.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(scale.deviation[1], others.std((0, 1)), rtol=1e-5)
    normalised = scale.of(1)(windows.motion)
    torch.testing.assert_close(
        normalised, (windows.motion - scale.mean[1]) / scale.deviation[1], rtol=0, atol=0
    )


def test_a_constant_channel_is_not_divided_by_zero():
    still = [Video(name, "1", np.zeros((50, 12, 2))) for name in "abc"]
    windows = gather(still, TABLE[TABLE["subject"] == "a"].assign(video="1"))
    scale = training_normalisation(windows, [hold_out(windows, ["b"], name="b")])
    assert torch.isfinite(scale.of(0)(windows.motion)).all()


def broken(motion):
    return [*THREE[:3], Video("c", "1", motion)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no video"),
        (THREE[:3], "video '1' of subject 'c', but no motion"),
        ([*THREE, THREE[0]], "same subject and name"),
        (broken(np.zeros((0, 12, 2))), r"subject 'c': motion of shape \(0, 12, 2\)"),
        (broken(np.zeros((9, 11, 2))), r"\(9, 11, 2\).*\(12, 2\)"),
        (broken(np.where(np.arange(513)[:, None, None] < 500, 0, np.nan) + np.zeros((513, 12, 2))),
         r"frame 500 is not finite \(13 frames"),
    ],
)  # fmt: skip
def test_videos_that_cannot_be_cut(given, message):
    with pytest.raises(CausalexError, match=message):
        gather(given, TABLE)


def test_given_marks_stand_in_for_the_expressions():
    """Of the same marks come the same targets; the table then says nothing."""
    config = TargetConfig("released")
    from_table = gather(THREE, TABLE, config)
    given = []
    for video in THREE:
        own = TABLE[(TABLE["subject"] == video.subject) & (TABLE["video"] == video.name)]
        given.append(marks(own, len(video.motion), "released"))
    for table in (TABLE, TABLE.iloc[:0]):
        found = gather(THREE, table, config, given)
        for one, two in zip(found.targets, from_table.targets, strict=True):
            assert torch.equal(one, two)
        assert np.array_equal(found.with_expression, from_table.with_expression)
    nothing = gather(THREE, TABLE, config, [np.zeros_like(one) for one in given])
    assert not nothing.with_expression.any() and not nothing.targets.action.any()


def table(video, rows):
    """Annotations with the reference's codes: 0 is missing, type 2 is micro."""
    frame = pd.DataFrame(rows, columns=["onset", "apex", "offset", "kind"], dtype=float)
    frame["apex"] = frame["apex"].mask(frame["apex"] == 0)
    frame["offset"] = frame["offset"].mask(frame["offset"] == 0)
    frame["kind"] = frame["kind"].map({1.0: "macro", 2.0: "micro"}).astype(object)
    return frame.assign(subject="s1", video=video)


@pytest.mark.parametrize("given", ["annotations", "marks"])
def test_reference_windows_and_targets(given, oracles):
    meta = json.loads((oracles / "auw_gcn" / "label_cases_meta.json").read_text())
    with np.load(oracles / "auw_gcn" / "label_cases.npz") as archive:
        expected = {name: archive[name] for name in archive.files}
    names = [case["video"] for case in meta["videos"]]
    videos = [Video("s1", name, expected[f"{name}/feature_input"]) for name in names]
    labels = pd.concat(
        [table(v["video"], v["annotations_start_apex_end_type"]) for v in meta["videos"]]
    )
    marked = None
    if given == "marks":
        labels, marked = labels.iloc[:0], []
        for video in videos:
            keys = sorted(key for key in meta["segments"] if key.rpartition("_")[0] == video.name)
            raw = np.concatenate([expected[f"{key}/raw_labels_8col"][7:263] for key in keys])
            marked.append(raw[: len(video.motion)].reshape(-1, 2, 4) != 0)
    windows = gather(videos, labels, TargetConfig(variant="released"), marked)
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
        for order, kind in enumerate(("micro", "macro")):
            for ours, theirs in (("phase", "start_end"), ("apex", "apex"), ("action", "action")):
                target = getattr(windows.targets, ours)[position, order].numpy()
                np.testing.assert_allclose(
                    target, expected[f"{name}/{kind}_{theirs}"], rtol=1e-6, err_msg=name
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
    assert np.flatnonzero(sound.phase[:, 1].flatten() == 1).tolist() == list(range(255, 262))
    apex = sound.apex[:, 1].flatten()
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
