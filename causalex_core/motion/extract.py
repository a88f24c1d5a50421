"""From a video to the motion of the 12 regions, one row per frame."""

import io
import json
import math
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalex_core import devices, regions
from causalex_core.errors import CausalexError
from causalex_core.motion import alignment, eyes, flow, head_motion, mdmo
from causalex_core.motion.alignment import Placement
from causalex_core.motion.flow import Flow
from causalex_core.motion.landmarks import Given, Landmarker
from causalex_core.motion.video import Frames, Picture

_RADIUS = 5  # vectors on each side of a region's centre, as in AUW-GCN
_SPACING = 1 / 128  # of the crop, between them
_LEAST_CROP = 64  # px; smaller squares hold too few pixels to tell a main direction
_THUMBNAIL = 16  # px between the pixels that are compared to see a cut
_CUT = 0.5  # correlation of a frame with the one before it, below which the scene has changed
_FLAT = 1.0  # grey levels; a picture that varies less correlates with nothing
_FADE = 10.0  # grey levels by which such a picture may differ from the other
_BATCH = 2**22  # pixels of crops whose flow a GPU computes at once: 64 crops of 256 x 256
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold


class Quality(IntEnum):
    """What happened to a row. Rows above SEVERAL_FACES were not measured and are zero."""

    MEASURED = 0
    SEVERAL_FACES = 1  # the one followed from the start was measured
    END_OF_VIDEO = 2  # one of the two frames lies outside
    NO_FACE = 3  # or not the same one before and after
    SCENE_CUT = 4


