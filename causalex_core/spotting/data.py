"""Windows of videos, what the network is to answer on their frames, and folds of subjects.

Kinds come in the order of the network's channels: micro, then macro.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from causalex_core.errors import CausalexError
from causalex_core.spotting.model import CONTEXT, FRAMES
from causalex_core.training import Fold

KINDS = ("micro", "macro")
ONSET, APEX, OFFSET, ACTION = range(4)  # channels of marks
START, END, NEITHER = range(3)  # classes of a frame
VALID_FRAMES = FRAMES - 2 * CONTEXT  # frames of a window that no other window has
_VALID = slice(CONTEXT, FRAMES - CONTEXT)

# In the released code nothing spreads to the right from the 256th frame of a window on, though
# the window has 270: the last seven frames that are used miss their widening.
_RELEASED_REACH = 256


@dataclass(frozen=True)
class TargetConfig:
    """How marks become targets.

    Attributes
    ----------
    variant
        ``released``: as AUW-GCN's code writes them, its faults included. Annotations are taken
        as its tables write them: 0 is missing, and so is an onset in frame 0, but an apex of -1
        marks the last frame of the video. An expression whose apex lies beyond the video is left
        out, of two marks the later written wins, and the last seven frames miss their widening.
        ``sound``: without those; of two marks the nearer wins.
    radius
        Frames on each side of a mark that share its class or score, of micro and of macro.
    spread
        Standard deviation, in frames, of the apex score.
    """

    variant: Literal["released", "sound"] = "sound"
    radius: tuple[int, int] = (1, 3)
    spread: float = 4.0


class Targets(NamedTuple):
    """Targets of windows (B, 2, 256), of micro and of macro.

    Attributes
    ----------
    phase
        int64: start 0, end 1, neither 2.
    apex
        float32, 1 at an apex and less next to it.
    action
        float32, 1 from onset to offset.
    """

    phase: Tensor
    apex: Tensor
    action: Tensor


@dataclass(frozen=True)
class Video:
    """Motion (frames, nodes, channels) of one video, named as in the table of expressions."""

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
    targets
        Of the frames from 7 to 262 of each window.
    video
        (W,) position of the video.
    first
        (W,) frame of the video where the 256 valid frames begin.
    with_expression
        (W,) whether any of the 270 frames lies in an expression: AUW-GCN trains on these.
    subjects, names, lengths
        Of each video.
    """

    motion: Tensor
    targets: Targets
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
class Normalisation:
    """Mean and standard deviation of motion (channels,), or (folds, channels) of each fold."""

    mean: Tensor
    deviation: Tensor

    def to(self, device: torch.device) -> "Normalisation":
        """The same on a device."""
        return Normalisation(self.mean.to(device), self.deviation.to(device))

    def of(self, position: int) -> "Normalisation":
        """That of the fold at a position; constants are those of every fold."""
        if self.mean.ndim == 1:
            return self
        return Normalisation(self.mean[position], self.deviation[position])

    def __call__(self, motion: Tensor) -> Tensor:
        """Normalise (..., nodes, channels)."""
        return (motion - self.mean) / self.deviation


# Of another feature set, by their size: motion divided by 20 px reaches some tenths at most.
AUW_GCN_CONSTANTS = Normalisation(
    torch.tensor([0.003463, 0.003873]), torch.tensor([0.548588, 0.645621])
)


def marks(table: pd.DataFrame, frames: int, variant: str) -> np.ndarray:
    """Mark the annotated frames of one video.

    Parameters
    ----------
    table
        Expressions of this video: ``onset, apex, offset, kind``; a missing apex is the middle,
        a missing offset mirrors the onset. Without both, an expression is left out.
    frames
        Length of the video.
    variant
        ``released`` or ``sound``, see `TargetConfig`.

    Returns
    -------
    ndarray
        (frames, 2, 4) booleans: onset, apex, offset, action.
    """
    marked = np.zeros((frames, len(KINDS), 4), dtype=bool)
    columns = (table[name] for name in ("onset", "apex", "offset", "kind"))
    for onset, apex, offset, kind in zip(*columns, strict=True):
        if variant == "released":
            apex, offset = apex or np.nan, offset or np.nan
        missing = bool(np.isnan(apex)) + bool(np.isnan(offset))
        if missing == 2 or (variant == "released" and onset == 0 and missing):
            continue
        if np.isnan(offset):
            offset = 2 * apex - onset
        elif np.isnan(apex):
            apex = (onset + offset) // 2
        first, top, last = int(onset), int(apex), int(offset)
        of_kind = marked[:, KINDS.index(kind)]
        if variant == "released":
            if top >= frames:
                continue
            last = min(last, frames - 1)
            of_kind[[first, top, last], [ONSET, APEX, OFFSET]] = True
        else:
            for frame, channel in ((first, ONSET), (top, APEX), (last, OFFSET)):
                if 0 <= frame < frames:
                    of_kind[frame, channel] = True
        of_kind[max(first, 0) : last + 1, ACTION] = True
    return marked


def targets(marked: np.ndarray, config: TargetConfig) -> Targets:
    """Targets of windows from their marks (W, 270, 2, 4), which are zero beyond the video."""
    of_variant = _released if config.variant == "released" else _sound
    phase = np.full((*marked.shape[:3],), NEITHER, dtype=np.int64)
    apex = np.zeros(phase.shape, dtype=np.float32)
    for kind, radius in enumerate(config.radius):
        of_variant(marked[:, :, kind], radius, config.spread, phase[..., kind], apex[..., kind])
    action = marked[..., ACTION].astype(np.float32)
    return Targets(
        *(
            torch.from_numpy(np.ascontiguousarray(values[:, _VALID].transpose(0, 2, 1)))
            for values in (phase, apex, action)
        )
    )


