"""Compilation of inner loops, where numba is installed.

Without numba the same source runs as plain Python: slower, with the same results, because neither
way reorders the arithmetic.
"""

from collections.abc import Callable
from typing import TypeVar, cast

Function = TypeVar("Function", bound=Callable)

try:
    from numba import njit
except ImportError:

    def compiled(function: Function) -> Function:
        """Leave `function` as it is: numba is missing."""
        return function

else:

    def compiled(function: Function) -> Function:
        """Compile `function` at its first call, keep the machine code on disk, and free threads."""
        return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))
