"""Where the 68 iBUG points of each face are; all detectors stand behind one interface.

Landmarks only place the regions. They are no motion signal: on a still face FaceMesh's points
jitter by as much as a micro-expression moves.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from causalex_core.errors import CausalexError

POINTS = 68
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)  # as the picture shows them
NOSE_TIP, LIPS = 30, slice(48, 60)
Faces = NDArray[np.float64]  # (faces, 68, 2), pixels of the frame
Picture = NDArray[np.uint8]

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
VERTICES = (468, 478)  # of the mesh, without and with irises
_MOST_FACES = 12
_CONFIDENT = 0.5  # score of a detection that is looked at
_LEAST_TILE = 640  # px; in less, the detector of the mesh sees all faces that can be measured
_CUT = 2.0  # sides of a detection's box that are cut out around a small face
# The check of a mesh, in its own upright crop. Of 571 meshes on faces of all turns, 96 % of the
# right ones and none of the wrong ones are surely right; the others are looked at more closely.
_UPRIGHT_PX, _UPRIGHT = 192, 2.6  # height and width of the crop, and in sizes of the face
_LEAST_SCORE, _SURE = 0.6, 0.82
_FARTHEST_OFF, _SURELY_OFF = 0.2, 0.1  # distances of the eyes, between mesh and detection
_AGREE = 0.08  # sizes of the face, between two meshes of one face
_TRIES = 3


class Landmarker(Protocol):
    """Anything that finds faces."""

    name: str  # for the record

    def find(self, frame: NDArray[np.uint8]) -> Faces:
        """Faces in a frame (H, W, 3) in OpenCV's order blue, green, red; no rows without one."""
        ...


class _Detection(NamedTuple):
    score: float
    centre: complex  # px
    side: float  # px
    keys: NDArray[np.complex128]  # centres of both eyes, nose tip and centre of the mouth, px


