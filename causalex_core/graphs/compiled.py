"""Compilation of the inner loops, where numba is installed.

Functions under ``@compiled`` work on arrays and on sets of nodes held as bits of an integer.
Without numba the same source runs as plain Python: slower, with the same results, because
neither way reorders the arithmetic.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable)

try:
    from numba import njit
except ImportError:

    def compiled(function: Function) -> Function:
        """Leave `function` as it is: numba is missing."""
        return function

else:

    def compiled(function: Function) -> Function:
        """Compile `function` at its first call and keep the machine code on disk."""
        return cast(Function, njit(cache=True, error_model="numpy")(function))


BIT = np.int64(1)  # BIT << node is the set of one node
# 2 generates the residues of 67, so each power of 2 has a remainder of its own.
_EXPONENT = np.zeros(67, np.int64)
for _exponent in range(63):
    _EXPONENT[2**_exponent % 67] = _exponent


@compiled
def lowest(nodes: int | np.int64) -> int:
    """Smallest node of a set that is not empty."""
    return int(_EXPONENT[(nodes & -nodes) % 67])
