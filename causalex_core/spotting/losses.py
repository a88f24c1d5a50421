"""Losses of AUW-GCN; both kinds are focal: a good answer already weighs little."""

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

from causalex_core.spotting.data import KINDS, NEITHER, Targets


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

MARK, NO_MARK = 0.45, 0.10  # weights of start and end, and of neither
APEX, ACTION = 0.90, 0.80  # weights of frames with a score, against those without
SMOOTH, EPSILON = 0.16, 1e-5


def terms(logits: Tensor, targets: Targets) -> dict[str, Tensor]:
    """The six losses, means over windows and frames.

    Parameters
    ----------
    logits
        (B, 10, T): start, end, neither of micro and of macro, their apexes, their actions.
    targets
        (B, 2, T) each.

    Returns
    -------
    dict
        ``micro_phase, macro_phase, micro_apex, macro_apex, micro_action, macro_action``.
    """
    losses = {
        "phase": _phase(logits[:, :6].unflatten(1, (2, 3)), targets.phase),
        "apex": _score(logits[:, 6:8], targets.apex, APEX),
        "action": _score(logits[:, 8:], targets.action, ACTION),
    }
    return {
        f"{kind}_{name}": mean
        for name, loss in losses.items()
        for kind, mean in zip(KINDS, loss.mean((0, 2)), strict=True)
    }


def total(losses: dict[str, Tensor], config: LossConfig = CAS) -> Tensor:
    """Weighted sum of the six losses."""
    micro = (
        config.micro_apex * losses["micro_apex"]
        + losses["micro_phase"]
        + config.action * losses["micro_action"]
    )
    macro = losses["macro_apex"] + losses["macro_phase"] + config.action * losses["macro_action"]
    return config.micro * micro + config.macro * macro


def _phase(logits: Tensor, phase: Tensor) -> Tensor:
    """Loss of classes per frame (B, 2, T), of logits (B, 2, 3, T)."""
    log_all = nnf.log_softmax(logits, dim=2)
    log = log_all.gather(2, phase[:, :, None])[:, :, 0]
    weight = torch.where(phase == NEITHER, NO_MARK, MARK)
    return -weight * (1 - log.exp()) * log


def _score(logits: Tensor, score: Tensor, weight: float) -> Tensor:
    """Loss of scores per frame (B, 2, T); where there is none, 0.16 costs nothing."""
    probability = torch.sigmoid(logits)
    present = -weight * (score - probability).abs() * torch.log(probability + EPSILON)
    distance = (SMOOTH - probability).abs()
    absent = -(1 - weight) * distance * torch.log(1 - probability + EPSILON)
    return torch.where(score > 0, present, absent)
