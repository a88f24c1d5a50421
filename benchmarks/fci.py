"""Exactness and speed of the graph search, and its behaviour on smooth series.

    python benchmarks/fci.py [exact] [referees] [speed] [smooth] [--before PATH] [--oracles PATH]

`exact`: 500 random causal graphs with latent nodes; how many marks contradict the truth.
`referees`: the same beside causal-learn and whydra, and how often all marks agree; with
`--oracles`, also on its cases (`dsep_*.json`).
`speed`: CPU time of full FCI on windows of 12 columns, on one core: of this checkout, of the one at
`--before` by turns, of causal-learn and whydra, and of the products and tests alone.
`smooth`: edges among independent smooth series, and how many true edges of a known model are
found, for each effective sample size.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from whydra.algorithms.graph_core import CIT, CausalGraph
from whydra.algorithms.standalone import fci_algo_v2

from causalex_book.graphs.simulation import random_model, series
from causalex_core.graphs import causal_learn, independence, skeleton
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.search import (
    Independent,
    fci,
    fci_from_independence,
    fci_windows,
    search,
)
from causalex_core.graphs.separation import (
    contradictions,
    maximal_ancestral_graph,
    oracle,
    partial_ancestral_graph,
)

REGIONS = 12
DENSITIES = {"low": 0.10, "medium": 0.25, "high": 0.45}
# Without latents: a model in which frames find about 0.9 of the edges, and false ones.
SMOOTH_DENSITY = 0.17
ALPHA = 0.05
TURNS = 3  # of which the best counts: without what other programs took from the core

# Runs in the checkout of its working directory, which may know nothing of windows.
ONE_BY_ONE = """
import sys, time
import numpy as np
from causalex_core.graphs.search import fci
windows = np.load(sys.argv[1])
fci(windows[0], 0.05, "frames")
started = time.process_time()
graphs = [fci(window, 0.05, "frames") for window in windows]
print(time.process_time() - started)
np.save(sys.argv[2], [graph.marks for graph in graphs])
"""


def exact(graphs: int = 500) -> None:
    """Compare graphs found from d-separation with the truth."""
    generator = np.random.default_rng(1)
    wrong = false_marks = 0
    for _ in range(graphs):
        dag = _random_dag(generator)
        graph = partial_ancestral_graph(dag, REGIONS)
        count = contradictions(graph, maximal_ancestral_graph(dag, REGIONS))
        wrong += count > 0
        false_marks += count
    print(f"exact: {graphs} graphs, {wrong} contradict the truth, in {false_marks} marks or edges")


def referees(oracles: Path | None, graphs: int = 100) -> None:
    """Compare graphs found from d-separation by three programs."""
    generator = np.random.default_rng(4)
    sources = {"random": [_random_dag(generator) for _ in range(graphs)]}
    if oracles:
        cases = sorted(oracles.glob("dsep_*.json"))
        sources["oracles"] = [np.array(json.loads(case.read_text())["dag"]) for case in cases]
    programs: dict[str, Callable[[int, Independent], Pag]] = {
        "causalex": fci_from_independence,
        "whydra": whydra_from_independence,
        "causal-learn": causal_learn.fci_from_independence,
    }
    print(f"{'source':>9}{'graphs':>8}{'program':>14}{'as ours':>9}{'contradict the truth':>22}")
    for source, dags in sources.items():
        ours = [fci_from_independence(REGIONS, oracle(dag)) for dag in dags]
        truths = [maximal_ancestral_graph(dag, REGIONS) for dag in dags]
        for name, program in programs.items():
            theirs = [program(REGIONS, oracle(dag)) for dag in dags]
            same = sum(
                bool((here.marks == there.marks).all())
                for here, there in zip(ours, theirs, strict=True)
            )
            wrong = sum(
                contradictions(graph, truth) > 0
                for graph, truth in zip(theirs, truths, strict=True)
            )
            print(f"{source:>9}{len(dags):>8}{name:>14}{same:>9}{wrong:>22}")


def _random_dag(generator: np.random.Generator) -> np.ndarray:
    probability = generator.choice(list(DENSITIES.values()))
    return random_model(generator, probability, latent=int(generator.integers(3, 7))).dag


def whydra_fci(samples: np.ndarray, test: Callable[..., CIT] = CIT) -> Pag:
    """Estimate a graph with whydra; its matrix holds the mark at j in [i, j], as ours does."""
    names = [str(column) for column in range(samples.shape[1])]
    with mock.patch.object(fci_algo_v2, "CIT", test):
        matrix = fci_algo_v2.fci_stable_v2(CausalGraph(len(names), names), samples, ALPHA)
    return Pag(np.vectorize(causal_learn.MARKS.__getitem__, otypes=[np.uint8])(matrix))


def whydra_from_independence(n: int, independent: Independent) -> Pag:
    """Find a graph with whydra from answers about independence."""

    class Oracle(CIT):
        """Answers as p-values of 0 and 1."""

        def __call__(self, i: int, j: int, given: object = None) -> float:
            first, second = sorted((int(i), int(j)))
            return float(independent(first, second, frozenset(map(int, given or ()))))

    return whydra_fci(np.random.default_rng(0).standard_normal((n + 1, n)), Oracle)


def speed(before: Path | None, total: int = 500_000, peers: int = 10) -> None:
    """Print mean CPU milliseconds per window, and ratios; peers get the first windows of a cell.

    A cell has windows of `total` frames together.
    """
    generator = np.random.default_rng(2)
    rows = []
    for frames in (500, 2000, 10000):
        for density in ("medium", "high"):
            samples = np.array(
                [_window(generator, frames, density) for _ in range(total // frames)]
            )
            times = _by_turns(samples, before)
            few = samples[:peers]
            times["limit"] = _products_and_tests(samples)
            times["causal-learn"] = _cpu_ms(lambda x: [causal_learn.fci(w, ALPHA) for w in x], few)
            times["whydra"] = _cpu_ms(lambda x: [whydra_fci(window) for window in x], few)
            same_windows = _cpu_ms(_in_batches, few)
            times["before / batches"] = times.get("before", np.nan) / times["batches"]
            for peer in ("causal-learn", "whydra"):
                times[f"{peer} / batches"] = times[peer] / same_windows
            rows.append({"frames": frames, "density": density, **times})
            print(pd.DataFrame(rows[-1:]).T.to_string(header=False, float_format="{:.3f}".format))
            print(flush=True)
    print(f"speed: {10 * rows[0]['batches']:.2f} CPU s for 10,000 windows of 500 frames at medium"
          " density; aim: 2 s")  # fmt: skip


def _window(generator: np.random.Generator, frames: int, density: str) -> np.ndarray:
    model = random_model(generator, DENSITIES[density])
    return model.respond(series("white", generator, frames, len(model.dag)))


def _by_turns(samples: np.ndarray, before: Path | None) -> dict[str, float]:
    """CPU ms per window of each way, all of which have to find the same marks."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        windows, marks = Path(folder, "windows.npy"), Path(folder, "marks.npy")
        np.save(windows, samples)
        checkouts = {"before": before, "one by one": Path(__file__).parents[1]}
        for _ in range(TURNS):
            ours = [graph.marks for graph in _in_batches(samples)]
            for name, checkout in checkouts.items():
                if checkout:
                    run = subprocess.run(
                        [sys.executable, "-c", ONE_BY_ONE, windows, marks],
                        cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
                        check=True, capture_output=True, text=True,
                    )  # fmt: skip
                    times.setdefault(name, []).append(1e3 * float(run.stdout) / len(samples))
                    np.testing.assert_array_equal(np.load(marks), ours, name)
            for name, threads in (("batches", 1), ("batches, 2 threads", 2)):
                times.setdefault(name, []).append(_cpu_ms(_in_batches, samples, threads, turns=1))
    return {name: min(taken) for name, taken in times.items()}


