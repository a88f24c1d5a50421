"""From probabilities of frames to scored intervals: proposals, then non-maximum suppression."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from causalex_core.errors import CausalexError
from causalex_core.spotting.data import KINDS, VALID_FRAMES, Windows
from causalex_core.spotting.model import CONTEXT

HEADS = ("onset", "offset", "apex")


@dataclass(frozen=True)
class ProposalRule:
    """When frames become an interval, for one kind of expression.

    Attributes
    ----------
    threshold
        Apex score above which a frame is tried as an apex.
    search_window
        Nearest and farthest frame from the apex where onset and offset are looked for.
    length
        Shortest and longest interval, offset minus onset.
    top_k
        Intervals kept per video.
    """

    threshold: float
    search_window: tuple[int, int]
    length: tuple[int, int]
    top_k: int


@dataclass(frozen=True)
class ProposalConfig:
    """How intervals are proposed; the rules are AUW-GCN's for CAS(ME)^2.

    Attributes
    ----------
    micro, macro
        Rule of each kind.
    variant
        ``released``: each window by itself, its last frames beyond the video included, and all
        frames moved by one. ``sound``: on the curve of the whole video.
    overlap
        IoU above which the lesser of two proposals is left out.
    """

    micro: ProposalRule = field(default=ProposalRule(0.5, (2, 7), (5, 30), 5))
    macro: ProposalRule = field(default=ProposalRule(0.5, (7, 29), (15, 88), 5))
    variant: Literal["released", "sound"] = "sound"
    overlap: float = 0.5


CAS = ProposalConfig()
SAMM = ProposalConfig(
    micro=ProposalRule(0.5, (2, 7), (4, 13), 5), macro=ProposalRule(0.5, (6, 27), (12, 81), 6)
)


def head_probabilities(logits: Tensor) -> Tensor:
    """Probability of each head on the frames that a window is valid for.

    Parameters
    ----------
    logits
        (..., 10, 270).

    Returns
    -------
    Tensor
        (..., 2, 4, 256): micro and macro; onset, offset, apex and type, which takes part in the
        loss alone: intervals are proposed without it.
    """
    valid = logits[..., CONTEXT : logits.shape[-1] - CONTEXT]
    phase = torch.softmax(valid[..., :6, :].unflatten(-2, (2, 3)), dim=-2)
    apex, kind = torch.sigmoid(valid[..., 6:, :]).unflatten(-2, (2, 2)).unbind(-3)
    return torch.cat([phase[..., :2, :], apex[..., None, :], kind[..., None, :]], dim=-2)  # Eq. 7


def probabilities(logits: Tensor) -> Tensor:
    """Those (..., 2, 3, 256) that intervals are proposed from: onset, offset and apex."""
    return head_probabilities(logits)[..., : len(HEADS), :]


def propose(
    scores: np.ndarray,
    windows: Windows,
    config: ProposalConfig | None = None,
    positions: np.ndarray | None = None,
) -> pd.DataFrame:
    """Every interval that the rules allow, before suppression.

    Parameters
    ----------
    scores
        (W, 2, 3, 256) probabilities, or such less a counterfactual's.
    windows
        Where the windows lie.
    config
        Rules and variant.
    positions
        Which windows `scores` has, all those of a video one after the other; None: all.

    Returns
    -------
    DataFrame
        A row per frame whose apex score is above the threshold and whose best onset and offset
        are more an onset and more an offset than the other: ``video`` (position), ``kind``,
        ``onset, apex, offset`` (frames of the video), ``onset_score, offset_score, apex_score``,
        ``score`` (their product).

    Raises
    ------
    CausalexError
        If there are not as many scores as windows, or scores are no numbers.
    """
    config = config or ProposalConfig()
    video, first = windows.video, windows.first
    if positions is not None:
        video, first = video[positions], first[positions]
    if scores.shape != (len(video), len(KINDS), len(HEADS), VALID_FRAMES):
        raise CausalexError(
            f"scores of shape {scores.shape}: expected"
            f" {(len(video), len(KINDS), len(HEADS), VALID_FRAMES)}, a row per window"
        )
    unknown = np.isnan(scores).any(axis=(1, 2, 3))
    if unknown.any():
        raise CausalexError(
            f"{unknown.sum()} of {len(scores)} windows have scores that are no numbers, such as"
            " windows that no fold holds out: leave them out with positions"
        )
    low, high, origin = _borders(video, first, np.array(windows.lengths), config.variant)
    curves = np.moveaxis(scores, 0, 2).reshape(len(KINDS), len(HEADS), -1)
    shift = 1 if config.variant == "released" else 0
    tables = []
    for kind, rule, (start, end, apex) in zip(
        KINDS, (config.micro, config.macro), curves, strict=True
    ):
        top = np.flatnonzero(apex > rule.threshold)
        window = top // VALID_FRAMES
        top, window = top[top < high[window]], window[top < high[window]]
        distance = np.arange(rule.search_window[0], rule.search_window[1] + 1)
        before = np.maximum(top[:, None] - distance, low[window][:, None])
        after = np.minimum(top[:, None] + distance, high[window][:, None] - 1)
        row = np.arange(len(top))
        onset = before[row, start[before].argmax(axis=1)]
        offset = after[row, end[after].argmax(axis=1)]
        length = offset - onset
        valid = (start[onset] > end[onset]) & (start[offset] < end[offset])
        valid &= (length >= rule.length[0]) & (length <= rule.length[1])
        top, window, onset, offset = top[valid], window[valid], onset[valid], offset[valid]
        begin = origin[window] - shift
        proposals = pd.DataFrame(
            {
                "video": video[window],
                "kind": kind,
                "onset": onset - begin,
                "apex": top - begin,
                "offset": offset - begin,
                "onset_score": start[onset],
                "offset_score": end[offset],
                "apex_score": apex[top],
            }
        )
        tables.append(proposals)
    table = pd.concat(tables, ignore_index=True)
    return table.assign(score=table["onset_score"] * table["offset_score"] * table["apex_score"])


def choose(proposals: pd.DataFrame, windows: Windows, config: ProposalConfig) -> pd.DataFrame:
    """Detections: the best proposals of each video and kind that overlap little.

    Parameters
    ----------
    proposals
        As :func:`propose` returns them.

    Returns
    -------
    DataFrame
        ``subject, video`` (names), ``onset, apex, offset, kind, score``, by video, micro first,
        best first.
    """
    kept = []
    for kind, rule in zip(KINDS, (config.micro, config.macro), strict=True):
        part = proposals[proposals["kind"] == kind]
        onset, offset, score, video = (
            part[name].to_numpy() for name in ("onset", "offset", "score", "video")
        )
        best = suppress(onset, offset, score, rule.top_k, config.overlap, video)
        kept.append(part.iloc[best])
    detections = pd.concat(kept).sort_values("video", kind="stable", ignore_index=True)
    video = detections["video"].to_numpy(int)
    return detections[["onset", "apex", "offset", "kind", "score"]].assign(
        subject=np.array(windows.subjects, dtype=object)[video],
        video=np.array(windows.names, dtype=object)[video],
    )[["subject", "video", "onset", "apex", "offset", "kind", "score"]]


def detect(
    scores: np.ndarray,
    windows: Windows,
    config: ProposalConfig | None = None,
    positions: np.ndarray | None = None,
) -> pd.DataFrame:
    """Propose and choose; see :func:`propose` and :func:`choose`."""
    config = config or ProposalConfig()
    return choose(propose(scores, windows, config, positions), windows, config)


def _borders(
    video: np.ndarray, first: np.ndarray, lengths: np.ndarray, variant: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each window's search begins and ends, and where frame 0 of its video lies.

    In frames of all windows laid end to end.
    """
    begin = VALID_FRAMES * np.arange(len(video))
    origin = begin - first
    if variant == "released":
        return begin, begin + VALID_FRAMES, origin
    return origin, origin + lengths[video], origin


