"""The planted graph, and that the faces follow it."""

import numpy as np

from causalex_core import regions
from causalex_core.graphs.pag import ARROWHEAD, TAIL
from causalex_core.graphs.separation import (
    ancestors,
    maximal_ancestral_graph,
    oracle,
    partial_ancestral_graph,
)
from causalex_synthetic import causes, displacements

REGION = {name: node for node, name in enumerate(regions.NAMES)}


def test_the_graph_has_no_cycle_and_every_unit_that_moves_a_region_is_recruited_or_pulled():
    dag = causes.dag()
    ancestors(dag)  # refuses cycles
    first_drive = len(causes.NODES) - len(causes.DRIVES)
    units = slice(regions.COUNT, first_drive)
    caused = dag[:, units].any(axis=0)
    spontaneous = {25, 26, 45}  # lips part, jaw drop and blink belong to no drive
    assert {displacements.NUMBERS[unit] for unit in np.flatnonzero(~caused)} == spontaneous
    assert not dag[: regions.COUNT, units].any()  # no region moves a unit


def test_the_skin_hands_motion_on_along_the_arrows_only():
    units = np.zeros((1, len(displacements.UNITS)))
    dag = causes.dag()[: regions.COUNT, : regions.COUNT]
    for source in range(regions.COUNT):
        pushed = np.zeros((1, regions.COUNT, 2))
        pushed[0, source] = (0.1, -0.2)
        moved = causes.displaced_regions(units, pushed)[0].any(axis=-1)
        reached, before = dag[source] | (np.arange(regions.COUNT) == source), None
        while not np.array_equal(reached, before):
            before, reached = reached, reached | dag[reached].any(axis=0)
        assert np.array_equal(moved, reached)


def test_the_middle_brow_takes_its_share_of_both_ends():
    units = np.zeros((2, len(displacements.UNITS)))
    units[0, displacements.NUMBERS.index(2)] = 1  # outer brow raiser
    units[1, displacements.NUMBERS.index(1)] = 0.5  # inner brow raiser
    moved = causes.displaced_regions(units, np.zeros((2, regions.COUNT, 2)))
    assert np.allclose(moved[0, REGION["left brow, middle"]], 0.6 * np.array([-0.01, -0.11]))
    assert np.allclose(moved[1, REGION["left brow, middle"]], 0.45 * np.array([0.0, -0.055]))
    assert not moved[:, REGION["left mouth corner"]].any()


def test_units_pull_their_companions():
    own = np.zeros((1, len(displacements.UNITS)))
    own[0, displacements.NUMBERS.index(9)] = 0.5
    reached = causes.intensities(own)[0]
    assert reached[displacements.NUMBERS.index(10)] == 0.3
    assert np.count_nonzero(reached) == 2


def test_the_margin_over_the_regions_has_directed_bidirected_and_open_edges():
    dag = causes.dag()
    complete = maximal_ancestral_graph(dag, regions.COUNT)
    known = partial_ancestral_graph(dag, regions.COUNT)
    assert complete.adjacency.sum() == 2 * 24
    assert np.array_equal(complete.adjacency, known.adjacency)
    inner, middle = REGION["left brow, inner"], REGION["left brow, middle"]
    assert known.marks[inner, middle] == ARROWHEAD and known.marks[middle, inner] == TAIL
    left, right = REGION["left mouth corner"], REGION["right mouth corner"]
    assert complete.marks[left, right] == complete.marks[right, left] == ARROWHEAD
    definite = np.isin(known.marks, (ARROWHEAD, TAIL))
    assert np.array_equal(known.marks[definite], complete.marks[definite])
    assert {name for _, name, _ in known.edges()} >= {"-->", "<->", "o-o"}


def test_linear_series_from_the_model_obey_the_graph():
    """Partial correlations vanish where the graph separates, and only there."""
    generator = np.random.default_rng(3)
    frames = 60_000
    drives = generator.standard_normal((frames, len(causes.DRIVES)))
    own = generator.standard_normal((frames, len(displacements.UNITS)))
    for column, drive in enumerate(causes.DRIVES):
        for number, _ in drive.recruits:
            own[:, displacements.NUMBERS.index(number)] += drives[:, column]
    tonus = 0.05 * generator.standard_normal((frames, regions.COUNT, 2))
    vertical = causes.displaced_regions(causes.intensities(own), tonus)[..., 1]
    separated = oracle(causes.dag())
    pairs = [(0, 8, ()), (2, 11, ()), (7, 9, ()), (6, 9, (7,)), (1, 4, ()), (0, 1, (2, 3, 4, 5))]
    for i, j, given in pairs:
        fit = np.column_stack([vertical[:, list(given)], np.ones(frames)])
        left, right = (
            vertical[:, k] - fit @ np.linalg.lstsq(fit, vertical[:, k], rcond=None)[0]
            for k in (i, j)
        )
        related = abs(np.corrcoef(left, right)[0, 1]) > 4 / np.sqrt(frames)
        assert related != separated(i, j, frozenset(given)), (i, j, given)
