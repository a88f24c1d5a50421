"""From scores of frames to scored intervals."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from causalex_core.errors import CausalexError
from causalex_core.spotting.network import CONTEXT
from causalex_core.spotting.suppression import suppress
from causalex_core.spotting.targets import KINDS
from causalex_core.spotting.windows import VALID_FRAMES, Windows

HEADS = ("onset", "offset", "apex")


@dataclass(frozen=True)
class ProposalRule:
    """When frames become an interval, for one kind of expression.

    Attributes
    ----------
    threshold
        Apex score above which a frame is tried as an apex.
    reach
        Nearest and farthest frame from the apex where onset and offset are looked for.
    length
        Shortest and longest interval, offset minus onset.
    keep
        Intervals kept per video.
    """

    threshold: float
    reach: tuple[int, int]
    length: tuple[int, int]
    keep: int


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


def probabilities(logits: Tensor) -> Tensor:
    """Probability of each head on the frames that a window judges.

    Parameters
    ----------
    logits
        (..., 10, 270).

    Returns
    -------
    Tensor
        (..., 2, 3, 256): micro and macro; onset, offset and apex.
    """
    judged = logits[..., CONTEXT : logits.shape[-1] - CONTEXT]
    phase = torch.softmax(judged[..., :6, :].unflatten(-2, (2, 3)), dim=-2)
    apex = torch.sigmoid(judged[..., 6:8, :])
    return torch.cat([phase[..., :2, :], apex[..., None, :]], dim=-2)


def type_probabilities(logits: Tensor) -> Tensor:
    """Probability that a frame lies in an expression of each kind: h_type of Eq. 7.

    It takes part in the loss; intervals are proposed without it.

    Parameters
    ----------
    logits
        (..., 10, 270).

    Returns
    -------
    Tensor
        (..., 2, 256), micro and macro.
    """
    return torch.sigmoid(logits[..., 8:10, CONTEXT : logits.shape[-1] - CONTEXT])


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
        distance = np.arange(rule.reach[0], rule.reach[1] + 1)
        before = np.maximum(top[:, None] - distance, low[window][:, None])
        after = np.minimum(top[:, None] + distance, high[window][:, None] - 1)
        row = np.arange(len(top))
        onset = before[row, start[before].argmax(axis=1)]
        offset = after[row, end[after].argmax(axis=1)]
        length = offset - onset
        good = (start[onset] > end[onset]) & (start[offset] < end[offset])
        good &= (length >= rule.length[0]) & (length <= rule.length[1])
        top, window, onset, offset = top[good], window[good], onset[good], offset[good]
        begin = origin[window] - shift
        found = pd.DataFrame(
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
        tables.append(found)
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
        best = suppress(onset, offset, score, rule.keep, config.overlap, video)
        kept.append(part.iloc[best])
    found = pd.concat(kept).sort_values("video", kind="stable", ignore_index=True)
    place = found["video"].to_numpy(int)
    return found[["onset", "apex", "offset", "kind", "score"]].assign(
        subject=np.array(windows.subjects, dtype=object)[place],
        video=np.array(windows.names, dtype=object)[place],
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