@dataclass(frozen=True)
class Config:
    """How motion is extracted; the defaults are what we hold sound.

    Attributes
    ----------
    crop_px
        Height and width of the aligned crop.
    flow
        Method, a key of :data:`causalex_core.motion.flow.METHODS`.
    eyes
        Let the eyes count in Lucas-Kanade's windows, as in those of every other method: blinks
        then look like motion of the brows.
    eight_bits
        Pass the flow through 8 bits over +-10 px, as flow stored as pictures is.
    stride
        Frames between the two that are compared; None: the even number nearest to 100 ms.
    head_motion
        What is subtracted: motion fitted to rigid points, that of the nose, or nothing.
    mdmo
        How a region's flow becomes one vector, a key of :data:`causalex_core.motion.mdmo.VARIANTS`.
    smoothing
        Seconds, standard deviation of the Gaussian over the alignment; None: one alignment.
    sampling
        Seconds from one frame in which landmarks are looked for to the next.
    """

    crop_px: int = 256
    flow: Literal["lucas_kanade", "dis", "farneback", "tv_l1"] = "lucas_kanade"
    eyes: bool = False
    eight_bits: bool = False
    stride: int | None = None
    head_motion: Literal["similarity", "nose", "none"] = "similarity"
    mdmo: Literal["liu", "auw_gcn", "mean"] = "liu"
    smoothing: float | None = 0.5
    sampling: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what cannot be extracted."""
        if self.crop_px < _LEAST_CROP:
            raise CausalexError(f"crop of {self.crop_px} px: at least {_LEAST_CROP} are needed")
        if self.stride is not None and self.stride < 1:
            raise CausalexError(f"stride {self.stride}: expected 1 frame or more")
        for name, table in (
            ("flow", flow.METHODS),
            ("head_motion", head_motion.ESTIMATES),
            ("mdmo", mdmo.VARIANTS),
        ):
            if getattr(self, name) not in table:
                raise CausalexError(
                    f"{name} '{getattr(self, name)}': expected one of {', '.join(table)}"
                )
        if not (self.smoothing or 0) >= 0 or not 0 < self.sampling < math.inf:
            raise CausalexError(
                f"smoothing {self.smoothing} s and sampling {self.sampling} s:"
                " expected 0 or more, and more than 0"
            )

    def to_json(self) -> str:
        """All settings in one line."""
        return json.dumps(asdict(self), sort_keys=True)

    def stride_at(self, fps: float) -> int:
        """Stride in frames at a frame rate."""
        return self.stride or 2 * max(1, math.floor(fps * 0.1 / 2 + 0.5))


# As the text of Causal-Ex and the code of AUW-GCN have it.
PAPER = Config(
    flow="tv_l1",
    eight_bits=True,
    stride=1,
    head_motion="nose",
    mdmo="auw_gcn",
    smoothing=None,
)


@dataclass(frozen=True)
class Motion:
    """Motion of the regions of one video.

    Attributes
    ----------
    motion : (T, 12, 2) float32 array
        x and y in pixels of the crop per frame, y down. Row t comes from the frames
        ``t - stride // 2`` and ``t - stride // 2 + stride``: centred on t for an even stride,
        half a frame later for an odd one.
    quality : (T,) uint8 array
        See :class:`Quality`.
    fps
        Rows per second.
    stride
        Frames between the two that were compared.
    config
        How it was extracted.
    landmarks
        Where the landmarks came from.
    """

    motion: NDArray[np.float32]
    quality: NDArray[np.uint8]
    fps: float
    stride: int
    config: Config
    landmarks: str

    @property
    def measured(self) -> NDArray[np.bool_]:
        """(T,) whether a row was measured."""
        return self.quality <= Quality.SEVERAL_FACES

    def to_bytes(self) -> bytes:
        """Content of a .npz file; equal motions give equal bytes."""
        arrays: dict[str, NDArray[Any]] = {
            "motion": self.motion,
            "fps": np.array(self.fps),
            "stride": np.array(self.stride),
            "crop_px": np.array(self.config.crop_px),
            "quality": self.quality,
            "quality_names": np.array([quality.name.lower() for quality in Quality]),
            "regions": np.array(regions.NAMES),
            "config": np.array(self.config.to_json()),
            "landmarks": np.array(self.landmarks),
        }
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for name, array in arrays.items():
                member = io.BytesIO()
                np.save(member, array, allow_pickle=False)
                entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(entry, member.getvalue())
        return archive.getvalue()


def extract(
    frames: Frames,
    landmarker: Landmarker | Given,
    config: Config | None = None,
    device: str = "auto",
) -> Motion:
    """Extract the motion of the 12 regions.

    The video is read twice, once for the landmarks and once for the flow; memory does not grow
    with its length but for the landmarks themselves.

    Parameters
    ----------
    frames
        See :func:`causalex_core.motion.video.open_frames`.
    landmarker
        See :mod:`causalex_core.motion.landmarks`.
    config
        Defaults if None.
    device
        Where flow is computed, see :func:`device_for`. Motion differs by rounding, by some 1e-6
        px per frame; more where a crop was laid back by the motion of the head, as its grey
        levels are whole numbers: of real clips 1 value in 1000 differs by more than 1e-3, none
        by more than 5e-3.

    Returns
    -------
    Motion

    Raises
    ------
    CausalexError
        If no frame can be read, or none shows a face, or there is no such device.
    """
    config = config or Config()
    place = device_for(config, device)
    placement = locate(frames, landmarker, config)
    return _measure(frames, placement, config, landmarker.name, place)


def device_for(config: Config, name: str = "auto") -> Literal["cpu", "cuda"]:
    """Where flow is computed; all else is done by the processor.

    Parameters
    ----------
    config
        Its flow.
    name
        See :func:`causalex_core.devices.chosen`. With a flow that has no form for a GPU,
        ``auto`` is the processor.

    Raises
    ------
    CausalexError
        If there is no such device, or a GPU is asked for by that name and the flow has no form
        for it.
    """
    if config.flow in flow.ON_GPU:
        return devices.chosen(name)
    if name == "cuda":
        raise CausalexError(
            f"device 'cuda' with flow '{config.flow}': a GPU computes {', '.join(flow.ON_GPU)}"
            " only; take auto or cpu, or that flow"
        )
    return "cpu"


def locate(frames: Frames, landmarker: Landmarker | Given, config: Config) -> Placement:
    """Where the aligned crop lies in every frame.

    Raises
    ------
    CausalexError
        If no frame can be read, or none shows a face.
    """
    if isinstance(landmarker, Given):
        found = alignment.given_track(landmarker.points)
    else:
        every = max(1, round(config.sampling * frames.fps))
        found = alignment.track(frames, landmarker, every)
    if not np.isfinite(found.points).any():
        raise CausalexError(f"{frames.name}: no face in any of {len(found.index)} frames looked at")
    sigma = math.inf if config.smoothing is None else config.smoothing * frames.fps
    return alignment.place(found, config.crop_px, sigma)


def _measure(
    frames: Frames, placement: Placement, config: Config, landmarks: str, device: str
) -> Motion:
    stride = config.stride_at(frames.fps)
    before = stride // 2
    motion: list[NDArray[np.float32]] = []
    quality: list[Quality] = []
    window: deque[_Seen] = deque(maxlen=stride + 1)
    waiting: dict[int, Pair] = {}  # by row
    together = max(1, _BATCH // config.crop_px**2) if device == "cuda" else 1
    for seen in _look(frames, placement, config.crop_px):
        window.append(seen)
        if len(window) <= stride:
            continue
        first, second = window[0].crop, window[-1].crop
        row = len(motion)
        motion.append(np.zeros((regions.COUNT, 2), np.float32))
        quality.append(_quality(window))
        if quality[-1] <= Quality.SEVERAL_FACES and first is not None and second is not None:
            waiting[row] = Pair(first, second, placement.points[row + before])
        if len(waiting) == together:
            _fill(motion, waiting, config, device)
    _fill(motion, waiting, config, device)
    if not motion:
        raise CausalexError(
            f"{frames.name}: {len(window)} frames; at stride {stride} at least {stride + 1}"
            " are needed"
        )
    around = (before, stride - before)
    return Motion(
        np.pad(np.array(motion) / np.float32(stride), (around, (0, 0), (0, 0))),
        np.pad(np.array(quality, np.uint8), around, constant_values=Quality.END_OF_VIDEO),
        frames.fps,
        stride,
        config,
        landmarks,
    )


class Pair(NamedTuple):
    """Two aligned crops (H, W), and landmarks (68, 2) in their pixels."""

    first: Picture
    second: Picture
    points: NDArray[np.floating]


def _fill(
    motion: list[NDArray[np.float32]], waiting: dict[int, Pair], config: Config, device: str
) -> None:
    """Measure the rows that wait."""
    if device == "cuda":
        found = region_motions(list(waiting.values()), config, device)
    else:
        found = [region_motion(*pair, config) for pair in waiting.values()]
    for row, each in zip(waiting, found, strict=True):
        motion[row] = each
    waiting.clear()


def region_motion(
    first: Picture, second: Picture, points: NDArray[np.floating], config: Config
) -> NDArray[np.float32]:
    """Motion of the 12 regions from one crop to another, without that of the head.

    Parameters
    ----------
    first, second : (H, W) arrays
        Aligned crops.
    points : (68, 2) array
        Landmarks in pixels of the crop.
    config
        Flow, head motion and averaging.

    Returns
    -------
    (12, 2) float32 array
        In pixels of the crop.
    """
    if config.head_motion == "similarity":
        second = head_motion.undone(first, second, points)
    if config.flow == "lucas_kanade" and not config.eyes:
        field = flow.lucas_kanade(first, second, eyes.left_out(points, len(first)))
    else:
        field = flow.METHODS[config.flow](first, second)
    return _of_regions(field, points, config)


def region_motions(pairs: Sequence[Pair], config: Config, device: str) -> list[NDArray[np.float32]]:
    """What :func:`region_motion` gives for each pair, with the flow of all at once in torch.

    Parameters
    ----------
    pairs
        Crops of one size.
    config
        With a flow of :data:`causalex_core.motion.flow.ON_GPU`.
    device
        Where flow is computed, in torch's words.
    """
    if not pairs:
        return []
    import torch  # takes seconds, which extraction on a processor need not wait for

    from causalex_core.motion.flow_batched import lucas_kanade

    place, points = torch.device(device), [pair.points for pair in pairs]
    first, second = (np.stack([pair[k] for pair in pairs]) for k in (0, 1))
    if config.head_motion == "similarity":
        small, other = (np.stack([flow.halved(one) for one in crops]) for crops in (first, second))
        coarse = lucas_kanade(small, other, None, place)
        second = np.stack(list(map(head_motion.laid, second, coarse, points)))
    weights = None
    if not config.eyes:
        weights = np.stack([eyes.left_out(one, config.crop_px) for one in points])
    fields = lucas_kanade(first, second, weights, place)
    return [_of_regions(*one, config) for one in zip(fields, points, strict=True)]


def _of_regions(field: Flow, points: NDArray[np.floating], config: Config) -> NDArray[np.float32]:
    """Motion of the regions without that of the head, from the flow between two crops."""
    if config.eight_bits:
        field = flow.quantised(field)
    centres = points[[region.landmark for region in regions.REGIONS]]
    head = head_motion.ESTIMATES[config.head_motion](field, points, centres)
    step = max(1, round(_SPACING * len(field)))
    cut = mdmo.squares(field, np.round(centres).astype(int), _RADIUS, step)
    return mdmo.main_direction(cut - head[:, None], mdmo.VARIANTS[config.mdmo])


class _Seen(NamedTuple):
    """What is needed of a frame once it has been looked at."""

    crop: Picture | None
    cut: bool  # the scene changed just before it
    several: bool


def _look(frames: Frames, placement: Placement, crop_px: int) -> Iterator[_Seen]:
    last = None
    for number, grey in enumerate(frames.grey()):
        thumbnail = grey[::_THUMBNAIL, ::_THUMBNAIL].astype(np.float32)
        cut = last is not None and _scene_changed(last, thumbnail)
        last = thumbnail
        if number < len(placement.pose) and np.isfinite(placement.pose[number]).all():
            picture = alignment.crop(grey, placement.pose[number], crop_px)
            yield _Seen(picture, cut, bool(placement.several[number]))
        else:
            yield _Seen(None, cut, False)


def _scene_changed(before: NDArray[np.float32], after: NDArray[np.float32]) -> bool:
    means = before.mean(), after.mean()
    first, second = (before - means[0]).ravel(), (after - means[1]).ravel()
    lengths = math.sqrt(first @ first), math.sqrt(second @ second)
    if min(lengths) < _FLAT * math.sqrt(first.size):
        return bool(abs(means[0] - means[1]) > _FADE)
    return bool(first @ second < _CUT * lengths[0] * lengths[1])


def _quality(window: Sequence[_Seen]) -> Quality:
    if any(seen.cut for seen in list(window)[1:]):
        return Quality.SCENE_CUT
    if any(seen.crop is None for seen in window):
        return Quality.NO_FACE
    if any(seen.several for seen in window):
        return Quality.SEVERAL_FACES
    return Quality.MEASURED
