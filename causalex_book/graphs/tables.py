"""Matrices over the 12 regions as tables and back, edges and rates as rows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from causalex_book.graphs.agreement import Agreement
from causalex_core import regions
from causalex_core.evaluation.uncertainty import mean_interval
from causalex_core.graphs.pag import Pag


def long_table(matrices: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """(12, 12) matrices as columns beside ``row`` and ``column``."""
    row, column = np.indices((regions.COUNT, regions.COUNT)).reshape(2, -1)
    cells = {name: matrix.ravel() for name, matrix in matrices.items()}
    return pd.DataFrame({"row": row, "column": column, **cells})


def square(table: pd.DataFrame, value: str) -> np.ndarray:
    """(12, 12) matrix of a column of a table with ``row`` and ``column``."""
    return table.pivot(index="row", columns="column", values=value).to_numpy()


def edges_table(graph: Pag, shares: np.ndarray, planted: Pag | None = None) -> pd.DataFrame:
    """Edges of a graph and those of more than half of its bootstrap draws, firmest first.

    `shares` (12, 12) are those of the draws that join two regions; `planted` is the true graph,
    if it is known.
    """
    marks = {(i, j): mark for i, mark, j in graph.edges()}
    planted_marks = {(i, j): mark for i, mark, j in planted.edges()} if planted else {}
    often = {(i, j) for i, j in np.argwhere(np.triu(shares) > 0.5).tolist()}
    rows = [
        {"region": regions.NAMES[i], "edge": marks.get((i, j), "none")}
        | {"other_region": regions.NAMES[j], "share": float(shares[i, j])}
        | ({"planted": planted_marks.get((i, j), "none")} if planted else {})
        for i, j in sorted({*marks, *often}, key=lambda pair: (-shares[pair], pair))
    ]
    return pd.DataFrame(rows)


def mean_with_interval(
    name: str, values: np.ndarray, n_bootstrap: int, seed: int
) -> dict[str, float]:
    """Columns ``name``, ``name_low`` and ``name_high``; NaN if there is no value."""
    if not len(values):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
    interval = mean_interval(values, n_bootstrap, seed)
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def mean_rates(
    compared: Sequence[Agreement], rates: Sequence[str], n_bootstrap: int, seed: int
) -> dict[str, float]:
    """Mean rates with bootstrap intervals over graphs; undefined rates are left out."""
    row: dict[str, float] = {}
    for name in rates:
        values = np.array([getattr(result, name) for result in compared])
        row |= mean_with_interval(name, values[~np.isnan(values)], n_bootstrap, seed)
    return row
