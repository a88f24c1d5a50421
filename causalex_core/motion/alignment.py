"""From frames to upright crops in which the face stays where it is.

A similarity takes each frame's stable points to the face's own mean shape. It is smoothed over
time: aligning each frame by itself would add the landmarks' jitter to the motion.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from causalex_core.motion.landmarks import POINTS, Faces, Landmarker
from causalex_core.motion.video import Frames

STABLE = (*range(27, 36), 36, 39, 42, 45)  # nose and eye corners
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_EYES_APART = 0.28  # of the crop, between the centres of the eyes
_EYE_LINE = 0.40  # of the crop, from its top: forehead and chin are inside
# What a face may do from one sample to the next and still be the same one.
_FARTHEST = 0.75  # distances between the eyes
_GREATEST_RATIO = 1.3  # in size


@dataclass(frozen=True)
class Track:
    """The face that is followed, at S sampled frames."""

    index: NDArray[np.int64]  # (S,) numbers of those frames, ascending
    points: NDArray[np.float64]  # (S, 68, 2) landmarks, px of the frame; NaN without a face
    several: NDArray[np.bool_]  # (S,) whether there was another face
    every: int  # frames from one sample to the next


@dataclass(frozen=True)
class Placement:
    """Where the crop of each frame lies, for at most as many frames as there can be."""

    # (T, 2) a, b: the crop's point z = x + iy lies at a * z + b in the frame; NaN without a face
    pose: NDArray[np.complex128]
    points: NDArray[np.float64]  # (T, 68, 2) smoothed landmarks, px of the crop; NaN likewise
    several: NDArray[np.bool_]  # (T,) whether another face was seen at the nearest sample


def track(frames: Frames, landmarker: Landmarker, every: int) -> Track:
    """Find the face in each `every`-th frame and follow it.

    The largest face is taken first, and then the one nearest to where it was.
    """
    index, points, several = [], [], []
    last = None
    for number, frame in frames.colour(every):
        faces = landmarker.find(frame)
        face = _followed(faces, last)
        last = face if face is not None else last
        index.append(number)
        points.append(np.full((POINTS, 2), np.nan) if face is None else face)
        several.append(len(faces) > 1)
    return Track(
        np.array(index, dtype=np.int64),
        np.array(points).reshape(-1, POINTS, 2),
        np.array(several, dtype=bool),
        every,
    )


def given_track(points: NDArray[np.floating]) -> Track:
    """Track of landmarks that are known in every frame, (T, 68, 2)."""
    known = np.isfinite(points).all(axis=(1, 2))
    return Track(
        np.arange(len(points)),
        np.where(known[:, None, None], points, np.nan),
        np.zeros(len(points), dtype=bool),
        every=1,
    )


def align(track: Track, crop_px: int, smoothing: float) -> Placement:
    """Place the crop in every frame whose samples before and after it show the same face.

    `smoothing` is the standard deviation in frames of a Gaussian over time; infinite: one pose for
    the whole time that the face is there; 0: none.
    """
    count = int(track.index[-1]) + track.every if len(track.index) else 0
    pose = np.full((count, 2), np.nan, dtype=complex)
    points = np.full((count, POINTS, 2), np.nan)
    for start, stop in _same_face(track.points):
        first = int(track.index[start])
        end = count if stop == len(track.index) else int(track.index[stop - 1]) + 1
        frames = np.arange(first, end)
        shapes = track.points[start:stop] @ (1, 1j)
        every_frame = np.stack(
            [np.interp(frames, track.index[start:stop], column) for column in shapes.T], axis=1
        )
        smooth = _smoothed(every_frame, smoothing)
        pose[first:end] = _pose(smooth, _mean_shape(shapes, crop_px))
        inside = (smooth - pose[first:end, 1:]) / pose[first:end, :1]
        points[first:end] = np.stack((inside.real, inside.imag), axis=-1)
    nearest = np.minimum(np.arange(count) // track.every, len(track.index) - 1)
    return Placement(pose, points, track.several[nearest])


def crop(grey: NDArray[np.uint8], pose: NDArray[np.complex128], crop_px: int) -> NDArray[np.uint8]:
    """Cut the upright crop (crop_px, crop_px) out of a frame (H, W), see :class:`Placement`.

    Outside the frame its border is repeated. A face much larger than the crop is averaged down
    first, so that fine texture does not turn into noise.
    """
    a, b = pose
    shrink = int(abs(a))
    if shrink > 1:
        height, width = (side // shrink for side in grey.shape)
        whole = grey[: height * shrink, : width * shrink]
        grey = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
        middle = (shrink - 1) / 2 * (1 + 1j)  # of the first block of pixels that became one
        a, b = a / shrink, (b - middle) / shrink
    matrix = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    cut = cv2.warpAffine(
        grey,
        matrix,
        (crop_px, crop_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cut, dtype=np.uint8)


def _followed(faces: Faces, last: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if not len(faces):
        return None
    if last is None:
        return faces[int(np.argmax(np.ptp(faces, axis=1).prod(axis=1)))]
    centres = faces.mean(axis=1) - last.mean(axis=0)
    return faces[int(np.argmin(np.linalg.norm(centres, axis=1)))]


def _same_face(points: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Runs (start, stop) of samples that show one face that stays about where it is."""
    shapes = points @ (1, 1j)
    centre = shapes.mean(axis=1)
    apart = np.abs(shapes[:, _RIGHT_EYE].mean(axis=1) - shapes[:, _LEFT_EYE].mean(axis=1))
    runs: list[tuple[int, int]] = []
    for k in range(len(points)):
        if np.isnan(apart[k]):
            continue
        if runs and runs[-1][1] == k:
            ratio = apart[k] / apart[k - 1]
            near = abs(centre[k] - centre[k - 1]) < _FARTHEST * apart[k - 1]
            if near and 1 / _GREATEST_RATIO < ratio < _GREATEST_RATIO:
                runs[-1] = (runs[-1][0], k + 1)
                continue
        runs.append((k, k + 1))
    return runs


def _mean_shape(shapes: NDArray[np.complexfloating], crop_px: int) -> NDArray[np.complex128]:
    """Mean of (S, 68) shapes after their eyes were laid on the crop's eye positions."""
    left, right = shapes[:, _LEFT_EYE].mean(axis=1), shapes[:, _RIGHT_EYE].mean(axis=1)
    size = (_EYES_APART * crop_px / (right - left))[:, None]
    middle = (0.5 + _EYE_LINE * 1j) * crop_px
    return np.mean((shapes - (left + right)[:, None] / 2) * size, axis=0) + middle


def _pose(
    shapes: NDArray[np.complex128], template: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    """Least-squares a, b with shape = a * template + b at the stable points, (T, 2)."""
    wanted, seen = template[list(STABLE)], shapes[:, list(STABLE)]
    centred = wanted - wanted.mean()
    a = seen @ centred.conj() / np.sum(np.abs(centred) ** 2)
    return np.stack((a, seen.mean(axis=1) - a * wanted.mean()), axis=1)


def _smoothed(series: NDArray[np.complex128], sigma: float) -> NDArray[np.complex128]:
    """Columns after a Gaussian over time, whose ends are continued by their last values."""
    if math.isinf(sigma):
        return np.broadcast_to(series.mean(axis=0), series.shape)
    if sigma == 0:
        return series
    return ndimage.gaussian_filter1d(series, sigma, axis=0, mode="nearest")
