"""Where training, inference and flow run: on the processor or on a GPU."""

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Literal

from causalex_core.errors import CausalexError

if TYPE_CHECKING:
    import torch

# Holds for a process and all that it starts, notebooks and jobs of a cluster among them. Results
# do not depend on it, so that it is no parameter of a page.
VARIABLE = "CAUSALEX_DEVICE"
NAMES = ("auto", "cpu", "cuda")
_MALLOC = ((-1, 2**31 - 1), (-3, 2**25))  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


def wanted() -> str:
    """Name that the variable gives, one of :data:`NAMES`; ``auto`` if it is not set."""
    name = os.environ.get(VARIABLE) or "auto"
    if name not in NAMES:
        raise CausalexError(f"{VARIABLE}={name}: expected auto, cpu or cuda")
    return name


def chosen(name: str = "auto") -> Literal["cpu", "cuda"]:
    """Kind of the device of that name; ``auto``: of the variable, otherwise a GPU if there is one.

    Raises
    ------
    CausalexError
        If the name or the variable is unknown, or a GPU is asked for and there is none.
    """
    if name not in NAMES:
        raise CausalexError(f"device '{name}': expected auto, cpu or cuda")
    name = wanted() if name == "auto" else name
    if name == "cpu":
        return "cpu"
    import torch  # takes seconds, which flow on a processor need not wait for

    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise CausalexError("device 'cuda': no GPU that torch can use; take auto or cpu")
    return "cuda" if available else "cpu"


def check() -> None:
    """Refuse a device of the variable that is not there, before any work; see :func:`chosen`."""
    if wanted() == "cuda":
        chosen()


def choose_device(name: str = "auto") -> "torch.device":
    """Device of that name, see :func:`chosen`; on it, float32 means float32."""
    import torch

    device = torch.device(chosen(name))
    if device.type == "cuda":
        # Convolutions would take factors of 10 bits, and agree with a processor to 1e-3 only.
        torch.backends.cudnn.allow_tf32 = False
    return device


def keep_freed_memory() -> None:
    """Ask glibc not to hand freed memory back: every step would fetch it again, page by page.

    Takes a fifth to a third off the CPU time of training in float32.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        for parameter, bytes_ in _MALLOC:
            libc.mallopt(parameter, bytes_)
