"""Sets of nodes, held as bits of an integer."""

from typing import Any

import numpy as np

BIT = np.int64(1)  # BIT << node is the set of one node

try:
    from numba import types
    from numba.extending import intrinsic
except ImportError:

    def lowest(nodes: int | np.int64) -> int:
        """Smallest node of a set that is not empty."""
        return (int(nodes) & -int(nodes)).bit_length() - 1

else:

    @intrinsic
    def lowest(_: Any, nodes: Any) -> Any:
        """Smallest node of a set that is not empty: one instruction of the processor."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

        return nodes(nodes), generate
