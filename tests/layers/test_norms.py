"""LayerNorm for maps and RMSNorm: definitions, and what they do not look at."""

from __future__ import annotations

import pytest
import torch

from vislearn.layers.norms import LayerNorm2d, RMSNorm, layer_norm_2d, rms_norm


def random_norm(width: int) -> LayerNorm2d:
    torch.manual_seed(0)
    norm = LayerNorm2d(width)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    return norm


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])  # at 1e-3, ε decides
def test_layer_norm_of_maps_is_its_definition(scale: float) -> None:
    norm = random_norm(8)
    x = scale * torch.randn(2, 8, 3, 5)
    expected = layer_norm_2d(x, norm.weight, norm.bias, norm.eps)
    torch.testing.assert_close(norm(x), expected, rtol=1e-5, atol=1e-5)


def test_the_definition_has_mean_zero_and_variance_one_at_each_place() -> None:
    x = 3 + 2 * torch.randn(2, 64, 3, 5, dtype=torch.float64)
    one, zero = torch.ones(64), torch.zeros(64)
    y = layer_norm_2d(x, one, zero, eps=0.0)
    torch.testing.assert_close(y.mean(1), torch.zeros_like(y[:, 0]))
    torch.testing.assert_close(y.var(1, correction=0), torch.ones_like(y[:, 0]))


def test_a_place_does_not_depend_on_the_others() -> None:
    norm, x = random_norm(8), torch.randn(2, 8, 4, 4)
    changed = x.clone()
    changed[1, 0, 2, 3] += 5  # one channel: adding the same to all changes nothing
    same = torch.ones(2, 4, 4, dtype=torch.bool)
    same[1, 2, 3] = False
    before, after = norm(x).permute(0, 2, 3, 1), norm(changed).permute(0, 2, 3, 1)
    assert torch.equal(before[same], after[same])
    assert not torch.allclose(before[~same], after[~same])


def test_default_epsilon_is_that_of_the_vision_papers() -> None:
    assert LayerNorm2d(4).eps == 1e-6


@pytest.mark.parametrize("shape", [(2, 9, 4, 4), (2, 4, 4, 8), (2, 8, 4)], ids=str)
def test_tensors_that_are_no_map_of_this_width_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"\(B, 8, H, W\), got \(2"):
        LayerNorm2d(8)(torch.zeros(shape))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_rms_norm_is_torchs(scale: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = (scale * torch.randn(2, 5, 8, dtype=dtype)).requires_grad_()
    norm, theirs = RMSNorm(8).to(dtype), torch.nn.RMSNorm(8, eps=1e-6, dtype=dtype)
    torch.nn.init.normal_(norm.weight)
    theirs.weight.data.copy_(norm.weight)
    torch.testing.assert_close(norm(x), theirs(x))
    (mine,) = torch.autograd.grad(norm(x).square().sum(), x)
    (other,) = torch.autograd.grad(theirs(x).square().sum(), x)
    torch.testing.assert_close(mine, other)


def test_rms_norm_keeps_the_mean_and_has_no_bias() -> None:
    x = 3 + torch.randn(4, 64, dtype=torch.float64)
    y = rms_norm(x, torch.ones(64), eps=0.0)
    torch.testing.assert_close(y.square().mean(1), torch.ones(4, dtype=torch.float64))
    assert bool((y.mean(1) > 0.8).all())
    torch.testing.assert_close(rms_norm(5 * x, torch.ones(64), eps=0.0), y)
    assert [name for name, _ in RMSNorm(4).named_parameters()] == ["weight"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_rms_norm_squares_half_precision_in_single(dtype: torch.dtype) -> None:
    x = torch.full((1, 8), 300.0, dtype=dtype)  # 300² is beyond float16
    y = RMSNorm(8).to(dtype)(x)
    assert y.dtype == dtype
    torch.testing.assert_close(y, torch.ones_like(x))


def test_rms_norm_of_zeros_is_zero() -> None:
    x = torch.zeros(2, 8, requires_grad=True)
    y = RMSNorm(8)(x)
    y.sum().backward()
    assert not y.any()
    assert bool(x.grad.isfinite().all())


@pytest.mark.parametrize("shape", [(2, 9), (2, 8, 1), ()], ids=str)
def test_rms_norm_refuses_another_width(shape) -> None:
    with pytest.raises(ValueError, match=r"expected \(…, 8\), got \("):
        RMSNorm(8)(torch.zeros(shape))