class FaceMesh:
    """MediaPipe's face mesh, reduced to the 68 iBUG points.

    Its detector sees a picture shrunk to 128 px. Faces too small for that are looked for with the
    full-range detector, and the mesh is laid into what is cut out around them. A mesh counts as
    a face only if the detector agrees in its upright crop: it lays upright meshes on faces that are
    turned upside down.

    Raises a CausalexError if mediapipe is not installed or has no model in its package.
    """

    def __init__(self) -> None:
        os.environ.setdefault("GLOG_minloglevel", "3")
        try:
            import mediapipe
            from mediapipe.python.solutions import face_detection, face_mesh
        except (ImportError, AttributeError, TypeError) as error:
            raise CausalexError(
                f"landmarks need mediapipe 0.10.21, which does not load here ({error}):"
                f" {INSTALL_MEDIAPIPE}; or give landmarks from a file"
            ) from error
        self.name = f"mediapipe {mediapipe.__version__} FaceMesh"
        with silent():
            self._mesh: Any = face_mesh.FaceMesh(static_image_mode=True, max_num_faces=_MOST_FACES)
            self._near: Any = face_detection.FaceDetection(model_selection=0)
            self._far: Any = face_detection.FaceDetection(_CONFIDENT, model_selection=1)
            # The models are loaded, and talked about, with the first image.
            for model in (self._mesh, self._near, self._far):
                model.process(np.zeros((64, 64, 3), np.uint8))

    def find(self, frame: NDArray[np.uint8]) -> Faces:
        """Faces in one frame, each on its own: nothing is carried over from other frames."""
        picture = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        with silent():
            meshes = self._meshes(picture)
            large = max(picture.shape) > _LEAST_TILE
            for box in self._boxes(picture, tiles=not meshes) if large or not meshes else ():
                if not any(_covers(mesh, box.centre) for mesh in meshes):
                    meshes += self._in_cut(picture, box)
            checked = [self._checked(picture, mesh) for mesh in meshes]
        faces: list[NDArray[np.complex128]] = []
        for mesh in checked:
            if mesh is not None and not any(_covers(face, mesh.mean()) for face in faces):
                faces.append(mesh)
        shapes = np.array(faces, dtype=complex).reshape(-1, POINTS)
        return np.stack((shapes.real, shapes.imag), axis=-1)

    def _meshes(self, picture: Picture) -> list[NDArray[np.complex128]]:
        """Shapes (68,) of the meshes in a picture, x + iy in its pixels."""
        height, width = picture.shape[:2]
        faces = self._mesh.process(picture).multi_face_landmarks or ()
        vertices = np.array(
            [[(face.landmark[k].x, face.landmark[k].y) for k in MESH_TO_IBUG] for face in faces]
        ).reshape(-1, POINTS, 2)
        return list(vertices * (width, height) @ (1, 1j))

    def _in_cut(self, picture: Picture, box: _Detection) -> list[NDArray[np.complex128]]:
        """Mesh of a face that is too small to be seen in the whole picture."""
        reach = _CUT * box.side / 2
        left, top = (max(0, int(part - reach)) for part in (box.centre.real, box.centre.imag))
        right, bottom = (int(part + reach) for part in (box.centre.real, box.centre.imag))
        cut = np.ascontiguousarray(picture[top:bottom, left:right])
        meshes = [mesh + complex(left, top) for mesh in self._meshes(cut)] if cut.size else []
        return [mesh for mesh in meshes if _covers(mesh, box.centre)]

    def _boxes(self, picture: Picture, tiles: bool) -> list[_Detection]:
        """Faces by the full-range detector, in the whole picture or else in tiles of it."""
        height, width = picture.shape[:2]
        side = max(height, width)
        boxes = _detections(self._far, picture)
        while tiles and not boxes and side // 2 >= _LEAST_TILE:
            side //= 2
            for top in _starts(height, side):
                for left in _starts(width, side):
                    tile = np.ascontiguousarray(picture[top : top + side, left : left + side])
                    for box in _detections(self._far, tile):
                        boxes.append(box._replace(centre=box.centre + complex(left, top)))
        return boxes

    def _checked(
        self, picture: Picture, mesh: NDArray[np.complex128]
    ) -> NDArray[np.complex128] | None:
        """The mesh if it fits the picture, a better one in its place, or none.

        In the crop that is upright by the mesh, the detector has to see the same face, surely or
        else more surely than upside down; the mesh is laid anew until it stays where it is.
        """
        for _ in range(_TRIES):
            a, b = _upright(mesh)
            crop = _cropped(picture, a, b)
            seen = _best(_detections(self._near, crop))
            off = _off((mesh - b) / a, seen)
            if seen.score > _SURE and off < _SURELY_OFF:
                return mesh
            turned = np.ascontiguousarray(crop[::-1, ::-1])
            if _best(_detections(self._near, turned)).score > seen.score:
                a, b, crop = -a, b + a * (_UPRIGHT_PX - 1) * (1 + 1j), turned
            again = [a * shape + b for shape in self._meshes(crop)]
            if not again:
                return None
            nearest = min(again, key=lambda shape: abs(np.mean(shape) - np.mean(mesh)))
            if np.abs(nearest - mesh).mean() < _AGREE * _size(mesh):
                return mesh if seen.score > _LEAST_SCORE and off < _FARTHEST_OFF else None
            mesh = nearest
        return None


