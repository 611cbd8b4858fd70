"""Hybrids: the contract of a ViT, sizes that the stem rounds up, and errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import vislearn
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.hybrid import (
    BitStem,
    ConvStem,
    Hybrid,
    HybridConfig,
    StdConv,
    same_pad,
)

TINY = {"img_size": 32, "width": 32, "depth": 2, "heads": 4, "patch_size": 8}
STEMS = {
    "bit": {"stem": "bit", "stem_width": 32, "stem_depths": (1, 1)},
    "conv": {"stem": "conv", "stem_width": 8, "stem_depths": (1, 2, 1)},
}


def tiny(kind: str = "conv", **options) -> Any:
    torch.manual_seed(0)
    return Hybrid(HybridConfig(**{**TINY, **STEMS[kind], **options})).eval()


@pytest.mark.parametrize(("size", "grid"), [((32, 32), (4, 4)), ((33, 55), (5, 7))])
@pytest.mark.parametrize("stem", STEMS)
def test_every_size_is_welcome_and_rounded_up(stem, size, grid) -> None:
    model = tiny(stem, num_classes=5)
    out = model(torch.randn(2, 3, *size))
    assert out.grid == grid
    assert out.tokens.shape == (2, grid[0] * grid[1], 32)
    assert out.prefix.shape == (2, 1, 32)
    assert torch.equal(out.pooled, out.prefix[:, 0])
    torch.testing.assert_close(out.logits, model.head(out.pooled))


@pytest.mark.parametrize("img_size", [32, (33, 55)])
@pytest.mark.parametrize("stem", STEMS)
def test_config_knows_the_grid_before_the_model_runs(stem, img_size) -> None:
    model = tiny(stem, img_size=img_size)
    out = model(torch.randn(1, 3, *model.config.image_shape))
    assert out.grid == model.config.grid
    assert out.all_tokens.shape[1] == model.config.tokens


@pytest.mark.parametrize("stem", STEMS)
def test_a_patch_may_cover_several_places_of_the_map(stem) -> None:
    model = tiny(stem, patch_size=16)
    assert model.patch_embed.proj.kernel_size == (2, 2)
    assert model(torch.randn(1, 3, 64, 32)).grid == (4, 2)


def test_tokens_of_the_embedding_are_a_projection_of_the_last_map() -> None:
    model = tiny()
    images = torch.randn(2, 3, 32, 32)
    projection = model.patch_embed.proj
    places = model.stem_maps(images)[-1].flatten(2).transpose(1, 2)  # (B, N, C)
    expected = places @ projection.weight.flatten(1).T + projection.bias
    torch.testing.assert_close(model.patch_embed(images), expected)


@pytest.mark.parametrize(
    ("stem", "shapes"),
    [
        ("bit", [(128, 8, 8), (256, 4, 4)]),
        ("conv", [(8, 16, 16), (16, 8, 8), (32, 4, 4)]),
    ],
)
def test_stem_maps_are_the_output_of_each_stage(stem, shapes) -> None:
    model, images = tiny(stem), torch.randn(1, 3, 32, 32)
    maps = model.stem_maps(images)
    assert [tuple(map_.shape[1:]) for map_ in maps] == shapes
    assert torch.equal(maps[-1], model.patch_embed.backbone(images))


def test_filters_have_mean_zero_and_variance_one() -> None:
    torch.manual_seed(0)
    conv = StdConv(4, 6, kernel=3)
    torch.nn.init.normal_(conv.weight, mean=3.0, std=0.2)
    filters = conv.standardised().flatten(1)
    torch.testing.assert_close(filters.mean(1), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(filters.square().mean(1), torch.ones(6))


def test_scale_and_shift_of_a_filter_change_nothing() -> None:
    torch.manual_seed(0)
    conv, x = StdConv(4, 6, kernel=3, stride=2), torch.randn(1, 4, 9, 9)
    before = conv(x)
    with torch.no_grad():
        conv.weight.mul_(7).add_(0.5)
    torch.testing.assert_close(conv(x), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "before", "after"),
    [
        (8, 3, 2, 0, 1),  # an even size: everything at the end
        (9, 3, 2, 1, 1),
        (8, 7, 2, 2, 3),
        (9, 3, 1, 1, 1),
        (8, 1, 2, 0, 0),
    ],
)
def test_same_padding_puts_the_odd_zero_at_the_end(
    size, kernel, stride, before, after
) -> None:
    padded = same_pad(torch.ones(1, 1, size, size), kernel, stride)
    assert padded.shape[-2:] == (before + size + after, before + size + after)
    row = padded[0, 0, before]
    assert row.tolist() == [0.0] * before + [1.0] * size + [0.0] * after


def test_fresh_bit_blocks_are_their_shortcut() -> None:
    model = tiny("bit", stem_depths=(2, 1))
    block = model.patch_embed.backbone.stages[0].blocks[1]
    x = torch.rand(1, 128, 5, 5)
    torch.testing.assert_close(block(x), x)


def test_group_norm_does_not_see_the_other_images() -> None:
    model = tiny("bit").train()
    images = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(
        model(images).pooled[:1], model(images[:1]).pooled, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("stem", STEMS)
def test_every_parameter_receives_a_gradient(stem) -> None:
    model = tiny(stem, num_classes=3)
    if stem == "bit":  # fresh blocks hide their branch behind a zero
        for module in model.patch_embed.modules():
            if isinstance(module, torch.nn.GroupNorm):
                torch.nn.init.ones_(module.weight)
    model(torch.randn(2, 3, 32, 32)).logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_early_convolutions_of_the_paper_have_its_strides_and_channels() -> None:
    """arXiv:2106.14881, the stem of its model with 18 GFLOPs."""
    stem: Any = ConvStem(3, width=64, depths=(1, 2, 2, 1))
    assert [layer.conv.stride[0] for layer in stem] == [2, 2, 1, 2, 1, 2]
    channels = [layer.conv.out_channels for layer in stem]
    assert channels == [64, 128, 128, 256, 256, 512]


def test_a_hybrid_for_the_cpu_stays_below_150_thousand_parameters() -> None:
    model = vislearn.create_model(
        "hybrid_b_r50",
        img_size=32,
        patch_size=4,
        width=64,
        depth=2,
        heads=4,
        stem="conv",
        stem_width=32,
        stem_depths=(1, 1),
        num_classes=10,
    )
    stem = 3 * 32 * 9 + 2 * 32 + 32 * 64 * 9 + 2 * 64 + 64 * 64 + 64
    block = 12 * 64**2 + 13 * 64
    rest = 64 + 65 * 64 + 2 * 64 + 64 * 10 + 10  # CLS, positions, norm, head
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == stem + 2 * block + rest
    assert count < 150_000
    assert model(torch.randn(1, 3, 32, 32)).grid == (8, 8)


@pytest.mark.parametrize(
    ("name", "without", "with_head", "tokens"),
    [
        ("hybrid_s_r26", 36_046_912, 36_431_912, 50),
        ("hybrid_b_r50", 97_890_112, 98_659_112, 197),
    ],
)
def test_presets_have_the_parameters_of_timms_models(
    name, without, with_head, tokens
) -> None:
    def count(**options) -> int:
        model = vislearn.create_model(name, device="meta", **options)
        return sum(parameter.numel() for parameter in model.parameters())

    assert count() == without
    assert count(num_classes=1000) == with_head
    assert model_tokens(name) == tokens
    model = vislearn.create_model(name, device="meta", img_size=(200, 100))
    out = model(torch.empty(1, 3, 200, 100, device="meta"))
    assert out.grid == model.config.grid


@pytest.mark.parametrize(
    ("stem", "options", "message"),
    [
        ("conv", {"stem": "resnet"}, "stem must be 'bit' or 'conv', got 'resnet'"),
        ("conv", {"stem_depths": ()}, r"at least 1, got \(\) and 8"),
        ("conv", {"stem_depths": (1, 0)}, r"at least 1, got \(1, 0\)"),
        ("conv", {"stem_width": 0}, "at least 1, got"),
        ("bit", {"stem_width": 48}, "must be a multiple of 32 .*, got 48"),
        ("bit", {"patch_size": 12}, "patch_size 12 is no multiple of 8"),
        ("conv", {"patch_size": 4}, "patch_size 4 is no multiple of 8"),
        ("conv", {"patch_size": 0}, "patch_size 0 is no multiple of 8"),
        (
            "conv",
            {"patch_size": 16, "img_size": (40, 32)},
            r"img_size \(40, 32\) gives a map of 5 × 4, .* patches of 2 × 2",
        ),
        ("conv", {"heads": 5}, "width 32 is not divisible by heads 5"),
    ],
)
def test_impossible_config_is_refused(stem, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(stem, **options)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 32, 32), r"expected images of shape \(B, 3, H, W\), got \(1, 1"),
        ((1, 3, 24, 32), r"\(24, 32\) gives a map of 3 × 4"),
    ],
)
@pytest.mark.parametrize("method", ["forward", "stem_maps"])
def test_impossible_images_are_refused(shape, message: str, method: str) -> None:
    model = tiny(patch_size=16)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(torch.zeros(shape))


def test_stems_say_how_many_channels_their_map_has() -> None:
    for stem in (BitStem(3, 32, (1, 1, 1)), ConvStem(3, 8, (1, 2))):
        assert stem(torch.randn(1, 3, 32, 32)).shape[1] == stem.features
