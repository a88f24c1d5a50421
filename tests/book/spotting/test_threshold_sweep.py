"""Operating points of trained models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_people import dataset

from causalex_book.spotting import threshold_sweep
from causalex_core.evaluation import operating_points
from causalex_core.evaluation.uncertainty import f1
from causalex_core.spotting import candidates
from causalex_core.spotting.data import VALID_FRAMES

RIGHT = ((150, 154, 158), (40, 60, 80))  # onset, apex and offset of micro and macro
WRONG = ((200, 204, 208), (100, 120, 140))


@pytest.fixture(scope="module")
def data():
    return dataset({name: [(40, 60, 80, "macro"), (150, 154, 158, "micro")] for name in "abc"})


def scores(data, *intervals):
    """Scores with a sure onset, apex and offset at the intervals of each kind."""
    arrays = np.full((len(intervals), len(data.windows.video), 2, 3, VALID_FRAMES), 0.01)
    for array, of_kinds in zip(arrays, intervals, strict=True):
        for kind, (onset, apex, offset) in enumerate(of_kinds):
            array[:, kind, [0, 1, 2], [onset, offset, apex]] = 0.99
    return list(arrays.astype(np.float32))


def random_counts(seed, subjects=4, epochs=3, thresholds=5):
    generator = np.random.default_rng(seed)
    n_truth = generator.integers(1, 9, (subjects, 2, 1, 1))
    n_truth = np.broadcast_to(n_truth, (subjects, 2, epochs, thresholds))
    tp = generator.integers(0, n_truth + 1)
    return np.stack([tp, tp + generator.integers(0, 9, tp.shape), n_truth], axis=-1)


def test_right_scores_hit_every_truth_and_wrong_ones_none(data):
    counts, tables = threshold_sweep.counts(data, scores(data, RIGHT, WRONG), 5)
    assert counts.shape == (3, 2, 2, 5, 3) and len(tables) == 2
    assert (counts[:, :, 0, 0] == 1).all()  # tp, detections and truths
    assert (counts[:, :, 1, 0] == [0, 1, 1]).all()
    assert (counts[:, :, :, -1, 1] == 0).all()  # no score reaches 1


def test_windows_of_one_subject_count_its_truths_alone(data):
    held = np.flatnonzero(data.windows.subject == "b")
    (right,) = scores(data, RIGHT)
    counts, _ = threshold_sweep.counts(data, [right[held]], 5, held)
    assert counts[:, :, 0, 0, 2].tolist() == [[0, 0], [1, 1], [0, 0]]


def test_candidates_contain_the_usual_rules(data):
    right = scores(data, RIGHT)
    counts, tables = threshold_sweep.candidates(data, right, 5)
    assert counts.shape == (3, 2, 4, 5, 3)  # two numbers per video, two limits of length
    assert len(tables) == 4
    assert np.array_equal(counts[:, :, 0], threshold_sweep.counts(data, right, 5)[0][:, :, 0])


def test_every_fourth_epoch_and_the_last_are_asked_about():
    assert threshold_sweep.inner_epochs(12) == [3, 7, 11]
    assert threshold_sweep.inner_epochs(20)[-1] == 19 and threshold_sweep.inner_epochs(2) == [1]


def test_thresholds_of_the_training_database_are_used_on_another(data):
    held = np.flatnonzero(data.windows.subject == "c")
    (right,) = scores(data, RIGHT)
    in_domain = np.zeros((2, 2, 5, 3), int)
    in_domain[..., 2] = 1
    in_domain[:, :, 1] = (1, 1, 1)  # the second threshold is best
    counts = threshold_sweep.transferred(data, right[held], 5, held, in_domain)
    assert counts.shape == (2, 1, 3) and (counts == 1).all()
    in_domain[:, :, 1], in_domain[:, :, 4] = (0, 0, 1), (1, 1, 1)  # that of 1, above every score
    counts = threshold_sweep.transferred(data, right[held], 5, held, in_domain)
    assert counts[:, 0, 1].tolist() == [0, 0]


def test_every_rule_is_reported_for_both_kinds_with_its_detections(data):
    counts, tables = threshold_sweep.counts(data, scores(data, WRONG, RIGHT), 5)
    nested = threshold_sweep.cross_fold_counts(counts)[None]
    rules = threshold_sweep.counts_by_rule(counts[None], nested)
    assert list(rules) == [
        operating_points.LAST,
        operating_points.CROSS,
        threshold_sweep.TOGETHER,
        threshold_sweep.NESTED,
        operating_points.EPOCH,
        operating_points.BOTH,
    ]
    assert all(of_rule.shape == (1, 2, 3, 3) for of_rule in rules.values())
    kinds = dict(threshold_sweep.by_kind(rules[threshold_sweep.NESTED]))
    assert np.array_equal(kinds["overall"], kinds["macro"] + kinds["micro"])
    everything = dict.fromkeys(("macro", "micro"), np.array([-np.inf]))
    for rule, choice in threshold_sweep.candidates_by_rule(counts).items():
        table = threshold_sweep.detections_at(data, tables, choice, 5)
        again = candidates.counts([table], data.truth, data.subjects, everything)[:, :, 0, 0]
        assert np.array_equal(np.moveaxis(again, 1, 0), rules[rule][0])
        if rule == operating_points.CROSS:
            assert len(table) == 6 and sorted(table["onset"].unique()) == [40, 150]


def test_together_a_kind_that_finds_little_keeps_quiet():
    """Its own F1 is best with many false alarms, that of both without any detection of it."""
    macro = np.array([[(8, 10, 10), (0, 0, 10)]] * 3)
    micro = np.array([[(1, 90, 4), (0, 0, 4)]] * 3)
    counts = np.stack([macro, micro], axis=1)
    alone = threshold_sweep.cross_fold_counts(counts)
    both = threshold_sweep.counts_at(counts, threshold_sweep.jointly(counts))
    assert alone[1, :, 1].tolist() == [90] * 3 and both[1, :, 1].tolist() == [0] * 3
    assert np.array_equal(alone[0], both[0])


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_every_kind_chooses_for_itself_but_when_they_choose_together(seed):
    counts = random_counts(seed)
    choices = threshold_sweep.candidates_by_rule(counts)
    assert set(choices) == {
        *operating_points.candidates(counts[:, 0]),
        threshold_sweep.TOGETHER,
    }
    for kind in range(2):
        for rule, alone in operating_points.candidates(counts[:, kind]).items():
            assert np.array_equal(choices[rule][kind], alone)
    together = choices[threshold_sweep.TOGETHER] - (counts.shape[2] - 1) * counts.shape[3]
    assert (together >= 0).all()  # of the last epoch
    for subject, steps in enumerate(together.T):
        others = counts.sum(axis=0) - counts[subject]  # (2, E, T, 3)
        pairs = others[0, -1][:, None] + others[1, -1]  # (T, T, 3)
        assert f1(pairs[tuple(steps)]) == f1(pairs).max()


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_counts_at_candidates_are_looked_up(seed):
    counts = random_counts(seed)
    choice = np.random.default_rng(seed).integers(0, 15, (2, 4))
    at_choice = threshold_sweep.counts_at(counts, choice)
    assert at_choice.shape == (2, 4, 3)
    for kind in range(2):
        for subject in range(4):
            epoch, step = divmod(choice[kind, subject], 5)
            assert at_choice[kind, subject].tolist() == counts[subject, kind, epoch, step].tolist()
