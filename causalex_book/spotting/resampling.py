"""Motion, labels and read-out at another frame rate."""

from dataclasses import replace

import numpy as np
import pandas as pd

from causalex_book.spotting.material import SpottingDataset
from causalex_core.expressions import FRAMES
from causalex_core.motion.record import MotionRecord, Quality
from causalex_core.spotting import graph
from causalex_core.spotting.data import TargetConfig, Video, gather
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule


def at_rate(part: SpottingDataset, fps: float, search: GraphConfig) -> SpottingDataset:
    """A database at another rate; targets follow from its annotations, in AUW-GCN's way.

    Parameters
    ----------
    part
        With the motion of its videos.
    fps
        Frames per second; the database's own gives it back as it is.
    search
        How the graph of each video is found.
    """
    if fps == part.fps:
        return part
    factor = fps / part.fps
    videos = tuple(
        Video(video.subject, video.name, motion(video.motion, factor)) for video in part.videos
    )
    truth = labels(part.truth, factor)
    everywhere = (
        MotionRecord(
            video.motion,
            np.full(len(video.motion), Quality.MEASURED, np.uint8),
            fps,
            subject=video.subject,
            video=video.name,
        )
        for video in videos
    )
    return replace(
        part,
        fps=fps,
        videos=videos,
        truth=truth,
        windows=gather(videos, truth, TargetConfig("released")),
        marks=tuple(graph.of_video(one, search).marks for one in everywhere),
    )


def motion(steps: np.ndarray, factor: float) -> np.ndarray:
    """Steps from frame to frame at another rate, with the same path.

    Parameters
    ----------
    steps
        (T, regions, 2) motion from each frame to the next.
    factor
        New rate over the old.

    Returns
    -------
    ndarray
        (floor(T * factor), regions, 2), of the same type. Positions between two frames lie on the
        line between them.
    """
    path = np.concatenate([np.zeros_like(steps[:1]), steps]).cumsum(axis=0, dtype=np.float64)
    count = int(len(steps) * factor + 1e-9)
    times = np.arange(count + 1) / factor
    before = np.minimum(times.astype(int), len(steps) - 1)
    share = (times - before)[:, None, None]
    positions = path[before] * (1 - share) + path[before + 1] * share
    return np.diff(positions, axis=0).astype(steps.dtype)


def labels(table: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Expressions with their frames counted at another rate, rounded down."""
    return table.assign(**{name: np.floor(table[name] * factor) for name in FRAMES})


def rules(read_out: ProposalConfig, factor: float) -> ProposalConfig:
    """Rules whose search and lengths are as long in seconds at another rate."""
    return replace(
        read_out, micro=_rule(read_out.micro, factor), macro=_rule(read_out.macro, factor)
    )


def _rule(rule: ProposalRule, factor: float) -> ProposalRule:
    (near, far), (shortest, longest) = (
        tuple(round(frames * factor) for frames in pair)
        for pair in (rule.search_window, rule.length)
    )
    return replace(rule, search_window=(near, far), length=(shortest, longest))
