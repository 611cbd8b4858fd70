"""Attention: the formula, the two paths, masks, recording, cost."""

from __future__ import annotations

import math

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from vislearn.encoders.resnet import ResNet, ResNetConfig
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.attention import (
    Attention,
    Recordable,
    attention,
    attention_cost,
    record_attention,
)

TINY = ViTConfig(img_size=16, patch_size=8, width=32, depth=3, heads=4)


def qkv(queries: int = 5, keys: int = 7) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    return (
        torch.randn(2, 3, queries, 8),
        torch.randn(2, 3, keys, 8),
        torch.randn(2, 3, keys, 6),
    )


def test_output_is_the_weighted_average_written_with_loops() -> None:
    q, k, v = qkv()
    out, weights = attention(q, k, v)
    for b, h, i in [(0, 0, 0), (1, 2, 4), (0, 1, 3)]:
        scores = [float(q[b, h, i] @ k[b, h, j]) / math.sqrt(8) for j in range(7)]
        total = sum(math.exp(score) for score in scores)
        expected = [math.exp(score) / total for score in scores]
        torch.testing.assert_close(weights[b, h, i], torch.tensor(expected))
        mixed = sum(w * v[b, h, j] for j, w in enumerate(expected))
        torch.testing.assert_close(out[b, h, i], mixed)


def test_each_query_spends_a_weight_of_one() -> None:
    _, weights = attention(*qkv())
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 5))


def test_large_scores_stay_finite() -> None:
    q, k, v = qkv()
    out, weights = attention(1e3 * q, 1e3 * k, v)
    assert out.isfinite().all()
    assert weights.isfinite().all()


def test_boolean_mask_hides_where_it_is_false() -> None:
    q, k, v = qkv()
    mask = torch.ones(5, 7, dtype=torch.bool)
    mask[:, 4:] = False
    out, weights = attention(q, k, v, mask)
    assert (weights[..., 4:] == 0).all()
    torch.testing.assert_close(out, attention(q, k[:, :, :4], v[:, :, :4])[0])


def test_float_mask_is_added_to_the_scores() -> None:
    q, k, v = qkv()
    mask = torch.zeros(5, 7)
    mask[:, 4:] = -math.inf
    allowed = mask == 0
    torch.testing.assert_close(
        attention(q, k, v, mask)[0], attention(q, k, v, allowed)[0]
    )
    bias = torch.randn(3, 5, 7)
    scores = q @ k.transpose(-2, -1) / math.sqrt(8) + bias
    torch.testing.assert_close(attention(q, k, v, bias)[1], scores.softmax(-1))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_float_mask_that_would_poison_the_softmax_is_refused(value: float) -> None:
    mask = torch.zeros(5, 7)
    mask[2, 3] = value
    with pytest.raises(ValueError, match=r"finite or -inf"):
        attention(*qkv(), mask)


@pytest.mark.parametrize("kind", ["bool", "float"])
def test_query_with_nothing_to_look_at_is_refused_by_name(kind: str) -> None:
    mask = torch.ones(2, 1, 5, 7, dtype=torch.bool)
    mask[1, 0, 3] = False
    if kind == "float":
        mask = torch.zeros(mask.shape).masked_fill(~mask, -math.inf)
    with pytest.raises(ValueError, match=r"from query \(1, 0, 3\)"):
        attention(*qkv(), mask)


def test_integer_mask_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bool .* or float .* torch.int64"):
        attention(*qkv(), torch.ones(5, 7, dtype=torch.int64))


def test_mask_of_a_shape_that_does_not_broadcast_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(7, 5\) does not broadcast"):
        attention(*qkv(), torch.ones(7, 5, dtype=torch.bool))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(2, 5, 8)] * 3, r"expected q, k, v of shape \(B, h, T, Dh\)"),
        ([(2, 3, 5, 8), (2, 3, 7, 9), (2, 3, 7, 9)], "same head width"),
        ([(2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 6, 8)], "number of tokens"),
        ([(2, 3, 5, 8), (1, 3, 7, 8), (1, 3, 7, 8)], "agree in B and h"),
    ],
)
def test_wrong_shapes_are_refused_by_name(shapes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attention(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("masked", [False, True])
def test_readable_and_fused_paths_agree_in_value_and_gradient(masked: bool) -> None:
    torch.manual_seed(1)
    layer = Attention(32, 4)
    mask = torch.rand(2, 1, 9, 9) < 0.7 if masked else None
    if mask is not None:
        mask |= torch.eye(9, dtype=torch.bool)
    x = torch.randn(2, 9, 32)
    direction = torch.randn(2, 9, 32)
    results = []
    for fused in (True, False):
        layer.fused = fused
        tokens = x.clone().requires_grad_()
        out = layer(tokens, mask)
        gradients = torch.autograd.grad(
            (out * direction).sum(), [tokens, *layer.parameters()]
        )
        results.append([out, *gradients])
    for fused_value, readable_value in zip(*results, strict=True):
        torch.testing.assert_close(fused_value, readable_value, rtol=1e-5, atol=1e-5)


def test_fused_path_refuses_the_same_masks() -> None:
    layer = Attention(32, 4)
    mask = torch.zeros(9, 9, dtype=torch.bool)
    with pytest.raises(ValueError, match="at least one key"):
        layer(torch.randn(2, 9, 32), mask)


def test_attention_cannot_tell_the_order_of_its_tokens() -> None:
    layer, x = Attention(32, 4), torch.randn(1, 9, 32)
    order = torch.randperm(9)
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order])


