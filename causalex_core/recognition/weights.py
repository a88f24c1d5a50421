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
# from our names to the published ones, one substitution after the other
_RENAMING = (
    (r"^flow\.embed", "to_patch_embedding.1"),
    (r"^direction\.embed", "to_patch_embedding1.1"),
    (r"^flow\.", "layers."),
    (r"^direction\.", "layers1."),
    # stages of an encoder
    (r"\.stages\.(\d)\.position", r".\1.0.pos_emb"),
    (r"\.stages\.(\d)", r".\1.0"),
    (r"\.shrinks\.(\d)\.convolution", r".\1.1.0"),
    (r"\.shrinks\.(\d)\.norm\.", r".\1.1.1.channel_"),
    (r"\.attention_norm\.", ".0.norm.channel_"),
    (r"\.attention\.query_key_value", ".0.fn.to_qkv"),
    (r"^(layers.*)\.attention\.out", r"\1.0.fn.to_out.0"),
    (r"\.feed_forward_norm\.", ".1.norm.channel_"),
    (r"^(layers.*)\.feed_forward", r"\1.1.fn.net"),
    (r"channel_weight", "g"),
    (r"channel_bias", "b"),
    # modules of the two phases
    (r"^positions\.", "CrossAttention.layers."),
    (r"^causal\.", "cab.layers.0."),
    (r"^(C.*)\.norm", r"\1.0"),
    (r"^(cab.*)\.norm", r"\1.0"),
    (r"\.temporal\.", ".1.temp_to_"),
    (r"\.relation\.", ".3.to_"),
    (r"\.(attention|spatial)\.near", rf".1.{_MASK}"),
    (r"\.(attention|spatial)\.penalty", rf".1.{_PENALTY}"),
    (r"\.(attention|spatial)\.", ".1.to_"),
    (r"to_query", "to_q"),
    (r"to_key_value", "to_kv"),
    (r"to_key", "to_k"),
    (r"to_value", "to_v"),
    (r"to_out\.(weight|bias)", r"to_out.0.\1"),
    # the published feed-forward has a dropout of nothing after its activation
    (r"\.feed_forward", ".2"),
    (r"(net|^C.*\.2|^cab.*\.2)\.2\.(weight|bias)", r"\1.3.\2"),
    (r"^head", "mlp_head"),
)


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
    with torch.device("meta"):
        names = CausalNet(config).state_dict()
    return {name: _published(name) for name in names}


def _published(name: str) -> str:
    for pattern, replacement in _RENAMING:
        name = re.sub(pattern, replacement, name)
    return name


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
