import json
import os
import subprocess
import sys
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from causalex_book.graphs.simulation import random_model, series
from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.graphs import search
from causalex_core.graphs.pag import ARROWHEAD, CIRCLE, TAIL
from causalex_core.graphs.search import fci, fci_from_independence, fci_windows
from causalex_core.graphs.separation import (
    contradictions,
    maximal_ancestral_graph,
    oracle,
    partial_ancestral_graph,
)


def dag_of(nodes, *arrows):
    dag = np.zeros((nodes, nodes), bool)
    for start, end in arrows:
        dag[start, end] = True
    return dag


@pytest.mark.parametrize(
    ("dag", "observed", "edges"),
    [
        # A chain tells nothing, a collider two arrowheads.
        (dag_of(3, (0, 1), (1, 2)), 3, [(0, "o-o", 1), (1, "o-o", 2)]),
        (dag_of(3, (0, 1), (2, 1)), 3, [(0, "o->", 1), (1, "<-o", 2)]),
        # R1: below a collider the arrow is known.
        (
            dag_of(4, (0, 1), (2, 1), (1, 3)),
            4,
            [(0, "o->", 1), (1, "<-o", 2), (1, "-->", 3)],
        ),
        # A latent common cause between two observed effects of others.
        (
            dag_of(5, (0, 1), (3, 2), (4, 1), (4, 2)),
            4,
            [(0, "o->", 1), (1, "<->", 2), (2, "<-o", 3)],
        ),
        # R4: 0 *-> 1 <-> 2 --> 3 with 1 --> 3 discriminates for 2, which separates.
        (
            dag_of(5, (0, 1), (1, 3), (4, 1), (4, 2), (2, 3)),
            4,
            [(0, "o->", 1), (1, "<-o", 2), (1, "-->", 3), (2, "-->", 3)],
        ),
    ],
)
def test_small_graphs(dag, observed, edges):
    assert partial_ancestral_graph(dag, observed).edges() == edges


def mixed_graphs(n):
    """Every ancestral graph of `n` nodes as (marks, DAG with a latent for each <->)."""
    pairs = list(combinations(range(n), 2))
    for kinds in product(("", "->", "<-", "<->"), repeat=len(pairs)):
        marks = np.zeros((n, n), np.uint8)
        dag = np.zeros((n + len(pairs),) * 2, bool)
        for latent, ((i, j), kind) in enumerate(zip(pairs, kinds, strict=True), n):
            if kind == "<->":
                marks[i, j] = marks[j, i] = ARROWHEAD
                dag[latent, [i, j]] = True
            elif kind:
                start, end = (i, j) if kind == "->" else (j, i)
                marks[start, end], marks[end, start] = ARROWHEAD, TAIL
                dag[start, end] = True
        reach = np.linalg.matrix_power(np.eye(n) + dag[:n, :n], n) > 0
        bidirected = (marks == ARROWHEAD) & (marks.T == ARROWHEAD)
        if not (reach & reach.T & ~np.eye(n, dtype=bool)).any() and not (reach & bidirected).any():
            yield marks, dag


def test_every_graph_of_four_nodes_by_definition():
    """A mark is known if and only if all graphs with the same independences share it."""
    n = 4
    pairs = list(combinations(range(n), 2))
    questions = [
        (i, j, frozenset(given))
        for i, j in pairs
        for size in range(n - 1)
        for given in combinations(sorted(set(range(n)) - {i, j}), size)
    ]
    classes = {}
    for marks, dag in mixed_graphs(n):
        separated = oracle(dag)
        answers = {question: separated(*question) for question in questions}
        parted = {(i, j) for (i, j, _), answer in answers.items() if answer}
        if all((marks[i, j] == 0) == ((i, j) in parted) for i, j in pairs):  # maximal
            classes.setdefault(tuple(answers.values()), []).append(marks)
    assert len(classes) > 100
    for answers, ensemble in classes.items():
        known = dict(zip(questions, answers, strict=True))
        found = fci_from_independence(n, lambda i, j, given, known=known: known[i, j, given])
        first = ensemble[0]
        shared = np.logical_and.reduce([member == first for member in ensemble])
        np.testing.assert_array_equal(found.marks, np.where(shared, first, CIRCLE))


