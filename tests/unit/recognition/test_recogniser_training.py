"""Training of recognisers: the same numbers alone and stacked, after a kill, and on bad inputs.

What any training shares, such as damaged files, is tested with the spotter's.
"""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as nnf

from causalex_core import training as core
from causalex_core.errors import CausalexError
from causalex_core.recognition import training
from causalex_core.recognition.causalnet_text import CausalNetTextConfig
from causalex_core.recognition.data import (
    Augmentation,
    Changes,
    Folds,
    apply_changes,
    draw_changes,
    leave_one_subject_out,
)
from causalex_core.recognition.model import CausalNetConfig
from causalex_core.recognition.ststnet import StstnetConfig
from causalex_core.recognition.training import FoldTrainer, TrainingConfig, build, train
from causalex_core.training import Fold, Run

SMALL = CausalNetTextConfig(
    widths=(8, 8), heads=(2, 2), repeats=(1, 1), exchanges=1, fused=8, fused_heads=2, hidden=8
)

QUICK = TrainingConfig(
    network=SMALL, lr=3e-3, cosine=True, weight_decay=0.05, epochs=4, batch=6, balanced=True,
    augmentation=Augmentation(),
)  # fmt: skip
SMALLEST = CausalNetConfig(repeats=(1, 1, 1), folded=True)
PLAIN = TrainingConfig(network=StstnetConfig(), lr=1e-3, epochs=5)
MIXED = replace(
    QUICK, batch=None, augmentation=Augmentation(cutout=0.2, drop_relaxation=0.2, mixup=0.4)
)
SUBJECTS = [f"s{n}" for n in (0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3)]
LABELS = np.arange(len(SUBJECTS)) % 3
FOLDS = leave_one_subject_out(SUBJECTS)


def example():
    """Motion with a movement at another place for each class."""
    motion = np.random.default_rng(7).normal(0, 0.3, (len(LABELS), 2, 3, 28, 28))
    for place, label in enumerate(LABELS):
        row, column = ((9, 11), (21, 10), (10, 21))[label]
        motion[place, 0, 1:, row - 3 : row + 3, column - 3 : column + 3] += 1.5
        motion[place, 1, 1:, row - 3 : row + 3, column - 3 : column + 3] -= 1.5
    return motion.astype(np.float32)


MOTION = example()


def only(*places):
    names = tuple(FOLDS.subjects[place] for place in places)
    return Folds(names, FOLDS.held_out[list(places)])


def assert_same(one, two):
    np.testing.assert_array_equal(one.losses, two.losses)
    for mine, other in zip(one.predictions, two.predictions, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("config", [QUICK, PLAIN, MIXED])
def test_a_fold_trained_alone_is_the_fold_trained_among_all(config):
    together = train(MOTION, LABELS, FOLDS, config, seeds=(1, 2), runs_at_once=8, device="cpu")
    apart = train(MOTION, LABELS, FOLDS, config, seeds=(1, 2), runs_at_once=1, device="cpu")
    some = train(MOTION, LABELS, only(2), config, seeds=(2,), device="cpu")
    assert [run.fold.name for run in together.runs] == ["s0", "s1", "s2", "s3"] * 2
    np.testing.assert_allclose(together.losses, apart.losses, rtol=1e-4)
    for one, two in zip(together.predictions, apart.predictions, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)
    np.testing.assert_array_equal(some.predictions[0], apart.predictions[6])
    assert not np.allclose(apart.losses[2], apart.losses[6], rtol=1e-3)  # another seed
    assert not np.allclose(apart.losses[2], apart.losses[3], rtol=1e-3)  # another fold


# How far a GPU may be from a processor: relative, of losses; of logits.
AGREEMENT = {"float32": (1e-4, 1e-3), "bfloat16": (2e-2, 8e-2)}
NO_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no GPU that torch can use on this machine"
)
MAPS = np.uint8(MOTION[:, [0, 1, 0, 1]] * 20 + 99)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NO_GPU)])
@pytest.mark.parametrize("precision", AGREEMENT)
@pytest.mark.parametrize("config", [QUICK, PLAIN, MIXED], ids=["compact", "STSTNet", "mixed"])
def test_what_rounds_differently_agrees(config, precision, device):
    """On the processor: inputs that differ by a millionth, which is about what rounding does."""
    setting = replace(config, precision=precision)
    expected = train(MOTION, LABELS, FOLDS, setting, device="cpu")
    motion = MOTION
    if device == "cpu":
        noise = np.random.default_rng(1).standard_normal(MOTION.shape)
        motion = np.float32(MOTION * (1 + 1e-6 * noise))
    found = train(motion, LABELS, FOLDS, setting, device=device)
    assert_agreement(found, expected, AGREEMENT[precision])
    assert not np.allclose(expected.losses[:, -1], expected.losses[:, 0], rtol=2e-2)  # it learns


