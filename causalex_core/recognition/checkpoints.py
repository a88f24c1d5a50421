"""A trained recogniser: the network and the images that it was trained on."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from causalex_core.data.causalnet import EMOTIONS
from causalex_core.devices import choose_device
from causalex_core.errors import CausalexError
from causalex_core.recognition.causalnet_text import CausalNetText, CausalNetTextConfig, centred
from causalex_core.recognition.flow_images import FlowConfig
from causalex_core.recognition.maps import Images
from causalex_core.tensors import WeightsError, read_about, read_tensors, write_tensors

SHIPPED = Path(__file__).parent / "shipped" / "recogniser.safetensors"
_AT_ONCE = 256  # expressions that are judged in one go


@dataclass(frozen=True)
class Recogniser:
    """A network with what its input has to be; it judges on the device that the network is on.

    Attributes
    ----------
    network
        See :class:`causalex_core.recognition.causalnet_text.CausalNetText`.
    flow
        How the flow images are made that it was trained on.
    """

    network: CausalNetText
    flow: FlowConfig

    @torch.no_grad()
    def __call__(self, images: Images) -> NDArray[np.float32]:
        """Probabilities (N, 3) of negative, positive and surprise.

        Parameters
        ----------
        images
            uint8 (N, 2, 28, 28, 3), from onset to apex and from apex to offset.

        Raises
        ------
        CausalexError
            If the images have another shape.
        """
        motion = torch.from_numpy(centred(images)).to(next(self.network.parameters()).device)
        parts = [self.network(part).softmax(-1) for part in motion.split(_AT_ONCE)]
        return torch.cat(parts).cpu().numpy()


def named(probabilities: NDArray[np.floating]) -> list[str]:
    """Emotion of each row of probabilities (N, 3): the likeliest."""
    return [EMOTIONS[place] for place in probabilities.argmax(axis=1)]


def without_relaxation(images: Images) -> Images:
    """Flow images (N, 2, 28, 28, 3) with nothing in the second phase, as before the apex."""
    cut = images.copy()
    cut[:, 1] = 0
    return cut


def save(recogniser: Recogniser, path: Path, about: dict[str, Any]) -> None:
    """Write a recogniser, with what else is to be known about it; see :func:`load`."""
    notes = {
        "network": asdict(recogniser.network.config),
        "flow": asdict(recogniser.flow),
        "emotions": EMOTIONS,
    }
    write_tensors(path, recogniser.network.state_dict(), notes | about)


def load(path: Path = SHIPPED, device: str = "auto") -> Recogniser:
    """Read a recogniser; without a path the one that comes with this package.

    Parameters
    ----------
    path
        Its file.
    device
        Where it judges, see :func:`causalex_core.devices.choose_device`.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, pickled, or no recogniser of this project.
    CausalexError
        If there is no such device.
    """
    place = choose_device(device)
    state, about = read_tensors(path), read_about(path)
    try:
        shape = about["network"]
        pairs = {name: tuple(shape[name]) for name in ("widths", "heads", "repeats")}
        network = CausalNetText(CausalNetTextConfig(**shape | pairs))
        flow = FlowConfig(**about["flow"])
        known = tuple(about["emotions"]) == EMOTIONS
        network.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError, CausalexError) as error:
        raise WeightsError(f"{path}: no recogniser of this project") from error
    if not known or not all(torch.isfinite(value).all() for value in network.parameters()):
        raise WeightsError(
            f"{path}: a recogniser of {about['emotions']} or with weights that are not finite:"
            f" expected finite ones of {list(EMOTIONS)}"
        )
    return Recogniser(network.eval().to(place), flow)
