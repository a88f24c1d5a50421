"""What the network is to answer on every frame, from annotated intervals.

Arrays have the kinds in the order of the network's channels: micro, then macro.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from causalex_core.spotting.network import CONTEXT, FRAMES

KINDS = ("micro", "macro")
ONSET, APEX, OFFSET, ACTION = range(4)  # channels of marks
START, END, NEITHER = range(3)  # classes of a frame

# In the released code nothing spreads to the right from the 256th frame of a window on, though
# the window has 270: the last seven frames that are used miss their widening.
_REACH = 256


@dataclass(frozen=True)
class TargetConfig:
    """How marks become targets.

    Attributes
    ----------
    variant
        ``released``: as AUW-GCN's code writes them, its faults included. Annotations are taken
        as its tables write them: 0 is missing, and so is an onset in frame 0, but an apex of -1
        marks the last frame of the video. An expression whose apex lies beyond the video is left
        out, of two marks the later written wins, and the last seven frames miss their widening.
        ``sound``: without those; of two marks the nearer wins.
    radius
        Frames on each side of a mark that share its class or score, of micro and of macro.
    spread
        Standard deviation, in frames, of the apex score.
    """

    variant: Literal["released", "sound"] = "sound"
    radius: tuple[int, int] = (1, 3)
    spread: float = 4.0


@dataclass(frozen=True)
class Targets:
    """Targets of the 256 frames of windows that are judged.

    Attributes
    ----------
    phase
        (W, 2, 256) int8: start 0, end 1, neither 2.
    apex
        (W, 2, 256) float32, 1 at an apex and less beside it.
    action
        (W, 2, 256) float32, 1 from onset to offset.
    """

    phase: np.ndarray
    apex: np.ndarray
    action: np.ndarray


def marks(table: pd.DataFrame, frames: int, variant: str) -> np.ndarray:
    """Mark the annotated frames of one video.

    Parameters
    ----------
    table
        Expressions of this video: ``onset, apex, offset, kind``; a missing apex is the middle,
        a missing offset mirrors the onset. Without both, an expression is left out.
    frames
        Length of the video.
    variant
        ``released`` or ``sound``, see `TargetConfig`.

    Returns
    -------
    ndarray
        (frames, 2, 4) booleans: onset, apex, offset, action.
    """
    marked = np.zeros((frames, len(KINDS), 4), dtype=bool)
    columns = (table[name] for name in ("onset", "apex", "offset", "kind"))
    for onset, apex, offset, kind in zip(*columns, strict=True):
        if variant == "released":
            apex, offset = apex or np.nan, offset or np.nan
        missing = bool(np.isnan(apex)) + bool(np.isnan(offset))
        if missing == 2 or (variant == "released" and onset == 0 and missing):
            continue
        if np.isnan(offset):
            offset = 2 * apex - onset
        elif np.isnan(apex):
            apex = (onset + offset) // 2
        first, top, last = int(onset), int(apex), int(offset)
        of_kind = marked[:, KINDS.index(kind)]
        if variant == "released":
            if top >= frames:
                continue
            last = min(last, frames - 1)
            of_kind[[first, top, last], [ONSET, APEX, OFFSET]] = True
        else:
            for frame, channel in ((first, ONSET), (top, APEX), (last, OFFSET)):
                if 0 <= frame < frames:
                    of_kind[frame, channel] = True
        of_kind[max(first, 0) : last + 1, ACTION] = True
    return marked


def targets(marked: np.ndarray, config: TargetConfig) -> Targets:
    """Targets of windows.

    Parameters
    ----------
    marked
        (W, 270, 2, 4) marks, zero beyond the video.
    config
        Variant and widths.
    """
    phases, apexes = [], []
    for kind, radius in enumerate(config.radius):
        of_kind = marked[:, :, kind]
        if config.variant == "released":
            phases.append(_phase_released(of_kind, radius))
            apexes.append(_apex_released(of_kind[..., APEX], radius, config.spread))
        else:
            phases.append(_phase_sound(of_kind, radius))
            apexes.append(_apex_sound(of_kind[..., APEX], radius, config.spread))
    judged = slice(CONTEXT, FRAMES - CONTEXT)
    action = marked[:, judged, :, ACTION].transpose(0, 2, 1)
    return Targets(
        phase=np.stack(phases, axis=1)[..., judged],
        apex=np.stack(apexes, axis=1)[..., judged],
        action=np.ascontiguousarray(action, dtype=np.float32),
    )


def _shifted(marked: np.ndarray, distance: int) -> np.ndarray:
    """Whether frame t + distance of a window (W, 270) is marked, for each t."""
    out = np.zeros_like(marked)
    if distance >= 0:
        out[:, : FRAMES - distance] = marked[:, distance:]
    else:
        out[:, -distance:] = marked[:, :distance]
    return out


def _reached(marked: np.ndarray, distance: int) -> np.ndarray:
    """As `_shifted`, without what the released code does not reach."""
    out = _shifted(marked, distance)
    if distance < 0:
        out[:, _REACH:] = False
    return out


def _phase_released(marked: np.ndarray, radius: int) -> np.ndarray:
    phase = np.full(marked.shape[:2], NEITHER, dtype=np.int8)
    for channel, value in ((ONSET, START), (OFFSET, END)):
        for distance in range(-radius, radius + 1):
            phase[_reached(marked[..., channel], distance)] = value
    return phase


def _apex_released(marked: np.ndarray, radius: int, spread: float) -> np.ndarray:
    score = np.zeros(marked.shape, dtype=np.float32)
    for distance in range(-radius, radius + 1):  # a later apex writes over an earlier one
        score[_reached(marked, distance)] = _score(distance, spread)
    return score


def _phase_sound(marked: np.ndarray, radius: int) -> np.ndarray:
    phase = np.full(marked.shape[:2], NEITHER, dtype=np.int8)
    for distance in range(radius, -1, -1):  # nearer marks last; of equally near ones the end
        for channel, value in ((ONSET, START), (OFFSET, END)):
            for side in (distance, -distance):
                phase[_shifted(marked[..., channel], side)] = value
    return phase


def _apex_sound(marked: np.ndarray, radius: int, spread: float) -> np.ndarray:
    score = np.zeros(marked.shape, dtype=np.float32)
    for distance in range(radius, -1, -1):
        near = _shifted(marked, distance) | _shifted(marked, -distance)
        score[near] = _score(distance, spread)
    return score


def _score(distance: int, spread: float) -> float:
    return float(np.exp(-(distance**2) / (2 * spread**2)))
