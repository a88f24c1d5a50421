"""The published way of choosing epochs, against its definition in plain loops."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.spotting import published_rule
from causalex_book.spotting.material import SpottingDataset
from causalex_book.spotting.published_rule import Counting
from causalex_core.evaluation.operating_points import CROSS, EPOCH, LAST
from causalex_core.evaluation.spotting import PROTOCOLS, score
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting import losses, proposals
from causalex_core.spotting.data import (
    AUW_GCN_CONSTANTS,
    VALID_FRAMES,
    Video,
    gather,
    leave_one_subject_out,
)
from causalex_core.spotting.training import FoldResults
from causalex_core.training import Run

COLUMNS = ["subject", "video", "onset", "apex", "offset", "kind"]
AS_IS = Counting("auw", "as_is")


def counts(seed, subjects=4, epochs=6):
    """Random counts (S, 2, E, 3); of a subject and kind there are always as many truths."""
    generator = np.random.default_rng(seed)
    n_truth = np.broadcast_to(generator.integers(0, 5, (subjects, 2, 1)), (subjects, 2, epochs))
    tp = generator.integers(0, n_truth + 1)
    return np.stack([tp, tp + generator.integers(0, 4, tp.shape), n_truth], axis=-1)


def f1(row):
    tp, n_pred, n_truth = (int(number) for number in row)
    return 2 * tp / (n_pred + n_truth) if n_pred + n_truth else 0.0


def slow_best(by_epoch):
    """The first epoch of the highest F1; of several those with fewest detections."""
    best = 0
    for epoch in range(1, len(by_epoch)):
        new, old = by_epoch[epoch], by_epoch[best]
        if f1(new) > f1(old) or (f1(new) == f1(old) and new[1] < old[1]):
            best = epoch
    return best


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_every_rule_is_its_definition(seed, subjects, epochs):
    counted = counts(seed, subjects, epochs)
    found = published_rule.choices(counted)
    assert tuple(found) == published_rule.RULES
    for subject in range(subjects):
        overall = counted[subject, 0] + counted[subject, 1]
        assert found[EPOCH][subject] == slow_best(overall)
        others = sum(
            (counted[other].sum(axis=0) for other in range(subjects) if other != subject),
            np.zeros_like(overall),
        )
        assert found[CROSS][subject] == slow_best(others)
        assert found[LAST][subject] == epochs - 1
    for choice in found.values():
        at = published_rule.at_choice(counted, choice)
        assert at.shape == (2, subjects, 3)
        for kind in range(2):
            for subject in range(subjects):
                expected = counted[subject, kind, choice[subject]]
                assert at[kind, subject].tolist() == expected.tolist()


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_best_of_more_epochs_is_better_for_each_subject_alone(seed):
    """Of one subject it cannot fall; the best of all epochs is what the rule takes."""
    for own in np.split(counts(seed, 3, 5), 3):
        grown = [published_rule.best_of(own, count, 40, 1) for count in range(1, 6)]
        assert grown[0] <= grown[-1] + 1e-12
        chosen = published_rule.at_choice(own, published_rule.choices(own)[EPOCH])
        assert grown[-1] == pytest.approx(f1(chosen.sum(axis=(0, 1))))


def test_the_best_of_n_grows_with_n():
    """Of equal subjects, whose epochs differ by chance alone."""
    generator = np.random.default_rng(5)
    tp = generator.binomial(10, 0.3, (40, 2, 32))
    counted = np.stack([tp, np.full_like(tp, 10), np.full_like(tp, 10)], axis=-1)
    grown = [published_rule.best_of(counted, count, 30, 1) for count in (1, 2, 4, 8, 16, 32)]
    assert (np.diff(grown) > 0).all()
    assert grown[0] == pytest.approx(0.3, abs=0.02)
    assert grown == [published_rule.best_of(counted, n, 30, 1) for n in (1, 2, 4, 8, 16, 32)]


def people(**expressions):
    """Material of some people, a video each, without motion."""
    truth = pd.DataFrame(
        [
            (name, f"{name}_1", onset, (onset + offset) / 2, offset, kind)
            for name, rows in expressions.items()
            for onset, offset, kind in rows
        ],
        columns=COLUMNS,
    )
    videos = [Video(name, f"{name}_1", np.zeros((300, 12, 2), np.float32)) for name in expressions]
    return SpottingDataset(
        "invented", 30.0, gather(videos, truth), truth, proposals.CAS, losses.CAS, tuple(videos)
    )


@pytest.fixture(scope="module")
def part():
    return people(a=[(40.0, 80.0, "macro"), (150.0, 160.0, "micro")], b=[(50.0, 90.0, "macro")])


def detected(*rows):
    return pd.DataFrame(
        [(name, f"{name}_1", on, off, kind, 0.5) for name, on, off, kind in rows],
        columns=["subject", "video", "onset", "offset", "kind", "score"],
    )


TABLES = [
    detected(("a", 42, 80, "macro"), ("a", 44, 82, "macro"), ("b", 200, 240, "macro")),
    detected(("a", 150, 160, "micro"), ("b", 50, 90, "macro")),
    detected(),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("policy", list(MissingOffset))
def test_hits_are_those_of_each_table_scored_alone(part, protocol, policy):
    found = published_rule.hits(TABLES, part, Counting(protocol, str(policy)))
    assert found.shape == (2, 2, 3, 3)
    for epoch, table in enumerate(TABLES):
        rows = score(part.truth, table, PROTOCOLS[protocol], policy)
        own = {(row.subject, row.kind): row for row in rows.itertuples()}
        for s, subject in enumerate(part.subjects):
            for k, kind in enumerate(KINDS):
                row = own[subject, kind]
                assert found[s, k, epoch].tolist() == [row.tp, row.n_pred, row.n_truth]


def test_the_table_at_the_choice_has_the_counts_of_the_choice(part):
    counted = published_rule.hits(TABLES, part, AS_IS)
    for choice in published_rule.choices(counted).values():
        table = published_rule.detections_at_choice(TABLES, part.subjects, choice)
        again = published_rule.hits([table], part, AS_IS)[:, :, 0]
        assert np.array_equal(np.moveaxis(again, 1, 0), published_rule.at_choice(counted, choice))
    best = published_rule.choices(counted)[EPOCH]
    assert best.tolist() == [1, 1]  # of a the first epoch hits as much with one detection more


@pytest.mark.parametrize(
    ("protocol", "key"), [("auw", "expected_fixed"), ("auw_2023", "expected_prefix_a15701b")]
)
def test_hits_of_an_epoch_are_those_of_auw_gcn(oracles, protocol, key):
    cases = json.loads((oracles / "auw_gcn" / "metric_cases.json").read_text())["cases"]
    for case in cases:
        truth, found = (
            pd.DataFrame(
                [("s1", *row[:3], KINDS[row[3] - 1], 1.0) for row in case[side]],
                columns=["subject", "video", "onset", "offset", "kind", "score"],
            ).astype({"onset": float, "offset": float})
            for side in ("gt", "pred")
        )
        own = SpottingDataset("oracle", 30.0, _windows_of("s1"), truth, proposals.CAS, losses.CAS)
        (counted,) = published_rule.hits([found], own, Counting(protocol, "as_is"))
        for kind, (tp, n_pred, n_truth) in zip(KINDS, counted[:, 0].tolist(), strict=True):
            expected = case[key][kind]
            assert (tp, n_pred, n_truth) == (
                expected["tp"],
                expected["n_pred"],
                expected["n_gt"],
            ), case["name"]


def _windows_of(subject):
    return people(**{subject: []}).windows


def test_each_epoch_is_read_out_by_the_models_that_were_not_trained_on_the_subject(part):
    """Scores carry fold and epoch; of two seeds one is asked for."""
    folds = leave_one_subject_out(part.windows)
    runs = [Run(fold, seed, place) for seed in (1, 2) for place, fold in enumerate(folds)]
    scores = [
        np.stack(
            [
                np.full((len(run.fold.held_out), 2, 3, VALID_FRAMES), 0.1 * run.seed + 0.25 * epoch)
                + 0.01 * run.position
                for epoch in range(2)
            ]
        ).astype(np.float16)
        for run in runs
    ]
    outcome = FoldResults(
        runs=tuple(runs),
        epochs=(3, 4),
        predictions=tuple(scores),
        losses=np.zeros((4, 5)),
        states=(),
        normalisation=AUW_GCN_CONSTANTS,
        cpu_seconds=np.zeros(4),
    )
    found = list(published_rule.scores_by_epoch(outcome, part, 2))
    assert len(found) == 2 and found[0].dtype == np.float32
    for epoch, said in enumerate(found):
        expected = 0.2 + 0.25 * epoch + 0.01 * part.windows.video
        np.testing.assert_allclose(said[:, 0, 0, 0], expected, atol=1e-3)
    rules = proposals.ProposalConfig()
    tables = published_rule.detections_by_epoch(outcome, part, 2, rules)
    for said, table in zip(found, tables, strict=True):
        pd.testing.assert_frame_equal(table, proposals.detect(said, part.windows, rules))