@NO_GPU
def test_the_published_network_on_a_gpu():
    config = TrainingConfig(network=SMALLEST, epochs=2)
    found, expected = (
        train(MAPS, LABELS, only(0, 1), config, device=name) for name in ("cuda", "cpu")
    )
    assert_agreement(found, expected, (1e-3, 1e-2))


def assert_agreement(found, expected, tolerances):
    of_losses, of_logits = tolerances
    np.testing.assert_allclose(found.losses, expected.losses, rtol=of_losses)
    for one, two in zip(found.predictions, expected.predictions, strict=True):
        np.testing.assert_allclose(one, two, atol=of_logits)


@pytest.mark.parametrize(
    ("network", "inputs"),
    [
        (SMALL, MOTION),
        (
            CausalNetConfig(repeats=(1, 1, 1), folded=True),
            MAPS,
        ),
    ],
)
def test_an_epoch_is_one_step_of_adam_on_all_training_samples(network, inputs):
    config = TrainingConfig(network=network, epochs=2)
    found = train(inputs, LABELS, only(1), config, keep_weights=True, device="cpu")
    torch.manual_seed(1)
    plain, held = build(network), FOLDS.held_out[1]
    optimiser = torch.optim.Adam(plain.parameters(), lr=5e-5)
    for epoch in range(2):
        said = plain(torch.from_numpy(inputs[~held]))
        loss = nnf.cross_entropy(said, torch.from_numpy(LABELS[~held]))
        assert loss.item() == pytest.approx(found.losses[0, epoch], rel=1e-5)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            expected = plain(torch.from_numpy(inputs[held]))
        np.testing.assert_allclose(found.predictions[0][epoch], expected, rtol=1e-3, atol=1e-3)
    again = found.model(0, config)
    assert not again.training
    with torch.no_grad():
        last = again(torch.from_numpy(inputs[held]))
    np.testing.assert_allclose(last, found.predictions[0][-1], atol=1e-5)


def test_the_defaults_are_the_published_training():
    assert training.PUBLISHED == TrainingConfig(
        CausalNetConfig(repeats=(3, 3, 9), gamma=0.5, folded=True), lr=5e-5, epochs=200
    )


def test_as_many_models_at_once_as_a_gpu_holds():
    assert training.at_once(training.PUBLISHED, 68) == 8
    assert training.at_once(training.DESCRIBED_TRAINING, 68) == 7
    assert training.at_once(training.COMPACT_TRAINING, 340) == 340
    assert training.at_once(training.STSTNET_TRAINING, 68) == 68
    assert training.at_once(training.PUBLISHED, 3) == 3


def test_what_was_planted_is_found_in_people_never_seen():
    config = replace(QUICK, lr=1e-2, epochs=25)
    found = train(MOTION, LABELS, FOLDS, config, seeds=(1, 2), device="cpu")
    logits = found.held_out()
    assert logits.shape == (2, 25, len(LABELS), 3)
    assert (logits[:, -1].argmax(-1) == LABELS).mean() > 0.75
    for run, own in zip(found.runs, found.predictions, strict=True):
        np.testing.assert_array_equal(logits[run.seed - 1][:, run.fold.held_out], own)


def test_logits_of_each_sample_need_each_to_be_held_out_once():
    with pytest.raises(CausalexError, match="more than once or never"):
        train(MOTION, LABELS, only(1, 2), PLAIN, device="cpu").held_out()


def test_models_of_several_seeds_are_one_recogniser():
    each = train(MOTION, LABELS, FOLDS, QUICK, seeds=(4, 5, 6, 7), device="cpu")
    found = each.ensemble(2)
    assert [run.seed for run in found.runs] == [4] * 4 + [6] * 4
    assert [run.fold.name for run in found.runs] == list(FOLDS.subjects) * 2
    apart = each.held_out()
    expected = np.stack([apart[:2].mean(0), apart[2:].mean(0)])
    np.testing.assert_allclose(found.held_out(), expected, atol=1e-6)
    np.testing.assert_allclose(found.losses[5], (each.losses[9] + each.losses[13]) / 2)
    assert_same(each.ensemble(1), each)
    with pytest.raises(CausalexError, match="4 seeds: expected a multiple of 3 members"):
        each.ensemble(3)


