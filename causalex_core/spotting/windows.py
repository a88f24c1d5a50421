"""Videos cut into windows, all in one tensor, and the folds as indices into it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from causalex_core.errors import CausalexError
from causalex_core.spotting.losses import TargetBatch
from causalex_core.spotting.network import CONTEXT, FRAMES
from causalex_core.spotting.targets import ACTION, TargetConfig, marks, targets

VALID_FRAMES = FRAMES - 2 * CONTEXT  # frames of a window that no other window has


@dataclass(frozen=True)
class Video:
    """Motion of one video.

    Attributes
    ----------
    subject, name
        As in the table of expressions.
    motion
        (frames, nodes, channels).
    """

    subject: str
    name: str
    motion: np.ndarray


@dataclass(frozen=True)
class Windows:
    """All windows of all videos, in the order of the videos.

    Attributes
    ----------
    motion
        (W, 270, nodes, channels) float32 as measured, zero beyond the video.
    answers
        Targets (W, 2, 256) of the frames from 7 to 262 of each window.
    video
        (W,) position of the video.
    first
        (W,) frame of the video where the 256 judged frames begin.
    with_expression
        (W,) whether any of the 270 frames lies in an expression: AUW-GCN trains on these.
    subjects, names, lengths
        Of each video.
    """

    motion: Tensor
    answers: TargetBatch
    video: np.ndarray
    first: np.ndarray
    with_expression: np.ndarray
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    lengths: tuple[int, ...]

    @property
    def subject(self) -> np.ndarray:
        """(W,) subject of each window."""
        return np.array(self.subjects)[self.video]


@dataclass(frozen=True)
class Fold:
    """Windows that train a model, and those that it is to judge.

    Attributes
    ----------
    name
        Name of the fold: the subject that is left out.
    train, held_out
        Positions of windows.
    """

    name: str
    train: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True)
class Normalisation:
    """What is taken from motion and what it is divided by, per channel.

    Attributes
    ----------
    mean, deviation
        (channels,) or, one per fold, (folds, channels).
    """

    mean: Tensor
    deviation: Tensor

    def to(self, device: torch.device) -> "Normalisation":
        """The same on a device."""
        return Normalisation(self.mean.to(device), self.deviation.to(device))

    def of(self, folds: Tensor) -> "Normalisation":
        """That of some folds, by position; constants are those of every fold."""
        if self.mean.ndim == 1:
            return self
        return Normalisation(self.mean[folds], self.deviation[folds])

    def __call__(self, motion: Tensor) -> Tensor:
        """Normalise (..., windows, frames, nodes, channels)."""
        mean, deviation = (
            values[..., None, None, None, :].to(motion) for values in (self.mean, self.deviation)
        )
        return (motion - mean) / deviation


# Of another feature set, by their size: motion divided by 20 px reaches some tenths at most.
AUW_GCN_CONSTANTS = Normalisation(
    torch.tensor([0.003463, 0.003873]), torch.tensor([0.548588, 0.645621])
)


def cut(series: np.ndarray) -> np.ndarray:
    """Windows of a series.

    Parameters
    ----------
    series
        (frames, ...).

    Returns
    -------
    ndarray
        (W, 270, ...): window i judges the frames from 256 i and sees 7 more on each side;
        beyond the series it is zero. A series of 1 to 256 frames is one window.
    """
    count = -(-len(series) // VALID_FRAMES)
    rest = count * VALID_FRAMES - len(series)
    padding = [(CONTEXT, rest + CONTEXT)] + [(0, 0)] * (series.ndim - 1)
    padded = np.pad(series, padding)
    frame = VALID_FRAMES * np.arange(count)[:, None] + np.arange(FRAMES)
    return padded[frame]


def gather(
    videos: Sequence[Video],
    table: pd.DataFrame,
    config: TargetConfig | None = None,
    marked: Sequence[np.ndarray] | None = None,
) -> Windows:
    """Cut videos and their labels into windows.

    Parameters
    ----------
    videos
        Videos of any length from one frame on.
    table
        Expressions ``subject, video, onset, apex, offset, kind``; a video without any is allowed.
    config
        How labels become targets.
    marked
        Marks (frames, 2, 4) of each video in place of those that its expressions give, as
        :func:`causalex_core.spotting.targets.marks` has them.

    Raises
    ------
    CausalexError
        If there is no video, a video has no frames, another shape than the first or motion that
        is not finite, two have one name, or an expression lies in a video that is not there.
    """
    _check(videos, table)
    config = config or TargetConfig()
    labels = {name: rows for name, rows in table.groupby(["subject", "video"], sort=False)}
    motion, cut_marks = [], []
    for number, video in enumerate(videos):
        motion.append(cut(video.motion.astype(np.float32, copy=False)))
        if marked is None:
            rows = labels.get((video.subject, video.name), table.iloc[:0])
            cut_marks.append(cut(marks(rows, len(video.motion), config.variant)))
        else:
            cut_marks.append(cut(marked[number]))
    counts = [len(windows) for windows in motion]
    all_marks = np.concatenate(cut_marks)
    judged = targets(all_marks, config)
    return Windows(
        motion=torch.from_numpy(np.concatenate(motion)),
        answers=TargetBatch(
            torch.from_numpy(judged.phase.astype(np.int64)),
            torch.from_numpy(judged.apex),
            torch.from_numpy(judged.action),
        ),
        video=np.repeat(np.arange(len(videos)), counts),
        first=np.concatenate([VALID_FRAMES * np.arange(count) for count in counts]),
        with_expression=np.asarray(all_marks[..., ACTION].any(axis=(1, 2))),
        subjects=tuple(video.subject for video in videos),
        names=tuple(video.name for video in videos),
        lengths=tuple(len(video.motion) for video in videos),
    )


def hold_out(
    windows: Windows,
    subjects: Collection[str],
    *,
    name: str,
    among: Collection[str] | None = None,
    all_windows: bool = False,
) -> Fold:
    """One fold: some subjects are judged, the others train.

    Parameters
    ----------
    subjects
        Who is held out.
    name
        Name of the fold.
    among
        All who take part; None: every subject. Those outside neither train nor are judged.
    all_windows
        Train on windows without expression too.

    Raises
    ------
    CausalexError
        If no window is left to train on, or none to judge.
    """
    subject = windows.subject
    held = np.isin(subject, list(subjects))
    part = np.ones_like(held) if among is None else np.isin(subject, list(among))
    useful = part & ~held & (windows.with_expression | all_windows)
    if not useful.any():
        raise CausalexError(
            f"fold '{name}': no window with an expression is left to train on; at least two"
            " subjects with expressions are needed"
        )
    if not held.any():
        raise CausalexError(f"fold '{name}': none of its subjects has a video")
    return Fold(name, np.flatnonzero(useful), np.flatnonzero(held))


def together(one: Windows, other: Windows) -> Windows:
    """Windows of two databases in one; their subjects and videos must have different names."""
    return Windows(
        motion=torch.cat([one.motion, other.motion]),
        answers=TargetBatch(
            *(torch.cat(parts) for parts in zip(one.answers, other.answers, strict=True))
        ),
        video=np.concatenate([one.video, other.video + len(one.names)]),
        first=np.concatenate([one.first, other.first]),
        with_expression=np.concatenate([one.with_expression, other.with_expression]),
        subjects=one.subjects + other.subjects,
        names=one.names + other.names,
        lengths=one.lengths + other.lengths,
    )


def leave_one_subject_out(windows: Windows, *, all_windows: bool = False) -> list[Fold]:
    """A fold per subject, in the order of their first videos."""
    return [
        hold_out(windows, [subject], name=subject, all_windows=all_windows)
        for subject in dict.fromkeys(windows.subjects)
    ]


def training_normalisation(windows: Windows, folds: Sequence[Fold]) -> Normalisation:
    """Mean and deviation per channel over all frames of each fold's training subjects."""
    ends = np.array(windows.lengths)[windows.video] - windows.first
    inside = torch.from_numpy(np.arange(VALID_FRAMES) < ends[:, None])[..., None, None]
    judged = windows.motion[:, CONTEXT : FRAMES - CONTEXT].double() * inside
    count = inside.sum((1, 2, 3)).double() * judged.shape[2]
    first, second = judged.sum((1, 2)), judged.square().sum((1, 2))
    subject = windows.subject
    means, deviations = [], []
    for fold in folds:
        part = np.isin(subject, np.unique(subject[fold.train]))
        frames = count[part].sum()
        mean = first[part].sum(0) / frames
        variance = second[part].sum(0) / frames - mean**2
        means.append(mean)
        deviations.append(variance.clamp(min=1e-12).sqrt())
    return Normalisation(torch.stack(means).float(), torch.stack(deviations).float())


