"""Onset, apex and offset of expressions, and random errors of them.

Key frames are (N, 3) arrays: onset, apex and offset of N expressions, frames counted from 0.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError

KeyFrames = NDArray[np.int64]

NAMES = ("onset", "apex", "offset")
KINDS = ("normal", "uniform", "measured")
UNITS = ("seconds", "duration")


@dataclass(frozen=True)
class KeyFrameNoise:
    """Distribution of key-frame errors.

    Attributes
    ----------
    kind
        ``normal``, ``uniform``, or ``measured``: drawn from `errors` with equal chance.
    level
        Standard deviation of the first two; factor on the errors of the third.
    unit
        Of level and measured errors: ``seconds``, or ``duration``, the time from onset to offset
        of the expression itself.
    which
        The frames that have errors: independent ones, except that the measured errors of one
        expression are drawn together.
    errors
        Measured errors (onset, apex, offset), detected minus true.
    """

    kind: Literal["normal", "uniform", "measured"] = "normal"
    level: float = 0.1
    unit: Literal["seconds", "duration"] = "duration"
    which: tuple[str, ...] = NAMES
    errors: tuple[tuple[float, float, float], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Refuse settings from which nothing can be drawn."""
        if self.kind not in KINDS or self.unit not in UNITS:
            raise CausalexError(
                f"errors '{self.kind}' in '{self.unit}': expected one of {', '.join(KINDS)} in"
                f" one of {', '.join(UNITS)}"
            )
        if not 0 <= self.level < np.inf:
            raise CausalexError(f"level {self.level}: expected 0 or more")
        if not set(self.which) <= set(NAMES):
            raise CausalexError(f"frames {', '.join(self.which)}: expected {', '.join(NAMES)}")
        if (self.kind == "measured") != bool(self.errors):
            raise CausalexError(
                f"{len(self.errors)} measured errors and kind '{self.kind}': give errors with the"
                " kind 'measured', and with no other"
            )


def checked(key_frames: NDArray[np.integer], n_frames: int | None = None) -> KeyFrames:
    """Key frames (N, 3), if they are valid in a video of `n_frames` (None: of unknown length).

    Raises
    ------
    CausalexError
        If they have another shape or type, or onset < apex < offset does not hold within the
        video.
    """
    table = np.asarray(key_frames)
    if table.ndim != 2 or table.shape[1] != len(NAMES) or table.dtype.kind not in "iu":
        raise CausalexError(
            f"key frames of shape {table.shape} and type {table.dtype}: expected whole numbers"
            " (N, 3), onset, apex and offset"
        )
    inside = table.min(axis=1, initial=0) >= 0
    if n_frames is not None:
        inside &= table.max(axis=1, initial=0) < n_frames
    wrong = ~inside | (np.diff(table, axis=1) <= 0).any(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        length = "" if n_frames is None else f" in a video of {n_frames} frames"
        raise CausalexError(
            f"expression {row + 1} has onset, apex and offset {', '.join(map(str, table[row]))}"
            f"{length}: expected 0 <= onset < apex < offset within the video"
        )
    return table.astype(np.int64)


def perturb(
    key_frames: NDArray[np.integer],
    noise: KeyFrameNoise,
    fps: float | NDArray[np.floating],
    n_frames: int | NDArray[np.integer],
    generator: np.random.Generator,
) -> KeyFrames:
    """Key frames (N, 3) with random errors; onset < apex < offset stay within the video.

    Errors are rounded to frames. Where they break the order or leave the video, the apex is moved
    into the video, with room on both sides, and onset and offset to its sides. With generators of
    the same seed, an error grows with the level and never changes its sign.

    Parameters
    ----------
    key_frames
        (N, 3), true.
    noise
        Distribution of the errors.
    fps, n_frames
        Frames per second and lengths (3 at least) of the videos, one for all or (N,).
    generator
        Source of randomness.

    Raises
    ------
    CausalexError
        If the key frames are not valid in their videos, see :func:`checked`.
    """
    true = checked(key_frames)
    last = np.broadcast_to(n_frames, len(true)) - 1
    beyond = true[:, 2] > last
    if beyond.any():
        row = int(np.argmax(beyond))
        checked(true[row : row + 1], int(last[row]) + 1)
    errors = noise.level * _errors(noise, len(true), generator)
    errors[:, [name not in noise.which for name in NAMES]] = 0
    scale = np.broadcast_to(fps, len(true)) if noise.unit == "seconds" else true[:, 2] - true[:, 0]
    onset, apex, offset = (true + np.rint(errors * scale[:, None]).astype(np.int64)).T
    apex = np.clip(apex, 1, last - 1)
    return np.stack([np.clip(onset, 0, apex - 1), apex, np.clip(offset, apex + 1, last)], axis=1)


def _errors(noise: KeyFrameNoise, n: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Errors at level 1, (N, 3)."""
    if noise.kind == "measured":
        return np.array(noise.errors)[generator.integers(len(noise.errors), size=n)]
    if noise.kind == "uniform":
        return generator.uniform(-(3**0.5), 3**0.5, (n, len(NAMES)))
    return generator.standard_normal((n, len(NAMES)))
