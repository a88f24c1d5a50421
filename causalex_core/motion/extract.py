"""From a video to the motion of the 12 regions, one row per frame."""

import json
import math
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core import __version__, devices, regions
from causalex_core.errors import CausalexError
from causalex_core.motion import alignment, flow, head_motion, mdmo, video
from causalex_core.motion.alignment import Placement
from causalex_core.motion.frames import check_given
from causalex_core.motion.landmarks import Given, Landmarker, face_mesh
from causalex_core.motion.record import MotionRecord, Quality
from causalex_core.motion.video import Frames, Picture, Stored

_CENTRES = np.array([region.landmark for region in regions.REGIONS])
_RADIUS = 5  # vectors on each side of a region's centre, as in AUW-GCN
_SPACING = 1 / 128  # of the crop, between them
_THUMBNAIL = 16  # px between the pixels that are compared to see a cut
_CUT = 0.5  # correlation of a frame with the one before it, below which the scene has changed
_FLAT = 1.0  # grey levels; a picture that varies less correlates with nothing
_FADE = 10.0  # grey levels by which such a picture may differ from the other
# Pixels of crops whose flow is computed in a row: 64 crops of 256 x 256. A GPU needs them at once,
# and a processor, whose caches then hold one thing for long, is a tenth faster.
_BATCH = 2**22


@dataclass(frozen=True)
class Config:
    """How motion is extracted; the defaults are what we hold sound."""

    crop_px: int = 256  # height and width of the aligned crop
    flow: Literal["lucas_kanade", "dis", "farneback", "tv_l1"] = "lucas_kanade"
    # Let the eyes count in Lucas-Kanade's windows, as in those of every other method: blinks then
    # look like motion of the brows.
    eyes: bool = False
    eight_bits: bool = False  # pass the flow through 8 bits over +-10 px, as if stored as pictures
    stride: int | None = None  # frames between the two compared; None: even, nearest to 100 ms
    # Subtract motion fitted to rigid points, that of the nose, or nothing.
    head_motion: Literal["similarity", "nose", "none"] = "similarity"
    mdmo: Literal["liu", "auw_gcn", "mean"] = "liu"  # how a region's flow becomes one vector
    smoothing: float | None = 0.5  # s, Gaussian over the alignment; None: one alignment for all
    sampling: float = 0.5  # s from one frame in which landmarks are searched to the next

    def __post_init__(self) -> None:
        """Refuse what cannot be extracted."""
        alignment.check_settings(self.crop_px, self.smoothing or 0, self.sampling)
        if self.stride is not None and self.stride < 1:
            raise CausalexError(f"stride {self.stride}: expected 1 frame or more")
        for name, value, choices in (
            ("flow", self.flow, flow.METHODS),
            ("head_motion", self.head_motion, head_motion.ESTIMATES),
            ("mdmo", self.mdmo, mdmo.VARIANTS),
        ):
            if value not in choices:
                raise CausalexError(f"{name} '{value}': expected one of {', '.join(choices)}")

    def to_json(self) -> str:
        """All settings in one line."""
        return json.dumps(asdict(self), sort_keys=True)

    def stride_at(self, fps: float) -> int:
        """Stride in frames at a frame rate."""
        return self.stride or 2 * max(1, math.floor(fps * 0.1 / 2 + 0.5))


# As the text of Causal-Ex and the code of AUW-GCN have it.
PAPER = Config(
    flow="tv_l1", eight_bits=True, stride=1, head_motion="nose", mdmo="auw_gcn", smoothing=None
)


