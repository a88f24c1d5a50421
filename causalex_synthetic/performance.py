"""Motion of a face, frame by frame: intensities of its units, displacements, head and light."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from causalex_core import regions
from causalex_synthetic import causes, controls, displacements
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.events import Event, Video

Series = NDArray[np.float64]

# Movement of its own, between expressions: standard deviations.
UNIT_TONUS = 0.01  # intensity
REGION_TONUS = 0.001  # half-widths
TONUS_SECONDS = 0.2  # of the Gaussian that it is smoothed with

BLINKS = 0.25  # per second
BLINK_SECONDS = (0.08, 0.17)  # closing, opening
# Movements of the mouth that nobody labels: speech, swallowing.
MOUTHINGS = 0.01  # per second
MOUTHING_SECONDS = (1.5, 4.0)
MOUTHING_INTENSITY = (0.05, 0.25)
_SYLLABLE = 0.12  # s of the Gaussian over a mouthing's random course

_HEAD_RETURNS = 5.0  # s in which the head comes back
_HEAD_SPEED = (0.005, 0.005, 0.0015, 0.0015)  # half-widths, radians, share of size: per sqrt(s)
_LIGHT_RETURNS = 20.0
_LIGHT_SPEED = (0.004, 0.004)


@dataclass(frozen=True)
class Performance:
    """Truth of one video of T frames.

    Attributes
    ----------
    units : (T, U) array
        Intensities in the order of `NUMBERS`; 1 is FACS E.
    controls : (T, C, 2) array
        Displacements from the neutral face, half-widths.
    lids, mouth : (T,) arrays
        Closure of the lids, opening between the lips in half-widths.
    head : (T, 4) array
        x and y in half-widths, roll in radians, size relative to the first frame minus 1.
    light : (T, 2) array
        Gain minus 1, and difference from left to right.
    """

    fps: float
    units: Series
    controls: Series
    lids: Series
    mouth: Series
    head: Series
    light: Series

    @property
    def regions(self) -> Series:
        """Displacement of the 12 regions, (T, 12, 2), half-widths."""
        return self.controls[:, : regions.COUNT]

    def part(self, first: int, stop: int) -> "Performance":
        """Frames from `first` to before `stop`."""
        series = [getattr(self, field.name)[first:stop] for field in fields(self)[1:]]
        return Performance(self.fps, *series)


def response(units: Series, tonus: Series) -> tuple[Series, Series]:
    """Intensities (T, U) after each unit pulled others along, and displacements of all controls.

    `units` (T, U) and `tonus` (T, 12, 2) are what each unit and each region does by itself.
    """
    reached = causes.intensities(units)
    moved = controls.spread(causes.displaced_regions(reached, tonus))
    entered = displacements.entries()[:, regions.COUNT :]
    moved[:, regions.COUNT :] += np.einsum("tu,uck->tck", reached, entered)
    return reached, moved


def perform(
    generator: np.random.Generator, video: Video, fps: float, head_motion: float = 1.0
) -> Performance:
    """Play a video; 1 is little head motion."""
    frames = video.frames
    alone = UNIT_TONUS * _slow(generator, frames, len(NUMBERS), TONUS_SECONDS * fps)
    alone[:, NUMBERS.index(45)] = 0
    for event in (*video.events, *video.distractors):
        alone[event.onset : event.offset + 1] += np.outer(course(event), event.intensities)
    alone[:, NUMBERS.index(45)] += _blinks(generator, frames, fps)
    alone[:, NUMBERS.index(26)] += _mouthings(generator, frames, fps)
    tonus = REGION_TONUS * _slow(generator, frames, regions.COUNT * 2, TONUS_SECONDS * fps)
    units, moved = response(alone, tonus.reshape(frames, regions.COUNT, 2))
    return Performance(
        fps,
        units,
        moved,
        lids=np.clip(units @ displacements.LIDS, -0.5, 1.0),
        mouth=np.maximum(units @ displacements.MOUTH, 0.0),
        head=head_motion * _wander(generator, frames, fps, _HEAD_SPEED, _HEAD_RETURNS),
        light=_wander(generator, frames, fps, _LIGHT_SPEED, _LIGHT_RETURNS),
    )


def course(event: Event) -> Series:
    """Share of its intensity that an expression has from onset to offset; 1 at the apex."""
    rising = _eased(np.arange(event.apex - event.onset) / max(event.apex - event.onset, 1))
    falling = _eased(
        1 - np.arange(event.offset - event.apex + 1) / max(event.offset - event.apex, 1)
    )
    return np.concatenate((rising, falling))


def _eased(share: Series) -> Series:
    """From 0 to 1 with least jerk."""
    return share**3 * (10 - 15 * share + 6 * share**2)


def _slow(generator: np.random.Generator, frames: int, columns: int, sigma: float) -> Series:
    """Independent Gaussian noise of unit variance, smoothed over time."""
    white = generator.standard_normal((frames, columns))
    smooth = ndimage.gaussian_filter1d(white, sigma, axis=0, mode="wrap")
    return np.asarray(smooth * np.sqrt(2 * sigma * np.sqrt(np.pi)))


def _wander(
    generator: np.random.Generator,
    frames: int,
    fps: float,
    speed: tuple[float, ...],
    returns: float,
) -> Series:
    """Random walks that start at 0 and are drawn back to it."""
    steps = generator.standard_normal((frames, len(speed))) * (np.array(speed) / np.sqrt(fps))
    steps[0] = 0
    return np.asarray(signal.lfilter([1.0], [1.0, -np.exp(-1 / (returns * fps))], steps, axis=0))


def _blinks(generator: np.random.Generator, frames: int, fps: float) -> Series:
    closing, opening = (max(round(seconds * fps), 1) for seconds in BLINK_SECONDS)
    blink = np.concatenate(
        (_eased(np.arange(1, closing + 1) / closing), _eased(1 - np.arange(1, opening) / opening))
    )
    starts = generator.random(frames) < BLINKS / fps
    return np.minimum(np.convolve(starts, blink)[:frames], 1.0)


def _mouthings(generator: np.random.Generator, frames: int, fps: float) -> Series:
    mouth = np.zeros(frames)
    for start in np.flatnonzero(generator.random(frames) < MOUTHINGS / fps):
        length = round(generator.uniform(*MOUTHING_SECONDS) * fps)
        shape = np.abs(_slow(generator, length, 1, _SYLLABLE * fps)[:, 0]) * np.hanning(length)
        part = shape[: frames - start]
        mouth[start : start + length] += generator.uniform(*MOUTHING_INTENSITY) * part
    return mouth
