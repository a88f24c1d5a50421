"""From frames to upright crops in which the face stays where it is.

A similarity takes each frame's stable points to the face's own mean shape. It is smoothed over
time: aligning each frame by itself would add the landmarks' jitter to the motion.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from causalex_core.errors import CausalexError
from causalex_core.motion.landmarks import (
    LEFT_EYE,
    LIPS,
    POINTS,
    RIGHT_EYE,
    Faces,
    Given,
    Landmarker,
)
from causalex_core.motion.video import Frames

STABLE = (*range(27, 36), 36, 39, 42, 45)  # nose and eye corners
LARGEST = "largest"
_SIDES = {"left": -1, "right": 1}
_CROPS = (64, 4096)  # px; smaller squares hold too few pixels to tell a main direction
_LONGEST_SMOOTHING = 10.0  # s; more takes hours, and is hardly another pose than one for all
_EYES_APART = 0.28  # of the crop, between the centres of the eyes
_EYE_LINE = 0.40  # of the crop, from its top: forehead and chin are inside
# What a face may do from one sample to the next and still be aligned as the same one.
_FARTHEST = 0.75  # distances between the eyes
_GREATEST_RATIO = 1.3  # in size
# What it may do from one sample to the next, and while it was not seen, and still be the same
# person: its way in sizes of the face, and the ratio of its sizes.
_NEXT, _AFTER_ABSENCE = (1.5, 1.4), (1.0, 1.35)
_LEAST_FACE = 8.0  # px; less is a fraction of the picture, or no face
_GREATEST_FACE = 4.0  # times the usual one of a video; in a greater one a point lies far off
_LONGEST_GAP = 1.0  # s from one row of landmarks to the next
_START = 5  # samples in which somebody has to be seen first who is there from the start
_OFTEN = 0.2  # as often as the face seen most: a face that can be followed


@dataclass(frozen=True)
class Track:
    """The face that is followed, at S sampled frames."""

    index: NDArray[np.int64]  # (S,) numbers of those frames, ascending, `every` apart
    points: NDArray[np.float64]  # (S, 68, 2) landmarks, px of the frame; NaN without a face
    several: NDArray[np.bool_]  # (S,) whether there was another face
    every: int  # frames from one sample to the next
    face: str = ""  # which it is, where there are several or one was asked for


@dataclass(frozen=True)
class Placement:
    """Where the crop of each frame lies, for at most as many frames as there can be."""

    # (T, 2) a, b: the crop's point z = x + iy lies at a * z + b in the frame; NaN without a face
    pose: NDArray[np.complex128]
    points: NDArray[np.float64]  # (T, 68, 2) smoothed landmarks, px of the crop; NaN likewise
    several: NDArray[np.bool_]  # (T,) whether another face was seen at the nearest sample
    face: str = ""  # see :class:`Track`


class _Seen(NamedTuple):
    """A face in one sample."""

    sample: int
    points: NDArray[np.float64]  # (68, 2)
    centre: complex
    size: float


def track(frames: Frames, landmarker: Landmarker, every: int, face: str = LARGEST) -> Track:
    """Find the faces in each `every`-th frame and follow one of them, see :func:`follow`."""
    samples = [(number, landmarker.find(frame)) for number, frame in frames.colour(every)]
    index = np.array([number for number, _ in samples], dtype=np.int64)
    return follow(index, [faces for _, faces in samples], every, face)


def follow(index: NDArray[np.int64], samples: Sequence[Faces], every: int, face: str) -> Track:
    """Track of one of the persons in a video.

    Faces are joined to persons from sample to sample, the nearest first. A person who was not seen
    for a while is found again only near where they were, and never in a face that belongs to
    another.

    Parameters
    ----------
    index
        (S,) frames that were looked at.
    samples
        The faces in each of them.
    every
        Frames from one to the next.
    face
        Whom to follow: the ``largest`` of those who are there from the start, in the first five
        samples; the one most to the ``left`` or ``right`` of the picture; or ``X,Y``, the one
        nearest to this point in pixels. Whoever is seen for less than a fifth of the time of the
        one seen longest is none of these.

    Raises
    ------
    CausalexError
        If `face` is none of these, or there is no face near the point.
    """
    persons = _persons(samples)
    points = np.full((len(index), POINTS, 2), np.nan)
    chosen = _chosen(persons, face)
    for seen in chosen:
        points[seen.sample] = seen.points
    several = np.array([len(faces) > 1 for faces in samples], dtype=bool)
    label = ""
    if chosen and (len(persons) > 1 or face != LARGEST):
        middle = _middle(chosen)
        label = f"{face} of {len(persons)} faces, at ({middle.real:.0f}, {middle.imag:.0f})"
    return Track(index, points, several, every, label)


def track_given(given: Given, frames: Frames) -> Track:
    """Track of landmarks that are known, in pixels of the frames they belong to.

    Rows whose points all coincide, such as zeros, or that lie beside the picture, or of which one
    lies far from the others, have no face.

    Raises
    ------
    CausalexError
        If the landmarks cannot be those of this video: by their number, their unit, or as most of
        them are mirrored or lie beside the picture.
    """
    picture = next(iter(frames.grey()), np.zeros((0, 0), np.uint8))
    size = np.array(picture.shape[::-1])
    points = given.points
    if given.every > 1 and not given.numbered:
        count = sum(1 for _ in frames.grey())
        given.check_count(frames.name, count)
        points = points if len(points) == count else points[:: given.every]
    points = points * size if given.fractions else points.copy()
    known = np.isfinite(points).all(axis=(1, 2))
    sizes = np.zeros(len(points))
    sizes[known] = np.ptp(points[known], axis=1).max(axis=-1)
    known = sizes > 0
    if known.any():
        known &= sizes <= _GREATEST_FACE * np.median(sizes[known])
    greatest = sizes[known].max(initial=0)
    if known.any() and greatest < _LEAST_FACE:
        raise CausalexError(
            f"{frames.name}: all points of a face lie within {greatest:.2g} px: expected"
            f" landmarks in pixels of the picture, {size[0]} x {size[1]}, and no fractions of it"
        )
    shapes = points[known] @ (1, 1j)
    left, right, mouth = (shapes[:, part].mean(axis=1) for part in (LEFT_EYE, RIGHT_EYE, LIPS))
    below = ((mouth - (left + right) / 2) * (right - left).conj()).imag
    if 2 * (below < 0).sum() > known.sum():
        raise CausalexError(
            f"{frames.name}: its landmarks are those of a mirrored face: expected x to the right,"
            " y down from the top, and points 36 to 41 at the eye that lies left in the picture"
        )
    centres = points[known].mean(axis=1)
    beside = np.zeros(len(points), dtype=bool)
    beside[known] = ((centres < 0) | (centres > size)).any(axis=1)
    if 2 * beside.sum() > known.sum():
        frame = int(beside.argmax())
        x, y = points[frame].mean(axis=0)
        raise CausalexError(
            f"{frames.name}: the landmarks of frame {frame} lie around ({x:.0f}, {y:.0f}), beside"
            f" the picture of {size[0]} x {size[1]} px: give those of this video, in its size"
        )
    points[~known | beside] = np.nan
    if given.step > _LONGEST_GAP * frames.fps:
        raise CausalexError(
            f"{frames.name}: landmarks of each {given.step}th frame, at {frames.fps:g} per second:"
            f" expected some at least every {_LONGEST_GAP:g} s"
        )
    index = np.arange(given.start, len(points), given.step)
    several = np.zeros(len(points), bool) if given.several is None else given.several
    track = given_track(points[index])
    return replace(track, index=index, several=several[index], every=given.step, face=given.face)


def given_track(points: NDArray[np.floating]) -> Track:
    """Track of landmarks that are known in every frame, (T, 68, 2)."""
    known = np.isfinite(points).all(axis=(1, 2))
    return Track(
        np.arange(len(points)),
        np.where(known[:, None, None], points, np.nan),
        np.zeros(len(points), dtype=bool),
        every=1,
    )


def check_settings(crop_px: int, smoothing: float, sampling: float) -> None:
    """Refuse a size of the crop, px, or times, s, with which no face can be aligned."""
    if not _CROPS[0] <= crop_px <= _CROPS[1]:
        raise CausalexError(
            f"crop of {crop_px} px: at least {_CROPS[0]} are needed, at most {_CROPS[1]} are taken"
        )
    if not (0 <= smoothing <= _LONGEST_SMOOTHING or smoothing == math.inf):
        raise CausalexError(
            f"smoothing {smoothing} s: expected 0 to {_LONGEST_SMOOTHING:g}, or inf for one pose"
        )
    if not 0 < sampling < math.inf:
        raise CausalexError(f"sampling {sampling} s: expected more than 0")


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
    sample = (np.arange(count) - track.index[:1]) // track.every
    several = track.several[sample.clip(0, len(track.index) - 1)]
    return Placement(pose, points, several, track.face)


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


def _persons(samples: Sequence[Faces]) -> list[list[_Seen]]:
    """Faces joined to persons; each belongs to one."""
    persons: list[list[_Seen]] = []
    for sample, faces in enumerate(samples):
        seen = [_Seen(sample, face, *_circle(face)) for face in faces]
        links = []
        for number, person in enumerate(persons):
            last = person[-1]
            absent = sample - last.sample > 1
            way, ratio = _AFTER_ABSENCE if absent else _NEXT
            for k, face in enumerate(seen):
                moved = abs(face.centre - last.centre) / last.size
                if moved < way and 1 / ratio < face.size / last.size < ratio:
                    links.append((absent, moved, number, k))
        joined: dict[int, int] = {}
        for _, _, number, k in sorted(links):
            if k not in joined and number not in joined.values():
                joined[k] = number
        for k, face in enumerate(seen):
            if k in joined:
                persons[joined[k]].append(face)
            else:
                persons.append([face])
    return persons


def _chosen(persons: list[list[_Seen]], face: str) -> list[_Seen]:
    """The person that `face` means, see :func:`follow`; nobody where nobody was seen."""
    wanted = face_point(face)
    if not persons:
        return []
    most = max(map(len, persons))
    often = [person for person in persons if len(person) >= _OFTEN * most]
    if face == LARGEST:
        start = min(person[0].sample for person in often) + _START
        early = [person for person in often if person[0].sample < start]
        return max(early, key=lambda person: np.median([seen.size for seen in person]))
    if wanted is None:
        return max(often, key=lambda person: _SIDES[face] * _middle(person).real)
    nearest = min(often, key=lambda person: abs(_middle(person) - wanted))
    if abs(_middle(nearest) - wanted) > nearest[0].size:
        places = ", ".join(
            f"{_middle(person).real:.0f},{_middle(person).imag:.0f}" for person in often
        )
        raise CausalexError(f"face '{face}': no face is there; they lie at {places}")
    return nearest


def face_point(face: str) -> complex | None:
    """Point that `face` names, None for another choice of :func:`follow`; refuses what is none."""
    point = re.fullmatch(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", face)
    if face not in (LARGEST, *_SIDES) and not point:
        raise CausalexError(
            f"face '{face}': expected {LARGEST}, left, right, or X,Y, a point in pixels"
        )
    return complex(float(point[1]), float(point[2])) if point else None


def _middle(person: list[_Seen]) -> complex:
    return complex(np.mean([seen.centre for seen in person]))


def _circle(face: NDArray[np.float64]) -> tuple[complex, float]:
    """Centre, and side of a square of the area that a face (68, 2) fills, at least a pixel."""
    width, height = np.ptp(face, axis=0)
    return complex(*face.mean(axis=0)), max(1.0, math.sqrt(width * height))


def _same_face(points: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Runs (start, stop) of samples that show one face that stays about where it is."""
    shapes = points @ (1, 1j)
    centre = shapes.mean(axis=1)
    apart = np.abs(shapes[:, RIGHT_EYE].mean(axis=1) - shapes[:, LEFT_EYE].mean(axis=1))
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
    left, right = shapes[:, LEFT_EYE].mean(axis=1), shapes[:, RIGHT_EYE].mean(axis=1)
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