def test_random_graphs_are_never_contradicted():
    generator = np.random.default_rng(1)
    for _ in range(50):
        probability, latent = generator.choice([0.1, 0.25, 0.45]), int(generator.integers(3, 7))
        dag = random_model(generator, probability, latent=latent).dag
        assert (
            contradictions(partial_ancestral_graph(dag, 12), maximal_ancestral_graph(dag, 12)) == 0
        )


def test_the_second_search_removes_what_neighbours_cannot():
    """5 and 6 are parted by no set of neighbours of either, but by others."""
    dag = dag_of(10, (1, 5), (2, 6), (3, 0), (3, 4), (4, 1), (4, 2), (7, 2), (7, 5), (8, 1), (8, 3),
                 (9, 1), (9, 6))  # fmt: skip
    first = fci_from_independence(7, oracle(dag), possible_d_sep=False).edges()
    assert (5, "<->", 6) in first
    first.remove((5, "<->", 6))
    assert partial_ancestral_graph(dag, 7).edges() == first


def test_oracle_graphs_are_exact(oracles):
    cases = sorted((oracles / "fci").glob("dsep_*.json"))
    assert len(cases) == 10
    for case in cases:
        known = json.loads(case.read_text())
        dag = np.array(known["dag"])
        np.testing.assert_array_equal(maximal_ancestral_graph(dag, 12).marks, known["mag"])
        np.testing.assert_array_equal(
            partial_ancestral_graph(dag, 12).marks, known["pag"], case.name
        )


def test_oracle_skeletons_are_equal(oracles):
    cases = sorted((oracles / "fci").glob("data_*.json"))
    assert len(cases) == 10
    for case in cases:
        known = json.loads(case.read_text())
        samples = np.loadtxt(case.with_suffix(".csv"), delimiter=",")
        found = fci(samples, known["alpha"], "frames", possible_d_sep=False)
        expected = np.array(known["fas_skeleton"]) != 0
        np.testing.assert_array_equal(found.adjacency, expected, case.name)


def white_samples(generator, frames):
    """Frames without memory of a dense random model."""
    model = random_model(generator, 0.4)
    return model.respond(series("white", generator, frames, len(model.dag)))


@pytest.mark.parametrize("possible_d_sep", [True, False])
def test_the_order_of_columns_has_no_say(possible_d_sep):
    for seed in range(30):
        generator = np.random.default_rng(seed)
        samples = white_samples(generator, 300)
        order = generator.permutation(12)
        found = fci(samples, 0.05, "frames", possible_d_sep=possible_d_sep)
        moved = fci(samples[:, order], 0.05, "frames", possible_d_sep=possible_d_sep)
        np.testing.assert_array_equal(moved.marks, found.marks[np.ix_(order, order)])
        np.testing.assert_allclose(moved.n_eff, found.n_eff[np.ix_(order, order)])


def test_no_mark_needs_selection():
    """Also where finite samples contradict themselves: no --- and no o-- edge."""
    for seed in range(60):
        generator = np.random.default_rng(seed)
        samples = white_samples(generator, 150)
        marks = fci(samples, 0.05, "frames").marks
        assert not ((marks == TAIL) & (marks.T != ARROWHEAD)).any()


def test_a_depth_limit_keeps_edges_and_truth():
    generator = np.random.default_rng(5)
    for _ in range(10):
        dag = random_model(generator, 0.25).dag
        truth = maximal_ancestral_graph(dag, 12)
        previous = np.ones((12, 12), bool)
        for depth in (0, 1, 2, None):
            found = fci_from_independence(12, oracle(dag), depth)
            assert (truth.adjacency <= found.adjacency).all()
            assert (found.adjacency <= previous).all()
            known = np.isin(found.marks, (ARROWHEAD, TAIL)) & truth.adjacency
            assert (found.marks[known] == truth.marks[known]).all()
            previous = found.adjacency


def test_few_and_many_nodes():
    assert fci_from_independence(1, lambda *_: True).marks.tolist() == [[0]]
    assert fci_from_independence(2, lambda *_: False).edges() == [(0, "o-o", 1)]
    assert fci_from_independence(62, lambda *_: True).edges() == []
    with pytest.raises(CausalexError, match="63 nodes: expected 1 to 62"):
        fci_from_independence(63, lambda *_: True)


