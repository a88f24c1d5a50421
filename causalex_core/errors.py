"""The one error that users see as a single line."""


class CausalexError(Exception):
    """What was given, what was expected and what to do, in one line.

    The command line prints it without a traceback and ends with status 2.
    """
