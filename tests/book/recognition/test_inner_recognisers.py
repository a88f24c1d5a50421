"""The shape of a recogniser, chosen on inner folds."""

from dataclasses import replace

import numpy as np
import pytest

from causalex_book.recognition import inner_recognisers
from causalex_book.recognition.inner_recognisers import (
    VARIANTS,
    Samples,
    Trained,
    Variant,
    choose,
    inner_folds,
    nested_scores,
)
from causalex_book.spotting import nested
from causalex_core.errors import CausalexError
from causalex_core.evaluation import confusions
from causalex_core.recognition.causalnet_text import CausalNetText
from causalex_core.recognition.data import leave_one_subject_out
from causalex_core.recognition.ststnet import StstnetConfig
from causalex_core.recognition.training import COMPACT_TRAINING, TrainingConfig, train

SUBJECTS = [f"s{n % 7}" for n in range(28)]
LABELS = np.random.default_rng(3).integers(0, 3, len(SUBJECTS))
GOOD = TrainingConfig(network=StstnetConfig(), lr=1e-2, epochs=25, balanced=True)
BAD = replace(GOOD, lr=1e-7)  # learns nothing


@pytest.fixture(scope="module")
def samples():
    motion = np.random.default_rng(4).normal(0, 0.3, (len(SUBJECTS), 2, 3, 28, 28))
    for place, label in enumerate(LABELS):
        motion[place, 0, label, 6:20, 6:20] += 1
    return Samples(motion.astype(np.float32), LABELS, SUBJECTS)


def random_counts(candidates=4, people=8, seed=1):
    group = nested.groups([str(n) for n in range(people)])
    shape = (len(nested.pairs(group)), candidates, people, 3, 3)
    return np.random.default_rng(seed).integers(0, 9, shape), group


def test_every_two_groups_are_held_out_once():
    folds = inner_folds(SUBJECTS)
    assert folds.held_out.shape == (10, len(SUBJECTS))
    group = dict(zip(sorted(set(SUBJECTS)), nested.groups(sorted(set(SUBJECTS))), strict=True))
    for name, held in zip(folds.subjects, folds.held_out, strict=True):
        inside = {group[subject] + 1 for subject in np.array(SUBJECTS)[held]}
        assert name == f"groups {min(inside)} and {max(inside)}" and len(inside) == 2
    assert (folds.held_out.sum(axis=0) == 4).all()
    with pytest.raises(CausalexError, match="2 subjects given"):
        inner_folds(["a", "b", "a"])


def test_only_those_held_out_are_counted(samples):
    folds = inner_folds(SUBJECTS)
    config = replace(GOOD, epochs=2)
    outcome = train(samples.inputs, LABELS, folds, config, seeds=(1, 2), device="cpu")
    found = samples.counts(outcome)
    assert found.shape == (2, 10, 2, 7, 3, 3)
    own = confusions.per_subject(LABELS, LABELS, SUBJECTS, 3)
    held = np.stack([[(np.array(SUBJECTS) == name)[each].any() for name in samples.names]
                     for each in folds.held_out])  # fmt: skip
    expected = held[:, None, :, None] * own.sum(-1)
    np.testing.assert_array_equal(found.sum(-1), np.broadcast_to(expected, found.shape[:-1]))
    said = outcome.predictions[13].argmax(-1)  # of the second seed, without the fourth pair
    pair = folds.held_out[3]
    right = confusions.per_subject(said, LABELS[pair], np.array(SUBJECTS)[pair], 3)
    np.testing.assert_array_equal(found[1, 3][:, held[3]], right)


def test_a_choice_rests_on_nothing_of_its_own_group():
    inner, group = random_counts()
    before = choose(inner, group)
    for own in range(nested.GROUPS):
        spoilt = inner.copy()
        for pair, counts in zip(nested.pairs(group), spoilt, strict=True):
            if own in pair:
                counts[:, group == own] = 99 * np.eye(3, dtype=int)
            else:
                counts[:] = 7  # these models were trained on it
        after = choose(spoilt, group)
        np.testing.assert_array_equal(after.scores[own], before.scores[own])
        assert (after.candidate[group == own] == before.candidate[group == own]).all()


def test_the_best_on_the_other_groups_is_chosen():
    inner, group = random_counts()
    for pair, counts in zip(nested.pairs(group), inner, strict=True):
        best = 2 if 0 in pair else 1
        counts[best] += 50 * np.eye(3, dtype=int)
    found = choose(inner, group)
    assert (found.candidate == np.where(group == 0, 2, 1)).all()
    assert found.scores.shape == (nested.GROUPS, 4)


def asked(monkeypatch):
    """What is trained: number of folds, how, and with which seeds."""
    trained = []

    def counted(inputs, labels, folds, config, **options):
        trained.append((len(folds.subjects), config, tuple(options["seeds"])))
        return train(inputs, labels, folds, config, **options)

    monkeypatch.setattr(inner_recognisers, "train", counted)
    return trained


def test_only_what_is_chosen_is_scored_outside(samples, monkeypatch):
    trained = asked(monkeypatch)
    variants = {"bad": Variant(BAD), "good": Variant(GOOD, ensemble=2)}
    found = nested_scores(samples, variants, Trained((1, 2), device="cpu"))
    assert trained == [(10, BAD, (1,)), (10, GOOD, (2, 3)), (7, GOOD, (2, 3, 4, 5))]
    assert set(found.variant) == {"good"} and found.tried == 2 and found.scored_outside == 1
    assert found.most == "good" and found.every_epoch.shape == (2, GOOD.epochs, 7, 3, 3)
    np.testing.assert_array_equal(found.counts, found.every_epoch[:, -1])
    assert confusions.scores(found.counts.sum(1))[:, 0].min() > 0.8
    assert (found.choice.scores[:, 1] > found.choice.scores[:, 0]).all()


def test_who_got_another_variant_is_judged_by_that_one_alone(samples, monkeypatch):
    few = np.array([0, 0, 0, 0, 0, 1, 1])
    choice = inner_recognisers.Choice(candidate=few, scores=np.ones((5, 2)))
    monkeypatch.setattr(inner_recognisers, "choose", lambda inner, group: choice)
    trained = asked(monkeypatch)
    other = replace(GOOD, epochs=20)
    variants = {"good": Variant(GOOD), "other": Variant(other)}
    found = nested_scores(samples, variants, Trained(device="cpu"))
    assert trained[2:] == [(7, GOOD, (1,)), (2, other, (1,))]
    assert found.variant == ("good",) * 5 + ("other",) * 2 and found.scored_outside == 2
    everybody = train(samples.inputs, LABELS, leave_one_subject_out(SUBJECTS), other, device="cpu")
    expected = samples.counts(everybody)[:, :, -1].sum(axis=1)
    np.testing.assert_array_equal(found.counts[:, 5:], expected[:, 5:])
    np.testing.assert_array_equal(found.counts[:, :5], found.every_epoch[:, -1, :5])


def test_no_variant_has_more_than_the_hundredth_part():
    sizes = [
        sum(each.numel() for each in CausalNetText(variant.training.network).parameters())
        for variant in VARIANTS.values()
    ]
    assert max(sizes) < 2_765_901  # of the published network
    assert len({repr(variant) for variant in VARIANTS.values()}) == len(VARIANTS)


def test_what_pages_train_live_is_a_variant():
    assert COMPACT_TRAINING in [variant.training for variant in VARIANTS.values()]