@dataclass(frozen=True, eq=False)
class Given:
    """Known landmarks, from a file or of a rendered face.

    Attributes
    ----------
    points : (T, 68, 2) array
        Row t belongs to frame t; NaN without a face. MediaPipe's 468 or 478 vertices, with or
        without depth, are reduced to the 68 points.
    fractions
        Whether they are fractions of the picture and not its pixels.
    numbered
        Whether the frames of the rows are known, and not only their order: there may then be
        fewer than frames.
    every
        Of rows in their order: each is one frame, or one of the `every` of which one was kept.
    start, step
        Rows ``start, start + step, ...`` were looked at, those between were not.
    several : (T,) array, optional
        Whether there was another face.
    face
        Which face it is, see :class:`causalex_core.motion.alignment.Track`.
    """

    points: NDArray[np.floating]
    fractions: bool = False
    numbered: bool = False
    every: int = 1
    start: int = 0
    step: int = 1
    several: NDArray[np.bool_] | None = None
    face: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be landmarks of a face."""
        points = np.asarray(self.points)
        counts = (POINTS, *VERTICES)
        if points.ndim != 3 or points.shape[1] not in counts or points.shape[2] not in (2, 3):
            raise CausalexError(
                f"landmarks of shape {points.shape}: expected (frames, {POINTS}, 2), or MediaPipe's"
                f" {' or '.join(map(str, VERTICES))} vertices"
            )
        if points.dtype.kind not in "fiu" or not len(points):
            raise CausalexError(f"{len(points)} landmarks of type {points.dtype}: expected numbers")
        vertices = MESH_TO_IBUG if points.shape[1] in VERTICES else range(POINTS)
        points = np.ascontiguousarray(points[:, list(vertices), :2], dtype=float)
        object.__setattr__(self, "points", points)

    def check_count(self, video: str, frames: int) -> None:
        """Raise a CausalexError if these cannot be the landmarks of so many frames."""
        rows = len(self.points)
        of_all = self.every > 1 and -(-rows // self.every) == frames
        if not (of_all or rows == frames or (self.numbered and rows < frames)):
            times = f" or {self.every} times as many" if self.every > 1 else ""
            number = "" if self.numbered else ", or number the rows by a column 'frame'"
            raise CausalexError(
                f"{video}: landmarks of {rows} frames, the video has {frames}: expected as many"
                f"{times}; give those of this video{number}"
            )

    @property
    def name(self) -> str:
        """For the record; tells landmarks apart."""
        return f"given {hashlib.sha256(self.points.tobytes()).hexdigest()[:12]}"


@cache
def face_mesh() -> FaceMesh:
    """The face mesh, loaded once per process."""
    return FaceMesh()


def _off(mesh: NDArray[np.complex128], seen: _Detection) -> float:
    """How far a mesh lies from the eyes, nose and mouth of a detection, in distances of the eyes.

    Infinite of a profile, whose nose tip lies beyond an eye: half of the regions cannot be seen.
    """
    left, right = mesh[LEFT_EYE].mean(), mesh[RIGHT_EYE].mean()
    sideways = ((mesh[NOSE_TIP] - (left + right) / 2) / (right - left)).real
    keys = np.array([left, right, mesh[NOSE_TIP], mesh[LIPS].mean()])
    return (
        float(np.abs(seen.keys - keys).mean() / abs(right - left))
        if abs(sideways) < 0.5
        else np.inf
    )


def _detections(model: Any, picture: Picture) -> list[_Detection]:
    height, width = picture.shape[:2]
    detections = []
    for face in model.process(picture).detections or ():
        location = face.location_data
        box, keys = location.relative_bounding_box, location.relative_keypoints[:4]
        detections.append(
            _Detection(
                float(face.score[0]),
                complex((box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height),
                max(box.width * width, box.height * height),
                np.array([complex(key.x * width, key.y * height) for key in keys]),
            )
        )
    return detections


def _best(detections: list[_Detection]) -> _Detection:
    """The detection of the highest score; without any, one of score 0."""
    nothing = _Detection(0.0, 0j, 0.0, np.full(4, np.nan + 0j))
    return max(detections, key=lambda detection: detection.score, default=nothing)


def _starts(length: int, side: int) -> range:
    """Where tiles of a length begin that overlap by half and reach the end."""
    return range(0, max(1, length - side // 2), side // 2)


def _covers(mesh: NDArray[np.complex128], point: complex) -> bool:
    return bool(abs(mesh.mean() - point) < _size(mesh) / 2)


def _size(mesh: NDArray[np.complex128]) -> float:
    return float(np.sqrt(np.ptp(mesh.real) * np.ptp(mesh.imag)))


def _upright(mesh: NDArray[np.complex128]) -> tuple[complex, complex]:
    """a, b: the point z of the upright crop around a mesh lies at a * z + b in the picture."""
    axis = mesh[RIGHT_EYE].mean() - mesh[LEFT_EYE].mean()
    axis = axis / abs(axis) if axis else 1.0
    level = mesh / axis
    a = axis * _UPRIGHT * max(np.ptp(level.real), np.ptp(level.imag)) / _UPRIGHT_PX
    return complex(a), complex(mesh.mean() - a * _UPRIGHT_PX / 2 * (1 + 1j))


def _cropped(picture: Picture, a: complex, b: complex) -> Picture:
    crop = cv2.warpAffine(
        picture,
        np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]),
        (_UPRIGHT_PX, _UPRIGHT_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(crop, dtype=np.uint8)


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Silence the log of libraries in C, which write to the terminal beside what they return."""
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
