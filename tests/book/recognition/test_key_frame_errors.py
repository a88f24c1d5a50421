"""Recognisers are trained on some people and judge others, whatever their key frames."""

from dataclasses import replace

import numpy as np
import pytest

from causalex_book.recognition import baselines, key_frame_errors
from causalex_book.recognition.inner_recognisers import group_folds
from causalex_book.recognition.key_frame_errors import TRUE, Recogniser, film, predict
from causalex_core.recognition.causalnet_text import COMPACT
from causalex_core.recognition.flow_images import FlowConfig
from causalex_core.recognition.key_frames import NAMES, KeyFrameNoise
from causalex_core.recognition.training import COMPACT_TRAINING
from causalex_synthetic import dataset

N = 60
SUBJECTS = [f"p{number % 10}" for number in range(N)]
LABELS = np.arange(N) // 2 % 3
LINEAR = baselines.CLASSIFIERS["linear model"]
SMALL = replace(COMPACT, widths=(8, 16), heads=(1, 1), fused=16, fused_heads=1, hidden=8)
NETWORK = replace(COMPACT_TRAINING, network=SMALL, epochs=12, augmentation=None)


def patterns(phase, strength=60, seed=0):
    """Flow in which one phase tells the label, (N, 2, 28, 28, 3)."""
    generator = np.random.default_rng(seed)
    flow = 128 + 5 * generator.standard_normal((N, 2, 28, 28, 3))
    for sample, label in enumerate(LABELS):
        rows = slice(4 + 7 * label, 10 + 7 * label)
        flow[sample, phase, rows, 6:22, 1] += strength
    return np.clip(flow, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("how", [LINEAR, NETWORK])
def test_people_are_told_apart_by_what_others_showed(how):
    said = predict(patterns(0)[None], patterns(0, seed=1)[None], LABELS, folds(), Recogniser(how))
    assert said.shape == (1, 1, N)
    assert (said[0, 0] == LABELS).mean() > 0.9


def folds():
    return group_folds(SUBJECTS)


@pytest.mark.parametrize("how", [LINEAR, NETWORK])
def test_one_phase_alone_knows_nothing_of_the_other(how):
    flow = patterns(1)
    alone = Recogniser(how, one_phase=True)
    changed = flow.copy()
    changed[:, 1] = 255 - changed[:, 1]
    said = predict(flow[None], np.stack([flow, changed]), LABELS, folds(), alone, seeds=(1, 2)[:1])
    np.testing.assert_array_equal(said[:, 0], said[:, 1])
    assert (said[0, 0] == LABELS).mean() < 0.7


@pytest.mark.parametrize("how", [LINEAR, NETWORK])
def test_only_who_is_taught_errors_sees_them(how):
    lessons = np.stack([patterns(0), 255 - patterns(0, seed=2), 255 - patterns(0, seed=3)])
    turned = (255 - patterns(0, seed=4))[None]
    plain, taught = (
        predict(lessons, turned, LABELS, folds(), Recogniser(how, taught=taught))
        for taught in (False, True)
    )
    assert (taught == LABELS).mean() > 0.8
    assert (plain == LABELS).mean() < 0.5


def test_labels_of_the_held_out_have_no_say():
    flow, held = patterns(0), folds().held_out[0]
    wrong = np.where(held, (LABELS + 1) % 3, LABELS)
    for how in (LINEAR, NETWORK):
        one, other = (
            predict(flow[None], flow[None], truth, folds(), Recogniser(how))
            for truth in (LABELS, wrong)
        )
        np.testing.assert_array_equal(one[..., held], other[..., held])


def test_groups_hold_out_everybody_once_and_nobody_in_parts():
    held = folds().held_out
    np.testing.assert_array_equal(held.sum(axis=0), 1)
    for name in set(SUBJECTS):
        own = np.array(SUBJECTS) == name
        assert (held[:, own].sum(axis=1) % own.sum() == 0).all()


def test_films_of_cohorts():
    laws = [TRUE, KeyFrameNoise("normal", 0.3), KeyFrameNoise("normal", 0.3, which=("offset",))]
    configs = [dataset.Config(seed=seed) for seed in (5, 6)]
    found = film(configs, laws, [KeyFrameNoise("normal", 0.3)], 1, FlowConfig(crop_px=64))
    count = len(found.table)
    assert 2 < count <= 6
    assert found.tests.shape == (3, count, 2, 28, 28, 3)
    assert found.lessons.shape == (2, count, 2, 28, 28, 3)
    assert found.table.groupby(["subject", "label"]).size().max() == 1
    true = found.table[list(NAMES)].to_numpy()
    np.testing.assert_array_equal(found.key_frames[0], true)
    np.testing.assert_array_equal(found.key_frames[2][:, :2], true[:, :2])
    # all laws err alike, a lesson differently
    np.testing.assert_array_equal(found.key_frames[2][:, 2] > true[:, 2],
                                  found.key_frames[1][:, 2] > true[:, 2])  # fmt: skip
    np.testing.assert_array_equal(found.tests[0], found.lessons[0])
    assert (found.lessons[1] != found.tests[1]).any()
    assert set(key_frame_errors.RECOGNISERS) >= {key_frame_errors.COMPACT_BOTH}