def test_both_sides_of_a_face_are_judged():
    one = train(MOTION, LABELS, only(1), QUICK, keep_weights=True, device="cpu")
    config = replace(QUICK, flip_tta=True)
    both = train(MOTION, LABELS, only(1), config, keep_weights=True, device="cpu")
    np.testing.assert_array_equal(one.losses, both.losses)
    held = torch.from_numpy(MOTION[FOLDS.held_out[1]])
    other = held.flip(-1)
    other[:, :, 2] *= -1
    with torch.no_grad():
        alone, model = one.model(0, QUICK), both.model(0, config)
        expected = (alone(held) + alone(other)) / 2
        torch.testing.assert_close(model(held), expected)
        torch.testing.assert_close(model(other), expected)
    np.testing.assert_allclose(both.predictions[0][-1], expected, atol=1e-5)
    assert not np.allclose(both.predictions[0], one.predictions[0], atol=1e-3)


def test_held_out_samples_do_not_train():
    other = MOTION.copy()
    other[FOLDS.held_out[1]] += 1
    labels = np.where(FOLDS.held_out[1], 0, LABELS)
    for config in (QUICK, PLAIN, MIXED):
        one = train(MOTION, LABELS, only(1), config, device="cpu")
        two = train(other, labels, only(1), config, device="cpu")
        np.testing.assert_array_equal(one.losses, two.losses)
        assert not np.allclose(one.predictions[0], two.predictions[0])


def test_classes_of_one_weight():
    few = np.where(np.arange(len(LABELS)) < 16, 0, LABELS)
    balanced = replace(PLAIN, balanced=True, epochs=60)
    for config, expected in ((balanced, 1 / 3), (replace(balanced, balanced=False), 0.9)):
        found = train(np.zeros_like(MOTION), few, only(1), config, device="cpu")
        shares = torch.from_numpy(found.predictions[0][-1]).softmax(-1)[:, 0]
        assert shares.mean().item() == pytest.approx(expected, abs=0.1)


def test_decay_leaves_norms_and_biases_alone():
    config = replace(QUICK, lr=1e-3, cosine=False, weight_decay=900.0)
    (state,) = train(MOTION, LABELS, only(1), config, keep_weights=True, device="cpu").states
    assert (state["flow.norm.weight"] - 1).abs().max() < 0.1
    assert state["flow.embed.weight"].abs().max() < 0.01 < state["flow.embed.bias"].abs().max()


def test_labels_that_are_less_certain():
    config = replace(PLAIN, lr=1e-2, epochs=40)
    sure = train(MOTION, LABELS, only(1), config, device="cpu").losses[0, -1]
    less = train(
        MOTION, LABELS, only(1), replace(config, label_smoothing=0.3), device="cpu"
    ).losses[0]
    # the least there can be: 0.8 of one label, 0.1 of each other
    assert sure < 0.1 and less.min() >= -(0.8 * np.log(0.8) + 0.2 * np.log(0.1)) - 1e-4


def test_mixtures_have_the_labels_of_both(monkeypatch):
    config = replace(PLAIN, balanced=True, augmentation=Augmentation(mixup=1))
    labels = np.where(np.arange(len(LABELS)) < 9, 0, LABELS)
    index = np.flatnonzero(~FOLDS.held_out[1])
    run = Run(Fold("s1", index, np.flatnonzero(FOLDS.held_out[1])), 1)
    group = FoldTrainer([run], torch.from_numpy(MOTION), torch.from_numpy(labels), config)
    said, seen = torch.randn(1, len(index), 3, generator=torch.Generator().manual_seed(1)), []
    monkeypatch.setattr(group, "_logits", lambda inputs: seen.append(inputs) or said)
    changes = draw_changes(config.augmentation, index, len(labels), 1, 0, "s1")
    whole = Changes(*(part[None] for part in changes))
    found = group._losses(torch.from_numpy(index)[None], torch.ones(1, len(index)), whole)
    each = apply_changes(torch.from_numpy(MOTION), changes)
    share, partner = changes.share[index], changes.partner[index]
    wide = share[:, None, None, None, None]
    mixture = wide * each[index] + (1 - wide) * each[partner]
    torch.testing.assert_close(seen[0][0], mixture)
    surprise = -said[0].log_softmax(-1)
    rarity = 1 / torch.bincount(torch.from_numpy(labels[index]))
    own, other = torch.from_numpy(labels)[index], torch.from_numpy(labels)[partner]
    of_own, of_other = share * rarity[own], (1 - share) * rarity[other]
    rows = torch.arange(len(index))
    total = of_own * surprise[rows, own] + of_other * surprise[rows, other]
    expected = total.sum() / (of_own + of_other).sum()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_half_precision_follows_the_loss_of_the_full_one():
    config = replace(QUICK, epochs=10)
    half = train(MOTION, LABELS, only(0), replace(config, precision="bfloat16"), device="cpu")
    full = train(MOTION, LABELS, only(0), config, device="cpu")
    np.testing.assert_allclose(half.losses, full.losses, rtol=0.05)
    assert not np.array_equal(half.losses, full.losses)


