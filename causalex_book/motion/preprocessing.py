"""Accuracy of the extraction: on a real clip, on known warps, and on synthetic films."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.motion.warps import bumps, means_around, region_error, seen, warped
from causalex_core.config import Count, NonNegative, Parameters, Positive, Seed, at_least, within
from causalex_core.data import manifest
from causalex_core.evaluation.uncertainty import mean_interval
from causalex_core.motion import alignment, flow, head_motion, video
from causalex_core.motion import extract as extraction
from causalex_core.motion.flow import Flow, Image
from causalex_core.motion.landmarks import FaceMesh, Faces, Landmarker
from causalex_core.motion.record import MotionRecord, Quality
from causalex_core.regions import NAMES, REGIONS
from causalex_synthetic import people
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.events import Event, Video
from causalex_synthetic.film import Film
from causalex_synthetic.performance import Performance, perform

SOURCES = ("pyfeat_clips",)
TIMINGS = ("cost",)  # tables that differ from run to run and from machine to machine
SHOWN = "WolfgangLanger_Pexels.mp4"
FACES = {SHOWN: 60, "single_face.mp4": 10, "face_noface.mov": 5}  # frame of each clip
SLOW = "tv_l1"
STORED_IN_8_BITS = ("lucas_kanade", "tv_l1")
_MOVING = (1, 4, 7, 8, 10, 11)  # regions of which two move in a warp
_WIDTH = 0.09  # of the crop: standard deviation of a warp's fading
_RADIUS = 10  # px around a region's centre in which flow is compared with truth
_STILL = 0.01  # of the largest motion; what moves less is still

# What is changed, to what, and the settings of the extraction that differ from its defaults.
DEFAULT = ("", "default")
_EACH_FRAME = {"smoothing": 0.0, "sampling": 1 / 30}
VARIED: dict[tuple[str, str], dict[str, Any]] = {
    DEFAULT: {},
    ("stride", "1 frame"): {"stride": 1},
    ("stride", "2 frames"): {"stride": 2},
    ("stride", "6 frames"): {"stride": 6},
    ("head motion", "kept"): {"head_motion": "none"},
    ("head motion", "nose"): {"head_motion": "nose"},
    ("alignment", "once"): {"smoothing": None},
    ("alignment", "each frame"): _EACH_FRAME,
    ("alignment", "each frame; nose"): _EACH_FRAME | {"head_motion": "nose"},
    ("eyes", "counted"): {"eyes": True},
    ("storage", "8 bits"): {"eight_bits": True},
    ("region", "plain mean"): {"mdmo": "mean"},
    ("region", "AUW-GCN"): {"mdmo": "auw_gcn"},
}
_FPS = 30.0
_EVENT = (36, 42, 50)  # onset, apex, offset
_AROUND = 6  # frames on each side of the event that count as neither it nor quiet
_INTENSITIES = (0.05, 0.15)  # of the weakest and of the strongest smile; 1 is FACS E
_CORNERS = [NAMES.index(f"{side} mouth corner") for side in ("left", "right")]
_MOVES = 0.0006  # half-widths of the face per frame, about 0.05 px of the crop


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    crop_px
        Height and width of the aligned crop, in pixels.
    frame
        Frame of the shown clip that is drawn, of 472; one on each side is needed.
    motions
        Largest motion of a warp, in pixels.
    noise
        Standard deviation of the noise in both images of a warp, in grey levels.
    n_pairs
        Warps per face and motion.
    n_slow
        The same for TV-L1, which takes about a second.
    n_people
        Synthetic people.
    n_frames
        Frames of the film of each.
    head_motions
        How much their heads move; 1 is little.
    n_bootstrap
        Resamples behind each interval.
    seed
        Seed of warps, films and resamples.
    """

    crop_px: Annotated[int, within(64, 1024)] = 256
    frame: Annotated[int, within(1, 470)] = 291
    motions: tuple[Positive, ...] = (0.1, 0.2, 0.5, 1.0, 2.0)
    noise: NonNegative = 2.0
    n_pairs: Count = 8
    n_slow: Count = 2
    n_people: Count = 8
    n_frames: Annotated[int, at_least(_EVENT[-1] + _AROUND + 1)] = 80
    head_motions: tuple[NonNegative, ...] = (1.0, 6.0)
    n_bootstrap: Count = 2000
    seed: Seed = 0


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``regions``, ``quality``, ``accuracy``, ``cost`` and ``films``."""
    mesh = FaceMesh()
    motion = extraction.extract(_clip(SHOWN), mesh, extraction.Config(crop_px=config.crop_px))
    pairs = warps(config, mesh)
    return {
        "regions": pd.DataFrame(_regions(motion)),
        "quality": pd.DataFrame(_quality(motion)),
        "accuracy": pd.DataFrame(_accuracy(pairs, config)),
        "cost": _cost(pairs),
        "films": pd.DataFrame(_films(config, mesh)),
    }


class Look(NamedTuple):
    """One frame of the shown clip, and what is measured there."""

    frame: NDArray[np.uint8]  # (H, W, 3), blue first
    points: NDArray[np.float64]  # (68, 2), pixels of the frame
    crop: Image
    crop_points: NDArray[np.float64]  # (68, 2), pixels of the crop
    flow: Flow  # without the motion of the head, pixels per frame
    motion: MotionRecord  # of the whole clip
    number: int  # of the frame


def look(config: Config) -> Look:
    """Take one frame of the shown clip through the default extraction, step by step."""
    mesh, frames = FaceMesh(), _clip(SHOWN)
    settings = extraction.Config(crop_px=config.crop_px)
    stride = settings.stride_at(frames.fps)
    track = alignment.track(frames, mesh, round(settings.sampling * frames.fps))
    placed = alignment.align(track, config.crop_px, (settings.smoothing or 0) * frames.fps)
    before, after = config.frame - stride // 2, config.frame - stride // 2 + stride
    pictures = dict(_pictures(frames, {before, config.frame, after}))
    first, second = (
        alignment.crop(_grey(pictures[number]), placed.pose[number], config.crop_px)
        for number in (before, after)
    )
    points = placed.points[config.frame]
    second = head_motion.stabilise(first, second, points)
    field = flow.lucas_kanade(first, second, flow.eye_weights(points, config.crop_px))
    y, x = np.mgrid[: config.crop_px, : config.crop_px]
    moved = flow.at(field, head_motion.rigid_pixels(points, *field.shape[:2]))
    head = head_motion.moved_by(
        head_motion.similarity(moved, points), np.stack((x, y), axis=-1).reshape(-1, 2)
    )
    a, b = placed.pose[config.frame]
    inside = a * (points @ (1, 1j)) + b
    return Look(
        pictures[config.frame],
        np.stack((inside.real, inside.imag), axis=-1),
        first,
        points,
        (field - head.reshape(field.shape)) / np.float32(stride),
        extraction.extract(frames, mesh, settings),
        config.frame,
    )


def warps(config: Config, mesh: Landmarker) -> pd.DataFrame:
    """Flow of every method on faces of the clips, warped by motions that are known.

    A row per method and pair of images: ``method``, ``motion_px``; ``error``, the relative error
    of the mean flow around the two regions that move; ``angle``, that of its direction in
    degrees; ``still_px``, the mean length of the flow where nothing moves; ``ms``, CPU time on one
    thread.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    rows = []
    for pair in known_warps(config, mesh):
        for method, field, ms in _flows(pair, slow=pair.number < config.n_slow):
            measured = _compared(field, pair.truth, pair.centres)
            rows.append({"method": method, "motion_px": pair.motion_px, "ms": ms} | measured)
    cv2.setNumThreads(threads)
    return pd.DataFrame(rows)


