"""Losses against the reference's values."""

import json

import numpy as np
import torch

from causalex_core.spotting.data import Targets
from causalex_core.spotting.losses import CAS, SAMM, terms, total


def test_reference_losses(oracles):
    expected = json.loads((oracles / "auw_gcn" / "loss_cases_expected.json").read_text())
    with np.load(oracles / "auw_gcn" / "loss_cases.npz") as archive:
        arrays = {name: torch.from_numpy(archive[name]) for name in archive.files}
    assert len(expected) == 8
    for number, values in enumerate(expected):
        targets = Targets(
            *(
                torch.stack(
                    [arrays[f"case{number}/{kind}_{name}"] for kind in ("micro", "macro")], dim=1
                )
                for name in ("start_end", "apex", "action")
            )
        )
        losses = terms(arrays[f"case{number}/logits"], targets)
        for name, value in losses.items():
            reference = values[name.replace("phase", "start_end")]
            np.testing.assert_allclose(value.item(), reference, rtol=2e-6)
        np.testing.assert_allclose(total(losses, CAS).item(), values["total_cas(me)^2"], rtol=2e-6)
        np.testing.assert_allclose(total(losses, SAMM).item(), values["total_samm"], rtol=2e-6)


def test_extreme_logits_stay_finite():
    generator = torch.Generator().manual_seed(1)
    score = torch.rand(2, 2, 20, generator=generator).sub(0.5).clamp(min=0)
    phase = torch.randint(0, 3, (2, 2, 20), generator=generator)
    logits = 1e4 * torch.randn(2, 10, 20, generator=generator)
    losses = terms(logits, Targets(phase, score, (score > 0).float()))
    assert all(torch.isfinite(value) for value in losses.values())


def test_a_low_score_where_there_is_none_costs_nothing_at_the_smoothing():
    logits = torch.full((1, 10, 4), float(torch.logit(torch.tensor(0.16))))
    nothing = torch.zeros(1, 2, 4)
    losses = terms(logits, Targets(nothing.long(), nothing, nothing))
    torch.testing.assert_close(losses["micro_apex"], torch.tensor(0.0), atol=1e-7, rtol=0)
