"""Folds from subjects alone."""

import numpy as np
import pytest

from causalex_core.data import causalnet, manifest
from causalex_core.errors import CausalexError
from causalex_core.recognition.data import leave_one_subject_out


def test_every_subject_is_held_out_once_with_all_its_samples():
    folds = leave_one_subject_out(["b", "a", "b", "c"])
    assert folds.subjects == ("a", "b", "c")
    expected = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]]  # a and c have one sample
    np.testing.assert_array_equal(folds.held_out, np.array(expected, bool))


@pytest.mark.parametrize("subjects", [[], ["a"], ["a", "a"]])
def test_one_subject_cannot_be_left_out(subjects):
    with pytest.raises(CausalexError, match="needs at least two"):
        leave_one_subject_out(subjects)


def test_published_folds(mirror):
    table = causalnet.clips(manifest.require("causalnet_flow"))
    folds = leave_one_subject_out(table["subject"].to_numpy())
    assert folds.held_out.shape == (68, 442)
    assert (folds.held_out.sum(axis=0) == 1).all()
    trained = (~folds.held_out).sum(axis=1)
    assert (trained.min(), trained.max()) == (403, 441)
    sizes = folds.held_out.sum(axis=1)
    assert ((sizes <= 4).sum(), (sizes == 1).sum()) == (36, 8)
    labels = table["label"].to_numpy()
    single = [len(np.unique(labels[held])) == 1 for held in folds.held_out]
    assert sum(single) == 23