def extract(
    source: str | Path | Frames,
    landmarker: Landmarker | Given | None = None,
    config: Config | None = None,
    device: str = "auto",
    *,
    fps: float | None = None,
    face: str = alignment.LARGEST,
) -> MotionRecord:
    """Extract the motion of the 12 regions.

    The video is read twice, once for the landmarks and once for the flow; memory does not grow
    with its length but for the landmarks themselves.

    Parameters
    ----------
    source
        A video file, a folder of its pictures, or frames.
    landmarker
        How the face is found; MediaPipe's face mesh if None.
    config
        Defaults if None.
    device
        Where flow is computed, see :func:`device_for`. Motion differs by rounding, by some 1e-6
        px per frame; more where the second crop was warped onto the first, as its grey levels are
        whole numbers: of real clips 1 value in 1000 differs by more than 1e-3, none by more than
        5e-3.
    fps
        Frames per second; a folder of pictures needs it.
    face
        Whose motion, where there are several: see :func:`causalex_core.motion.alignment.follow`.
        Landmarks that are known are those of one face.

    Raises
    ------
    CausalexError
        If no frame can be read, or none shows a face, or there is no such device, or known
        landmarks cannot be those of this video.
    """
    config = config or Config()
    device = device_for(config, device)
    frames = video.open_frames(Path(source), fps) if isinstance(source, str | Path) else source
    landmarker = landmarker or face_mesh()
    if isinstance(landmarker, Given):
        check_given(frames, landmarker)
    placement = locate(frames, landmarker, config, face)
    motion, quality = _measure(frames, placement, config, device)
    if isinstance(landmarker, Given):
        landmarker.check_count(frames.name, len(motion))
    landmarks = "; ".join(filter(None, (landmarker.name, placement.face)))
    stride, name = config.stride_at(frames.fps), Path(frames.name).resolve().stem
    record = MotionRecord(
        motion, quality, frames.fps, stride, config.to_json(), landmarks, name, name,
        made_with=versions(landmarker.name),
    )  # fmt: skip
    return _of_source(record, frames) if isinstance(frames, Stored) else record


def versions(landmarks: str) -> str:
    """Versions of the packages that motion comes from, as JSON; of MediaPipe if it was used."""
    makers = {"causalex": __version__, "opencv": cv2.__version__, "av": av.__version__}
    mediapipe = re.match(r"mediapipe (\S+)", landmarks)
    return json.dumps(makers | ({"mediapipe": mediapipe[1]} if mediapipe else {}), sort_keys=True)


