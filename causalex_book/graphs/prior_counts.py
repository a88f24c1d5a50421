"""Integer counts behind a published prior matrix."""

from fractions import Fraction
from math import gcd, lcm

import numpy as np
from scipy.sparse.csgraph import connected_components

from causalex_core.errors import CausalexError
from causalex_core.graphs.prior import normalise_rows


def recover_counts(published: np.ndarray, largest: int = 1000) -> np.ndarray:
    """Find the smallest symmetric integer counts behind a row-normalised matrix.

    Each row gives its counts up to a factor, symmetry fixes the factors of connected rows among
    each other, and each connected block is then multiplied until it normalises back to the same
    float32 bits (the 1e-6 of the norm shows in the bits of small counts).

    Parameters
    ----------
    published
        (n, n) float32 with rows that sum to 1 or 0.
    largest
        Largest row sum, and largest multiple, to try.

    Returns
    -------
    ndarray
        (n, n) int64, symmetric, with ``normalise_rows`` equal to `published` bit for bit. Larger
        multiples of a block may do as well.

    Raises
    ------
    CausalexError
        If a row has no such counts, or no symmetric table exists.
    """
    rows = np.array([_row_ratios(row, largest) for row in published])
    counts = rows * _symmetric_factors(rows)[:, None]
    if not (counts == counts.T).all():
        raise CausalexError("the matrix does not follow from symmetric integer counts")
    blocks, block_of = connected_components(counts, directed=False)
    for block in range(blocks):
        ensemble = block_of == block
        counts[ensemble] *= _multiple(counts[ensemble], published[ensemble], largest)
    return counts


def _row_ratios(row: np.ndarray, largest: int) -> np.ndarray:
    """Smallest integers in the ratios of a row; zeros for a row of zeros."""
    for total in range(1, largest + 1):
        scaled = row.astype(np.float64) * total
        counts = np.rint(scaled).astype(np.int64)
        # The norm's 1e-6 and float32 move a scaled cell by less than this; the nearest fraction
        # with another denominator up to 1000 lies ten times farther.
        if np.abs(scaled - counts).max() < 2e-6 + 1.2e-7 * total and counts.sum() in (0, total):
            return counts
    raise CausalexError(
        f"no integer counts with a row sum up to {largest} give the row {np.round(row, 4).tolist()}"
    )


def _symmetric_factors(rows: np.ndarray) -> np.ndarray:
    """Smallest integers f with f[i] * rows[i, j] == f[j] * rows[j, i] wherever rows allow it."""
    factors: dict[int, Fraction] = {}
    for start in range(len(rows)):
        if start in factors:
            continue
        block, waiting = {start: Fraction(1)}, [start]
        while waiting:
            here = waiting.pop()
            for there in np.flatnonzero(rows[here]).tolist():
                if there not in block and rows[there, here]:
                    ratio = Fraction(int(rows[here, there]), int(rows[there, here]))
                    block[there] = block[here] * ratio
                    waiting.append(there)
        scale = Fraction(
            lcm(*(value.denominator for value in block.values())),
            gcd(*(value.numerator for value in block.values())),
        )
        factors |= {row: value * scale for row, value in block.items()}
    return np.array([int(factors[row]) for row in range(len(rows))], np.int64)


def _multiple(counts: np.ndarray, published: np.ndarray, largest: int) -> int:
    """Smallest multiple of counts that gives the published bits."""
    for multiple in range(1, largest + 1):
        if normalise_rows(multiple * counts).tobytes() == published.tobytes():
            return multiple
    raise CausalexError(
        f"no multiple up to {largest} of the counts in the matrix's ratios gives its bits"
    )
