"""From pictures of a face to flow images, see :mod:`causalex_core.recognition.data`.

How the published ones were made is not published. Here the crop is read from the mean of their
strain: from the hairline to the chin and from cheek to cheek, squeezed to a square, the eyes in
row 10 and columns 7 and 20 of 28.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError, warn
from causalex_core.motion import alignment, flow
from causalex_core.motion.alignment import Placement
from causalex_core.motion.flow import Flow
from causalex_core.motion.frames import check_given
from causalex_core.motion.landmarks import Given, Landmarker
from causalex_core.motion.video import Frames, Picture
from causalex_core.recognition.data import CHANNELS, SIDE, Images
from causalex_core.recognition.key_frames import checked

# Of the aligned crop, in which the eyes are 0.28 apart at 0.40 of its height.
_ROWS, _COLUMNS = (0.076, 0.916), (0.214, 0.786)
_MIN_RANGE = 1e-3  # px of motion; of strain, 1e-3 of a change of length
_STILL = 128  # of v and u where nothing moves at all
_WHITE = 255


@dataclass(frozen=True)
class FlowConfig:
    """How flow images are made.

    Attributes
    ----------
    crop_px
        Height and width of the aligned crop that flow is measured in.
    flow
        Method, a key of :data:`causalex_core.motion.flow.METHODS`.
    smoothing
        Seconds, standard deviation of the Gaussian over the alignment, as in
        :class:`causalex_core.motion.extract.Config`: the crop follows the head, but not the
        jitter of the landmarks.
    sampling
        Seconds between frames in which landmarks are detected.
    smoothed
        Standard deviation, as a share of the crop, of a Gaussian over the flow.

    Notes
    -----
    On 40 rendered micro-expressions whose flow is known, the images of the default correlate with
    the true ones by .60 (strain), .79 (v) and .65 (u), those of TV-L1 without smoothing by .51,
    .82 and .70, and take 5 ms where those take about 500; Lucas-Kanade without smoothing reaches
    .33, .75 and .58. Pixels of much strain are rarer with TV-L1, as they are in published images.
    """

    crop_px: int = 256
    flow: Literal["lucas_kanade", "dis", "farneback", "tv_l1"] = "lucas_kanade"
    smoothing: float = 0.5
    sampling: float = 0.5
    smoothed: float = 0.03

    def __post_init__(self) -> None:
        """Refuse settings with which no image can be made."""
        alignment.check_settings(self.crop_px, self.smoothing, self.sampling)
        if self.flow not in flow.METHODS:
            raise CausalexError(f"flow '{self.flow}': expected one of {', '.join(flow.METHODS)}")
        if not 0 <= self.smoothed < 1:
            raise CausalexError(f"smoothed over {self.smoothed} of the crop: expected 0 to 1")


# The usual method of the field; closest to the published images in how strain is distributed.
FIELD = FlowConfig(flow="tv_l1", smoothed=0.0)


def flow_image(first: Picture, second: Picture, config: FlowConfig | None = None) -> Images:
    """Flow image (28, 28, 3) between two aligned grey crops (H, H), see :func:`face_crops`.

    Raises
    ------
    CausalexError
        If the crops are no squares of one size.
    """
    config = config or FlowConfig()
    if first.shape != second.shape or first.ndim != 2 or first.shape[0] != first.shape[1]:
        raise CausalexError(
            f"crops of shape {first.shape} and {second.shape}: expected two grey squares of one"
            " size"
        )
    field = flow.METHODS[config.flow](first, second)
    if config.smoothed:
        smooth = cv2.GaussianBlur(field, (0, 0), config.smoothed * len(field))
        field = np.asarray(smooth, dtype=np.float32)
    return to_image(field)


def flow_images(
    onset: Picture, apex: Picture, offset: Picture, config: FlowConfig | None = None
) -> Images:
    """Flow images (2, 28, 28, 3) of an expression: onset to apex, apex to offset."""
    return np.stack([flow_image(onset, apex, config), flow_image(apex, offset, config)])


def to_image(field: Flow) -> Images:
    """Flow in the whole crop, (H, H, 2) in pixels, as an image (28, 28, 3).

    Strain, v and u are each stretched to 0..255 within the face before it is made smaller, so that
    grey levels of different images do not compare.
    """
    height = len(field)
    rows, columns = (
        slice(round(start * height), round(stop * height)) for start, stop in (_ROWS, _COLUMNS)
    )
    u, v = field[rows, columns, 0], field[rows, columns, 1]
    e = strain(field)[rows, columns]
    channels = (_stretched(e, 0), _stretched(v, _STILL), _stretched(u, _STILL))
    small = cv2.resize(np.stack(channels, axis=-1), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.rint(small).astype(np.uint8)


def strain(field: Flow) -> NDArray[np.float32]:
    """Magnitude of the strain of a flow (H, W, 2): sqrt(e_xx^2 + e_yy^2 + 2 e_xy^2).

    No shift and no small turn of the head changes it.
    """
    u_y, u_x = np.gradient(field[..., 0])
    v_y, v_x = np.gradient(field[..., 1])
    return np.asarray(np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2), dtype=np.float32)


def face_crops(
    frames: Frames,
    landmarker: Landmarker | Given,
    numbers: Iterable[int],
    config: FlowConfig | None = None,
    face: str = alignment.LARGEST,
) -> tuple[dict[int, Picture], dict[int, str]]:
    """Aligned grey crops (crop_px, crop_px) of some frames of a video, which is read once.

    Landmarks are detected at regular times, whichever frames are asked for, and smoothed over
    time: a crop aligned by its own frame alone would move with their jitter, and one aligned at
    the first frame would lose a head that moves.

    Parameters
    ----------
    frames
        The video.
    landmarker
        See :mod:`causalex_core.motion.landmarks`.
    numbers
        Frames, from 0.
    config
        Defaults if None.
    face
        Whose, see :func:`causalex_core.motion.alignment.follow`.

    Returns
    -------
    tuple
        The crops, and for frames without one the reason.
    """
    config = config or FlowConfig()
    reading = _Reading(frames, frozenset(numbers))
    if isinstance(landmarker, Given):
        check_given(frames, landmarker)
        for _ in reading.colour(1):
            if len(reading.kept) == len(reading.wanted):
                break
        track = alignment.track_given(landmarker, frames)
    else:
        every = max(1, round(config.sampling * frames.fps))
        track = alignment.track(reading, landmarker, every, face)
    if track.several.any():
        warn(f"{frames.name}: several faces; taken: {track.face or 'the one given'}")
    placement = alignment.align(track, config.crop_px, config.smoothing * frames.fps)
    cropped, missing = {}, {}
    for number in sorted(reading.wanted):
        if number not in reading.kept:
            missing[number] = f"no frame {number}; it has {reading.count}, counted from 0"
        elif (pose := _pose(placement, number)) is None:
            missing[number] = f"no face in frame {number}"
        else:
            cropped[number] = alignment.crop(reading.kept[number], pose, config.crop_px)
    return cropped, missing


def crops(
    name: str, pictures: Mapping[int, Picture], placement: Placement, config: FlowConfig
) -> dict[int, Picture]:
    """Aligned crops of grey frames.

    Raises
    ------
    CausalexError
        If there is no face in one of them.
    """
    cropped = {}
    for number in sorted(pictures):
        pose = _pose(placement, number)
        if pose is None:
            raise CausalexError(f"{name}: no face in frame {number}; choose frames that show one")
        cropped[number] = alignment.crop(pictures[number], pose, config.crop_px)
    return cropped


def of_expressions(
    crops: Mapping[int, Picture],
    key_frames: NDArray[np.integer],
    config: FlowConfig | None = None,
) -> Images:
    """Flow images (N, 2, 28, 28, 3) of expressions of one video.

    Parameters
    ----------
    crops
        Of all key frames, as :func:`face_crops` gives them.
    key_frames
        (N, 3), onset, apex and offset.
    config
        Defaults if None.

    Raises
    ------
    CausalexError
        If an expression does not have onset < apex < offset.
    """
    images = [
        flow_images(crops[onset], crops[apex], crops[offset], config)
        for onset, apex, offset in checked(key_frames).tolist()
    ]
    return np.array(images, dtype=np.uint8).reshape(-1, 2, SIDE, SIDE, CHANNELS)


def _pose(placement: Placement, number: int) -> NDArray[np.complex128] | None:
    """Where the crop of a frame lies; None without a face."""
    if number >= len(placement.pose) or not np.isfinite(placement.pose[number]).all():
        return None
    return placement.pose[number]


@dataclass
class _Reading:
    """Frames of a video; `wanted` ones are kept while it is read."""

    frames: Frames
    wanted: frozenset[int]
    kept: dict[int, Picture] = attribute(default_factory=dict)
    count: int = 0

    @property
    def name(self) -> str:
        return self.frames.name

    @property
    def fps(self) -> float:
        return self.frames.fps

    def colour(self, every: int) -> Iterator[tuple[int, Picture]]:
        for number, picture in self.frames.colour(1):
            self.count = number + 1
            if number in self.wanted:
                self.kept[number] = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
            if number % every == 0:
                yield number, picture

    def grey(self) -> Iterator[Picture]:
        return self.frames.grey()


def _stretched(values: NDArray[np.floating], still: int) -> NDArray[np.float32]:
    """Values stretched to 0..255; `still` everywhere if they are all the same."""
    low, high = float(values.min()), float(values.max())
    if high - low < _MIN_RANGE:
        return np.full(values.shape, still, np.float32)
    return ((values - low) * (_WHITE / (high - low))).astype(np.float32)
