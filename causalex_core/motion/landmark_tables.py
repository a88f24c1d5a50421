"""Landmarks in files of OpenFace, py-feat, LibreFace, MediaPipe and AUW-GCN's pipeline."""

import csv
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core.errors import CausalexError
from causalex_core.motion.alignment import LARGEST, face_point, follow
from causalex_core.motion.landmarks import POINTS, VERTICES, Given

_PY_FEAT = {"FaceScore", "FaceRectX", "input"}  # columns by which its tables are known
_ZERO_BASED = "frame_idx"
_LAST = 1_000_000  # number of a frame
_SPARSEST = 1000  # frames for one row: a second at the highest rate
_COUNTS = f"{POINTS} points, or MediaPipe's {' or '.join(map(str, VERTICES))}"


def read(path: Path, every: int = 1, face: str | None = None) -> Given:
    """Landmarks from a file, one row per face and frame.

    ``.npy``
        Array (T, 68, 2), or of MediaPipe's 468 or 478 vertices.
    ``.csv`` with a header
        Columns ``x_0 .. x_67, y_0 .. y_67`` as OpenFace and py-feat write them; up to ``x_467`` or
        ``x_477`` for MediaPipe's vertices; ``lm_mp_0_x ..`` of LibreFace, in fractions of the
        picture. ``frame`` places the rows, counted from 1 as in OpenFace or, where other columns
        show that the table is py-feat's, from 0; so does ``frame_idx`` from 0. Tables may hold each
        n-th frame only. Rows whose ``success`` is 0, or whose points are empty, have no face.
    ``.csv`` without a header
        136 numbers per row: all x, then all y, as AUW-GCN's pipeline writes them.

    Parameters
    ----------
    path
        The file.
    every
        Of the video's frames only each `every`-th is kept: numbered rows of the others are left
        out. Rows without numbers may be those of all frames, or of the kept ones.
    face
        Whose landmarks: see :func:`causalex_core.motion.alignment.follow`, or a ``face_id`` of the
        table. None: of the only face.

    Raises
    ------
    CausalexError
        Naming the file and what in it was not expected.
    """
    try:
        if face is not None and (path.suffix == ".npy" or not face.isdecimal()):
            face_point(face)
        if path.suffix == ".npy":
            return Given(_array(path), every=every)
        if path.suffix != ".csv":
            raise CausalexError("landmarks are read from .csv or .npy")
        table = _table(path)
        points, fractions = _points(table)
        frames = _frames(table)
        label = ""
        if face and face.isdecimal():
            rows, label, face = _of_identity(table, face), f"face_id {face}", LARGEST
            table, points = table[rows], points[rows]
            frames = None if frames is None else frames[rows]
        if frames is None:
            return Given(points, fractions, every=every, face=label)
        kept = frames % every == 0
        if not kept.any():
            raise CausalexError(f"no row belongs to an {every}th frame, counted from 0")
        names = table.get("face_id", pd.Series("", table.index))[kept]
        placed = _placed(points[kept], frames[kept] // every, names, face)
        return replace(placed, fractions=fractions, face=label or placed.face)
    except UnicodeDecodeError as error:
        raise CausalexError(f"{path} is not a text file: {error}") from error
    except csv.Error as error:
        raise CausalexError(f"{path} is no table of comma-separated values: {error}") from error
    except CausalexError as error:
        raise CausalexError(f"{path}: {error}") from error


def _array(path: Path) -> NDArray[Any]:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise CausalexError(f"it is not an array of landmarks: {error}") from error


def _table(path: Path) -> pd.DataFrame:
    """Cells as text under their names; those without a header get the names of OpenFace."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = [[cell.strip() for cell in row] for row in csv.reader(stream) if row]
    if not rows:
        raise CausalexError("it is empty; expected one row of landmarks per frame")
    plain = 2 * sum(map(_is_number, rows[0])) >= len(rows[0])
    header = [f"{axis}_{k}" for axis in "xy" for k in range(POINTS)] if plain else rows.pop(0)
    for number, row in enumerate(rows, start=1 if plain else 2):
        if len(row) != len(header):
            raise CausalexError(f"row {number}: {len(row)} values, expected {len(header)}")
    if not rows:
        raise CausalexError("it has no row below its header")
    return pd.DataFrame(rows, columns=header, dtype=str)


def _points(table: pd.DataFrame) -> tuple[NDArray[np.floating], bool]:
    """Landmarks (R, 68, 2), NaN without a face, and whether they are fractions of the picture."""
    fractions = "lm_mp_0_x" in table
    pattern = "lm_mp_{}_{}" if fractions else "{1}_{0}"
    x, y = (
        [name for k in range(len(table.columns)) if (name := pattern.format(k, axis)) in table]
        for axis in "xy"
    )
    if len(x) != len(y) or len(x) not in (POINTS, *VERTICES):
        raise CausalexError(
            f"it has columns of {len(x)} x and {len(y)} y: expected x_0, x_1, ... and y_0, y_1, ..."
            f" of {_COUNTS}"
        )
    points = Given(np.stack((_numbers(table, x), _numbers(table, y)), axis=-1)).points
    if "success" in table:
        points = np.where(_numbers(table, ["success"])[..., None] > 0, points, np.nan)
    return points, fractions


def _frames(table: pd.DataFrame) -> NDArray[np.int64] | None:
    """Frame of each row, from 0; None if the table does not say."""
    column = next((name for name in ("frame", _ZERO_BASED) if name in table), None)
    if column is None:
        return None
    if len(set(table.get("input", ""))) > 1:
        raise CausalexError("it holds the rows of several videos (column 'input'): keep one")
    numbers = _numbers(table, [column])[:, 0]
    first = 0 if column == _ZERO_BASED or not _PY_FEAT.isdisjoint(table) else 1
    right = (numbers >= first) & (numbers == np.round(numbers)) & (numbers < _LAST)
    if not right.all():
        raise CausalexError(
            f"frame {table[column].iloc[int(right.argmin())]!r}; frames are whole numbers,"
            f" counted from {first}, below {_LAST}"
        )
    return numbers.astype(np.int64) - first


def _of_identity(table: pd.DataFrame, face: str) -> NDArray[np.bool_]:
    """Rows of one of the faces that OpenFace numbers."""
    names = table.get("face_id", pd.Series("none", table.index))
    rows = (names == face).to_numpy()
    if not rows.any():
        raise CausalexError(f"no face_id is {face}; they are: {', '.join(sorted(set(names)))}")
    return rows


def _placed(
    points: NDArray[np.floating], frames: NDArray[np.int64], names: pd.Series, face: str | None
) -> Given:
    """Landmarks of one face in the order of the frames, and which of these have rows."""
    index = np.unique(frames)
    if index[-1] - index[0] > _SPARSEST * len(index):
        raise CausalexError(
            f"{len(index)} frames have rows, the last is number {index[-1]} from 0: expected one in"
            f" {_SPARSEST} at least"
        )
    step = math.gcd(*np.diff(index).tolist()) or 1
    seen = np.isfinite(points).all(axis=(1, 2))
    faces, frames = points[seen].astype(np.float64), frames[seen]
    dense = np.full((index[-1] + 1, POINTS, 2), np.nan)
    if len(np.unique(frames)) == len(frames) and names[seen].nunique() <= 1:
        dense[frames] = faces
        return Given(dense, numbered=True, start=int(index[0]), step=step)
    if face is None:
        raise CausalexError(
            "it holds several faces: choose one (--face largest, left, right, X,Y in pixels or a"
            " number in the column face_id)"
        )
    looked_at = np.arange(index[0], index[-1] + 1, step)
    order = np.argsort(frames, kind="stable")
    bounds = np.searchsorted(frames[order], np.append(looked_at, index[-1] + 1))
    samples = [faces[order[start:stop]] for start, stop in pairwise(bounds)]
    track = follow(looked_at, samples, step, face)
    several = np.zeros(len(dense), dtype=bool)
    dense[looked_at], several[looked_at] = track.points, track.several
    return Given(
        dense, numbered=True, start=int(index[0]), step=step, several=several, face=track.face
    )


def _numbers(table: pd.DataFrame, names: list[str]) -> NDArray[np.float64]:
    """Columns (R, N) of numbers; empty cells are NaN."""
    cells = table[names].mask(table[names] == "", "nan")
    if cells.shape[1] != len(names):
        raise CausalexError(f"one of the columns {names[0]} .. {names[-1]} stands twice")
    try:
        return cells.to_numpy(dtype=float)
    except ValueError as error:
        raise CausalexError(f"{error}; expected numbers in {names[0]} .. {names[-1]}") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
