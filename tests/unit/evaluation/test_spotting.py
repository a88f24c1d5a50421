"""Spotting protocols: reference counts, a slow reference, and properties."""

import itertools
import json
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_core.errors import CausalexError
from causalex_core.evaluation import spotting
from causalex_core.evaluation.spotting import (
    AUW,
    AUW_2023,
    EACH_TRUTH,
    MEGC,
    PROTOCOLS,
    Counts,
    pairs,
    pool,
    score,
)
from causalex_core.expressions import KINDS, MissingOffset

COLUMNS = ["subject", "video", "onset", "offset", "kind"]


def _table(rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"onset": float, "offset": float})


def _interval(length=40):
    return st.tuples(
        st.sampled_from(["s1", "s2"]),
        st.sampled_from(["v1", "v2"]),
        st.integers(0, 60),
        st.integers(0, length),
        st.sampled_from(KINDS),
    ).map(lambda row: (row[0], row[1], row[2], row[2] + row[3], row[4]))


TABLES = st.lists(_interval(), max_size=14).map(_table)


@pytest.mark.parametrize("protocol", [AUW, AUW_2023], ids=lambda protocol: protocol.name)
def test_reference_cases(oracles, protocol):
    key = {"auw": "expected_fixed", "auw_2023": "expected_prefix_a15701b"}[protocol.name]
    cases = json.loads((oracles / "auw_gcn" / "metric_cases.json").read_text())["cases"]
    assert len(cases) == 28
    for case in cases:
        tables = [
            _table([("s1", *row[:3], KINDS[row[3] - 1]) for row in case[side]])
            for side in ("gt", "pred")
        ]
        pooled = pool(score(*tables, protocol))
        for kind, expected in case[key].items():
            found = pooled[kind]
            assert (found.tp, found.n_pred, found.n_truth) == (
                expected["tp"],
                expected["n_pred"],
                expected["n_gt"],
            ), (case["name"], kind)
            for rate in ("precision", "recall", "f1"):
                assert getattr(found, rate) == pytest.approx(expected[rate]), case["name"]


def _slow(truth, found, protocol):
    """Counts of hits by the definition, one pair at a time."""
    extra = 1 if protocol.inclusive else 0
    edges = []
    for (i, one), (j, two) in itertools.product(truth.iterrows(), found.iterrows()):
        if any(one[name] != two[name] for name in ("subject", "video", "kind")):
            continue
        inner = min(one["offset"], two["offset"]) - max(one["onset"], two["onset"]) + extra
        union = one["offset"] - one["onset"] + two["offset"] - two["onset"] + 2 * extra - inner
        if inner > 0 and (inner / union > 0.5 or (not protocol.strict and inner / union == 0.5)):
            edges.append((i, j, inner / union))
    if protocol is EACH_TRUTH:
        return len({i for i, _, _ in edges})
    if protocol is AUW_2023:
        return len({j for _, j, _ in edges})
    if protocol is AUW:
        best = {}
        for i, j, overlap in edges:
            if i not in best or overlap > best[i][1]:
                best[i] = (j, overlap)
        return len({j for j, _ in best.values()})
    graph = nx.Graph()
    graph.add_edges_from((f"t{i}", f"p{j}") for i, j, _ in edges)
    return len(nx.max_weight_matching(graph, maxcardinality=True))


@given(truth=TABLES, found=TABLES, name=st.sampled_from(list(PROTOCOLS)))
@settings(max_examples=150, deadline=None)
def test_equals_the_slow_reference(truth, found, name):
    protocol = PROTOCOLS[name]
    overall = pool(score(truth, found, protocol))["overall"]
    assert overall == Counts(_slow(truth, found, protocol), len(found), len(truth))
    if protocol is EACH_TRUTH:
        by_detection = replace(AUW_2023, inclusive=True, strict=False)
        assert overall.n_right == pool(score(truth, found, by_detection))["overall"].tp
    if protocol is not AUW_2023:  # where a truth counts once for each detection
        assert max(overall.precision, overall.recall, overall.f1) <= 1


@given(
    truth=TABLES, found=TABLES, name=st.sampled_from(list(PROTOCOLS)), shift=st.integers(-50, 50)
)
@settings(max_examples=60, deadline=None)
def test_relabelling_and_shift_change_nothing(truth, found, name, shift):
    def moved(table):
        return table.assign(
            subject=table["subject"].map({"s1": "zoe", "s2": "ada"}),
            video="clip " + table["video"],
            onset=table["onset"] + shift,
            offset=table["offset"] + shift,
        )

    before = pool(score(truth, found, PROTOCOLS[name]))
    assert pool(score(moved(truth), moved(found), PROTOCOLS[name])) == before