def suppress(
    onset: np.ndarray,
    offset: np.ndarray,
    score: np.ndarray,
    top_k: int,
    overlap: float = 0.5,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Greedy choice of the best proposals of one video and kind, as AUW-GCN makes it.

    The best proposal is kept and every other that overlaps it too much is left out, until
    `top_k` are kept or no proposal with a positive score is left.

    Parameters
    ----------
    onset, offset
        (n,) frames; the length of an interval is ``offset - onset`` here.
    score
        (n,) scores; a proposal of score 0 is never kept.
    top_k
        Largest number of proposals kept.
    overlap
        IoU above which the lesser proposal is left out; an IoU of just this much stays.
    group
        (n,) numbers; proposals of different groups do not see each other, and `top_k` holds for
        each. None: all are one group.

    Returns
    -------
    ndarray
        Positions of the kept proposals, by group, best first; of equal scores the first in the
        input.
    """
    score = np.asarray(score, dtype=float)
    group = np.zeros(len(score), dtype=int) if group is None else group
    order = np.lexsort((-score, group))
    order = order[score[order] > 0]
    kept: list[np.ndarray] = []
    for _ in range(top_k):
        if not len(order):
            break
        first = np.flatnonzero(np.diff(group[order], prepend=group[order[0]] - 1))
        best = order[first]
        kept.append(best)
        rival = best.repeat(np.diff(first, append=len(order)))
        inner = np.minimum(offset[order], offset[rival]) - np.maximum(onset[order], onset[rival])
        inner = np.maximum(inner, 0)
        union = (offset - onset)[order] + (offset - onset)[rival] - inner
        left = inner <= overlap * union
        left[first] = False
        order = order[left]
    chosen = np.concatenate(kept) if kept else np.zeros(0, dtype=int)
    return chosen[np.lexsort((-score[chosen], group[chosen]))]
