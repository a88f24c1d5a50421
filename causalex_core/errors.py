"""The one error that users see as a single line, and the one warning."""

import contextlib
import difflib
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any


class CausalexError(Exception):
    """What was given, what was expected and what to do, in one line.

    The command line prints it without a traceback and ends with status 2.
    """


class CausalexWarning(UserWarning):
    """What was taken otherwise than one might expect; the command line prints it in one line."""


def warn(message: str) -> None:
    """Give a CausalexWarning."""
    warnings.warn(message, CausalexWarning, stacklevel=3)


@contextlib.contextmanager
def warnings_in_one_line() -> Iterator[None]:
    """Print each CausalexWarning once, in one line on standard error."""
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, CausalexWarning):
                from tqdm import tqdm  # which keeps its bar below the line

                tqdm.write(f"causalex: warning: {' '.join(str(message).split())}", file=sys.stderr)
            else:
                others(message, category, *where, **more)

        warnings.showwarning = show
        warnings.simplefilter("default", CausalexWarning)
        yield


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Half a sentence with the known name that comes nearest; empty if none is near."""
    near = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