def _released(
    marked: np.ndarray, radius: int, spread: float, phase: np.ndarray, apex: np.ndarray
) -> None:
    """Write the targets (W, 270) of one kind as AUW-GCN does: later marks overwrite."""

    def near(channel: int, distance: int) -> np.ndarray:
        reached = _shifted(marked[..., channel], distance)
        if distance < 0:
            reached[:, _RELEASED_REACH:] = False
        return reached

    distances = range(-radius, radius + 1)
    for channel, value in ((ONSET, START), (OFFSET, END)):
        for distance in distances:
            phase[near(channel, distance)] = value
    for distance in distances:
        apex[near(APEX, distance)] = _apex_score(distance, spread)


def _sound(
    marked: np.ndarray, radius: int, spread: float, phase: np.ndarray, apex: np.ndarray
) -> None:
    """Write the targets (W, 270) of one kind: of two marks the nearer; of equally near the end."""
    for distance in range(radius, -1, -1):
        for channel, value in ((ONSET, START), (OFFSET, END)):
            for side in (distance, -distance):
                phase[_shifted(marked[..., channel], side)] = value
        for side in (distance, -distance):
            apex[_shifted(marked[..., APEX], side)] = _apex_score(distance, spread)


def _shifted(marked: np.ndarray, distance: int) -> np.ndarray:
    """Whether frame t + distance of a window (W, 270) is marked, for each t."""
    shifted = np.zeros_like(marked)
    if distance >= 0:
        shifted[:, : FRAMES - distance] = marked[:, distance:]
    else:
        shifted[:, -distance:] = marked[:, :distance]
    return shifted


def _apex_score(distance: int, spread: float) -> float:
    return float(np.exp(-(distance**2) / (2 * spread**2)))


def cut(series: np.ndarray) -> np.ndarray:
    """Windows (W, 270, ...) of a series (frames, ...).

    The valid frames of window i begin at frame 256 i, with 7 more on each side; beyond the series
    a window is zero. A series of 1 to 256 frames is one window.
    """
    count = -(-len(series) // VALID_FRAMES)
    rest = count * VALID_FRAMES - len(series)
    padding = [(CONTEXT, rest + CONTEXT)] + [(0, 0)] * (series.ndim - 1)
    frame = VALID_FRAMES * np.arange(count)[:, None] + np.arange(FRAMES)
    return np.pad(series, padding)[frame]


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
        Marks (frames, 2, 4) of each video in place of those of its expressions; see :func:`marks`.

    Raises
    ------
    CausalexError
        If there is no video, a video has no frames, another shape than the first or motion that
        is not finite, two have one name, or an expression lies in a video that is not there.
    """
    _check(videos, table)
    config = config or TargetConfig()
    if marked is None:
        labels = {name: rows for name, rows in table.groupby(["subject", "video"], sort=False)}
        marked = [
            marks(
                labels.get((video.subject, video.name), table.iloc[:0]),
                len(video.motion),
                config.variant,
            )
            for video in videos
        ]
    motion = [cut(video.motion.astype(np.float32, copy=False)) for video in videos]
    counts = [len(windows) for windows in motion]
    all_marks = np.concatenate([cut(frames) for frames in marked])
    return Windows(
        motion=torch.from_numpy(np.concatenate(motion)),
        targets=targets(all_marks, config),
        video=np.repeat(np.arange(len(videos)), counts),
        first=np.concatenate([VALID_FRAMES * np.arange(count) for count in counts]),
        with_expression=np.asarray(all_marks[..., ACTION].any(axis=(1, 2))),
        subjects=tuple(video.subject for video in videos),
        names=tuple(video.name for video in videos),
        lengths=tuple(len(video.motion) for video in videos),
    )


def together(first: Windows, second: Windows) -> Windows:
    """Windows of two databases in one; their subjects and videos must have different names."""
    joined = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("first", "with_expression")
    }
    return Windows(
        motion=torch.cat([first.motion, second.motion]),
        targets=Targets(*map(torch.cat, zip(first.targets, second.targets, strict=True))),
        video=np.concatenate([first.video, second.video + len(first.names)]),
        subjects=first.subjects + second.subjects,
        names=first.names + second.names,
        lengths=first.lengths + second.lengths,
        **joined,
    )


def hold_out(
    windows: Windows,
    subjects: Collection[str],
    *,
    name: str,
    among: Collection[str] | None = None,
    all_windows: bool = False,
) -> Fold:
    """One fold: some subjects are tested, the others train.

    Parameters
    ----------
    subjects
        Who is held out.
    name
        Name of the fold.
    among
        All who take part; None: every subject.
    all_windows
        Train on windows without expression too.

    Raises
    ------
    CausalexError
        If no window is left to train on, or none to test.
    """
    subject = windows.subject
    held = np.isin(subject, list(subjects))
    part = np.ones_like(held) if among is None else np.isin(subject, list(among))
    train = part & ~held & (windows.with_expression | all_windows)
    if not train.any():
        raise CausalexError(
            f"fold '{name}': no window with an expression is left to train on; at least two"
            " subjects with expressions are needed"
        )
    if not held.any():
        raise CausalexError(f"fold '{name}': none of its subjects has a video")
    return Fold(name, np.flatnonzero(train), np.flatnonzero(held))


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
    motion = windows.motion[:, _VALID].double() * inside
    count = inside.sum((1, 2, 3)).double() * motion.shape[2]
    sums, squares = motion.sum((1, 2)), motion.square().sum((1, 2))
    subject = windows.subject
    means, deviations = [], []
    for fold in folds:
        part = np.isin(subject, np.unique(subject[fold.train]))
        frames = count[part].sum()
        mean = sums[part].sum(0) / frames
        variance = squares[part].sum(0) / frames - mean**2
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
