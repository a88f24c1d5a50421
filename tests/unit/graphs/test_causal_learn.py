import numpy as np
import pandas as pd
import pytest

from causalex_core.errors import CausalexError
from causalex_core.graphs import causal_learn
from causalex_core.graphs.search import fci


def test_marks_are_in_our_coding():
    """0 --> 1 <-- 2, and 3 below 1: all marks known, none symmetric."""
    generator = np.random.default_rng(1)
    samples = generator.standard_normal((3000, 4))
    samples[:, 1] += samples[:, 0] + samples[:, 2]
    samples[:, 3] += samples[:, 1]
    found = causal_learn.fci(samples, 0.01)
    assert found.edges() == [(0, "o->", 1), (1, "<-o", 2), (1, "-->", 3)]
    ours = fci(samples, 0.01, "frames")
    np.testing.assert_array_equal(found.marks, ours.marks)
    np.testing.assert_array_equal(found.n_eff, ours.n_eff)
    assert found.settings == ours.settings | {
        "backend": "causal-learn",
        "depth_of_first_search": None,
    }


def test_it_prints_nothing_and_respects_depth(capsys):
    generator = np.random.default_rng(2)
    mixed = generator.standard_normal((400, 5)) @ generator.standard_normal((5, 5))
    found = causal_learn.fci(mixed, 0.05, depth=0)
    assert (found.settings["depth"], found.settings["depth_of_first_search"]) == (None, 0)
    marginal = fci(mixed, 0.05, "frames", depth=0, possible_d_sep=False)
    np.testing.assert_array_equal(found.adjacency, marginal.adjacency)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("alpha", "depth"), [(np.float64(0.05), np.int64(1)), (0.05, np.int8(0))])
def test_numbers_of_numpy_are_options_like_any_others(alpha, depth):
    samples = np.random.default_rng(5).standard_normal((200, 3))
    graph = causal_learn.fci(samples, alpha, depth=depth)
    assert graph.to_json() == causal_learn.fci(samples, float(alpha), depth=int(depth)).to_json()


MIXED = np.random.default_rng(5).standard_normal((300, 4)) @ np.triu(np.ones((4, 4)))


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray(MIXED),
        pd.DataFrame(MIXED, columns=list("abcd")),
        np.broadcast_to(MIXED, MIXED.shape),  # read-only
        [MIXED],
    ],
)
def test_samples_are_taken_in_whatever_form_they_come(same):
    assert causal_learn.fci(same).to_json() == causal_learn.fci(MIXED).to_json()


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_samples_of_less_precision_are_those_numbers(kind):
    less = (1000 * MIXED).astype(kind)
    expected = causal_learn.fci(less.astype(np.float64)).to_json()
    assert causal_learn.fci(less).to_json() == expected


def test_series_are_pooled():
    pooled = causal_learn.fci([MIXED[:200] + 5, MIXED[200:]])
    assert (pooled.settings["series"], pooled.settings["frames"]) == (2, 300)
    assert (pooled.n_eff == fci([MIXED[:200], MIXED[200:]], 0.01, "frames").n_eff).all()


def test_what_it_cannot_do_is_refused():
    with pytest.raises(CausalexError, match="knows only 'frames'"):
        causal_learn.fci(np.eye(20)[:, :3], effective_sample_size="bartlett")
    with pytest.raises(CausalexError, match="do not vary"):
        causal_learn.fci(np.ones((20, 3)))
