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
from causalex_core.recognition.data import Images
from causalex_core.recognition.flow_images import FlowConfig
from causalex_core.tensors import WeightsError, read_about, read_tensors, write_tensors

SHIPPED = Path(__file__).parent / "shipped" / "recogniser.safetensors"
_BATCH = 256
# entries of the shipped file under an older name
_RENAMED = {"flow.place": "flow.position", "direction.place": "direction.position"}


@dataclass(frozen=True)
class Recogniser:
    """A network, which computes on the device that it is on, and how its flow images are made."""

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
        batches = [self.network(batch).softmax(-1) for batch in motion.split(_BATCH)]
        return torch.cat(batches).cpu().numpy()


def named(probabilities: NDArray[np.floating]) -> list[str]:
    """Likeliest emotion of each row of probabilities (N, 3)."""
    return [EMOTIONS[label] for label in probabilities.argmax(axis=1)]


def without_relaxation(images: Images) -> Images:
    """Flow images (..., 2, 28, 28, 3) with the second phase set to zero."""
    first_phase = images.copy()
    first_phase[..., 1, :, :, :] = 0
    return first_phase


def save(recogniser: Recogniser, path: Path, about: dict[str, Any]) -> None:
    """Write a recogniser and notes about it; see :func:`load`."""
    notes = {
        "network": asdict(recogniser.network.config),
        "flow": asdict(recogniser.flow),
        "emotions": EMOTIONS,
    }
    write_tensors(path, recogniser.network.state_dict(), notes | about)


def load(path: Path = SHIPPED, device: str = "auto") -> Recogniser:
    """Read a recogniser; by default the one that comes with this package.

    Parameters
    ----------
    path
        Its file.
    device
        See :func:`causalex_core.devices.choose_device`.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, pickled, or no recogniser of this project.
    CausalexError
        If there is no such device.
    """
    chosen = choose_device(device)
    state, about = read_tensors(path), read_about(path)
    try:
        shape = about["network"]
        pairs = {name: tuple(shape[name]) for name in ("widths", "heads", "repeats")}
        network = CausalNetText(CausalNetTextConfig(**shape | pairs))
        flow = FlowConfig(**about["flow"])
        known = tuple(about["emotions"]) == EMOTIONS
        network.load_state_dict({_RENAMED.get(name, name): state[name] for name in state})
    except (KeyError, TypeError, ValueError, RuntimeError, CausalexError) as error:
        raise WeightsError(f"{path}: no recogniser of this project") from error
    if not known or not all(torch.isfinite(value).all() for value in network.parameters()):
        raise WeightsError(
            f"{path}: a recogniser of {about['emotions']} or with weights that are not finite:"
            f" expected finite ones of {list(EMOTIONS)}"
        )
    return Recogniser(network.eval().to(chosen), flow)
