"""From motion to scores of every rule, where subjects and videos are as poor as they come."""

import numpy as np
import pandas as pd
import pytest
import torch

from causalex_core.errors import CausalexError
from causalex_core.evaluation import operating_points
from causalex_core.expressions import KINDS
from causalex_core.spotting import candidates
from causalex_core.spotting.data import Video, gather, leave_one_subject_out
from causalex_core.spotting.model import PAPER, NetworkConfig
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect
from causalex_core.spotting.training import Graphs, TrainingConfig, train

MACRO, MICRO = KINDS.index("macro"), KINDS.index("micro")
COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]
# Subject, video, frames, onset of its macro- and of its micro-expression.
RECORDED = [
    ("both", "1", 300, 40, 150),
    ("both", "2", 280, 200, 90),
    ("one video", "1", 120, 50, None),
    ("another", "1", 150, 20, None),
    ("short", "1", 60, 10, None),
    ("flash", "1", 5, None, None),
]
RULES = ProposalConfig(
    micro=ProposalRule(0.5, (2, 7), (5, 14), 5), macro=ProposalRule(0.5, (7, 29), (15, 58), 5)
)


@pytest.fixture(scope="module")
def recorded():
    """Videos with a rise and a fall of motion at each expression, and their labels."""
    generator = np.random.default_rng(5)
    videos, rows = [], []
    for subject, name, frames, *onsets in RECORDED:
        motion = generator.normal(0, 0.05, (frames, 1, 2)).astype(np.float32)
        for kind, half, onset in zip(("macro", "micro"), (12, 4), onsets, strict=True):
            if onset is not None:
                motion[onset : onset + half] += 1
                motion[onset + half : onset + 2 * half] -= 1
                rows.append((subject, name, onset, onset + half, onset + 2 * half, kind))
        videos.append(Video(subject, name, motion))
    return videos, pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[2:5], float))


@pytest.fixture(scope="module")
def judged(recorded):
    """Windows, scores of every epoch, and what they propose."""
    windows = gather(*recorded)
    network = NetworkConfig(graph=(), nodes=1, width=8, pooling=False)
    config = TrainingConfig(network=network, epochs=40, batch=4)
    outcome = train(windows, leave_one_subject_out(windows), config, keep=[20, 39], device="cpu")
    scores = outcome.by_sample(1, len(windows.video)).astype(np.float32)
    return windows, outcome, scores, [detect(one, windows, RULES) for one in scores]


def test_a_fold_that_trains_without_micro_expressions(judged):
    """Only ``both`` has any: the others' models know them, the model that judges ``both`` none."""
    windows, outcome, scores, (_, found) = judged
    assert np.isfinite(outcome.losses).all() and np.isfinite(scores).all()
    own = windows.subject == "both"
    assert scores[-1][own, 0, 2].max() < 0.5  # the apex of micro-expressions
    assert (found[found["subject"] == "both"]["kind"] == "macro").all()


def test_one_video_and_videos_shorter_than_a_window(judged, recorded):
    windows, _, _, (_, found) = judged
    assert (windows.subject == "one video").sum() == (windows.subject == "flash").sum() == 1
    macro = found[found["kind"] == "macro"].groupby("subject").head(1).set_index("subject")
    for subject, onset in (("one video", 50), ("another", 20), ("short", 10)):
        assert abs(macro.loc[subject, "onset"] - onset) <= 4, subject
    assert "flash" not in set(found["subject"])


def test_no_interval_leaves_its_video(judged, recorded):
    windows, _, scores, _ = judged
    everything = ProposalRule(0.0, (0, 60), (0, 400), 1000)
    noise = np.random.default_rng(1).random(scores[0].shape)
    found = detect(noise, windows, ProposalConfig(everything, everything))
    assert len(found.groupby(["subject", "video"])) == len(RECORDED)
    lengths = {(video.subject, video.name): len(video.motion) for video in recorded[0]}
    for names, rows in found.groupby(["subject", "video"]):
        assert (rows["onset"] >= 0).all() and (rows["offset"] < lengths[names]).all(), names


def test_every_rule_counts_subjects_without_truths(judged, recorded):
    windows, _, _, found = judged
    truth = recorded[1]
    subjects = list(dict.fromkeys(windows.subjects))
    hits = candidates.counts(found, truth, subjects, candidates.thresholds(5))
    assert hits.shape == (len(subjects), 2, 2, 5, 3)
    for rule, counted in operating_points.by_rule(hits[:, MICRO]).items():
        assert counted[:, 2].tolist() == [2, 0, 0, 0, 0], rule
        told = operating_points.summary(counted[None], 100)
        assert told["f1"] == told["low"] == told["high"] == 0 and told["n_truth"] == 2
    for rule, counted in operating_points.by_rule(hits[:, MACRO]).items():
        assert counted[:, 2].tolist() == [2, 1, 1, 1, 0], rule
        told = operating_points.summary(counted[None], 100)
        assert 0.5 <= told["f1"] <= 1 and np.isfinite(list(told.values())).all()


def test_micro_expressions_nowhere(recorded):
    none = recorded[1].query("kind == 'macro'")
    subjects = none["subject"].unique().tolist()
    hits = candidates.counts([none.assign(score=1.0)], none, subjects, candidates.thresholds(3))
    for counted in operating_points.by_rule(hits[:, MICRO]).values():
        told = operating_points.summary(counted[None], 10)
        assert np.isfinite(list(told.values())).all() and told["f1"] == 0
    assert not hits[:, MICRO].any()


@pytest.mark.parametrize("name", ["compound", "prior"])
def test_matrices_that_are_no_numbers(recorded, name):
    videos, truth = recorded
    wide = [Video(one.subject, one.name, one.motion.repeat(12, axis=1)) for one in videos]
    windows = gather(wide, truth)
    matrices = {"compound": torch.eye(12), "prior": torch.eye(12)}
    matrices[name] = torch.full((12, 12), torch.inf)
    with pytest.raises(CausalexError, match=f"{name} matrix: 144 of 144 values are not finite"):
        train(
            windows,
            leave_one_subject_out(windows)[:1],
            TrainingConfig(network=PAPER, epochs=1),
            graphs=Graphs(**matrices),
            device="cpu",
        )


def test_scores_of_windows_that_nobody_judged_are_refused(judged):
    windows, outcome, scores, _ = judged
    known = scores[-1].copy()
    known[2] = np.nan
    with pytest.raises(CausalexError, match=r"1 of 8 windows have scores that are no numbers"):
        detect(known, windows, RULES)
    rest = np.flatnonzero(np.arange(len(known)) != 2)
    assert len(detect(known[rest], windows, RULES, rest))
    assert outcome.predictions[0].dtype == np.float16
