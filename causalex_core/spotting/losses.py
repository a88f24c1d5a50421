"""Losses of AUW-GCN, one value per fold.

Both are focal: what is answered well already weighs little. Logits and targets are (folds,
windows, ..., frames); ``real`` marks with ones the windows that count.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor

from causalex_core.spotting.targets import NEITHER


class TargetBatch(NamedTuple):
    """Targets of a batch.

    Attributes
    ----------
    phase
        (F, B, 2, T) int64: start, end or neither, of micro and of macro.
    apex, action
        (F, B, 2, T) float32 scores.
    """

    phase: Tensor
    apex: Tensor
    action: Tensor


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms.

    Attributes
    ----------
    micro, macro
        Weight of a kind's three terms; AUW-GCN takes 0.5 for macro on CAS(ME)^2, 0.7 on SAMM.
    micro_apex
        Further weight of the apex of micro-expressions.
    action
        Further weight of the action terms.
    """

    micro: float = 1.0
    macro: float = 0.5
    micro_apex: float = 1.8
    action: float = 0.1


CAS = LossConfig()
SAMM = LossConfig(macro=0.7)

_MARK, _NO_MARK = 0.45, 0.10  # weights of start and end, and of neither
_APEX, _ACTION = 0.90, 0.80  # weights of frames with a score, against those without
_SMOOTH, _EPSILON = 0.16, 1e-5


def terms(logits: Tensor, answers: TargetBatch, real: Tensor | None = None) -> dict[str, Tensor]:
    """The six losses.

    Parameters
    ----------
    logits
        (F, B, 10, T): start, end, neither of micro and of macro, their apexes, their actions.
    answers
        What they should be.
    real
        (F, B) ones and zeros, None: all windows count.

    Returns
    -------
    dict
        ``micro_phase, macro_phase, micro_apex, macro_apex, micro_action, macro_action``: (F,)
        means over windows and frames; 0 for a fold without windows.
    """
    found = {
        "phase": _phase(logits[..., :6, :].unflatten(-2, (2, 3)), answers.phase),
        "apex": _score(logits[..., 6:8, :], answers.apex, _APEX),
        "action": _score(logits[..., 8:, :], answers.action, _ACTION),
    }
    means = {name: _mean(each, real) for name, each in found.items()}
    return {
        f"{kind}_{name}": mean[:, position]
        for name, mean in means.items()
        for position, kind in enumerate(("micro", "macro"))
    }


def total(losses: dict[str, Tensor], config: LossConfig = CAS) -> Tensor:
    """Weighted sum of the six losses, (F,)."""
    micro = (
        config.micro_apex * losses["micro_apex"]
        + losses["micro_phase"]
        + config.action * losses["micro_action"]
    )
    macro = losses["macro_apex"] + losses["macro_phase"] + config.action * losses["macro_action"]
    return config.micro * micro + config.macro * macro


def _phase(logits: Tensor, phase: Tensor) -> Tensor:
    """Loss of classes per frame (F, B, 2, T), of logits (F, B, 2, 3, T)."""
    log_all = nnf.log_softmax(logits, dim=-2)
    log = log_all.gather(-2, phase[..., None, :])[..., 0, :]
    weight = torch.where(phase == NEITHER, _NO_MARK, _MARK)
    return -weight * (1 - log.exp()) * log


def _score(logits: Tensor, score: Tensor, weight: float) -> Tensor:
    """Loss of scores per frame (F, B, 2, T); where there is none, 0.16 costs nothing."""
    found = torch.sigmoid(logits)
    there = -weight * (score - found).abs() * torch.log(found + _EPSILON)
    absent = -(1 - weight) * (_SMOOTH - found).abs() * torch.log(1 - found + _EPSILON)
    return torch.where(score > 0, there, absent)


def _mean(each: Tensor, real: Tensor | None) -> Tensor:
    """Mean (F, 2) over windows and frames that count."""
    if real is None:
        return each.mean((1, 3))
    count = real.sum(1).clamp(min=1)
    return (each.mean(3) * real[..., None]).sum(1) / count[:, None]
