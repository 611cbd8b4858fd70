"""CvT: the output contract, sizes of every preset, projections, costs, errors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import vislearn
from vislearn.budget.parameters import count_parameters
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.cvt import ConvAttention, CvT, CvTConfig, projection_cost
from vislearn.layers.attention import attention

PARAMETERS = {  # with 1000 classes
    "cvt_13": 19_997_480,
    "cvt_21": 31_622_696,
    "cvt_w24": 277_196_392,
}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "img_size": 64,
        "depths": (1, 1, 2),
        "widths": (8, 24, 48),
    }
    return CvT(CvTConfig(**{**settings, **options})).eval()


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_published_ones(name: str) -> None:
    assert count_parameters(name, num_classes=1000) == PARAMETERS[name]


def test_table_covers_every_preset() -> None:
    assert set(PARAMETERS) == set(vislearn.list_models("cvt"))


def test_wide_preset_reads_384_pixels_and_squashes_them() -> None:
    model: Any = vislearn.create_model("cvt_w24", device="meta")
    assert (model.config.img_size, model.preprocess.crop) == (384, None)
    assert model_tokens("cvt_w24") == 24 * 24 + 1


@pytest.mark.parametrize(
    ("size", "grid"),
    [((64, 64), (4, 4)), ((48, 80), (3, 5)), ((67, 51), (5, 4)), ((3, 7), (1, 1))],
)
def test_output_has_a_class_token_and_the_last_map(size, grid) -> None:
    model = tiny(num_classes=5)
    images = torch.randn(2, 3, *size)
    out = model(images)
    assert out.grid == grid
    assert out.tokens.shape == (2, math.prod(grid), 48)
    assert out.prefix.shape == (2, 1, 48)
    torch.testing.assert_close(out.pooled, model.norm(out.prefix[:, 0]))
    torch.testing.assert_close(out.logits, model.head(out.pooled))
    torch.testing.assert_close(out.feature_map, model.feature_maps(images)[-1])


@pytest.mark.parametrize("size", [(64, 64), (67, 51)], ids=str)
def test_maps_have_the_grids_of_the_config(size) -> None:
    model = tiny(img_size=size)
    maps = model.feature_maps(torch.zeros(1, 3, *size))
    assert [m.shape[1] for m in maps] == [8, 24, 48]
    assert [tuple(m.shape[2:]) for m in maps] == model.config.grids()


@pytest.mark.parametrize("img_size", [64, (67, 51)])
def test_config_knows_the_grid_before_the_model_runs(img_size) -> None:
    config = CvTConfig(img_size=img_size, depths=(1, 1, 1))
    with torch.device("meta"):
        out = CvT(config)(torch.zeros(1, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.all_tokens.shape == (1, config.tokens, config.features)


def test_only_the_last_stage_has_a_class_token() -> None:
    tokens = [stage.cls_token is not None for stage in tiny().stages]
    assert tokens == [False, False, True]


def test_nothing_in_the_model_knows_the_image_size() -> None:
    small, large = tiny().state_dict(), tiny(img_size=96).state_dict()
    assert all(small[key].shape == large[key].shape for key in large)


def test_recorded_maps_have_a_quarter_of_the_keys_and_the_class_token() -> None:
    model = tiny()
    with vislearn.layers.record_attention(model) as maps:
        model(torch.randn(2, 3, 64, 64))
    assert [tuple(m.shape) for m in maps] == [
        (2, 1, 256, 64),
        (2, 3, 64, 16),
        (2, 6, 17, 5),
        (2, 6, 17, 5),
    ]


@pytest.mark.parametrize("prefix", [0, 1])
@pytest.mark.parametrize("kv_stride", [1, 2])
def test_readable_and_fused_path_agree(prefix, kv_stride) -> None:
    torch.manual_seed(0)
    layer = ConvAttention(24, 3, kv_stride).eval()
    x = torch.randn(2, prefix + 35, 24)
    fused = layer(x, (5, 7), prefix)
    with vislearn.layers.record_attention(layer) as maps:
        layer.fused = False
        readable = layer(x, (5, 7), prefix)
    torch.testing.assert_close(fused, readable, atol=1e-6, rtol=1e-5)
    assert maps[0].shape[-2:] == (prefix + 35, prefix + (12 if kv_stride == 2 else 35))


def test_scores_are_divided_by_the_root_of_the_whole_width() -> None:
    torch.manual_seed(0)
    layer = ConvAttention(24, 3).eval()
    x = torch.randn(1, 16, 24)
    features = x.transpose(1, 2).unflatten(2, (4, 4))
    q = layer.q(layer.conv_q(features).flatten(2).transpose(1, 2))
    k = layer.k(layer.conv_k(features).flatten(2).transpose(1, 2))
    scores = q[..., :8] @ k[..., :8].transpose(1, 2) / math.sqrt(24)  # first head
    with vislearn.layers.record_attention(layer) as maps:
        layer(x, (4, 4))
    torch.testing.assert_close(maps[0][:, 0], scores.softmax(-1))
    other = attention(q[:, None, :, :8], k[:, None, :, :8], k[:, None])[1]  # by √Dh
    assert (maps[0][:, :1] - other).abs().max() > 1e-4


def test_class_token_passes_the_convolutions_by() -> None:
    torch.manual_seed(0)
    layer = ConvAttention(24, 3).eval()
    for conv in (layer.conv_q, layer.conv_k, layer.conv_v):
        torch.nn.init.zeros_(conv.conv.weight)  # the map says nothing any more
    x = torch.randn(1, 17, 24)
    out = layer(x, (4, 4), prefix=1)
    torch.testing.assert_close(out[:, 1], out[:, 16])
    assert (out[:, 0] - out[:, 1]).abs().max() > 1e-4


@pytest.mark.parametrize("kv_stride", [1, 2, 3])
@pytest.mark.parametrize("prefix", [0, 1])
@pytest.mark.parametrize("grid", [(8, 8), (5, 7)])
def test_cost_is_what_torch_counts(grid, prefix, kv_stride) -> None:
    with torch.device("meta"):
        layer = ConvAttention(24, 3, kv_stride)
        x = torch.zeros(1, prefix + math.prod(grid), 24)
    with FlopCounterMode(display=False) as counter:
        layer(x, grid, prefix)
    cost = projection_cost(grid, 24, 3, kv_stride, prefix)
    assert 2 * cost.multiply_adds == counter.get_total_flops()


def test_score_entries_are_those_of_the_recorded_maps() -> None:
    layer = ConvAttention(24, 3).eval()
    with vislearn.layers.record_attention(layer) as maps:
        layer(torch.randn(1, 36, 24), (5, 7), prefix=1)
    assert projection_cost((5, 7), 24, 3, prefix=1).score_entries == maps[0].numel()


def test_drop_path_grows_within_the_last_stage_and_rests_in_eval() -> None:
    model = tiny(depths=(1, 2, 3), drop_path=0.2)
    rates = [block.drop_path.rate for stage in model.stages for block in stage.blocks]
    assert rates == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.1, 0.2])
    images = torch.randn(4, 3, 64, 64)
    assert torch.equal(model(images).pooled, model(images).pooled)


def test_both_branches_of_a_block_can_be_dropped() -> None:
    block = tiny().stages[2].blocks[0].train()
    x = torch.randn(2, 17, 48)
    assert not torch.allclose(block(x, (4, 4), 1), x, atol=1e-3)
    block.drop_path.rate = 1 - 1e-7  # gone, but for one draw in ten millions
    torch.testing.assert_close(block(x, (4, 4), 1), x)


def test_gradients_reach_all_but_the_last_query_convolution() -> None:
    # The classifier reads the class token alone, whose query passes that convolution
    # by: what the patches ask in the last block is never looked at.
    model = tiny(num_classes=3)
    model(torch.randn(2, 3, 64, 64)).logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        idle = name.startswith("stages.2.blocks.1.attn.conv_q.")
        assert (parameter.grad.abs().sum() == 0) == idle, name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (8, 24)}, r"got widths \(8, 24\) with depths \(1, 1, 2\)"),
        ({"depths": ()}, r"got depths \(\)"),
        ({"heads": (1, 5, 6)}, "width 24 is not divisible by heads 5"),
        ({"kv_stride": 0}, "kv_stride must be at least 1, got 0"),
        ({"mlp_ratio": 0}, "mlp_ratio must be at least 1, got 0"),
        ({"img_size": 2}, "at least 3 pixels on each side, got 2 × 2"),
        ({"act": "relu"}, "got 'relu'"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(1, 1, 64, 64), r"got \(1, 1, 64, 64\)"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "floating-point"),
        (torch.zeros(1, 3, 64, 2), "at least 3 pixels on each side, got 64 × 2"),
    ],
    ids=["channels", "bytes", "size"],
)
def test_images_that_do_not_fit_are_refused(images, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(images)


def test_tokens_that_do_not_fit_the_grid_are_refused() -> None:
    layer = ConvAttention(24, 3)
    with pytest.raises(ValueError, match=r"\(B, 1 \+ 4 · 4, 24\), got \(1, 16, 24\)"):
        layer(torch.zeros(1, 16, 24), (4, 4), prefix=1)
    with pytest.raises(ValueError, match="width 24 is not divisible by heads 5"):
        ConvAttention(24, 5)


@pytest.mark.parametrize(
    "options", [{"grid": (0, 4)}, {"heads": 5}, {"kv_stride": 0}, {"prefix": -1}]
)
def test_impossible_cost_is_refused(options) -> None:
    settings: dict[str, Any] = {"grid": (4, 4), "width": 24, "heads": 3, **options}
    with pytest.raises(ValueError, match="must be at least 1"):
        projection_cost(**settings)


def test_fresh_weights_are_normal_with_std_002_and_zero_biases() -> None:
    model: Any = vislearn.create_model("cvt_13", num_classes=10).requires_grad_(False)
    attn = model.stages[2].blocks[0].attn
    for weight in (
        model.head.weight,
        model.stages[2].cls_token,
        attn.q.weight,
        attn.conv_q.conv.weight,
    ):
        assert float(weight.std()) == pytest.approx(0.02, rel=0.1)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert not any(bias.any() for bias in biases)
    assert (attn.conv_q.bn.weight == 1).all()
