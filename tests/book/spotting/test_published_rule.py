"""The published way of choosing epochs, against its definition in plain loops."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_people import dataset

from causalex_book.spotting import published_rule
from causalex_book.spotting.published_rule import Counting
from causalex_core.evaluation.operating_points import CROSS, EPOCH, LAST
from causalex_core.evaluation.spotting import PROTOCOLS, score
from causalex_core.expressions import KINDS, MissingOffset
from causalex_core.spotting import proposals
from causalex_core.spotting.data import AUW_GCN_CONSTANTS, VALID_FRAMES, leave_one_subject_out
from causalex_core.spotting.training import FoldResults
from causalex_core.training import Run

AS_IS = Counting("auw", "as_is")


def random_counts(seed, subjects=4, epochs=6):
    """Counts (S, 2, E, 3); of a subject and kind there are always as many truths."""
    generator = np.random.default_rng(seed)
    n_truth = np.broadcast_to(generator.integers(0, 5, (subjects, 2, 1)), (subjects, 2, epochs))
    tp = generator.integers(0, n_truth + 1)
    return np.stack([tp, tp + generator.integers(0, 4, tp.shape), n_truth], axis=-1)


def f1(row):
    tp, n_pred, n_truth = (int(number) for number in row)
    return 2 * tp / (n_pred + n_truth) if n_pred + n_truth else 0.0


def slow_best(by_epoch):
    """The first epoch of the highest F1; of several those with fewest detections."""
    return min(range(len(by_epoch)), key=lambda epoch: (-f1(by_epoch[epoch]), by_epoch[epoch][1]))


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_every_rule_is_its_definition(seed, subjects, epochs):
    counts = random_counts(seed, subjects, epochs)
    choices = published_rule.epochs_by_rule(counts)
    assert tuple(choices) == published_rule.RULES
    overall = counts.sum(axis=1)
    for subject in range(subjects):
        assert choices[EPOCH][subject] == slow_best(overall[subject])
        assert choices[CROSS][subject] == slow_best(np.delete(overall, subject, 0).sum(axis=0))
        assert choices[LAST][subject] == epochs - 1
    for choice in choices.values():
        at_choice = published_rule.counts_at(counts, choice)
        assert at_choice.shape == (2, subjects, 3)
        for subject in range(subjects):
            assert np.array_equal(at_choice[:, subject], counts[subject, :, choice[subject]])


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_best_of_more_epochs_is_better_for_each_subject_alone(seed):
    """Of one subject it cannot fall; the best of all epochs is what the rule takes."""
    for counts in np.split(random_counts(seed, 3, 5), 3):
        grown = [published_rule.best_of(counts, number, 40, 1) for number in range(1, 6)]
        assert grown[0] <= grown[-1] + 1e-12
        best = published_rule.counts_at(counts, published_rule.epochs_by_rule(counts)[EPOCH])
        assert grown[-1] == pytest.approx(f1(best.sum(axis=(0, 1))))


def test_the_best_of_n_grows_with_n():
    """Of equal subjects, whose epochs differ by chance alone."""
    tp = np.random.default_rng(5).binomial(10, 0.3, (40, 2, 32))
    counts = np.stack([tp, np.full_like(tp, 10), np.full_like(tp, 10)], axis=-1)
    grown, again = (
        [published_rule.best_of(counts, number, 30, 1) for number in (1, 2, 4, 8, 16, 32)]
        for _ in range(2)
    )
    assert (np.diff(grown) > 0).all() and grown == again
    assert grown[0] == pytest.approx(0.3, abs=0.02)


@pytest.fixture(scope="module")
def data():
    return dataset(
        {"a": [(40, 60, 80, "macro"), (150, 155, 160, "micro")], "b": [(50, 70, 90, "macro")]}
    )


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
def test_counts_are_those_of_each_table_scored_alone(data, protocol, policy):
    counts = published_rule.counts(TABLES, data, Counting(protocol, str(policy)))
    assert counts.shape == (2, 2, 3, 3)
    for epoch, table in enumerate(TABLES):
        rows = score(data.truth, table, PROTOCOLS[protocol], policy).set_index(["subject", "kind"])
        for s, subject in enumerate(data.subjects):
            expected = rows.loc[[(subject, kind) for kind in KINDS], ["tp", "n_pred", "n_truth"]]
            assert counts[s, :, epoch].tolist() == expected.to_numpy().tolist()


def test_the_table_at_the_choice_has_the_counts_of_the_choice(data):
    counts = published_rule.counts(TABLES, data, AS_IS)
    choices = published_rule.epochs_by_rule(counts)
    for choice in choices.values():
        table = published_rule.detections_at(TABLES, data.subjects, choice)
        again = published_rule.counts([table], data, AS_IS)[:, :, 0]
        assert np.array_equal(np.moveaxis(again, 1, 0), published_rule.counts_at(counts, choice))
    # of a the first epoch hits as much with one detection more
    assert choices[EPOCH].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("protocol", "key"), [("auw", "expected_fixed"), ("auw_2023", "expected_prefix_a15701b")]
)
def test_counts_of_an_epoch_are_those_of_auw_gcn(oracles, protocol, key):
    cases = json.loads((oracles / "auw_gcn" / "metric_cases.json").read_text())["cases"]
    for case in cases:
        truth, detections = (
            pd.DataFrame(
                [(*row[:3], KINDS[row[3] - 1]) for row in case[side]],
                columns=["video", "onset", "offset", "kind"],
            )
            .astype({"onset": float, "offset": float})
            .assign(subject="s1", score=1.0)
            for side in ("gt", "pred")
        )
        data = replace(dataset({"s1": []}), truth=truth)
        (counts,) = published_rule.counts([detections], data, Counting(protocol, "as_is"))
        for kind, of_kind in zip(KINDS, counts[:, 0].tolist(), strict=True):
            expected = [case[key][kind][name] for name in ("tp", "n_pred", "n_gt")]
            assert of_kind == expected, case["name"]


def test_each_epoch_is_read_out_by_the_models_that_were_not_trained_on_the_subject(data):
    """Scores carry fold and epoch; of two seeds one is asked for."""
    folds = leave_one_subject_out(data.windows)
    runs = [Run(fold, seed, index) for seed in (1, 2) for index, fold in enumerate(folds)]
    results = FoldResults(
        runs=tuple(runs),
        epochs=(3, 4),
        predictions=tuple(
            np.stack(
                [
                    np.full(
                        (len(run.fold.held_out), 2, 3, VALID_FRAMES),
                        0.1 * run.seed + 0.25 * epoch + 0.01 * run.position,
                    )
                    for epoch in range(2)
                ]
            ).astype(np.float16)
            for run in runs
        ),
        losses=np.zeros((4, 5)),
        states=(),
        normalisation=AUW_GCN_CONSTANTS,
        cpu_seconds=np.zeros(4),
    )
    by_epoch = list(published_rule.scores_by_epoch(results, data, 2))
    rules = proposals.ProposalConfig()
    tables = published_rule.detections_by_epoch(results, data, 2, rules)
    assert len(by_epoch) == 2 and by_epoch[0].dtype == np.float32
    for epoch, (scores, table) in enumerate(zip(by_epoch, tables, strict=True)):
        expected = 0.2 + 0.25 * epoch + 0.01 * data.windows.video
        np.testing.assert_allclose(scores[:, 0, 0, 0], expected, atol=1e-3)
        pd.testing.assert_frame_equal(table, proposals.detect(scores, data.windows, rules))
