"""Compilation of the inner loops, where numba is installed.

Functions under ``@compiled`` work on arrays and on sets of nodes held as bits of an integer.
Without numba the same source runs as plain Python: slower, with the same results, because
neither way reorders the arithmetic.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable)

BIT = np.int64(1)  # BIT << node is the set of one node

try:
    from numba import njit, types
    from numba.extending import intrinsic
except ImportError:

    def compiled(function: Function) -> Function:
        """Leave `function` as it is: numba is missing."""
        return function

    def lowest(nodes: int | np.int64) -> int:
        """Smallest node of a set that is not empty."""
        return (int(nodes) & -int(nodes)).bit_length() - 1

else:

    def compiled(function: Function) -> Function:
        """Compile `function` at its first call, keep the machine code on disk, and free threads."""
        return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))

    @intrinsic
    def lowest(_: Any, nodes: Any) -> Any:
        """Smallest node of a set that is not empty: one instruction of the processor."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

        return nodes(nodes), generate
