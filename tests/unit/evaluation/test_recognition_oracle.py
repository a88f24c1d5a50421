"""Recognition scores against those of CausalNet's public scripts."""

import json

import numpy as np
import pytest

from causalex_core.evaluation.recognition import recognition_scores


def _check(truth, predicted, expected):
    # the published path averages over the classes that occur, here among truths or predictions
    present = tuple(np.union1d(truth, predicted).tolist())
    scores = recognition_scores(truth, predicted, classes=present)
    assert scores.uf1 == pytest.approx(expected["uf1"], abs=1e-12)
    assert scores.uar == pytest.approx(expected["uar"], abs=1e-12)
    assert scores.accuracy == pytest.approx(expected["acc"], abs=1e-12)


def test_scores_are_those_of_the_public_code(oracles):
    cases = json.loads((oracles / "causalnet" / "metric_cases.json").read_text())
    assert cases
    for case in cases:
        truth, predicted = np.array(case["y_true"]), np.array(case["y_pred"])
        _check(truth, predicted, case["composite"])
        database = np.array(case["database"])
        for name, expected in case["per_db"].items():
            assert (database == name).sum() == expected["n"]
            _check(truth[database == name], predicted[database == name], expected)
