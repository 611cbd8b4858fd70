"""Spatial-reduction attention: fewer keys, both paths, costs, errors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import vislearn
from vislearn.layers.attention import Attention, attention_cost
from vislearn.layers.reduction import (
    SpatialReductionAttention,
    map_conv,
    reduction_cost,
    to_map,
    to_tokens,
)


def layer(**options) -> SpatialReductionAttention:
    torch.manual_seed(0)
    return SpatialReductionAttention(24, 3, **options)


SETTINGS = [{"reduction": 1}, {"reduction": 2}, {"reduction": 3}, {"pool": 2}]


def test_map_and_tokens_are_the_same_numbers_in_raster_order() -> None:
    tokens = torch.randn(2, 15, 4)
    features = to_map(tokens, (3, 5))
    assert torch.equal(features[:, :, 1, 2], tokens[:, 1 * 5 + 2])
    assert torch.equal(to_tokens(features), tokens)
    assert features.data_ptr() == tokens.data_ptr()


def test_map_convolution_is_an_ordinary_one_in_another_order_of_memory() -> None:
    ours, plain = map_conv(4, 6, 3, 2, 1), torch.nn.Conv2d(4, 6, 3, 2, 1)
    ours.load_state_dict(plain.state_dict())
    features = to_map(torch.randn(2, 35, 4), (5, 7))
    torch.testing.assert_close(ours(features), plain(features))
    for tensor in (ours.weight, ours(features)):
        assert tensor.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("options", SETTINGS)
def test_readable_and_fused_path_agree(options) -> None:
    x = torch.randn(2, 35, 24)
    fused = layer(**options)(x, (5, 7))
    readable = layer(**options, fused=False)(x, (5, 7))
    torch.testing.assert_close(fused, readable, atol=1e-6, rtol=1e-5)


def test_without_reduction_it_is_ordinary_attention() -> None:
    torch.manual_seed(0)
    ordinary, ours = Attention(24, 3), layer()
    ordinary.qkv.load_state_dict(
        {
            key: torch.cat([value, getattr(ours.kv, key)])
            for key, value in ours.q.state_dict().items()
        }
    )
    ordinary.proj.load_state_dict(ours.proj.state_dict())
    x = torch.randn(2, 1 + 16, 24)  # a prefix token is welcome
    torch.testing.assert_close(ours(x, (4, 4)), ordinary(x))


def test_each_key_is_made_of_one_square_of_tokens() -> None:
    module = layer(reduction=2)
    x: Any = torch.randn(1, 16, 24, requires_grad=True)
    module.reduce(x, (4, 4))[0, 1].square().sum().backward()  # upper right square
    seen = x.grad[0].abs().sum(1).unflatten(0, (4, 4)) > 0
    expected = torch.zeros(4, 4, dtype=torch.bool)
    expected[:2, 2:] = True
    assert torch.equal(seen, expected)


def test_rest_of_the_map_asks_but_does_not_answer() -> None:
    module = layer(reduction=2)
    x = torch.randn(1, 15, 24)
    changed = x.clone()
    changed[:, 14] = 9.0  # row 2, column 4 of 3 × 5: beyond the 1 × 2 squares
    out, other = module(x, (3, 5)), module(changed, (3, 5))
    assert torch.equal(out[:, :14], other[:, :14])
    assert not torch.equal(out[:, 14], other[:, 14])


@pytest.mark.parametrize(
    ("options", "keys"),
    [({"reduction": 1}, 35), ({"reduction": 2}, 6), ({"pool": 2}, 4)],
)
def test_recorded_maps_have_one_column_for_each_key(options, keys) -> None:
    module = layer(**options)
    with vislearn.layers.record_attention(module) as maps:
        module(torch.randn(2, 35, 24), (5, 7))
    assert [tuple(m.shape) for m in maps] == [(2, 3, 35, keys)]


@pytest.mark.parametrize("grid", [(8, 8), (5, 7)])
@pytest.mark.parametrize("options", SETTINGS)
def test_cost_is_what_torch_counts(options, grid) -> None:
    with torch.device("meta"):
        module = layer(**options)
        x = torch.zeros(1, math.prod(grid), 24)
    with FlopCounterMode(display=False) as counter:
        module(x, grid)
    cost = reduction_cost(grid, 24, 3, **options)
    assert 2 * cost.multiply_adds == counter.get_total_flops()


@pytest.mark.parametrize("options", SETTINGS)
def test_score_entries_are_those_of_the_recorded_maps(options) -> None:
    module = layer(**options)
    with vislearn.layers.record_attention(module) as maps:
        module(torch.randn(1, 35, 24), (5, 7))
    assert reduction_cost((5, 7), 24, 3, **options).score_entries == maps[0].numel()


def test_cost_without_reduction_is_that_of_ordinary_attention() -> None:
    ours, plain = reduction_cost((7, 7), 512, 8, prefix=1), attention_cost(50, 512, 8)
    assert ours.multiply_adds == plain.multiply_adds
    assert ours.score_entries == plain.score_entries
    assert ours.shrink == 0


def test_convolution_of_the_reduction_reads_each_place_once() -> None:
    for reduction in (2, 4, 8):
        cost = reduction_cost((56, 56), 64, 1, reduction)
        assert cost.shrink == 56 * 56 * 64**2
        assert cost.scores == 56**4 * 64 // reduction**2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reduction": 0}, "at least 1, got 0 and None"),
        ({"pool": 0}, "at least 1, got 1 and 0"),
        ({"pool": 7, "reduction": 2}, "expected reduction 1, got 2"),
    ],
)
def test_impossible_reduction_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        layer(**options)
    with pytest.raises(ValueError, match=message):
        reduction_cost((8, 8), 24, 3, **options)


@pytest.mark.parametrize(
    ("shape", "grid", "message"),
    [
        ((1, 16, 8), (4, 4), r"\(B, T, 24\), got \(1, 16, 8\)"),
        ((1, 17, 24), (4, 4), "needs 16 tokens to reduce, got 17"),
        ((1, 4, 24), (1, 4), "map of 1 × 4 places is smaller than one square"),
    ],
)
def test_tokens_that_do_not_fit_are_refused(shape, grid, message) -> None:
    with pytest.raises(ValueError, match=message):
        layer(reduction=2)(torch.zeros(shape), grid)


def test_width_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="width 24 is not divisible by heads 5"):
        SpatialReductionAttention(24, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 5}, "width divisible by heads"),
        ({"grid": (0, 8)}, "must be at least 1"),
        ({"reduction": 2, "prefix": 1}, "prefix tokens have no place in the map"),
        ({"reduction": 9}, "smaller than one square"),
    ],
)
def test_impossible_cost_is_refused(options, message) -> None:
    settings = {"grid": (8, 8), "width": 24, "heads": 3, **options}
    with pytest.raises(ValueError, match=message):
        reduction_cost(**settings)
