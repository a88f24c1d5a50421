"""Operating points of trained models."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.spotting import points
from causalex_book.spotting.material import SpottingDataset
from causalex_core.evaluation import operating_points
from causalex_core.evaluation.uncertainty import f1
from causalex_core.spotting import candidates, losses, proposals
from causalex_core.spotting.data import VALID_FRAMES, Video, gather

COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]


@pytest.fixture(scope="module")
def part():
    rows = [
        (name, f"{name}_1", onset, onset + rise, onset + 2 * rise, kind)
        for name in "abc"
        for onset, rise, kind in ((40.0, 20.0, "macro"), (150.0, 4.0, "micro"))
    ]
    truth = pd.DataFrame(rows, columns=COLUMNS)
    videos = [Video(name, f"{name}_1", np.zeros((256, 12, 2), np.float32)) for name in "abc"]
    windows = gather(videos, truth)
    return SpottingDataset("invented", 30.0, windows, truth, proposals.CAS, losses.CAS)


def said(part, places):
    """Scores with a sure onset, apex and offset at the places of each kind, micro first."""
    scores = np.full((len(part.windows.video), 2, 3, VALID_FRAMES), 0.01, np.float32)
    for kind, (onset, apex, offset) in enumerate(places):
        for head, frame in enumerate((onset, offset, apex)):
            scores[:, kind, head, frame] = 0.99
    return scores


RIGHT = ((150, 154, 158), (40, 60, 80))
WRONG = ((200, 204, 208), (100, 120, 140))


def test_right_scores_hit_every_truth_and_wrong_ones_none(part):
    hits, tables = points.hits(part, [said(part, RIGHT), said(part, WRONG)], 5)
    assert hits.shape == (3, 2, 2, 5, 3) and len(tables) == 2
    assert (hits[:, :, 0, 0] == 1).all()  # tp, detections and truths
    assert (hits[:, :, 1, 0] == [0, 1, 1]).all()
    assert (hits[:, :, :, -1, 1] == 0).all()  # no score reaches 1


def test_windows_of_some_count_their_truths_alone(part):
    held = np.flatnonzero(part.windows.subject == "b")
    hits, _ = points.hits(part, [said(part, RIGHT)[held]], 5, held)
    assert hits[:, :, 0, 0, 2].tolist() == [[0, 0], [1, 1], [0, 0]]


def test_choices_contain_the_usual_rules(part):
    scores = [said(part, RIGHT)]
    of_all, tables = points.choices(part, scores, 5)
    assert of_all.shape == (3, 2, 4, 5, 3)  # two numbers per video, two limits of length
    assert len(tables) == 4
    assert np.array_equal(of_all[:, :, 0], points.hits(part, scores, 5)[0][:, :, 0])


def test_every_fourth_epoch_and_the_last_are_asked_about():
    assert points.asked(12) == [3, 7, 11]
    assert points.asked(20)[-1] == 19 and points.asked(2) == [1]


def test_the_table_at_the_choice_has_the_counts_of_the_choice(part):
    hits, tables = points.hits(part, [said(part, WRONG), said(part, RIGHT)], 5)
    found = points.at_choice(part, tables, points.cross_fold(hits), 5)
    counted = points.best_elsewhere(hits)
    assert len(found) == counted[..., 1].sum() == 6
    assert sorted(found["onset"].unique()) == [40, 150]


def test_thresholds_from_home_are_used_elsewhere(part):
    held = np.flatnonzero(part.windows.subject == "c")
    home = np.zeros((2, 2, 5, 3), int)
    home[..., 2] = 1
    home[:, :, 1] = (1, 1, 1)  # the second threshold is best at home
    found = points.elsewhere(part, said(part, RIGHT)[held], 5, held, home)
    assert found.shape == (2, 1, 3) and (found == 1).all()
    home[:, :, 1], home[:, :, 4] = (0, 0, 1), (1, 1, 1)  # that of 1, which no score reaches
    assert points.elsewhere(part, said(part, RIGHT)[held], 5, held, home)[:, 0, 1].tolist() == [
        0,
        0,
    ]


def test_every_rule_is_reported_for_both_kinds(part):
    hits, _ = points.hits(part, [said(part, WRONG), said(part, RIGHT)], 5)
    nested = points.best_elsewhere(hits)[None]
    rules = points.by_rule(hits[None], nested)
    assert list(rules) == [
        operating_points.LAST,
        operating_points.CROSS,
        points.TOGETHER,
        points.NESTED,
        operating_points.EPOCH,
        operating_points.BOTH,
    ]
    assert all(found.shape == (1, 2, 3, 3) for found in rules.values())
    kinds = dict(points.named(rules[points.NESTED]))
    assert np.array_equal(kinds["overall"], kinds["macro"] + kinds["micro"])


def test_together_a_kind_that_finds_little_keeps_quiet():
    """Its own F1 is best with many false alarms, that of both without any detection of it."""
    macro = np.array([[(8, 10, 10), (0, 0, 10)]] * 3)
    micro = np.array([[(1, 90, 4), (0, 0, 4)]] * 3)
    hits = np.stack([macro, micro], axis=1)
    alone = points.best_elsewhere(hits)
    both = points.at_candidates(hits, points.together(hits))
    assert alone[1, :, 1].tolist() == [90] * 3 and both[1, :, 1].tolist() == [0] * 3
    assert np.array_equal(alone[0], both[0])


def random_hits(seed, subjects=4, epochs=3, thresholds=5):
    generator = np.random.default_rng(seed)
    n_truth = generator.integers(1, 9, (subjects, 2, 1, 1))
    n_truth = np.broadcast_to(n_truth, (subjects, 2, epochs, thresholds))
    tp = generator.integers(0, n_truth + 1)
    return np.stack([tp, tp + generator.integers(0, 9, tp.shape), n_truth], axis=-1)


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_every_kind_chooses_for_itself_but_when_they_choose_together(seed):
    counted = random_hits(seed)
    found = points.chosen(counted)
    assert set(found) == {*operating_points.candidates(counted[:, 0]), points.TOGETHER}
    for kind in range(2):
        for rule, own in operating_points.candidates(counted[:, kind]).items():
            assert np.array_equal(found[rule][kind], own)
    assert np.array_equal(found[operating_points.CROSS], points.cross_fold(counted))
    macro, micro = points.at_candidates(counted, found[points.TOGETHER])
    for subject in range(len(counted)):
        others = counted.sum(axis=0) - counted[subject]  # (2, E, T, 3)
        pairs = others[0, -1][:, None] + others[1, -1]  # (T, T, 3)
        steps = found[points.TOGETHER][:, subject] - (counted.shape[2] - 1) * counted.shape[3]
        assert (steps >= 0).all()  # of the last epoch
        assert f1(pairs[tuple(steps)]) == f1(pairs).max()
        assert macro[subject].tolist() == counted[subject, 0, -1, steps[0]].tolist()
        assert micro[subject].tolist() == counted[subject, 1, -1, steps[1]].tolist()


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_counts_at_candidates_are_looked_up(seed):
    counted = random_hits(seed)
    choice = np.random.default_rng(seed).integers(0, 15, (2, 4))
    found = points.at_candidates(counted, choice)
    assert found.shape == (2, 4, 3)
    for kind in range(2):
        for subject in range(4):
            epoch, step = divmod(choice[kind, subject], 5)
            assert found[kind, subject].tolist() == counted[subject, kind, epoch, step].tolist()
    elsewhere = points.at_candidates(counted, points.cross_fold(counted))
    assert np.array_equal(elsewhere, points.best_elsewhere(counted))


def test_the_chosen_tables_have_the_counts_of_every_rule(part):
    """Detections that are kept for a rule are those that it counts."""
    hits, tables = points.hits(part, [said(part, WRONG), said(part, RIGHT)], 5)
    for choice in points.chosen(hits).values():
        table = points.at_choice(part, tables, choice, 5)
        everything = dict.fromkeys(("macro", "micro"), np.array([-np.inf]))
        again = candidates.counts([table], part.truth, part.subjects, everything)[:, :, 0, 0]
        assert np.array_equal(np.moveaxis(again, 1, 0), points.at_candidates(hits, choice))