@given(truth=TABLES, found=TABLES, seed=st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_row_order_does_not_matter_for_megc(truth, found, seed):
    shuffled = [table.sample(frac=1, random_state=seed) for table in (truth, found)]
    assert pool(score(*shuffled, MEGC)) == pool(score(truth, found, MEGC))


@given(truth=TABLES, found=TABLES)
@settings(max_examples=60, deadline=None)
def test_nothing_beats_a_perfect_prediction(truth, found):
    for protocol in (MEGC, AUW, EACH_TRUTH):
        perfect = pool(score(truth, truth, protocol))["overall"]
        assert pool(score(truth, found, protocol))["overall"].f1 <= perfect.f1 + 1e-12 or (
            (
                protocol is AUW  # zero-length truths can never match there
                and (truth["offset"] == truth["onset"]).any()
            )
            or (
                protocol is EACH_TRUTH  # there one detection may hit two truths
                and truth.duplicated(["subject", "video", "kind"]).any()
            )
        )
    perfect = pool(score(truth, truth, MEGC))["overall"]
    assert perfect.tp == len(truth)


@given(truth=TABLES, found=TABLES)
@settings(max_examples=60, deadline=None)
def test_a_repeated_prediction_never_helps_megc(truth, found):
    once = pool(score(truth, found, MEGC))["overall"]
    twice = pool(score(truth, pd.concat([found, found.head(1)]), MEGC))["overall"]
    assert twice.n_pred == once.n_pred + min(len(found), 1)
    assert once.tp <= twice.tp <= len(truth)


@given(truth=TABLES, found=TABLES)
@settings(max_examples=60, deadline=None)
def test_kind_blind_finds_at_least_as_much_and_needs_no_kinds(truth, found):
    blind = score(truth.drop(columns="kind"), found.drop(columns="kind"), MEGC, kind_blind=True)
    assert set(pool(blind)) == {"overall"}
    assert pool(blind)["overall"].tp >= pool(score(truth, found, MEGC))["overall"].tp


def test_kinds_are_not_mixed():
    truth = _table([("s", "v", 0, 9, "macro")])
    found = _table([("s", "v", 0, 9, "micro")])
    pooled = pool(score(truth, found))
    assert pooled["macro"] == Counts(0, 0, 1)
    assert pooled["micro"] == Counts(0, 1, 0)


def test_one_half_is_enough_for_megc_and_too_little_for_auw():
    truth, found = _table([("s", "v", 0, 9, "macro")]), _table([("s", "v", 0, 4, "macro")])
    assert pool(score(truth, found, MEGC))["overall"].tp == 1
    truth, found = _table([("s", "v", 0, 10, "macro")]), _table([("s", "v", 0, 5, "macro")])
    assert pool(score(truth, found, AUW))["overall"].tp == 0


def test_matching_is_a_largest_one():
    # the first truth's best detection is the only one of the second truth
    truth = _table([("s", "v", 0, 9, "macro"), ("s", "v", 4, 13, "macro")])
    found = _table([("s", "v", 2, 11, "macro"), ("s", "v", 0, 6, "macro")])
    assert pool(score(truth, found, MEGC))["overall"].tp == 2


def test_auw_gives_two_truths_with_one_best_detection_one_hit():
    truth = _table([("s", "v", 0, 100, "macro"), ("s", "v", 10, 110, "macro")])
    found = _table([("s", "v", 5, 105, "macro"), ("s", "v", 50, 112, "macro")])
    assert pool(score(truth, found, AUW))["overall"].tp == 1
    assert pool(score(truth, found, AUW_2023))["overall"].tp == 2


def test_of_equal_detections_auw_takes_the_first_in_the_table():
    truth = _table([("s", "v", 0, 100, "macro"), ("s", "v", 12, 102, "macro")])
    found = _table([("s", "v", 10, 100, "macro"), ("s", "v", 0, 90, "macro")])
    # either is as near to the first truth, and the second truth takes the one at 10
    assert pool(score(truth, found, AUW))["overall"].tp == 1
    assert pool(score(truth, found.iloc[::-1], AUW))["overall"].tp == 2


def test_missing_offsets_count_but_cannot_match():
    truth = _table([("s", "v", 10, 20, "macro"), ("s", "v", 40, np.nan, "macro")])
    truth["apex"] = [15.0, 44.0]
    found = _table([("s", "v", 10, 20, "macro"), ("s", "v", 40, 48, "macro")])
    expected = {"as_is": (1, 2), "apex": (2, 2), "mirrored": (2, 2), "drop": (1, 1)}
    for policy, (tp, n_truth) in expected.items():
        counts = pool(score(truth, found, MEGC, MissingOffset(policy)))["macro"]
        assert (counts.tp, counts.n_truth) == (tp, n_truth), policy


def test_intervals_of_negative_length_match_nothing():
    truth = _table([("s", "v", 10, 20, "macro")])
    found = _table([("s", "v", 12, 11, "macro"), ("s", "v", 15, 2, "macro")])
    for protocol in PROTOCOLS.values():
        assert pool(score(truth, found, protocol))["overall"] == Counts(0, 2, 1)


def test_a_rate_is_of_what_it_counts():
    truth = _table([("s", "v", 10, 19, "macro"), ("s", "v", 20, 29, "macro")])
    found = _table([("s", "v", 10, 29, "macro")])
    one_for_two = pool(score(truth, found, EACH_TRUTH))["overall"]
    assert (one_for_two.tp, one_for_two.n_right) == (2, 1)
    assert one_for_two.precision == one_for_two.recall == one_for_two.f1 == 1
    two_for_one = pool(score(found, truth, replace(AUW_2023, strict=False)))["overall"]
    assert (two_for_one.tp, two_for_one.precision, two_for_one.recall) == (0, 0, 0)
    two_for_one = pool(score(found, truth, EACH_TRUTH))["overall"]
    assert (two_for_one.n_right, two_for_one.precision, two_for_one.recall) == (2, 1, 1)


def test_of_equally_near_detections_the_first_in_the_table_hits():
    truth = _table([("s", "v", 10, 19, "macro")])
    found = _table([("s", "v", 30, 39, "macro"), *[("s", "v", n, n + 9, "macro") for n in (12, 8)]])
    assert pairs(truth, found).tolist() == [[0, 1]]
    assert pairs(truth, found.iloc[::-1]).tolist() == [[0, 0]]
    assert pairs(found, truth).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "Macro"}, "kind 'Macro'"),
        ({"kind": np.nan}, "kind nan"),
        ({"subject": 1}, "column 'subject'"),
        ({"video": None}, "column 'video'"),
    ],
)
def test_names_and_kinds_that_cannot_be_meant_are_refused(changed, said):
    truth = _table([("1", "v", 10, 19, "macro")])
    with pytest.raises(CausalexError, match=said):
        score(truth, truth.assign(**changed))


