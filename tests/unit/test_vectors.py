"""Vectors of sixteen numbers against NumPy and torch."""

import numpy as np
import pytest
import torch
from numba import njit

from causalex_core.vectors import (
    LANES,
    exp,
    larger,
    load,
    log,
    multiply_add,
    number,
    spread_from,
    store,
    where_less,
)


@njit
def _through(x, functions):
    for begin in range(0, x.size, LANES):
        values = load(x, begin)
        store(functions[0], begin, exp(values))
        store(functions[1], begin, log(values))
        store(functions[2], begin, larger(values, number(1.5)))
        store(functions[3], begin, where_less(values, number(1.5), number(0), values))
        store(functions[4], begin, multiply_add(values, values, spread_from(x, 3)))
        store(functions[5], begin, (values + number(1)) * values - number(1) / values)


def through(x):
    functions = tuple(np.empty_like(x) for _ in range(6))
    _through(x, functions)
    return functions


def test_functions_are_numpys_to_a_few_units_in_the_last_place():
    x = np.concatenate([np.geomspace(1e-30, 87, 8000), 1 + np.linspace(-1e-3, 1e-3, 1504)])
    x = x.astype(np.float32)
    exact = x.astype(np.float64)
    exponential, logarithm, maximum, masked, fused, ratio = through(x)
    np.testing.assert_allclose(exponential, np.exp(exact), rtol=3e-7)
    np.testing.assert_allclose(logarithm, np.log(exact), rtol=3e-7, atol=1e-37)
    np.testing.assert_array_equal(maximum, np.maximum(x, np.float32(1.5)))
    np.testing.assert_array_equal(masked, np.where(x < 1.5, 0, x))
    np.testing.assert_allclose(fused, exact * exact + exact[3], rtol=2e-7)
    np.testing.assert_allclose(ratio, (exact + 1) * exact - 1 / exact, rtol=2e-5)
    low, high = through(np.linspace(-500, 500, LANES).astype(np.float32))[0][[0, -1]]
    assert low == pytest.approx(np.exp(-87), rel=1e-6)  # the ends of its range
    assert high == pytest.approx(np.exp(87), rel=1e-6)


def test_what_is_no_number_stays_none():
    x = np.full(LANES, np.nan, np.float32)
    exponential, logarithm, maximum, masked, *_ = through(x)
    assert np.isnan([exponential, logarithm, maximum, masked]).all()


def test_bfloat16_is_rounded_as_torch_rounds():
    x = torch.randn(64 * LANES, generator=torch.manual_seed(1)) * 1000
    out = torch.empty(len(x), dtype=torch.bfloat16)
    _copy(x.numpy(), out.view(torch.uint16).numpy())
    torch.testing.assert_close(out, x.to(torch.bfloat16), rtol=0, atol=0)
    back = torch.empty_like(x)
    _copy(out.view(torch.uint16).numpy(), back.numpy())
    torch.testing.assert_close(back, out.float(), rtol=0, atol=0)


@njit
def _copy(source, target):
    for begin in range(0, source.size, LANES):
        store(target, begin, load(source, begin))
