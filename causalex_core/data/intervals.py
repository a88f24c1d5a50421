"""Tables of intervals as people have them: ours or AUW-GCN's, compressed or not."""

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from causalex_core.data import auw_gcn
from causalex_core.errors import CausalexError
from causalex_core.expressions import TableError, read_cells, read_expressions


def read_intervals(path: Path, *, kinds: bool = True) -> pd.DataFrame:
    """Read intervals.

    Parameters
    ----------
    path
        A table for :func:`causalex_core.expressions.read_expressions`, or an annotation table of
        AUW-GCN, which is known by its columns; either may be compressed with gzip (``.gz``).
    kinds
        Whether the kind of each interval is needed.

    Returns
    -------
    DataFrame
        Rows in the order of the file.

    Raises
    ------
    TableError
        If the file cannot be read, decompressed, or used.
    """
    with _decompressed(path) as plain:
        try:
            if auw_gcn.is_table(read_cells(plain).columns):
                return auw_gcn.intervals(plain)
            return read_expressions(plain, kinds=kinds)
        except CausalexError as error:
            raise TableError(str(error).replace(str(plain), str(path))) from error


@contextmanager
def _decompressed(path: Path) -> Iterator[Path]:
    """The file itself, or a copy without compression that lasts as long as the context."""
    if path.suffix != ".gz":
        yield path
        return
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TableError(
            f"{path}: damaged, or not compressed with gzip ({error}); compress the table again"
        ) from error
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})") from error
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, path.stem)
        plain.write_bytes(content)
        yield plain