def test_empty_tables_have_counts_of_zero():
    empty = _table([])
    assert pool(score(empty, empty)) == dict.fromkeys(
        ("macro", "micro", "overall"), Counts(0, 0, 0)
    )
    assert pool(score(empty, empty))["overall"].f1 == 0


def test_counts_stay_with_their_subject():
    truth = _table([("b", "v", 0, 9, "macro"), ("a", "v", 0, 9, "micro")])
    found = _table([("b", "v", 0, 9, "macro"), ("c", "v", 0, 9, "macro")])
    counts = score(truth, found).set_index(["subject", "kind"])
    assert counts.loc[("b", "macro")].tolist() == [1, 1, 1]
    assert counts.loc[("c", "macro")].tolist() == [0, 1, 0]
    assert counts.loc[("a", "micro")].tolist() == [0, 0, 1]
    assert list(counts.index.get_level_values(0).unique()) == ["a", "b", "c"]


def test_blocks_of_pairs_give_the_same_counts(monkeypatch):
    generator = np.random.default_rng(3)
    onset = generator.integers(0, 300, 400)
    table = _table(
        [
            ("s", "v", start, start + length, "macro")
            for start, length in zip(onset, generator.integers(0, 40, 400), strict=True)
        ]
    )
    whole = {name: pool(score(table[:150], table[150:], p)) for name, p in PROTOCOLS.items()}
    monkeypatch.setattr(spotting, "PAIRS_AT_ONCE", 7)
    for name, protocol in PROTOCOLS.items():
        assert pool(score(table[:150], table[150:], protocol)) == whole[name]