def test_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="width 32 is not divisible by heads 5"):
        Attention(32, 5)


def test_tokens_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(B, T, 32\), got \(2, 9, 16\)"):
        Attention(32, 4)(torch.zeros(2, 9, 16))


def test_recorded_maps_are_the_weights_of_the_fused_output() -> None:
    torch.manual_seed(0)
    model = ViT(TINY)
    layer = model.blocks[0].attn
    x = torch.randn(2, 5, 32)
    with record_attention(model) as maps:
        out = layer(x)
    v = layer.qkv(x)[..., 64:].reshape(2, 5, 4, 8).transpose(1, 2)  # (B, h, T, Dh)
    mixed = (maps[0] @ v).transpose(1, 2).reshape(2, 5, 32)
    torch.testing.assert_close(layer.proj(mixed), out)


def test_recording_gives_one_map_per_block_and_leaves_the_output_alone() -> None:
    torch.manual_seed(0)
    model, images = ViT(TINY), torch.randn(2, 3, 16, 24)
    plain = model(images)
    with record_attention(model) as maps:
        recorded = model(images)
    assert [tuple(weights.shape) for weights in maps] == [(2, 4, 7, 7)] * 3
    assert torch.equal(plain.all_tokens, recorded.all_tokens)
    assert not any(weights.requires_grad for weights in maps)


class Crossed(Recordable):
    """Three queries for the first three of the tokens, keys from all of them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = x[:, None]  # one head
        self.record(tokens[:, :, :3], tokens, tokens)
        return x


def test_any_recordable_layer_is_recorded_in_the_order_of_the_run() -> None:
    model = torch.nn.Sequential(Crossed(), Attention(8, 2), Crossed())
    x = torch.randn(2, 5, 8)
    with record_attention(model) as maps:
        model(x)
    assert [tuple(weights.shape) for weights in maps] == [
        (2, 1, 3, 5),
        (2, 2, 5, 5),
        (2, 1, 3, 5),
    ]
    _, expected = attention(x[:, None, :3], x[:, None], x[:, None])
    assert torch.equal(maps[0], expected)


def test_recording_stops_after_the_block_even_after_an_error() -> None:
    model = ViT(TINY)

    def run_and_fail() -> None:
        with record_attention(model):
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        run_and_fail()
    assert all(block.attn.recorder is None for block in model.blocks)


def test_recording_inside_a_recording_returns_to_the_outer_one() -> None:
    model, images = ViT(TINY), torch.randn(1, 3, 16, 16)
    with record_attention(model) as outer:
        with record_attention(model) as inner:
            model(images)
        model(images)
    assert (len(outer), len(inner)) == (3, 3)


def test_model_without_attention_cannot_be_recorded() -> None:
    model = ResNet(ResNetConfig(depths=(1,), width=8, block="basic"))
    with (
        pytest.raises(ValueError, match="ResNet has no attention"),
        record_attention(model),
    ):
        pass


@pytest.mark.parametrize(("tokens", "width", "heads"), [(50, 64, 4), (197, 192, 3)])
def test_cost_formula_equals_the_counted_operations(tokens, width, heads) -> None:
    layer = Attention(width, heads, fused=False)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, tokens, width))
    cost = attention_cost(tokens, width, heads)
    assert counter.get_total_flops() == 2 * cost.multiply_adds
    with record_attention(layer) as maps:
        layer(torch.zeros(1, tokens, width))
    assert cost.score_entries == maps[0].numel()


def test_heads_change_the_score_table_and_not_the_multiply_adds() -> None:
    one, twelve = attention_cost(197, 768, 1), attention_cost(197, 768, 12)
    assert one.multiply_adds == twelve.multiply_adds
    assert twelve.score_entries == 12 * one.score_entries


@pytest.mark.parametrize(
    ("numbers", "message"),
    [((0, 64, 4), "at least 1"), ((10, 64, 5), "not divisible by heads 5")],
)
def test_cost_of_impossible_sizes_is_refused(numbers, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attention_cost(*numbers)