def test_settings_travel_with_the_graph():
    clips = [series("smooth", np.random.default_rng(seed), 200, 3) for seed in (1, 2)]
    found = fci(clips, 0.05, depth=1)
    assert found.alpha == 0.05
    assert found.settings == {
        "backend": "causalex",
        "effective_sample_size": "bartlett",
        "depth": 1,
        "possible_d_sep": True,
        "frames": 400,
        "series": 2,
    }


def spoiled(samples, change):
    samples = samples.copy()
    change(samples)
    return samples


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x.__setitem__((3, 1), np.inf), "1 values .* not finite.* frame 3, column 1"),
        (lambda x: x.__setitem__((slice(None), [0, 2]), 0.1), r"columns \[0, 2\] do not vary"),
        (lambda x: x.__setitem__((slice(None), 2), 3 * x[:, 0] + 1), r"\[0, 2\] are collinear"),
        (
            lambda x: x.__setitem__((slice(None), 2), np.arange(100.0)),
            None,  # a trend alone is no reason to refuse
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_is_refused(change, said):
    samples = spoiled(np.random.default_rng(1).standard_normal((100, 4)), change)
    if said is None:
        assert fci(samples).n_eff.min() >= 4
        return
    with pytest.raises(CausalexError, match=said):
        fci(samples)


MIXED = np.random.default_rng(5).standard_normal((300, 4)) @ np.triu(np.ones((4, 4)))


@pytest.mark.parametrize(
    ("alpha", "depth"),
    [(np.float64(0.05), np.int64(1)), (np.float32(0.5), np.uint8(2)), (0.05, np.int32(0))],
)
def test_numbers_of_numpy_are_options_like_any_others(alpha, depth):
    plain = fci(MIXED, float(alpha), depth=int(depth))
    graph = fci(MIXED, alpha, depth=depth)
    assert graph.to_json() == plain.to_json()
    assert type(graph.alpha) is float and type(graph.settings["depth"]) is int


@pytest.mark.parametrize("depth", [1.5, -1, np.float64(0.5), np.int64(-2), np.nan, np.inf])
def test_a_depth_that_is_no_whole_number_from_zero_is_refused(depth):
    with pytest.raises(CausalexError, match=f"depth {depth}: expected 0 or more"):
        fci(MIXED, depth=depth)
    with pytest.raises(CausalexError, match=f"depth {depth}: expected 0 or more"):
        fci_from_independence(3, lambda *_: True, depth=depth)


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray(MIXED),
        pd.DataFrame(MIXED, columns=list("abcd")),
        np.broadcast_to(MIXED, MIXED.shape),  # read-only
        [MIXED],
    ],
)
def test_samples_are_taken_in_whatever_form_they_come(same):
    assert fci(same).to_json() == fci(MIXED).to_json()


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_samples_of_less_precision_are_those_numbers(kind):
    less = (1000 * MIXED).astype(kind)
    assert fci(less).to_json() == fci(less.astype(np.float64)).to_json()


@pytest.mark.parametrize(
    ("samples", "options", "said"),
    [
        (np.eye(6)[:5], {}, "5 frames in 1 series are too few for 6 columns: at least 10"),
        (np.zeros((5, 2, 2)), {}, "expected \\(frames, columns\\)"),
        ([], {}, "expected \\(frames, columns\\)"),
        ([np.ones((9, 3)), np.ones((9, 2))], {}, "the same in each series"),
        (np.ones((9, 1)), {}, "with 2 to 62 columns"),
        (np.arange(60.0).reshape(20, 3) ** 2 % 7, {"alpha": 0}, "alpha 0"),
        (np.arange(60.0).reshape(20, 3) ** 2 % 7, {"depth": -1}, "depth -1"),
        (
            np.random.default_rng(1).standard_normal((20, 3)),
            {"effective_sample_size": "ar1"},
            "'ar1': expected one of",
        ),
        (
            np.tanh(np.linspace(-1, 1, 500)[:, None] * [5, 10]),
            {},
            r"columns \[0, 1\] are worth only 3.* independent samples in 500 frames",
        ),
    ],
)
def test_options_and_shapes_out_of_range(samples, options, said):
    with pytest.raises(CausalexError, match=said):
        fci(samples, **options)