def _of_source(record: MotionRecord, frames: Stored) -> MotionRecord:
    """Add what was measured and when; rows are not measured where the source has no frame."""
    rows, stride = frames.rows, record.stride or 0
    last = len(rows.frames) - 1
    first, second = (np.arange(last + 1) - stride // 2 + np.array([[0], [stride]])).clip(0, last)
    lost = rows.missing[first] | rows.missing[second]
    motion = record.motion
    if not rows.even:  # two rows are not always as far apart
        seconds = rows.times[second] - rows.times[first]
        lost |= seconds == 0
        motion = motion * ((second - first) / rows.fps / np.where(lost, 1, seconds))[:, None, None]
    return replace(
        record,
        motion=motion,
        quality=np.where(lost & record.measured, Quality.NO_FRAME, record.quality).astype(np.uint8),
        source=frames.digest(),
        frames=rows.frames,
        times=rows.times,
    )


def device_for(config: Config, name: str = "auto") -> Literal["cpu", "cuda"]:
    """Where flow is computed; all else is done by the processor.

    For `name` see :func:`causalex_core.devices.chosen`. With a flow that has no form for a GPU,
    ``auto`` is the processor, and ``cuda`` raises a CausalexError.
    """
    if config.flow in flow.ON_GPU:
        return devices.chosen(name)
    if name == "cuda":
        raise CausalexError(
            f"device 'cuda' with flow '{config.flow}': a GPU computes {', '.join(flow.ON_GPU)}"
            " only; take auto or cpu, or that flow"
        )
    return "cpu"


def locate(
    frames: Frames,
    landmarker: Landmarker | Given,
    config: Config,
    face: str = alignment.LARGEST,
) -> Placement:
    """Where the aligned crop lies in every frame; a CausalexError if none shows a face."""
    if isinstance(landmarker, Given):
        track = alignment.track_given(landmarker, frames)
    else:
        every = max(1, round(config.sampling * frames.fps))
        track = alignment.track(frames, landmarker, every, face)
    if not np.isfinite(track.points).any():
        raise CausalexError(f"{frames.name}: no face in any of {len(track.index)} frames looked at")
    sigma = math.inf if config.smoothing is None else config.smoothing * frames.fps
    return alignment.align(track, config.crop_px, sigma)


class Pair(NamedTuple):
    """Two aligned crops (H, W), and landmarks (68, 2) in their pixels."""

    first: Picture
    second: Picture
    points: NDArray[np.floating]


def _measure(
    frames: Frames, placement: Placement, config: Config, device: str
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Motion (T, 12, 2) per frame and quality (T,) of all frames."""
    stride = config.stride_at(frames.fps)
    before = stride // 2
    motion: list[NDArray[np.float32]] = []
    quality: list[Quality] = []
    window: deque[_Crop] = deque(maxlen=stride + 1)
    pending: dict[int, Pair] = {}  # by row
    batch = max(1, _BATCH // config.crop_px**2)
    for cropped in _crops(frames, placement, config.crop_px):
        window.append(cropped)
        if len(window) <= stride:
            continue
        first, second, row = window[0].picture, window[-1].picture, len(motion)
        motion.append(np.zeros((regions.COUNT, 2), np.float32))
        quality.append(_quality(window))
        if quality[-1] <= Quality.SEVERAL_FACES and first is not None and second is not None:
            pending[row] = Pair(first, second, placement.points[row + before])
        if len(pending) == batch:
            _fill(motion, pending, config, device)
    _fill(motion, pending, config, device)
    if not motion:
        raise CausalexError(
            f"{frames.name}: {len(window)} frames; at stride {stride} at least {stride + 1}"
            " are needed"
        )
    ends = (before, stride - before)
    return (
        np.pad(np.array(motion) / np.float32(stride), (ends, (0, 0), (0, 0))),
        np.pad(np.array(quality, np.uint8), ends, constant_values=Quality.END_OF_VIDEO),
    )


def _fill(
    motion: list[NDArray[np.float32]], pending: dict[int, Pair], config: Config, device: str
) -> None:
    """Measure the pending rows."""
    if device == "cuda":
        measured = region_motions(list(pending.values()), config, device)
    else:
        measured = [region_motion(*pair, config) for pair in pending.values()]
    for row, vectors in zip(pending, measured, strict=True):
        motion[row] = vectors
    pending.clear()


def region_motion(
    first: Picture, second: Picture, points: NDArray[np.floating], config: Config
) -> NDArray[np.float32]:
    """Motion (12, 2) of the regions from one crop to another, in px, without that of the head."""
    if config.head_motion == "similarity":
        second = head_motion.stabilise(first, second, points)
    pixels = _pixels_read(points, config)
    if config.flow == "lucas_kanade":
        weights = None if config.eyes else flow.eye_weights(points, config.crop_px)
        vectors = flow.lucas_kanade_at(first, second, pixels, weights)
    else:
        vectors = flow.at(flow.METHODS[config.flow](first, second), pixels)
    return _of_regions(vectors, points, config)


def region_motions(pairs: Sequence[Pair], config: Config, device: str) -> list[NDArray[np.float32]]:
    """:func:`region_motion` of pairs of one crop size, the flow of all at once in torch.

    The flow of `config` is one of :data:`causalex_core.motion.flow.ON_GPU`.
    """
    if not pairs:
        return []
    import torch  # takes seconds, which extraction on a processor need not wait for

    from causalex_core.motion.flow_batched import lucas_kanade

    where, points = torch.device(device), [pair.points for pair in pairs]
    first, second = (np.stack([pair[k] for pair in pairs]) for k in (0, 1))
    if config.head_motion == "similarity":
        small, other = (np.stack([flow.halve(crop) for crop in crops]) for crops in (first, second))
        rigid = [head_motion.rigid_pixels(face / 2, *small.shape[1:]) for face in points]
        moved = map(flow.at, lucas_kanade(small, other, None, where), rigid)
        second = np.stack(list(map(head_motion.warp, second, moved, points)))
    weights = None
    if not config.eyes:
        weights = np.stack([flow.eye_weights(face, config.crop_px) for face in points])
    fields = lucas_kanade(first, second, weights, where)
    return [
        _of_regions(flow.at(field, _pixels_read(face, config)), face, config)
        for field, face in zip(fields, points, strict=True)
    ]


def _pixels_read(points: NDArray[np.floating], config: Config) -> NDArray[np.int64]:
    """Pixels (K, 2) whose flow is needed: those of the regions, and then those of the head."""
    side = config.crop_px
    centres = np.rint(points[_CENTRES]).astype(int)
    squares = mdmo.squares(centres, _RADIUS, max(1, round(_SPACING * side)), side, side)
    head = head_motion.ESTIMATES[config.head_motion].pixels(points, side, side)
    return np.concatenate((squares.reshape(-1, 2), head))


def _of_regions(
    vectors: NDArray[np.floating], points: NDArray[np.floating], config: Config
) -> NDArray[np.float32]:
    """Motion of the regions without that of the head, from the flow at :func:`_pixels_read`."""
    if config.eight_bits:
        vectors = flow.quantise(vectors)
    read = regions.COUNT * (2 * _RADIUS + 1) ** 2
    squares, moved = vectors[:read], vectors[read:]
    head = head_motion.ESTIMATES[config.head_motion].motion(moved, points, points[_CENTRES])
    squares = squares.reshape(regions.COUNT, -1, 2) - head[:, None]
    return mdmo.main_direction(squares, mdmo.VARIANTS[config.mdmo])


class _Crop(NamedTuple):
    picture: Picture | None
    cut: bool  # the scene changed just before it
    several: bool  # another face was seen


def _crops(frames: Frames, placement: Placement, crop_px: int) -> Iterator[_Crop]:
    visible = np.isfinite(placement.pose.sum(axis=1))
    last = None
    for number, grey in enumerate(frames.grey()):
        thumbnail = _Thumbnail.of(grey)
        cut = last is not None and _scene_changed(last, thumbnail)
        last = thumbnail
        if number < len(visible) and visible[number]:
            picture = alignment.crop(grey, placement.pose[number], crop_px)
            yield _Crop(picture, cut, bool(placement.several[number]))
        else:
            yield _Crop(None, cut, False)


class _Thumbnail(NamedTuple):
    """Few pixels of a frame, to compare it with the next."""

    mean: float
    centred: NDArray[np.float32]  # (N,)
    length: float  # of that vector

    @classmethod
    def of(cls, grey: Picture) -> "_Thumbnail":
        pixels = grey[::_THUMBNAIL, ::_THUMBNAIL].astype(np.float32)
        mean = pixels.mean()
        centred = (pixels - mean).ravel()
        return cls(float(mean), centred, math.sqrt(centred @ centred))


def _scene_changed(before: _Thumbnail, after: _Thumbnail) -> bool:
    if min(before.length, after.length) < _FLAT * math.sqrt(before.centred.size):
        return abs(before.mean - after.mean) > _FADE
    return bool(before.centred @ after.centred < _CUT * before.length * after.length)


def _quality(window: Sequence[_Crop]) -> Quality:
    if any(crop.cut for crop in list(window)[1:]):
        return Quality.SCENE_CUT
    if any(crop.picture is None for crop in window):
        return Quality.NO_FACE
    if any(crop.several for crop in window):
        return Quality.SEVERAL_FACES
    return Quality.MEASURED