def test_rounded_weights_are_those_of_the_last_step():
    config = TrainingConfig(network=SMALLEST, epochs=2, precision="bfloat16")
    run = Run(Fold("s1", np.flatnonzero(~FOLDS.held_out[1]), np.flatnonzero(FOLDS.held_out[1])), 1)
    trainer = FoldTrainer([run], torch.from_numpy(MAPS), torch.from_numpy(LABELS), config)
    trainer.advance()
    trainer.advance()
    kept = trainer.predictions[0].clone()
    trainer.networks.weights_changed()
    trainer.epoch = 1
    trainer.predict()
    assert torch.equal(trainer.predictions[0], kept)
    assert not torch.allclose(kept[0], kept[1], atol=1e-2)


class KilledError(Exception):
    pass


def counted(monkeypatch, fail_at=None):
    """Fold and epoch of every call of `advance`."""
    advance, done = FoldTrainer.advance, []

    def count(group):
        if len(done) == fail_at:
            raise KilledError
        done.append((group.runs[0].fold.name, group.epoch))
        return advance(group)

    monkeypatch.setattr(FoldTrainer, "advance", count)
    return done


@pytest.mark.parametrize("keep_weights", [True, False])
def test_recognisers_go_on_after_a_kill(keep_weights, tmp_path, monkeypatch):
    options = {"device": "cpu", "keep_weights": keep_weights}
    whole = train(MOTION, LABELS, only(0, 1), QUICK, **options)
    monkeypatch.setattr(core, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(core, "_SAVING_AT_MOST", 1e9)
    with monkeypatch.context() as patch:
        counted(patch, fail_at=6)
        with pytest.raises(KilledError):
            train(MOTION, LABELS, only(0, 1), QUICK, folder=tmp_path, **options)
    done = counted(monkeypatch)
    resumed = train(MOTION, LABELS, only(0, 1), QUICK, folder=tmp_path, **options)
    assert done == [("s1", 2), ("s1", 3)]
    done.clear()
    read = train(MOTION, LABELS, only(0, 1), QUICK, folder=tmp_path, **options)
    assert not done
    for outcome in (resumed, read):
        assert_same(outcome, whole)
        assert len(outcome.states) == (2 if keep_weights else 0)
        for one, two in zip(outcome.states, whole.states, strict=True):
            assert all(torch.equal(one[name], two[name]) for name in two)
    ended = safetensors.torch.load(next(tmp_path.iterdir()).read_bytes())
    assert not any(name.startswith("optimiser") for name in ended)


def test_other_recognisers_start_anew(tmp_path):
    for inputs, labels, config in (
        (MOTION, LABELS, PLAIN),
        (MOTION + 1, LABELS, PLAIN),
        (MOTION, LABELS[::-1], PLAIN),
        (MOTION, LABELS, replace(PLAIN, lr=1e-4)),
    ):
        train(inputs, labels, only(1), config, folder=tmp_path, device="cpu")
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": LABELS[:-1]}, "18 inputs, 17 labels"),
        ({"labels": LABELS + 1}, "label 3 given; expected 0 to 2"),
        ({"inputs": np.full_like(MOTION, np.nan)}, "values are not finite"),
        ({"folds": Folds(("a",), np.ones((1, 18), bool))}, "fold 'a' holds out 18 of 18"),
        ({"folds": Folds(("a",), np.zeros((1, 18), bool))}, "fold 'a' holds out 0 of 18"),
        ({"seeds": ()}, "0 seeds"),
        ({"device": "tpu"}, "device 'tpu'"),
        ({"config": replace(PLAIN, lr=1e30)}, r"fold 's0', seed 1: the loss of epoch \d"),
        (
            {"config": TrainingConfig(augmentation=Augmentation())},
            "published network with augmentation",
        ),
    ],
)
def test_recognisers_that_cannot_be_trained(changes, message):
    given = {"inputs": MOTION, "labels": LABELS, "folds": FOLDS, "config": PLAIN, "device": "cpu"}
    with pytest.raises(CausalexError, match=message):
        train(**{**given, **changes})
