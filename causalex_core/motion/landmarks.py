"""Where the 68 iBUG points of each face are; all detectors stand behind one interface.

Landmarks only place the regions. They are no motion signal: on a still face FaceMesh's points
jitter by as much as a micro-expression moves.
"""

import contextlib
import csv
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError

POINTS = 68
Faces = NDArray[np.float64]  # (faces, 68, 2), pixels of the frame

INSTALL_MEDIAPIPE = "pip install --no-deps mediapipe==0.10.21 && pip install protobuf==4.25.9"

# FaceMesh vertices at the iBUG points 0 to 67.
# fmt: off
MESH_TO_IBUG = (
    127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # inner lips
)
# fmt: on
_MOST_FACES = 2  # told apart: one, and more than one


class Landmarker(Protocol):
    """Anything that finds faces."""

    name: str  # for the record

    def find(self, frame: NDArray[np.uint8]) -> Faces:
        """Faces in a frame (H, W, 3) in OpenCV's order blue, green, red; no rows without one."""
        ...


class FaceMesh:
    """MediaPipe's face mesh, reduced to the 68 iBUG points.

    Raises a CausalexError if mediapipe is not installed or has no model in its package.
    """

    def __init__(self) -> None:
        os.environ.setdefault("GLOG_minloglevel", "3")
        try:
            import mediapipe
            from mediapipe.python.solutions import face_mesh
        except (ImportError, AttributeError, TypeError) as error:
            raise CausalexError(
                f"landmarks need mediapipe 0.10.21, which does not load here ({error}):"
                f" {INSTALL_MEDIAPIPE}; or give landmarks from a file"
            ) from error
        self.name = f"mediapipe {mediapipe.__version__} FaceMesh"
        with _silent():
            self._mesh: Any = face_mesh.FaceMesh(static_image_mode=True, max_num_faces=_MOST_FACES)
            # The models are loaded, and talked about, with the first image.
            self._mesh.process(np.zeros((64, 64, 3), np.uint8))

    def find(self, frame: NDArray[np.uint8]) -> Faces:
        """Faces in one frame, each on its own: nothing is carried over from other frames."""
        with _silent():
            meshes = self._mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        faces = [
            [(face.landmark[vertex].x, face.landmark[vertex].y) for vertex in MESH_TO_IBUG]
            for face in meshes.multi_face_landmarks or ()
        ]
        size = np.array(frame.shape[1::-1], dtype=float)
        return np.array(faces, dtype=float).reshape(-1, POINTS, 2) * size


class Given:
    """Known landmarks (T, 68, 2) in pixels, from a file or of a rendered face; NaN without one."""

    def __init__(self, points: NDArray[np.floating]) -> None:
        if points.ndim != 3 or points.shape[1:] != (POINTS, 2):
            raise CausalexError(
                f"landmarks of shape {points.shape}: expected (frames, {POINTS}, 2)"
            )
        self.points = np.asarray(points, dtype=float)
        self.name = f"given {hashlib.sha256(self.points.tobytes()).hexdigest()[:12]}"


@cache
def face_mesh() -> FaceMesh:
    """The face mesh, loaded once per process."""
    return FaceMesh()


def read(path: Path) -> Given:
    """Landmarks from a file, one row per frame.

    ``.npy``
        Array (T, 68, 2).
    ``.csv`` with a header
        Columns ``x_0 .. x_67, y_0 .. y_67`` as OpenFace writes them. ``frame``, counted from 1,
        places the rows; rows whose ``success`` is 0 have no face.
    ``.csv`` without a header
        136 numbers per row: all x, then all y, as AUW-GCN's pipeline writes them.

    Raises
    ------
    CausalexError
        Naming the file and what in it was not expected.
    """
    if path.suffix == ".npy":
        try:
            return Given(np.load(path, allow_pickle=False))
        except ValueError as error:
            raise CausalexError(f"{path} is not an array of landmarks: {error}") from error
    if path.suffix != ".csv":
        raise CausalexError(f"{path}: landmarks are read from .csv or .npy")
    try:
        with path.open(newline="") as stream:
            rows = [[cell.strip() for cell in row] for row in csv.reader(stream) if row]
    except UnicodeDecodeError as error:
        raise CausalexError(f"{path} is not a text file: {error}") from error
    if not rows:
        raise CausalexError(f"{path} is empty: expected one row of landmarks per frame")
    if re.match(r"[A-Za-z_]", rows[0][0]):
        return Given(_with_header(path, rows[0], rows[1:]))
    return Given(_paired(_numbers(path, rows, first_row=1, width=2 * POINTS)))


def _with_header(path: Path, header: list[str], rows: list[list[str]]) -> NDArray[np.float64]:
    names = [f"{axis}_{k}" for axis in "xy" for k in range(POINTS)]
    missing = [name for name in names if name not in header]
    if missing:
        raise CausalexError(
            f"{path} lacks the column '{missing[0]}': expected x_0 .. x_67, y_0 .. y_67"
        )
    table = _numbers(path, rows, first_row=2, width=len(header))
    points = _paired(table[:, [header.index(name) for name in names]])
    if "success" in header:
        points = np.where((table[:, header.index("success")] > 0)[:, None, None], points, np.nan)
    if "frame" not in header:
        return points
    frames = table[:, header.index("frame")].astype(int) - 1
    if frames.size and frames.min() < 0:
        raise CausalexError(f"{path}: frame {frames.min() + 1}; frames are counted from 1")
    if len(np.unique(frames)) < len(frames):
        raise CausalexError(f"{path} has several rows for one frame: keep one face")
    placed = np.full((frames.max(initial=-1) + 1, POINTS, 2), np.nan)
    placed[frames] = points
    return placed


def _numbers(
    path: Path, rows: Sequence[Sequence[str]], first_row: int, width: int
) -> NDArray[np.float64]:
    for number, row in enumerate(rows, start=first_row):
        if len(row) != width:
            raise CausalexError(f"{path} row {number}: {len(row)} values, expected {width}")
    try:
        return np.array(rows, dtype=float).reshape(-1, width)
    except ValueError as error:
        raise CausalexError(f"{path}: {error}") from error


def _paired(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 68, 2) points from rows of all x, then all y."""
    return table.reshape(-1, 2, POINTS).transpose(0, 2, 1)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Silence the log of MediaPipe's C++ part; errors are raised."""
    sys.stderr.flush()
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
