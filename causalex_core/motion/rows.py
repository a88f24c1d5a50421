"""Rows evenly spaced in time, and which frame of a video each of them shows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError, warn

# Times that phones and browsers note jitter. Frames are taken as even if none lies farther than
# this from an even spacing (a tenth of a second is what motion is measured over) ...
_JITTER = 0.1  # s
_LOST = 3.01  # ... and if no step is longer than this many usual ones
_ALIKE = 0.2  # relative difference of steps that are the same but for jitter
# Farther, in rows, from the time of a row no frame can stand for it. So 24 frames per second lie
# near all rows at 30, and 15 near each second one.
_NEAR = 0.75
_LIKELY = (1, 1000)  # frames per second
_SAME_RATE = 0.01
_SPARSEST = 10  # rows for one frame; above it, times are those of no recording


@dataclass(frozen=True, eq=False)
class Rows:
    """What T rows show of a video.

    Attributes
    ----------
    fps
        Rows per second.
    frames : (T,) int32 array
        Number of the frame that is shown, from 0, ascending.
    times : (T,) float64 array
        Seconds from the first frame of the video to it.
    missing : (T,) bool array
        Whether the video has no frame near the row's time; that before is shown.
    """

    fps: float
    frames: NDArray[np.int32]
    times: NDArray[np.float64]
    missing: NDArray[np.bool_]

    @property
    def even(self) -> bool:
        """Whether the frames come as they were recorded, or each n-th of them."""
        return len(np.unique(np.diff(self.frames))) <= 1

    def every(self, step: int) -> "Rows":
        """Each `step`-th row."""
        return Rows(self.fps / step, self.frames[::step], self.times[::step], self.missing[::step])


def one_per_frame(count: int, fps: float, times: NDArray[np.float64] | None = None) -> Rows:
    """A row for each frame, at its own time if that is known."""
    frames = np.arange(count, dtype=np.int32)
    return Rows(fps, frames, frames / fps if times is None else times, np.zeros(count, dtype=bool))


def nearest(times: NDArray[np.float64], fps: float) -> Rows:
    """Rows at ``k / fps`` that show the frame nearest in time; `times` ascend from 0."""
    position = times * fps
    rows = np.arange(round(position[-1]) + 1)
    after = np.searchsorted(position, rows).clip(max=len(position) - 1)
    before = np.searchsorted(position, rows, side="right") - 1
    frames = np.where(rows - position[before] < position[after] - rows, before, after)
    missing = np.abs(position[frames] - rows) > _NEAR
    frames = np.where(missing, before, frames).astype(np.int32)
    return Rows(fps, frames, times[frames], missing)


def of_times(
    name: str, times: NDArray[np.float64], announced: Iterable[float], resolution: float
) -> Rows:
    """Rows of frames whose times are known: ascending from 0, rounded to `resolution` seconds.

    One row for each frame if these are evenly spaced; their rate is an announced one if all times
    agree with it. If not, rows at the rate that is most usual among them, with a warning.

    Raises
    ------
    CausalexError
        If no rate is known, or the times are those of no recording.
    """
    rates = list(announced)
    for rate in rates:
        if _off(times, np.arange(len(times)) / rate) <= resolution:
            return one_per_frame(len(times), rate, times)
    if len(times) < 2:
        raise CausalexError(f"{name} does not say its frame rate: give it (--fps)")
    steps = np.diff(times)
    if steps.min() <= 0:
        wrong = int(steps.argmin()) + 1
        raise CausalexError(
            f"{name}: frame {wrong} lies at {times[wrong]:.3f} s, not after the one before it:"
            " re-encode the file, or give the rate of its frames (--fps)"
        )
    quick = np.quantile(steps, 0.25, method="lower")
    step = steps[np.abs(steps / quick - 1) < _ALIKE].mean()
    usual = next((rate for rate in rates if abs(rate * step - 1) < _SAME_RATE), float(1 / step))
    mean = (len(times) - 1) / times[-1]
    # Frames were lost, and times do not jitter, if all lie in places of the usual rate.
    places = np.round(times * usual)
    in_place = _off(times, places / usual) <= min(resolution, 0.2 / usual)
    lost = in_place and places[-1] >= len(times)
    jitter = _off(times, np.arange(len(times)) / mean)
    if not lost and jitter <= _JITTER and steps.max() <= _LOST / mean:
        return one_per_frame(len(times), mean, times)
    odd = int(np.argmax(np.abs(steps / step - 1) > _ALIKE))
    uneven = (
        f"{name}: its frames are not evenly spaced (the one after frame {odd}, {times[odd]:.3f} s,"
        f" comes {steps[odd]:.3g} s later, not {step:.3g})"
    )
    if times[-1] * usual > _SPARSEST * len(times):
        raise CausalexError(
            f"{uneven}: cut it there, or give the rate of its frames, if their times are wrong"
            " (--fps)"
        )
    rows = nearest(times, usual)
    lost_rows = f"{rows.missing.sum()} of {len(rows.frames)} were not recorded and are not measured"
    warn(
        f"{uneven}: frames are counted at {usual:.6g} per second by their times"
        f"{'; ' + lost_rows if rows.missing.any() else ''}"
    )
    return rows


def overruled(name: str, times: NDArray[np.float64], fps: float) -> Rows:
    """A row for each frame at a given rate, with a warning if the frames' times say otherwise."""
    told = (len(times) - 1) / times[-1] if times[-1] else fps
    if abs(told / fps - 1) > _SAME_RATE:
        warn(f"{name}: taken as {fps:g} frames per second (--fps); its own times say {told:.5g}")
    return one_per_frame(len(times), fps)


def check_rate(name: str, fps: float) -> None:
    """Refuse a rate that no video has which shows how a face moves."""
    if not _LIKELY[0] <= fps <= _LIKELY[1]:
        raise CausalexError(
            f"{name}: {fps:g} frames per second; expected {_LIKELY[0]} to {_LIKELY[1]} (--fps)"
        )


def _off(times: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Largest distance, s, of frames from where they are expected."""
    return float(np.abs(times - expected).max())
