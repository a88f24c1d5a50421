"""Counts of many operating points at once."""

import numpy as np
import pandas as pd
import pytest

from causalex_core.evaluation.spotting import COUNTS, score
from causalex_core.expressions import KINDS
from causalex_core.spotting import candidates


@pytest.fixture
def tables():
    generator = np.random.default_rng(0)

    def drawn(count, **more):
        onset = generator.integers(0, 400, count)
        return pd.DataFrame(
            {
                "subject": generator.choice(["a", "b", "c"], count),
                "video": "v",
                "onset": onset.astype(float),
                "offset": onset + generator.integers(5, 60, count).astype(float),
                "kind": generator.choice(list(KINDS), count),
                **more,
            }
        ).assign(video=lambda table: table["subject"] + "_1")

    truth = drawn(40)
    found = [drawn(60, score=generator.random(60)) for _ in range(3)]
    return truth, found


def test_each_candidate_counts_as_if_it_were_scored_alone(tables):
    truth, found = tables
    thresholds = {"macro": np.array([0.0, 0.5]), "micro": np.array([0.2, 0.9])}
    counted = candidates.counts(found, truth, ["a", "b", "c", "d"], thresholds)
    assert counted.shape == (4, 2, 3, 2, 3)
    for table in range(3):
        for step in range(2):
            least = found[table]["kind"].map({k: thresholds[k][step] for k in KINDS})
            alone = score(truth, found[table][found[table]["score"] >= least])
            alone = alone.set_index(["subject", "kind"])[list(COUNTS)]
            for place, subject in enumerate("abc"):
                for k, kind in enumerate(KINDS):
                    expected = alone.loc[(subject, kind)].tolist()
                    assert counted[place, k, table, step].tolist() == expected
    assert not counted[3].any()  # nobody there


def test_a_table_without_detections(tables):
    truth, found = tables
    thresholds = {kind: np.array([0.0]) for kind in KINDS}
    counted = candidates.counts([found[0].iloc[:0]], truth, ["a", "b", "c"], thresholds)
    assert counted[..., 2].sum() == len(truth) and not counted[..., :2].any()
