"""LayerNorm for maps: its definition, and what it does not look at."""

from __future__ import annotations

import pytest
import torch

from vislearn.layers.norms import LayerNorm2d, layer_norm_2d


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
