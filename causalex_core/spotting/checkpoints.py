"""Networks and spotters in files: published checkpoints, and what this project trained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from causalex_core.devices import choose_device
from causalex_core.display import Summary
from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import Pag
from causalex_core.motion.record import MotionRecord, Quality
from causalex_core.spotting import graph
from causalex_core.spotting.data import KINDS, VALID_FRAMES, Normalisation, Video, Windows, gather
from causalex_core.spotting.debias import debiased, null_motion
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.model import AUW_GCN, RELEASED, Network, NetworkConfig
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect, probabilities
from causalex_core.tensors import (
    WeightsError,
    read_about,
    read_entries,
    read_tensors,
    tensor,
    write_tensors,
)

SHIPPED = Path(__file__).parent / "shipped" / "spotter.safetensors"
Kind = Literal["causal_ex", "auw_gcn"]

_AT_ONCE = 128  # windows of a prediction
_MOST_DEBIAS = 1e6  # nothing is left of probabilities long before
_NO_EXPRESSIONS = pd.DataFrame(
    {name: [] for name in ("subject", "video", "onset", "apex", "offset", "kind")}
)
_COUNTER = "num_batches_tracked"  # of batch normalisation, which does not use it

_CONFIGS: Mapping[str, NetworkConfig] = {"causal_ex": RELEASED, "auw_gcn": AUW_GCN}
# Published names: weight and bias of the graph layers, positions of convolutions and norms.
_GRAPH = {
    "causal_ex": (("gc1.weight", "gc1.bias"), ("gc2.weight1", "gc2.bias1")),
    "auw_gcn": (("gc1.weight", "gc1.bias"),),
}
_CONVOLUTIONS = {"causal_ex": (0, 4, 8), "auw_gcn": (0, 3, 6)}
_MATRIX = "graph_embedding.0.gc1.adj"
_LAST = "_classification.weight"

# Names in files that were written before those of today, the shipped one among them.
_RENAMED_WEIGHTS = {"scale": "weight", "shift": "bias", "running_variance": "running_var"}
_RENAMED_SETTINGS = {"reach": "search_window", "keep": "top_k", "least": "min_score"}


@dataclass(frozen=True, eq=False, repr=False)
class Spotted(Summary):
    """Detections in one video.

    Attributes
    ----------
    recording
        The motion of the video.
    graph
        Causal graph of the video.
    apex
        (2, T) score of an apex per frame, of micro and of macro.
    detections
        ``subject, video, onset, apex, offset, kind, score`` in frames of the video, and
        ``onset_seconds, apex_seconds, offset_seconds``, in the order of the onsets;
        ``measured_share`` of the frames from onset to offset, and ``reasons``, how many of the
        others were not measured for what. None of the three lies where no face was.
    """

    recording: MotionRecord
    graph: Pag
    apex: NDArray[np.float32]
    detections: pd.DataFrame

    def _facts(self) -> Mapping[str, object]:
        counts = self.detections["kind"].value_counts()
        return {
            "video": self.recording.video,
            "frames": len(self.recording.motion),
            **{kind: int(counts.get(kind, 0)) for kind in KINDS},
            "edges": len(self.graph.edges()),
        }

    def _repr_html_(self) -> str:
        """Summary and detections for a notebook."""
        return super()._repr_html_() + self.detections.to_html(index=False)


@dataclass(frozen=True)
class Settings:
    """What belongs to the weights.

    Attributes
    ----------
    fps
        Frames per second at which the network sees motion.
    extraction
        Settings of the motion that it was trained on, as JSON.
    normalisation
        Mean and deviation of each channel.
    graph
        How the graph of a video is found and read.
    rules
        From scores to intervals.
    min_score
        Score below which an interval is left out, of micro and of macro.
    """

    fps: float
    extraction: str
    normalisation: Normalisation
    graph: GraphConfig
    rules: ProposalConfig
    min_score: dict[str, float]

    def notes(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        values = {
            name: getattr(self.normalisation, name).tolist() for name in ("mean", "deviation")
        }
        return {
            "fps": self.fps,
            "extraction": self.extraction,
            "normalisation": values,
            "graph": asdict(self.graph),
            "rules": asdict(self.rules),
            "min_score": self.min_score,
        }


@dataclass(frozen=True)
class Spotter:
    """A network, on any device, with its settings; the prior graph is kept in the network."""

    network: Network
    settings: Settings

    def __call__(self, recording: MotionRecord, debias: float = 0.0) -> Spotted:
        """Spot in one video.

        Parameters
        ----------
        recording
            Motion of the video.
        debias
            Lambda of debiasing by null frames, the same for all heads. As the network does not
            know where in the video a frame lies, this raises all thresholds alike.

        Raises
        ------
        CausalexError
            If the motion was extracted in another way than what the network was trained on, or
            lambda is negative.
        """
        settings = self.settings
        if not 0 <= debias <= _MOST_DEBIAS:
            raise CausalexError(f"lambda {debias}: expected 0 to {_MOST_DEBIAS:g}")
        if recording.fps is None or recording.config != settings.extraction:
            raise CausalexError(
                f"motion of '{recording.video}' was not extracted as the model needs it"
                f" ({settings.extraction}): extract it with the default settings"
            )
        pag = graph.of_video(recording, settings.graph)
        assert self.network.prior is not None
        matrix = graph.matrix(pag, self.network.prior.cpu().numpy(), settings.graph)
        motion = at_rate(recording.motion, recording.fps, settings.fps)
        windows = gather([Video(recording.subject, recording.video, motion)], _NO_EXPRESSIONS)
        scores = self._scores(windows, torch.from_numpy(matrix), debias)
        faceless = at_rate(_faceless(recording).astype(np.float32), recording.fps, settings.fps) > 0
        beyond = len(scores) * VALID_FRAMES - len(faceless)
        hidden = np.pad(faceless, (0, beyond)).reshape(-1, 1, 1, VALID_FRAMES)
        scores = np.where(hidden, np.float32(0), scores)
        table = detect(scores, windows, settings.rules)
        table = table[table["score"] >= table["kind"].map(settings.min_score).astype(float)]
        frames = len(recording.motion)
        times = np.arange(frames) * settings.fps / recording.fps
        curves = np.moveaxis(scores[:, :, -1], 0, 1).reshape(len(KINDS), -1)[:, : len(motion)]
        sampled = np.arange(len(motion))
        return Spotted(
            recording,
            pag,
            np.stack([np.interp(times, sampled, curve) for curve in curves]).astype(np.float32),
            _with_quality(
                _in_frames_of_video(table, recording.fps / settings.fps, recording.fps, frames - 1),
                recording,
            ),
        )

    @torch.no_grad()
    def _scores(self, windows: Windows, compound: Tensor, strength: float) -> NDArray[np.float32]:
        """Probabilities (W, 2, 3, 256), less those of null frames but at least 0."""
        device = next(self.network.parameters()).device

        def predicted(motion: Tensor) -> NDArray[np.float32]:
            normalised = self.settings.normalisation(motion).to(device)
            return (
                probabilities(self.network(normalised, compound=compound.to(device))).cpu().numpy()
            )

        scores = np.concatenate([predicted(part) for part in windows.motion.split(_AT_ONCE)])
        if strength:
            null = predicted(null_motion(windows.motion))[..., [VALID_FRAMES // 2]]
            scores = debiased(scores, null, strength).clip(min=0)
        return scores


def at_rate(motion: NDArray[np.float32], fps: float, wanted: float) -> NDArray[np.float32]:
    """Motion (T, ...) in pixels per frame as it would be at another frame rate."""
    if fps == wanted:
        return motion
    count = int((len(motion) - 1) * wanted / fps) + 1
    times = np.minimum(np.arange(count) * fps / wanted, len(motion) - 1)
    before = np.floor(times).astype(int)
    after = np.minimum(before + 1, len(motion) - 1)
    share = (times - before).reshape(-1, *[1] * (motion.ndim - 1))
    between = (1 - share) * motion[before] + share * motion[after]
    return (between * (fps / wanted)).astype(np.float32)


def save(spotter: Spotter, path: Path, about: dict[str, Any]) -> None:
    """Write a spotter, with what else is to be known about it; see :func:`load`."""
    save_network(spotter.network, path, {"settings": spotter.settings.notes(), **about})


def load(path: Path = SHIPPED, device: str = "auto") -> Spotter:
    """Read a spotter; without a path the one that comes with this package.

    Parameters
    ----------
    device
        Where it runs, see :func:`causalex_core.devices.choose_device`.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, pickled, or no spotter of this project.
    CausalexError
        If there is no such device.
    """
    chosen = choose_device(device)
    network, notes = load_network(path)
    try:
        settings = _settings(_renamed(notes["settings"], _RENAMED_SETTINGS))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: weights without the settings of a spotter") from error
    if network.prior is None:
        raise WeightsError(f"{path}: expected one model with its prior graph")
    return Spotter(network.to(chosen), settings)


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
        name: tensor(name, value) for name, value in named.items() if not name.endswith(_COUNTER)
    }
    kept = entries.pop(_MATRIX, None)
    network = Network(
        _CONFIGS[kind],
        compound=None if compound is None else tensor("compound", compound),
        prior=kept if prior is None else tensor("prior", prior),
    )
    _fill(network, _from_published(entries, kind))
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
    state = {n: value for n, value in network.state_dict().items() if not n.endswith(_COUNTER)}
    about = {"config": asdict(network.config), "notes": dict(notes or {})}
    write_tensors(Path(path), state, about)


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
        config, notes = NetworkConfig(**shape | lists), dict(about["notes"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path}: no network of this project (its configuration is missing)"
        ) from error
    matrices = {name: state.pop(name, None) for name in ("compound", "prior")}
    if "folds" in about:
        if about["folds"] != 1:
            raise WeightsError(f"{path}: holds {about['folds']} models; expected 1")
        state = _from_earlier(state, config)
    network = Network(config, **matrices)
    _fill(network, state)
    return network.eval(), notes


def _settings(notes: Mapping[str, Any]) -> Settings:
    rules = dict(notes["rules"])
    for kind in KINDS:
        ranges = {name: tuple(rules[kind][name]) for name in ("search_window", "length")}
        rules[kind] = ProposalRule(**rules[kind] | ranges)
    values = notes["normalisation"]
    return Settings(
        fps=float(notes["fps"]),
        extraction=str(notes["extraction"]),
        normalisation=Normalisation(
            torch.tensor(values["mean"]), torch.tensor(values["deviation"])
        ),
        graph=GraphConfig(**notes["graph"]),
        rules=ProposalConfig(**rules),
        min_score={kind: float(notes["min_score"][kind]) for kind in KINDS},
    )


def _renamed(notes: Any, names: Mapping[str, str]) -> Any:
    """Notes with other keys, at every depth."""
    if not isinstance(notes, dict):
        return notes
    return {names.get(name, name): _renamed(value, names) for name, value in notes.items()}


def _from_earlier(state: Mapping[str, Tensor], config: NetworkConfig) -> dict[str, Tensor]:
    """Entries of a file whose parameters have the fold first, and other names and layouts."""
    renamed = {}
    for name, values in state.items():
        layer, _, last = name.rpartition(".")
        value = values[0]
        if layer.startswith("convolutions"):  # (taps inputs, outputs)
            taps = 3 if config.distances[int(layer.split(".")[1])] else 1
            value = value.unflatten(0, (taps, -1)).permute(2, 1, 0)[:, :, None]
        elif layer.startswith("graph_layers") and "norm" not in layer:
            layer = f"{layer}.linear"
            value = value.T if last == "weight" else value  # (inputs, outputs)
        renamed[f"{layer}.{_RENAMED_WEIGHTS.get(last, last)}"] = value
    return renamed


def _from_published(entries: Mapping[str, Tensor], kind: Kind) -> dict[str, Tensor]:
    """Our names and layouts for published entries."""
    names: dict[str, str] = {}
    layers = {}
    for number, pair in enumerate(_GRAPH[kind]):
        layer = f"graph_layers.{number}"
        for ours, theirs in zip(("weight", "bias"), pair, strict=True):
            names[f"{layer}.linear.{ours}"] = f"graph_embedding.0.{theirs}"
        layers[f"{layer}.norm"] = f"graph_embedding.0.bn{number + 1}"
    for number, position in enumerate(_CONVOLUTIONS[kind]):
        names[f"convolutions.{number}.weight"] = f"_sequential.{position}.weight"
        layers[f"norms.{number}"] = f"_sequential.{position + 1}"
    names["convolutions.3.weight"] = _LAST
    for ours, theirs in layers.items():
        for last in ("weight", "bias", "running_mean", "running_var"):
            names[f"{ours}.{last}"] = f"{theirs}.{last}"
    missing, extra = set(names.values()) - set(entries), set(entries) - set(names.values())
    if missing or extra:
        what = "lacks" if missing else "has the unknown"
        raise WeightsError(
            f"no {kind} checkpoint: it {what} entries {sorted(missing or extra)[:3]}"
        )
    renamed = {ours: entries[theirs] for ours, theirs in names.items()}
    for name, value in renamed.items():
        if name.startswith("convolutions") and value.ndim == 3:  # (outputs, inputs, taps)
            renamed[name] = value[:, :, None]
        elif name.endswith("linear.weight") and value.ndim == 2:  # (inputs, outputs)
            renamed[name] = value.T
    return renamed


def _fill(network: Network, entries: Mapping[str, Tensor]) -> None:
    """Put entries into a network, all of them and of the right shape."""
    expected = {
        name: value
        for name, value in network.state_dict().items()
        if name not in ("compound", "prior") and not name.endswith(_COUNTER)
    }
    if set(entries) != set(expected):
        differing = sorted(set(entries) ^ set(expected))[:3]
        raise WeightsError(f"entries {differing} are missing or too many")
    for name, value in expected.items():
        if entries[name].shape != value.shape:
            raise WeightsError(
                f"entry '{name}' has shape {tuple(entries[name].shape)};"
                f" expected {tuple(value.shape)}"
            )
    network.load_state_dict(dict(entries), strict=False)


def _faceless(recording: MotionRecord) -> NDArray[np.bool_]:
    """(T,) rows without a face; the ends, which are never measured, are as the rows beside them."""
    known = np.flatnonzero(recording.quality != Quality.END_OF_VIDEO)
    if not len(known):
        return np.ones(len(recording.quality), dtype=bool)
    nearest = np.arange(len(recording.quality)).clip(known[0], known[-1])
    return ~recording.measured[nearest]


def _with_quality(detections: pd.DataFrame, recording: MotionRecord) -> pd.DataFrame:
    """Detections with the share of their frames that was measured, and why the others were not."""
    parts = [
        recording.quality[onset : offset + 1]
        for onset, offset in zip(detections["onset"], detections["offset"], strict=True)
    ]
    shares = [float((part <= Quality.SEVERAL_FACES).mean().round(4)) for part in parts]
    return detections.assign(measured_share=shares, reasons=[unmeasured(part) for part in parts])


def unmeasured(quality: NDArray[np.uint8]) -> str:
    """How many rows were not measured for what, such as ``3 no face, 1 scene cut``."""
    counts = np.bincount(quality, minlength=len(Quality))
    return ", ".join(
        f"{counts[reason]} {reason.name.lower().replace('_', ' ')}"
        for reason in Quality
        if reason > Quality.SEVERAL_FACES and counts[reason]
    )


def _in_frames_of_video(table: pd.DataFrame, factor: float, fps: float, last: int) -> pd.DataFrame:
    """Detections in frames of the video, with their times."""
    columns = ["onset", "apex", "offset"]
    frames = (table[columns] * factor).round().clip(upper=last).astype(int)
    seconds = (frames / fps).round(3).add_suffix("_seconds")
    detections = pd.concat([table.assign(**frames), seconds], axis=1)
    return detections.sort_values(["onset", "kind"], ignore_index=True)