class Warp(NamedTuple):
    """A face before and after a known motion of two regions, with noise."""

    first: Image
    second: Image
    weights: NDArray[np.float32]  # (H, W), for Lucas-Kanade
    truth: NDArray[np.float64]  # (H, W, 2), px
    centres: NDArray[np.integer]  # (2, 2), x and y of the regions that move
    motion_px: float  # the largest
    number: int  # of those of one face


def known_warps(config: Config, mesh: Landmarker) -> Iterator[Warp]:
    """Warps of each face, as many as `config` says, each with every motion."""
    generator = np.random.default_rng(config.seed)
    for (name, number), pair in product(FACES.items(), range(config.n_pairs)):
        if pair == 0:
            crop, points = _face(name, number, config.crop_px, mesh)
            weights = flow.eye_weights(points, config.crop_px)
            centres = np.round(points[[region.landmark for region in REGIONS]]).astype(int)
        two = centres[generator.choice(_MOVING, 2, replace=False)]
        angles = generator.uniform(0, 2 * np.pi, 2)
        directions = np.stack((np.cos(angles), np.sin(angles)), axis=1)
        shape = bumps(config.crop_px, two, directions, _WIDTH * config.crop_px)
        shape /= np.linalg.norm(shape, axis=-1).max()
        first = seen(crop, config.noise, 2 * pair)
        for motion in config.motions:
            second = seen(warped(crop, motion * shape), config.noise, 2 * pair + 1)
            yield Warp(first, second, weights, motion * shape, two, motion, pair)


