"""Windows of videos and folds of subjects."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from causalex_core.errors import CausalexError
from causalex_core.spotting.targets import TargetConfig, marks
from causalex_core.spotting.windows import (
    Video,
    cut,
    gather,
    hold_out,
    leave_one_subject_out,
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
    assert scale(windows.motion.expand(3, *windows.motion.shape)).shape == (3, 7, 270, 12, 2)


def test_a_constant_channel_is_not_divided_by_zero():
    still = [Video(name, "1", np.zeros((50, 12, 2))) for name in "abc"]
    windows = gather(still, TABLE[TABLE["subject"] == "a"].assign(video="1"))
    scale = training_normalisation(windows, [hold_out(windows, ["b"], name="b")])
    assert torch.isfinite(scale(windows.motion[None])).all()


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
        for one, two in zip(found.answers, from_table.answers, strict=True):
            assert torch.equal(one, two)
        assert np.array_equal(found.with_expression, from_table.with_expression)
    nothing = gather(THREE, TABLE, config, [np.zeros_like(one) for one in given])
    assert not nothing.with_expression.any() and not nothing.answers.action.any()


def test_marks_of_the_released_windows_give_the_released_targets(oracles):
    meta = json.loads((oracles / "auw_gcn" / "label_cases_meta.json").read_text())
    with np.load(oracles / "auw_gcn" / "label_cases.npz") as archive:
        expected = {name: archive[name] for name in archive.files}
    videos, given = [], []
    for case in meta["videos"]:
        name = case["video"]
        motion = expected[f"{name}/feature_input"]
        own = sorted(key for key in meta["segments"] if key.rpartition("_")[0] == name)
        label = np.concatenate([expected[f"{key}/raw_labels_8col"][7:263] for key in own])
        videos.append(Video("s1", name, motion))
        given.append(label[: len(motion)].reshape(len(motion), 2, 4) != 0)
    windows = gather(videos, TABLE.iloc[:0], TargetConfig("released"), given)
    for position, (video, first) in enumerate(zip(windows.video, windows.first, strict=True)):
        name = f"{windows.names[video]}_{first:04d}"
        for place, kind in enumerate(("micro", "macro")):
            for ours, theirs in (("phase", "start_end"), ("apex", "apex"), ("action", "action")):
                found = getattr(windows.answers, ours)[position, place].numpy()
                np.testing.assert_allclose(found, expected[f"{name}/{kind}_{theirs}"], rtol=1e-6)
