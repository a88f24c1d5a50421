"""Tables of intervals as people have them: ours or AUW-GCN's, compressed or not."""

from pathlib import Path

import pandas as pd

from causalex_core.data import auw_gcn
from causalex_core.errors import CausalexError
from causalex_core.expressions import TableError, read_cells, read_expressions


def read_intervals(path: Path, *, kinds: bool = True) -> pd.DataFrame:
    """Read a table for :func:`causalex_core.expressions.read_expressions`, or one of AUW-GCN.

    The latter is known by its columns. A table that cannot be used raises a TableError.
    """
    if not auw_gcn.is_table(read_cells(path).columns):
        return read_expressions(path, kinds=kinds)
    try:
        return auw_gcn.intervals(path)
    except CausalexError as error:
        raise TableError(str(error)) from error