def _check(videos: Sequence[Video], table: pd.DataFrame) -> None:
    """Refuse what cannot be cut."""
    if not videos:
        raise CausalexError("no video given; at least one is needed")
    shape = videos[0].motion.shape[1:]
    for video in videos:
        where = f"video '{video.name}' of subject '{video.subject}'"
        if video.motion.ndim != 3 or video.motion.shape[1:] != shape or not len(video.motion):
            raise CausalexError(
                f"{where}: motion of shape {video.motion.shape}; expected (frames, nodes,"
                f" channels) with at least one frame, nodes and channels {shape} as in the first"
            )
        bad = np.flatnonzero(~np.isfinite(video.motion).all(axis=(1, 2)))
        if len(bad):
            raise CausalexError(
                f"{where}: motion of frame {bad[0]} is not finite ({len(bad)} frames in all);"
                " extract it again or set these frames to zero"
            )
    known = {(video.subject, video.name) for video in videos}
    if len(known) < len(videos):
        raise CausalexError("two videos have the same subject and name; names must differ")
    absent = set(zip(table["subject"], table["video"], strict=True)) - known
    if absent:
        subject, name = min(absent)
        raise CausalexError(
            f"expressions of video '{name}' of subject '{subject}', but no motion of it: leave"
            f" them out or give its motion ({len(absent)} such videos)"
        )
