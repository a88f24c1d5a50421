"""Labels that are unknown, a subject with one sample, and one that is never right, all the way."""

import numpy as np
import pytest

from causalex_book.recognition import baselines, selection
from causalex_core.errors import CausalexError
from causalex_core.evaluation import confusions
from causalex_core.recognition.data import leave_one_subject_out
from causalex_core.recognition.ststnet import StstnetConfig
from causalex_core.recognition.training import TrainingConfig, train

SUBJECTS = ["a"] * 9 + ["alone"] + ["b"] * 9 + ["wrong"] * 3 + ["c"] * 9
FOLDS = leave_one_subject_out(SUBJECTS)
SHOWN = np.array([*range(3)] * 3 + [1] + [*range(3)] * 3 + [0, 1, 2] + [*range(3)] * 3)
# what one subject shows is not what its labels say
LABELS = np.where(np.array(SUBJECTS) == "wrong", (SHOWN + 1) % 3, SHOWN)
MOTION = np.zeros((len(SHOWN), 2, 3, 28, 28), np.float32)
for sample, shown in enumerate(SHOWN):
    MOTION[sample, 0, :, 9 * shown : 9 * shown + 9] = 1 + sample / 100
FEATURES = MOTION.reshape(len(MOTION), -1).astype(float)
TRAINING = TrainingConfig(network=StstnetConfig(), lr=1e-2, epochs=12)


def held_out_labels():
    """(E, N) of everything that judges samples, the last epoch last."""
    projected = baselines.components(FEATURES, FOLDS)
    outcome = train(MOTION, LABELS, FOLDS, TRAINING, device="cpu")
    linear = baselines.CLASSIFIERS["linear model"]
    return {
        "linear model": baselines.held_out(linear, projected, LABELS, FOLDS)[None],
        "one layer": baselines.one_layer(projected, LABELS, FOLDS, 3, 50),
        "network": outcome.held_out()[0].argmax(axis=-1),
    }


@pytest.fixture(scope="module")
def counted():
    """Counts (E, S, K, K) by what judges."""
    return {
        name: confusions.per_subject(predicted, LABELS, SUBJECTS, 3)
        for name, predicted in held_out_labels().items()
    }


@pytest.mark.parametrize("name", ["linear model", "one layer", "network"])
def test_neither_a_single_sample_nor_a_subject_without_hits_leaves_the_score(counted, name):
    counts = counted[name]
    for rule, found in selection.by_rule(counts).items():
        sizes = dict(zip(FOLDS.subjects, found.sum(axis=(1, 2)), strict=True))
        assert sizes == {"a": 9, "alone": 1, "b": 9, "c": 9, "wrong": 3}, rule
    last = selection.by_rule(counts)[selection.LAST]
    right = dict(zip(FOLDS.subjects, selection.ever_right(last), strict=True))
    assert right == {"a": True, "alone": True, "b": True, "c": True, "wrong": False}
    assert confusions.scores(last.sum(axis=0))[2] == pytest.approx(28 / 31)
    # resamples draw whole subjects, the one without hits among them
    accuracy = confusions.intervals(last, 2000, seed=1)["accuracy"]
    assert accuracy.high == 1
    assert accuracy.low < 0.8


def test_a_single_sample_of_a_class_is_lost_where_it_is_held_out():
    labels = np.where(np.array(SUBJECTS) == "alone", 2, LABELS % 2)
    projected = baselines.components(FEATURES, FOLDS)
    linear = baselines.CLASSIFIERS["linear model"]
    own = FOLDS.held_out[FOLDS.subjects.index("alone")]
    for predicted in (
        baselines.held_out(linear, projected, labels, FOLDS),
        baselines.one_layer(projected, labels, FOLDS, 3, 5)[-1],
        baselines.prior_guesses(labels, FOLDS, 3, 50, np.random.default_rng(1)).min(axis=0),
    ):
        assert predicted[own] != 2
        counts = confusions.per_subject(predicted, labels, SUBJECTS, 3)
        uf1, uar, _ = confusions.scores(counts.sum(axis=0))
        assert max(uf1, uar) <= 2 / 3  # the class keeps its third of the score


@pytest.mark.parametrize("label", [3, -1])
def test_unknown_labels_are_refused(label):
    labels = [*LABELS[:-1], label]
    projected = baselines.components(FEATURES, FOLDS)
    for judged in (
        lambda: baselines.one_layer(projected, labels, FOLDS, 3, 1),
        lambda: baselines.prior_guesses(labels, FOLDS, 3, 1, np.random.default_rng(1)),
        lambda: confusions.per_subject(LABELS, labels, SUBJECTS, 3),
        lambda: train(MOTION, labels, FOLDS, TRAINING, device="cpu"),
    ):
        with pytest.raises(CausalexError, match=rf"label {label} given; expected 0 to 2") as told:
            judged()
        assert "\n" not in str(told.value)
