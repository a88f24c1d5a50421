"""Files of named arrays, for weights and stored states.

Files are read as safetensors or through torch's reader for weights only; nothing is unpickled.
"""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from causalex_core import paths
from causalex_core.errors import CausalexError

_ABOUT = "about"  # entry of our own files that describes the tensors


class WeightsError(CausalexError):
    """A checkpoint that cannot be used; names the file or entry."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Entries of a safetensors file; a WeightsError if it is missing, truncated or another."""
    try:
        return safetensors.torch.load(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    except SafetensorError as error:
        raise WeightsError(f"{path}: truncated or not safetensors ({error})") from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors and a description that JSON can hold; the file is replaced at once."""
    # One entry: safetensors writes several in no fixed order, and equal models in unequal bytes.
    entry = {_ABOUT: json.dumps(dict(about))}
    state = {name: value.cpu().contiguous() for name, value in tensors.items()}
    paths.atomic_write(path, safetensors.torch.save(state, entry))


def read_about(path: Path) -> dict[str, Any]:
    """Description that :func:`write_tensors` wrote; a WeightsError if there is none."""
    try:
        with safe_open(path, "pt") as file:
            return dict(json.loads((file.metadata() or {})[_ABOUT]))
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from error
    except SafetensorError as error:
        raise WeightsError(f"{path}: truncated or not safetensors ({error})") from error
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path}: no weights of this project (their configuration is missing)"
        ) from error


def read_entries(path: Path) -> dict[str, Any]:
    """Entries of a file of either format: safetensors, or what ``torch.save`` writes today.

    Raises
    ------
    WeightsError
        If the file is missing, truncated, pickled or of another format.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    if head[8:] == b"{":
        return dict(read_tensors(path))
    if not head.startswith(b"PK"):
        raise WeightsError(
            f"{path}: neither safetensors nor a file of torch.save; pickles are never opened,"
            " convert the weights to safetensors"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path}: holds pickled objects beside weights, which are never opened;"
            " save the state dict alone"
        ) from error
    except (
        RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError,
    ) as error:  # fmt: skip
        raise WeightsError(f"{path}: truncated or damaged") from error
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path}: holds a {type(content).__name__}; expected a state dict")
    return dict(content)


def tensor(name: str, value: Any) -> Tensor:
    """Entry as a float32 tensor; a WeightsError if it is no array of finite numbers."""
    try:
        array = torch.as_tensor(np.asarray(value) if not isinstance(value, Tensor) else value)
        array = array.detach().to(torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"entry '{name}' is no array of numbers") from error
    if not torch.isfinite(array).all():
        raise WeightsError(f"entry '{name}' has values that are not finite")
    return array
