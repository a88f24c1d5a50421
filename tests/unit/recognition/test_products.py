"""Products of a network against torch's own, with their gradients."""

import pytest
import torch
import torch.nn.functional as nnf
from torch import nn

from causalex_core.recognition import products
from causalex_core.recognition.products import FastProducts

PRECISIONS = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float64: 1e-12}


def assert_same(function, arguments, precision, monkeypatch):
    """Outputs and gradients within the precision, relative to the largest."""
    monkeypatch.setattr(products, "_LARGE", 1)
    results = []
    for fast in (False, True):
        dtype = precision if fast else torch.float64
        given = [x.to(precision).to(dtype).requires_grad_() for x in arguments]
        if fast:
            with FastProducts():
                out = function(*given)
            assert "Backward" in type(out.grad_fn).__name__ and out.dtype == precision
        else:
            out = function(*given)
        factors = torch.linspace(-1, 1, out.numel()).view(out.shape).to(out.dtype)
        results.append([out, *torch.autograd.grad(out, given, factors)])
    for expected, found in zip(*results, strict=True):
        error = (found.double() - expected).abs().max() / expected.abs().max()
        assert error < PRECISIONS[precision]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_linear_maps(precision, bias, monkeypatch):
    torch.manual_seed(1)
    parts = torch.randn(5, 3, 17), torch.randn(9, 17), torch.randn(9)
    assert_same(nnf.linear, parts[: 2 + bias], precision, monkeypatch)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("sides", [(4, 4), (2, 2), (1, 1), (3, 5), (2, 1)])
def test_convolutions(sides, precision, monkeypatch):
    torch.manual_seed(2)
    parts = torch.randn(3, 8, *sides), torch.randn(6, 8, 3, 3), torch.randn(6)
    assert_same(lambda *given: nnf.conv2d(*given, padding=1), parts, precision, monkeypatch)


def test_other_convolutions_are_torchs(monkeypatch):
    monkeypatch.setattr(products, "_LARGE", 1)
    monkeypatch.setattr(products, "convolve", None)
    maps, weight, bias = torch.randn(1, 8, 4, 4), torch.randn(6, 8, 3, 3), torch.randn(6)
    with FastProducts():
        for options in ({}, {"padding": 2}, {"padding": 1, "stride": 2}):
            nnf.conv2d(maps, weight, bias, **options)
        nnf.conv2d(maps, torch.randn(6, 8, 1, 1), bias)
        nnf.conv2d(maps, torch.randn(6, 4, 3, 3), bias, padding=1, groups=2)
        nnf.conv2d(maps, weight, padding=1)


def test_a_part_of_a_matrix_is_copied_first(monkeypatch):
    """The library multiplies it by a loop that is meant for tests of the library."""
    seen = []
    monkeypatch.setattr(
        torch.ops.mkldnn, "_linear_pointwise", lambda a, b, *_: seen.append((a, b)) or a @ b.mT
    )
    monkeypatch.setattr(products, "_AVAILABLE", True)
    whole = torch.randn(6, 8)
    expected = whole[:, :4] @ whole[:3, 4:].T
    torch.testing.assert_close(products.product(whole[:, :4], whole[:3, 4:]), expected)
    assert all(matrix.is_contiguous() for matrix in seen[0])
    products.product(whole.T, whole.T)
    assert seen[1][0].data_ptr() == whole.data_ptr()  # a transposed one is not


def test_small_products_stay_with_torch():
    layer = nn.Linear(8, 8)
    with FastProducts():
        out = layer(torch.randn(2, 8))
    assert type(out.grad_fn).__name__ == "AddmmBackward0"
