"""CLIP's ResNet: shapes, attention pooling, sizes, errors."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from vislearn.encoders.modified_resnet import (
    CLIP_RESNETS,
    AttentionPool2d,
    ModifiedResNet,
    ModifiedResNetConfig,
)
from vislearn.layers.attention import attention, record_attention

TINY = {
    "img_size": 64,
    "depths": (1, 1, 1, 1),
    "width": 8,
    "head_width": 16,
    "embed_dim": 24,
}


def tiny(**options) -> ModifiedResNet:
    torch.manual_seed(0)
    return ModifiedResNet(ModifiedResNetConfig(**{**TINY, **options})).eval()


@pytest.mark.parametrize("size", [(64, 64), (64, 96)])
def test_config_knows_the_shapes_before_the_model_runs(size) -> None:
    model = tiny(img_size=size)
    out = model(torch.randn(2, 3, *size))
    assert out.grid == model.config.grid
    assert out.tokens.shape == (2, model.config.tokens, model.config.features)
    assert out.prefix.shape[1] == 0
    assert out.pooled.shape == (2, 24)
    assert out.logits is None


def test_maps_are_a_quarter_then_halves() -> None:
    maps = tiny().feature_maps(torch.randn(1, 3, 64, 64))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (32, 16, 16),
        (64, 8, 8),
        (128, 4, 4),
        (256, 2, 2),
    ]


def test_pooling_is_attention_with_the_average_as_the_only_query() -> None:
    torch.manual_seed(0)
    pool = AttentionPool2d((2, 3), width=8, heads=2, embed_dim=5)
    x = torch.randn(4, 8, 2, 3)
    tokens = x.flatten(2).transpose(1, 2)
    tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], 1)
    tokens = tokens + pool.positional_embedding
    q, k, v = (
        pool.split(layer(tokens)) for layer in (pool.q_proj, pool.k_proj, pool.v_proj)
    )
    out, weights = attention(q, k, v)
    expected = pool.c_proj(out[:, :, 0].reshape(4, 8))
    with record_attention(pool) as maps:
        torch.testing.assert_close(pool(x), expected)
    torch.testing.assert_close(maps[0], weights[:, :, :1])


def test_positions_of_the_pooling_follow_the_image_size() -> None:
    out = tiny()(torch.randn(1, 3, 96, 128))
    assert out.grid == (3, 4)
    assert out.pooled.isfinite().all()


def test_fresh_bottlenecks_begin_as_the_identity() -> None:
    block = tiny(depths=(2, 1, 1, 1)).layer1[1]
    x = torch.rand(1, 32, 8, 8)
    torch.testing.assert_close(block(x), F.relu(x))


def test_anti_aliasing_lowers_the_change_under_a_shift_by_one_pixel() -> None:
    """What the average before each stride is for, at the first strided block."""
    torch.manual_seed(0)
    block = tiny().layer2[0].train()
    torch.nn.init.normal_(block.bn3.weight, 1.0, 0.1)
    x = torch.randn(8, 32, 32, 32)

    @torch.no_grad()
    def change() -> float:
        y, shifted = block(x), block(x.roll(1, -1))
        return float((y - shifted).norm() / y.norm())

    averaged = change()
    block.avgpool, block.conv2.stride = torch.nn.Identity(), (2, 2)
    block.downsample[0] = torch.nn.Identity()
    block.downsample[1].stride = (2, 2)
    assert averaged < change()


@pytest.mark.parametrize("name", CLIP_RESNETS)
def test_presets_have_the_grid_of_their_resolution(name: str) -> None:
    config = CLIP_RESNETS[name]
    with torch.device("meta"):
        out = ModifiedResNet(config)(torch.empty(2, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.pooled.shape == (2, config.embed_dim)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"img_size": 100}, "img_size 100 is not divisible by the stride 32"),
        ({"img_size": (64, 65)}, r"\(64, 65\) is not divisible"),
        ({"depths": (1, 0)}, r"at least 1 .* got \(1, 0\)"),
        ({"width": 7}, "width must be even, got 7"),
        ({"head_width": 48}, "256 channels, not divisible by head_width 48"),
        ({"head_width": 0}, "head_width must be at least 1, got 0"),
        ({"head_width": -16}, "head_width must be at least 1, got -16"),
        ({"embed_dim": 0}, "embed_dim must be at least 1, got 0"),
        ({"num_classes": 10}, "num_classes must be None, got 10"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_images_that_would_be_cut_off_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(70, 64\) is not divisible by the stride"):
        tiny()(torch.zeros(1, 3, 70, 64))


def test_grey_images_are_refused_by_shape() -> None:
    with pytest.raises(ValueError, match=r"got \(1, 1, 64, 64\)"):
        tiny()(torch.zeros(1, 1, 64, 64))
