"""A trained spotter: the network and everything that its scores depend on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalex_core.devices import choose_device
from causalex_core.display import Summary
from causalex_core.errors import CausalexError
from causalex_core.graphs.pag import Pag
from causalex_core.motion.record import MotionRecord
from causalex_core.spotting import graph
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.network import Network
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect, probabilities
from causalex_core.spotting.targets import KINDS
from causalex_core.spotting.weights import load_network, save_network
from causalex_core.spotting.windows import VALID_FRAMES, Normalisation, Video, Windows, gather
from causalex_core.tensors import WeightsError

SHIPPED = Path(__file__).parent / "shipped" / "spotter.safetensors"
_AT_ONCE = 128  # windows that are judged in one go
_NO_EXPRESSIONS = pd.DataFrame(
    {name: [] for name in ("subject", "video", "onset", "apex", "offset", "kind")}
)


@dataclass(frozen=True, eq=False, repr=False)
class Spotted(Summary):
    """What was found in one video.

    Attributes
    ----------
    recording
        The motion that was judged.
    graph
        Causal graph of the video.
    apex
        (2, T) score of an apex per frame, of micro and of macro.
    detections
        ``subject, video, onset, apex, offset, kind, score`` in frames of the video, and
        ``onset_seconds, apex_seconds, offset_seconds``, in the order of the onsets.
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
    least
        Score below which an interval is left out, of micro and of macro.
    """

    fps: float
    extraction: str
    normalisation: Normalisation
    graph: GraphConfig
    rules: ProposalConfig
    least: dict[str, float]

    def notes(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        means = {
            "mean": self.normalisation.mean.tolist(),
            "deviation": self.normalisation.deviation.tolist(),
        }
        return {
            "fps": self.fps,
            "extraction": self.extraction,
            "normalisation": means,
            "graph": asdict(self.graph),
            "rules": asdict(self.rules),
            "least": self.least,
        }


@dataclass(frozen=True)
class Spotter:
    """A network with its settings; the prior graph is kept in the network.

    It judges on the device that the network is on.
    """

    network: Network
    settings: Settings

    def __call__(self, recording: MotionRecord, debias: float = 0.0) -> Spotted:
        """Spot in one video.

        Parameters
        ----------
        recording
            Motion of the video.
        debias
            Lambda of Eq. 8, the same for all heads: how much of what the network says of null
            frames is taken from its probabilities. As the network does not know where in the
            video a frame lies, this raises all thresholds alike.

        Raises
        ------
        CausalexError
            If the motion was extracted in another way than what the network was trained on, or
            lambda is negative.
        """
        settings = self.settings
        if not 0 <= debias < np.inf:
            raise CausalexError(f"lambda {debias}: expected 0 or more")
        if recording.fps is None or recording.config != settings.extraction:
            raise CausalexError(
                f"motion of '{recording.video}' was not extracted as the model needs it"
                f" ({settings.extraction}): extract it with the default settings"
            )
        found = graph.of_video(recording, settings.graph)
        assert self.network.prior is not None
        matrix = graph.matrix(found, self.network.prior.cpu().numpy(), settings.graph)
        motion = at_rate(recording.motion, recording.fps, settings.fps)
        video = Video(recording.subject, recording.video, motion)
        windows = gather([video], _NO_EXPRESSIONS)
        scores = self._judged(windows, torch.from_numpy(matrix), debias)
        table = detect(scores, windows, settings.rules)
        table = table[table["score"] >= table["kind"].map(settings.least).astype(float)]
        frames = len(recording.motion)
        times = np.arange(frames) * settings.fps / recording.fps
        curves = np.moveaxis(scores[:, :, -1], 0, 1).reshape(len(KINDS), -1)[:, : len(motion)]
        seen = np.arange(len(motion))
        return Spotted(
            recording,
            found,
            np.stack([np.interp(times, seen, curve) for curve in curves]).astype(np.float32),
            _in_own_frames(table, recording.fps / settings.fps, recording.fps, frames - 1),
        )

    @torch.no_grad()
    def _judged(self, windows: Windows, compound: Tensor, debias: float) -> NDArray[np.float32]:
        """Probabilities (W, 2, 3, 256), less those of null frames."""
        place = next(self.network.parameters()).device

        def probable(motion: Tensor) -> Tensor:
            seen = self.settings.normalisation(motion.to(place))
            return probabilities(self.network(seen, compound=compound)).cpu()

        scores = torch.cat([probable(part) for part in windows.motion.split(_AT_ONCE)])
        if debias:
            null = probable(torch.zeros_like(windows.motion[:1]))[..., [VALID_FRAMES // 2]]
            scores = (scores - debias * null).clamp(min=0)
        return scores.numpy()


def at_rate(motion: NDArray[np.float32], fps: float, wanted: float) -> NDArray[np.float32]:
    """Motion (T, ...) in pixels per frame as it would be at another frame rate."""
    if fps == wanted:
        return motion
    count = int((len(motion) - 1) * wanted / fps) + 1
    place = np.minimum(np.arange(count) * fps / wanted, len(motion) - 1)
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(motion) - 1)
    share = (place - before).reshape(-1, *[1] * (motion.ndim - 1))
    between = (1 - share) * motion[before] + share * motion[after]
    return (between * (fps / wanted)).astype(np.float32)


def save(spotter: Spotter, path: Path, about: dict[str, Any]) -> None:
    """Write a spotter, with what else is to be known about it; see :func:`load`."""
    save_network(spotter.network, path, {"settings": spotter.settings.notes(), **about})


def load(path: Path = SHIPPED, device: str = "auto") -> Spotter:
    """Read a spotter; without a path the one that comes with this package.

    Parameters
    ----------
    path
        Its file.
    device
        Where it judges, see :func:`causalex_core.devices.choose_device`.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, pickled, or no spotter of this project.
    CausalexError
        If there is no such device.
    """
    place = choose_device(device)
    network, notes = load_network(path)
    try:
        given = notes["settings"]
        rules = given["rules"]
        settings = Settings(
            fps=float(given["fps"]),
            extraction=str(given["extraction"]),
            normalisation=Normalisation(
                *(torch.tensor(given["normalisation"][name]) for name in ("mean", "deviation"))
            ),
            graph=GraphConfig(**given["graph"]),
            rules=ProposalConfig(**rules | {kind: _rule(rules[kind]) for kind in KINDS}),
            least={kind: float(given["least"][kind]) for kind in KINDS},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: weights without the settings of a spotter") from error
    if network.prior is None or network.folds != 1:
        raise WeightsError(f"{path}: expected one model with its prior graph")
    return Spotter(network.to(place), settings)


def _rule(given: dict[str, Any]) -> ProposalRule:
    return ProposalRule(**given | {name: tuple(given[name]) for name in ("reach", "length")})


def _in_own_frames(table: pd.DataFrame, factor: float, fps: float, last: int) -> pd.DataFrame:
    """Detections in frames of the video, with their times."""
    columns = ["onset", "apex", "offset"]
    frames = (table[columns] * factor).round().clip(upper=last).astype(int)
    seconds = (frames / fps).round(3).add_suffix("_seconds")
    found = pd.concat([table.assign(**frames), seconds], axis=1)
    return found.sort_values(["onset", "kind"], ignore_index=True)