def windows_of(kind, count, frames, columns, seed=1):
    """Windows of as many random models, of all densities."""
    generator = np.random.default_rng(seed)
    windows = []
    for _ in range(count):
        model = random_model(generator, generator.choice([0.1, 0.25, 0.45]), columns)
        windows.append(model.respond(series(kind, generator, frames, len(model.dag))))
    return np.array(windows)


@pytest.mark.parametrize("method", ["frames", "bartlett"])
@pytest.mark.parametrize("options", [{}, {"depth": 1}, {"possible_d_sep": False}])
def test_graphs_of_many_windows_are_those_of_each(method, options, monkeypatch):
    monkeypatch.setattr(search, "BATCH_FRAMES", 6000)  # 40 windows
    windows = windows_of("white", 81, 150, 8)
    graphs = fci_windows(windows, 0.05, method, threads=2, **options)
    single = [fci(window, 0.05, method, **options) for window in windows]
    assert [graph.to_json() for graph in graphs] == [graph.to_json() for graph in single]


def test_windows_may_have_several_series():
    clips = [windows_of("smooth", 7, frames, 5, seed) for seed, frames in enumerate((300, 200))]
    graphs = fci_windows([*clips, clips[0][:, :0]], 0.05)
    single = [fci(list(pair), 0.05) for pair in zip(*clips, strict=True)]
    assert [graph.to_json() for graph in graphs] == [graph.to_json() for graph in single]
    assert fci_windows(clips[0][:0]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x.__setitem__((3, 1), np.inf), "1 values .* not finite.* frame 3, column 1"),
        (lambda x: x.__setitem__((slice(None), [0, 2]), 0.1), r"columns \[0, 2\] do not vary"),
        (lambda x: x.__setitem__((slice(None), 2), 3 * x[:, 0] + 1), r"\[0, 2\] are collinear"),
        (lambda x: x.__setitem__(slice(None), np.tanh(np.linspace(-5, 5, 60))[:, None] + x / 1e3),
         "are worth only"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", [0, 4, 102])
def test_the_window_that_cannot_be_tested_is_named(change, said, number, monkeypatch):
    monkeypatch.setattr(search, "BATCH_FRAMES", 6000)  # 100 windows
    windows = np.random.default_rng(1).standard_normal((110, 60, 3))
    change(windows[number])
    with pytest.raises(CausalexError, match=f"^window {number}: .*{said}"):
        fci_windows(windows)


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        (
            np.ones((50, 4)),
            r"windows of shape \[\(50, 4\)\]: expected \(windows, frames, columns\)",
        ),
        ([np.ones((3, 50, 4)), np.ones((2, 50, 4))], "the same number of windows"),
        (np.ones((3, 5, 4)), "window 0: 5 frames in 1 series are too few for 4 columns"),
        ([], "expected"),
    ],
)
def test_what_is_no_window_is_refused(windows, said):
    with pytest.raises(CausalexError, match=said):
        fci_windows(windows)


def test_a_thread_is_needed():
    with pytest.raises(CausalexError, match="0 threads: expected 1 or more"):
        fci_windows(np.ones((3, 50, 4)), threads=0)


PRINT_GRAPHS = """
import sys
if "plain" in sys.argv:
    sys.modules["numba"] = None
import numpy as np
from causalex_core.graphs import skeleton
from causalex_core.graphs.search import fci
assert hasattr(skeleton.next_set, "py_func") == ("plain" not in sys.argv)
generator = np.random.default_rng(3)
for frames in (120, 150):
    mixed = generator.standard_normal((frames, 8)) @ generator.standard_normal((8, 8))
    for possible_d_sep in (True, False):
        print(fci(mixed, 0.05, possible_d_sep=possible_d_sep).to_json())
"""


def test_the_same_bytes_without_numba_and_whatever_the_hash_seed_and_threads():
    written = set()
    for seed, threads, words in (("0", "1", []), ("7", "2", []), ("random", "2", ["plain"])):
        run = subprocess.run(
            [sys.executable, "-c", PRINT_GRAPHS, *words],
            cwd=paths.ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads,
                 "OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads},
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        written.add(run.stdout)
    assert len(written) == 1
    assert '"marks"' in written.pop()
