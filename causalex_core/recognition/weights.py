"""Published checkpoints of CausalNet, by the names of their entries."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from causalex_core.recognition.model import (
    TOKENS,
    WIDTHS,
    CausalNet,
    CausalNetConfig,
    neighbours,
    penalties,
)
from causalex_core.tensors import WeightsError, read_entries, tensor

_GAMMA = 0.5  # of the published setting
_MASK, _PENALTY = "M_mask", "P_matrix"
_ENCODERS = {"flow": "", "direction": "1"}  # what the names of each end on


def load_checkpoint(source: Mapping[str, Any] | str | Path, gamma: float = _GAMMA) -> CausalNet:
    """Build the network of a published checkpoint, in evaluation mode.

    Parameters
    ----------
    source
        Entries by their published names, as arrays or tensors, or a file of them: safetensors,
        or what ``torch.save`` writes today. The numbers of layers follow from the names.
    gamma
        Penalty on tokens that are no neighbours, where the checkpoint does not hold its matrices
        ``M_mask`` and ``P_matrix``.

    Returns
    -------
    CausalNet
        Maps (N, 4, 3, 28, 28), 0 to 255, to logits (N, 3); float32, as the entries become.

    Raises
    ------
    WeightsError
        If the file is truncated, pickled or of another format, or an entry is missing, too many,
        misshaped or not finite.
    """
    named = source if isinstance(source, Mapping) else read_entries(Path(source))
    entries = {str(name): tensor(str(name), value) for name, value in named.items()}
    config = CausalNetConfig(repeats=_repeats(entries), gamma=_gamma(entries, gamma))
    names = published_names(config)
    for theirs in names.values():
        if theirs.endswith(_MASK):
            entries.setdefault(theirs, neighbours())
        if theirs.endswith(_PENALTY):
            entries.setdefault(theirs, penalties(config.gamma))
    missing, extra = set(names.values()) - set(entries), set(entries) - set(names.values())
    if missing or extra:
        what = "lacks" if missing else "has the unknown"
        raise WeightsError(
            f"no CausalNet checkpoint: it {what} entries {sorted(missing or extra)[:3]}"
        )
    with torch.device("meta"):
        network = CausalNet(config)
    expected = network.state_dict()
    state = {
        ours: _shaped(theirs, entries[theirs], expected[ours].shape)
        for ours, theirs in names.items()
    }
    network.load_state_dict(state, assign=True)
    return network.eval()


def published_names(config: CausalNetConfig) -> dict[str, str]:
    """Published name of each entry of a network's state that is not folded, by ours."""
    names: dict[str, str] = {}
    for ours, mark in _ENCODERS.items():
        names |= _pair(f"{ours}.embed", f"to_patch_embedding{mark}.1")
        for stage, repeats in enumerate(config.repeats):
            names |= _stage(f"{ours}.stages.{stage}", f"layers{mark}.{stage}.0", repeats)
        for stage in range(len(WIDTHS) - 1):
            theirs = f"layers{mark}.{stage}.1"
            names |= _pair(f"{ours}.shrinks.{stage}.convolution", f"{theirs}.0")
            names |= _norm(f"{ours}.shrinks.{stage}.norm", f"{theirs}.1")
    for layer in range(config.repeats[-1]):
        ours, theirs = f"positions.{layer}", f"CrossAttention.layers.{layer}"
        names |= _pair(f"{ours}.norm", f"{theirs}.0")
        names |= _position_attention(f"{ours}.attention", f"{theirs}.1")
        names |= _feed_forward(f"{ours}.feed_forward", f"{theirs}.2")
    names |= _causal("causal", "cab.layers.0")
    return names | _pair("head.0", "mlp_head.0") | _pair("head.1", "mlp_head.1")


def _stage(ours: str, theirs: str, repeats: int) -> dict[str, str]:
    names = {f"{ours}.position": f"{theirs}.pos_emb"}
    for layer in range(repeats):
        mine, other = f"{ours}.layers.{layer}", f"{theirs}.layers.{layer}"
        names |= _norm(f"{mine}.attention_norm", f"{other}.0.norm")
        names[f"{mine}.attention.query_key_value.weight"] = f"{other}.0.fn.to_qkv.weight"
        names |= _pair(f"{mine}.attention.out", f"{other}.0.fn.to_out.0")
        names |= _norm(f"{mine}.feed_forward_norm", f"{other}.1.norm")
        names |= _feed_forward(f"{mine}.feed_forward", f"{other}.1.fn.net")
    return names


def _causal(ours: str, theirs: str) -> dict[str, str]:
    names = _pair(f"{ours}.norm", f"{theirs}.0")
    names |= _position_attention(f"{ours}.spatial", f"{theirs}.1")
    for mine, other in (("query", "q"), ("key_value", "kv"), ("out", "out.0")):
        names |= _pair(f"{ours}.temporal.{mine}", f"{theirs}.1.temp_to_{other}")
    names |= _feed_forward(f"{ours}.feed_forward", f"{theirs}.2")
    for mine, other in (("query", "q"), ("key", "k"), ("value", "v"), ("out", "out.0")):
        names |= _pair(f"{ours}.relation.{mine}", f"{theirs}.3.to_{other}")
    return names


def _position_attention(ours: str, theirs: str) -> dict[str, str]:
    names = {f"{ours}.near": f"{theirs}.{_MASK}", f"{ours}.penalty": f"{theirs}.{_PENALTY}"}
    for mine, other in (("query", "q"), ("key_value", "kv"), ("out", "out.0")):
        names |= _pair(f"{ours}.{mine}", f"{theirs}.to_{other}")
    return names


def _feed_forward(ours: str, theirs: str) -> dict[str, str]:
    # the published one has a dropout of nothing after its activation
    return _pair(f"{ours}.0", f"{theirs}.0") | _pair(f"{ours}.2", f"{theirs}.3")


def _pair(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.{name}": f"{theirs}.{name}" for name in ("weight", "bias")}


def _norm(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.weight": f"{theirs}.g", f"{ours}.bias": f"{theirs}.b"}


def _repeats(entries: Mapping[str, Tensor]) -> tuple[int, int, int]:
    """Layers of each stage, at least one, so that what is missing can be named."""
    layers: list[set[str]] = [set() for _ in WIDTHS]
    for name in entries:
        match = re.match(r"layers\.([0-2])\.0\.layers\.(\d+)\.", name)
        if match:
            layers[int(match[1])].add(match[2])
    first, second, third = (max(len(numbers), 1) for numbers in layers)
    return first, second, third


def _gamma(entries: Mapping[str, Tensor], otherwise: float) -> float:
    """Gamma of the first penalty matrix, whose largest entry is TOKENS * gamma."""
    matrix = next((entries[name] for name in entries if name.endswith(_PENALTY)), None)
    if matrix is None or matrix.shape != (TOKENS, TOKENS):
        return otherwise
    return round(-matrix.min().item() / TOKENS, 6)


def _shaped(name: str, value: Tensor, shape: torch.Size) -> Tensor:
    """A copy in our shape; dimensions of one, which convolutions over one place have, go."""
    sizes = [size for size in value.shape if size != 1]
    if sizes != [size for size in shape if size != 1]:
        raise WeightsError(
            f"entry '{name}' has shape {tuple(value.shape)}; expected {tuple(shape)}"
        )
    return value.reshape(shape).clone()