def _flows(pair: Warp, slow: bool) -> Iterator[tuple[str, Flow, float]]:
    """Name, flow and CPU time of each method; time of 8 bits is that of the method itself."""
    methods = flow.METHODS | {"lucas_kanade": partial(flow.lucas_kanade, weights=pair.weights)}
    for name, method in methods.items():
        if name == SLOW and not slow:
            continue
        started = time.process_time()
        field = method(pair.first, pair.second)
        ms = 1000 * (time.process_time() - started)
        yield name, field, ms
        if name in STORED_IN_8_BITS:
            yield f"{name}, 8 bits", flow.quantise(field), ms


def _compared(
    field: Flow, truth: NDArray[np.float64], centres: NDArray[np.integer]
) -> dict[str, float]:
    lengths = np.linalg.norm(truth, axis=-1)
    still = lengths < _STILL * lengths.max()
    turned = [
        abs(np.angle(complex(u, v) * complex(right, -down), deg=True))
        for (u, v), (right, down) in means_around(field, truth, centres, _RADIUS)
    ]
    return {
        "error": region_error(field, truth, centres, _RADIUS),
        "angle": float(np.mean(turned)),
        "still_px": float(np.linalg.norm(field[still], axis=-1).mean()),
    }


def _accuracy(pairs: pd.DataFrame, config: Config) -> Iterator[dict[str, object]]:
    for (method, motion), rows in pairs.groupby(["method", "motion_px"], sort=False):
        interval = mean_interval(rows["error"].to_numpy(), config.n_bootstrap, config.seed)
        yield {
            "method": method,
            "motion_px": motion,
            "pairs": len(rows),
            "error": interval.estimate,
            "error_low": interval.low,
            "error_high": interval.high,
            "angle": rows["angle"].mean(),
            "still_px": rows["still_px"].mean(),
        }


def _cost(pairs: pd.DataFrame) -> pd.DataFrame:
    methods = pairs[~pairs["method"].str.endswith("8 bits")]
    times = methods.groupby("method", sort=False)["ms"]
    return times.agg(pairs="size", fastest_ms="min", median_ms="median").reset_index()


def _regions(motion: MotionRecord) -> Iterator[dict[str, object]]:
    measured = motion.motion[motion.quality == Quality.MEASURED]
    for name, lengths in zip(NAMES, np.linalg.norm(measured, axis=-1).T, strict=True):
        p95 = float(np.percentile(lengths, 95))
        yield {"region": name, "median_px": float(np.median(lengths)), "p95_px": p95}


def _quality(motion: MotionRecord) -> Iterator[dict[str, object]]:
    for quality in Quality:
        name = quality.name.lower().replace("_", " ")
        yield {"quality": name, "frames": int(np.count_nonzero(motion.quality == quality))}


@dataclass(frozen=True)
class _Drawn:
    """A film whose frames are drawn once; :class:`causalex_core.motion.video.Frames`."""

    film: Film

    @property
    def name(self) -> str:
        return self.film.name

    @property
    def fps(self) -> float:
        return self.film.fps

    @cached_property
    def pictures(self) -> list[video.Picture]:
        return [picture for _, picture in self.film.colour(1)]

    def colour(self, every: int) -> Iterator[tuple[int, video.Picture]]:
        return ((k, self.pictures[k]) for k in range(0, len(self.pictures), every))

    def grey(self) -> Iterator[video.Picture]:
        return map(_grey, self.pictures)


class _Once:
    """Landmarks of each picture, looked for once; for pictures that stay in memory."""

    def __init__(self, mesh: Landmarker) -> None:
        self.name = mesh.name
        self._mesh = mesh
        self._faces: dict[int, Faces] = {}

    def find(self, frame: video.Picture) -> Faces:
        if id(frame) not in self._faces:
            self._faces[id(frame)] = self._mesh.find(frame)
        return self._faces[id(frame)]


