"""Losses against the reference's values, and fold by fold."""

import json

import numpy as np
import torch

from causalex_core.spotting.losses import CAS, SAMM, TargetBatch, terms, total


def test_reference_losses(oracles):
    expected = json.loads((oracles / "auw_gcn" / "loss_cases_expected.json").read_text())
    with np.load(oracles / "auw_gcn" / "loss_cases.npz") as archive:
        arrays = {name: torch.from_numpy(archive[name]) for name in archive.files}
    assert len(expected) == 8
    for number, values in enumerate(expected):
        case = {
            name.removeprefix(f"case{number}/"): value[None]
            for name, value in arrays.items()
            if name.startswith(f"case{number}/")
        }
        answers = TargetBatch(
            *(
                torch.stack([case[f"micro_{name}"], case[f"macro_{name}"]], dim=2)
                for name in ("start_end", "apex", "action")
            )
        )
        found = terms(case["logits"], answers)
        for name, value in found.items():
            reference = values[name.replace("phase", "start_end")]
            np.testing.assert_allclose(value.item(), reference, rtol=2e-6)
        np.testing.assert_allclose(total(found, CAS).item(), values["total_cas(me)^2"], rtol=2e-6)
        np.testing.assert_allclose(total(found, SAMM).item(), values["total_samm"], rtol=2e-6)


def example(windows, folds=1):
    generator = torch.Generator().manual_seed(1)
    shape = (folds, windows, 2, 20)
    answers = TargetBatch(
        torch.randint(0, 3, shape, generator=generator),
        torch.rand(shape, generator=generator) * (torch.rand(shape, generator=generator) > 0.5),
        (torch.rand(shape, generator=generator) > 0.5).float(),
    )
    return torch.randn(folds, windows, 10, 20, generator=generator), answers


def test_windows_that_do_not_count_change_nothing():
    logits, answers = example(6, folds=2)
    real = torch.tensor([[1.0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0]])
    logits.requires_grad_()
    among = terms(logits, answers, real)
    alone = terms(logits[:1, :4], TargetBatch(*(part[:1, :4] for part in answers)))
    for name, value in among.items():
        torch.testing.assert_close(value[:1], alone[name])
        assert value[1] == 0
    total(among).sum().backward()
    assert logits.grad[0, :4].abs().sum() > 0
    assert not logits.grad[0, 4:].any()
    assert not logits.grad[1].any()


def test_extreme_logits_stay_finite():
    logits, answers = example(2)
    assert all(torch.isfinite(value).all() for value in terms(1e4 * logits, answers).values())


def test_a_low_score_where_there_is_none_costs_nothing_at_the_smoothing():
    logits = torch.full((1, 1, 10, 4), float(torch.logit(torch.tensor(0.16))))
    nothing = torch.zeros(1, 1, 2, 4)
    found = terms(logits, TargetBatch(nothing.long(), nothing, nothing))
    torch.testing.assert_close(found["micro_apex"], torch.zeros(1), atol=1e-7, rtol=0)
