"""The one error that users see as a single line."""

import difflib
from collections.abc import Iterable


class CausalexError(Exception):
    """What was given, what was expected and what to do, in one line.

    The command line prints it without a traceback and ends with status 2.
    """


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Half a sentence with the known name that comes nearest; empty if none is near."""
    near = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
