"""Weights from files: published checkpoints by their names, and networks of our own."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from numpy.typing import ArrayLike
from torch import Tensor

from causalex_core.spotting.network import AUW_GCN, RELEASED, Network, NetworkConfig
from causalex_core.tensors import (
    WeightsError,
    read_about,
    read_entries,
    read_tensors,
    tensor,
    write_tensors,
)

Kind = Literal["causal_ex", "auw_gcn"]

_CONFIGS: Mapping[str, NetworkConfig] = {"causal_ex": RELEASED, "auw_gcn": AUW_GCN}
# Published names: weight and bias of the graph layers, positions of convolutions and norms.
_GRAPH = {
    "causal_ex": (("gc1.weight", "gc1.bias"), ("gc2.weight1", "gc2.bias1")),
    "auw_gcn": (("gc1.weight", "gc1.bias"),),
}
_CONVOLUTIONS = {"causal_ex": (0, 4, 8), "auw_gcn": (0, 3, 6)}
_MATRIX = "graph_embedding.0.gc1.adj"
_LAST = "_classification.weight"


def load_checkpoint(
    source: Mapping[str, Any] | str | Path,
    kind: Kind,
    *,
    compound: ArrayLike | None = None,
    prior: ArrayLike | None = None,
) -> Network:
    """Build the network of a published checkpoint, in evaluation mode.

    Parameters
    ----------
    source
        Entries by their published names, as arrays or tensors, or a file of them: safetensors,
        or what ``torch.save`` writes today.
    kind
        ``causal_ex`` (the authors' release: two graph layers, pools) or ``auw_gcn``.
    compound, prior
        (12, 12) matrices of the graph layers. An ``auw_gcn`` checkpoint holds its prior; the
        others can also be given to each call of the network, one per video.

    Returns
    -------
    Network
        Normalised motion (B, 270, 12, 2) to logits (B, 10, 270).

    Raises
    ------
    WeightsError
        If the kind is unknown, the file is truncated, pickled or of another format, or an entry
        is missing, too many, misshaped or not finite.
    """
    if kind not in _CONFIGS:
        raise WeightsError(f"checkpoint kind {kind!r}: expected one of {list(_CONFIGS)}")
    named = source if isinstance(source, Mapping) else read_entries(Path(source))
    entries = {
        name: tensor(name, value)
        for name, value in named.items()
        if not name.endswith("num_batches_tracked")
    }
    kept = entries.pop(_MATRIX, None)
    network = Network(
        _CONFIGS[kind],
        compound=_matrix("compound", compound),
        prior=kept if prior is None else _matrix("prior", prior),
    )
    _fill(network, _renamed(entries, kind))
    return network.eval()


def save_network(
    network: Network, path: str | Path, notes: Mapping[str, Any] | None = None
) -> None:
    """Write a network with its configuration, as safetensors.

    Parameters
    ----------
    path
        Where the file is to stand; what stood there is replaced at once or not at all.
    notes
        What else belongs to the model, such as its normalisation, as JSON can hold it.
    """
    about = {
        "folds": network.folds,
        "config": asdict(network.config),
        "notes": dict(notes or {}),
    }
    write_tensors(Path(path), network.state_dict(), about)


def load_network(path: str | Path) -> tuple[Network, dict[str, Any]]:
    """Read what :func:`save_network` wrote: the network, in evaluation mode, and the notes.

    Raises
    ------
    WeightsError
        If the file cannot be read, holds no configuration, or its entries do not fit.
    """
    state, about = read_tensors(Path(path)), read_about(Path(path))
    try:
        shape = about["config"]
        lists = {name: tuple(shape[name]) for name in ("graph", "distances")}
        config = NetworkConfig(**shape | lists)
        folds, notes = int(about["folds"]), dict(about["notes"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path}: no network of this project (its configuration is missing)"
        ) from error
    network = Network(
        config, folds, compound=state.pop("compound", None), prior=state.pop("prior", None)
    )
    _fill(network, state)
    return network.eval(), notes


def _matrix(name: str, values: ArrayLike | None) -> Tensor | None:
    return None if values is None else tensor(name, values)


def _renamed(entries: Mapping[str, Tensor], kind: Kind) -> dict[str, Tensor]:
    """Our names and layout, with a dimension of one fold, for published entries."""
    names: dict[str, str] = {}
    for layer, pair in enumerate(_GRAPH[kind]):
        ours = f"graph_layers.{layer}"
        names |= dict(zip((f"{ours}.weight", f"{ours}.bias"), _graph_names(pair), strict=True))
        names |= _norm_names(f"{ours}.norm", f"graph_embedding.0.bn{layer + 1}")
    for layer, position in enumerate(_CONVOLUTIONS[kind]):
        names[f"convolutions.{layer}.weight"] = f"_sequential.{position}.weight"
        names |= _norm_names(f"norms.{layer}", f"_sequential.{position + 1}")
    names["convolutions.3.weight"] = _LAST
    missing, extra = set(names.values()) - set(entries), set(entries) - set(names.values())
    if missing or extra:
        what = "lacks" if missing else "has the unknown"
        raise WeightsError(
            f"no {kind} checkpoint: it {what} entries {sorted(missing or extra)[:3]}"
        )
    renamed = {}
    for ours, theirs in names.items():
        value = entries[theirs]
        if ours.startswith("convolutions") and value.ndim == 3:  # (out, in, taps)
            value = value.permute(2, 1, 0).flatten(0, 1)
        renamed[ours] = value[None]
    return renamed


def _graph_names(pair: tuple[str, str]) -> tuple[str, ...]:
    return tuple(f"graph_embedding.0.{name}" for name in pair)


def _norm_names(ours: str, theirs: str) -> dict[str, str]:
    return {
        f"{ours}.scale": f"{theirs}.weight",
        f"{ours}.shift": f"{theirs}.bias",
        f"{ours}.running_mean": f"{theirs}.running_mean",
        f"{ours}.running_variance": f"{theirs}.running_var",
    }


def _fill(network: Network, entries: Mapping[str, Tensor]) -> None:
    """Put entries into a network, all of them and of the right shape."""
    expected = {
        name: value
        for name, value in network.state_dict().items()
        if name not in ("compound", "prior")
    }
    if set(entries) != set(expected):
        differing = sorted(set(entries) ^ set(expected))[:3]
        raise WeightsError(f"entries {differing} are missing or too many")
    for name, value in expected.items():
        if entries[name].shape != value.shape:
            raise WeightsError(
                f"entry '{name}' has shape {tuple(entries[name].shape)[1:]};"
                f" expected {tuple(value.shape)[1:]}"
            )
    network.load_state_dict(dict(entries), strict=False)