def _films(config: Config, mesh: Landmarker) -> Iterator[dict[str, object]]:
    """Signal-to-noise ratio of a small smile, and correlation with the truth, by setting."""
    for head in config.head_motions:
        measured: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for film in _smiles(config, head):
            frames, finder = _Drawn(film), _Once(mesh)
            for key, settings in VARIED.items():
                chosen = extraction.Config(crop_px=config.crop_px, **settings)
                motion = extraction.extract(frames, finder, chosen)
                truth = _true_motion(film.performance, chosen.stride_at(frames.fps))
                row = _stands_out(motion.motion), _correlation(motion, truth)
                measured.setdefault(key, []).append(row)
            truth = _true_motion(film.performance, extraction.Config().stride_at(_FPS))
            measured.setdefault(("", "truth"), []).append((_stands_out(truth), 1.0))
        for (varied, setting), values in measured.items():
            snr, correlation = np.array(values).T
            yield {
                "varied": varied,
                "setting": setting,
                "head_motion": head,
                "films": len(snr),
                "snr": float(np.median(snr)),
                "snr_low": float(snr.min()),
                "snr_high": float(snr.max()),
                "correlation": float(np.median(correlation)),
            }


def _smiles(config: Config, head_motion: float) -> Iterator[Film]:
    """A short film of each person: AU12 at a micro-expression's strength, on both sides."""
    drawn = people.draw(np.random.default_rng(config.seed), config.n_people, biased=0.0)
    intensities = np.linspace(*_INTENSITIES, config.n_people)
    for number, (person, intensity) in enumerate(zip(drawn, intensities, strict=True)):
        units = tuple(float(intensity) * (unit == 12) for unit in NUMBERS)
        event = Event(*_EVENT, "micro", "positive", units)
        shown = Video(person, f"smile {number}", config.n_frames, (event,))
        generator = np.random.default_rng([config.seed, number])
        performance = perform(generator, shown, _FPS, head_motion)
        yield Film(shown.name, person, performance, seed=number)


def _true_motion(performance: Performance, stride: int) -> NDArray[np.float64]:
    """Motion of the regions, in half-widths per frame, in the rows that extraction gives."""
    displacement, before = performance.regions, stride // 2
    motion = (displacement[stride:] - displacement[:-stride]) / stride
    return np.pad(motion, ((before, stride - before), (0, 0), (0, 0)))


def _stands_out(motion: NDArray[np.floating]) -> float:
    """Peak of the mouth corners' motion above its mean in quiet, in its standard deviations."""
    length = np.linalg.norm(motion[:, _CORNERS], axis=-1).mean(axis=1)
    inside = slice(_AROUND, -_AROUND)
    quiet = np.ones(len(length), dtype=bool)
    quiet[_EVENT[0] - _AROUND : _EVENT[2] + _AROUND + 1] = False
    rest = length[inside][quiet[inside]]
    return float((length[_EVENT[0] : _EVENT[2] + 1].max() - rest.mean()) / rest.std())


def _correlation(motion: MotionRecord, truth: NDArray[np.float64]) -> float:
    """Of x and y together, where the truth moves."""
    moving = np.linalg.norm(truth, axis=-1) > _MOVES
    moving &= motion.measured[:, None]
    return float(np.corrcoef(motion.motion[moving].ravel(), truth[moving].ravel())[0, 1])


def _clip(name: str) -> video.Frames:
    source = manifest.require(SOURCES[0])
    return video.open_frames(source.path(next(f for f in source.files if Path(f).name == name)))


def _pictures(frames: video.Frames, wanted: set[int]) -> Iterator[tuple[int, video.Picture]]:
    for number, picture in frames.colour(1):
        if number in wanted:
            yield number, picture
        if number >= max(wanted):
            return


def _grey(picture: video.Picture) -> Image:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _face(
    name: str, number: int, crop_px: int, mesh: Landmarker
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Aligned crop of one frame, and its landmarks."""
    ((_, picture),) = _pictures(_clip(name), {number})
    placed = alignment.align(alignment.given_track(mesh.find(picture)[:1]), crop_px, smoothing=0)
    crop = alignment.crop(_grey(picture), placed.pose[0], crop_px)
    return crop.astype(float), placed.points[0]