def _in_batches(samples: np.ndarray, threads: int = 1) -> list[Pag]:
    return fci_windows(samples, ALPHA, "frames", threads=threads)


def _cpu_ms(run: Callable, samples: np.ndarray, *arguments: object, turns: int = TURNS) -> float:
    """CPU time per window, the best of some turns: without what other programs took."""
    taken = []
    for _ in range(turns):
        started = time.process_time()
        run(samples, *arguments)
        taken.append(time.process_time() - started)
    return 1e3 * min(taken) / len(samples)


def _products_and_tests(samples: np.ndarray) -> float:
    """CPU ms per window of the products of columns and the tests alone."""
    centred = independence.centre([samples])
    n_eff = independence.effective_samples(centred, "frames")
    remove = skeleton.by_correlation(
        independence.correlations(centred), independence.thresholds(n_eff, ALPHA)
    )
    tests = 0.0

    def timed(*arguments: Any) -> bool:
        nonlocal tests
        started = time.process_time()
        tried = remove(*arguments)
        tests += time.process_time() - started
        return tried

    search(len(samples), REGIONS, timed)
    return _cpu_ms(independence.products, centred[0]) + 1e3 * tests / len(samples)


def smooth_series(runs: int = 60, frames: int = 1000, clips: int = 4) -> None:
    """Print false edges of 66 among independent series, and power on a known model.

    One video of `frames`, and `clips` such videos pooled.
    """
    print(f"{'clips':>7}{'sample size':>13}{'false of 66':>13}{'power':>7}{'false in model':>16}")
    methods: tuple[EffectiveSampleSize, ...] = ("frames", "bartlett")
    for pooled in (1, clips):
        for method in methods:
            generator = np.random.default_rng(3)
            independent, found, false = [], [], []
            for _ in range(runs):
                apart = [series("smooth", generator, frames, REGIONS) for _ in range(pooled)]
                independent.append(_edges(apart, method).sum())
                model = random_model(generator, SMOOTH_DENSITY, latent=0)
                joined = [
                    model.respond(series("smooth", generator, frames, REGIONS))
                    for _ in range(pooled)
                ]
                truth = maximal_ancestral_graph(model.dag, REGIONS).adjacency
                edges = _edges(joined, method)
                found.append(edges[np.triu(truth)].mean())
                false.append(edges[np.triu(~truth, 1)].sum())
            print(
                f"{pooled:>7}{method:>13}{np.mean(independent):>13.2f}{np.mean(found):>7.2f}"
                f"{np.mean(false):>16.2f}"
            )
    print("smooth: aim: at most 3.5 false edges of 66 with bartlett, and a power of 0.73")


def _edges(samples: list[np.ndarray], method: EffectiveSampleSize) -> np.ndarray:
    """(12, 12) bool, each edge once."""
    return np.triu(fci(samples, 0.05, method).adjacency)


def main() -> None:
    """Run the parts named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", help="exact, referees, speed, smooth; or all")
    parser.add_argument("--before", type=Path, help="checkout to compare the speed with")
    parser.add_argument("--oracles", type=Path, help="folder of dsep_*.json")
    given = parser.parse_args()
    parts = {
        "exact": exact,
        "referees": lambda: referees(given.oracles),
        "speed": lambda: speed(given.before),
        "smooth": smooth_series,
    }
    for name in given.parts or parts:
        parts[name]()


if __name__ == "__main__":
    main()
