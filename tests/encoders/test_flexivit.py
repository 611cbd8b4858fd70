"""FlexiViT: one set of weights, many patch sizes; shapes, gradients, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import vislearn
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.flexivit import PATCH_SIZES, FlexiViT, FlexiViTConfig
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.weights import load

TINY = {
    "img_size": 48,
    "patch_size": 12,
    "kernel_size": 8,
    "width": 32,
    "depth": 2,
    "heads": 4,
}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    return FlexiViT(FlexiViTConfig(**{**TINY, **options})).eval()


@pytest.mark.parametrize("patch_size", [4, 6, 8, 12, 16, 24, 48])
@pytest.mark.parametrize("options", [{}, {"pos_grid": (3, 3)}, {"kernel_size": 32}])
def test_the_patch_size_decides_how_many_tokens_there_are(patch_size, options) -> None:
    out = tiny(**options)(torch.randn(2, 3, 48, 96), patch_size=patch_size)
    h, w = 48 // patch_size, 96 // patch_size
    assert out.grid == (h, w)
    assert out.tokens.shape == (2, h * w, 32)
    assert out.prefix.shape == (2, 1, 32)
    assert torch.equal(out.pooled, out.prefix[:, 0])


def test_without_a_word_the_patch_size_is_the_configs() -> None:
    model, images = tiny(num_classes=5), torch.randn(1, 3, 48, 48)
    out = model(images)
    assert out.grid == model.config.grid == (4, 4)
    assert out.all_tokens.shape[1] == model.config.tokens == 17
    torch.testing.assert_close(out.logits, model(images, patch_size=12).logits)
    assert not torch.allclose(out.logits, model(images, patch_size=6).logits)


def test_at_the_stored_sizes_it_is_a_plain_vit() -> None:
    sizes: dict[str, Any] = {
        "img_size": 48,
        "patch_size": 8,
        "width": 32,
        "depth": 2,
        "heads": 4,
    }
    plain = ViT(ViTConfig(**sizes, pos_prefix=False)).eval()
    model = load(FlexiViT(FlexiViTConfig(**sizes, kernel_size=8)), plain.state_dict())
    images = torch.randn(2, 3, 48, 48)
    torch.testing.assert_close(model.eval()(images).tokens, plain(images).tokens)


@pytest.mark.parametrize("factor", [2, 3])
def test_an_enlarged_image_in_enlarged_patches_gives_the_same_tokens(factor) -> None:
    """The property that defines the resizing, on whole images, in float64.

    A patch is enlarged by itself: the border of its neighbour plays no part.
    """
    model = tiny(kernel_size=8, patch_size=8).double()
    images = torch.randn(2, 3, 48, 48, dtype=torch.float64)
    patches = images.unfold(2, 8, 8).unfold(3, 8, 8)  # (B, C, 6, 6, 8, 8)
    large = torch.nn.functional.interpolate(
        patches.flatten(0, 3)[:, None], scale_factor=factor, mode="bilinear"
    )[:, 0].unflatten(0, patches.shape[:4])  # (B, C, 6, 6, 8f, 8f)
    large = large.permute(0, 1, 2, 4, 3, 5).reshape(2, 3, 48 * factor, 48 * factor)
    expected, out = model(images), model(large, patch_size=8 * factor)
    torch.testing.assert_close(out.all_tokens, expected.all_tokens)


def test_every_patch_size_trains_the_same_stored_weights() -> None:
    model = tiny(num_classes=3, pos_grid=(3, 3))
    images = torch.randn(2, 3, 48, 48)
    for patch_size in (6, 8, 12, 24):
        model.zero_grad()
        model(images, patch_size=patch_size).logits.square().sum().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


def test_gradients_work_after_a_first_call_in_inference_mode() -> None:
    model, images = tiny(num_classes=3), torch.randn(1, 3, 52, 52)
    with torch.inference_mode():
        model(images, patch_size=13)
    model(images, patch_size=13).logits.sum().backward()
    assert model.patch_embed.proj.weight.grad is not None


def test_the_trainings_patch_sizes_divide_its_images() -> None:
    config = FlexiViTConfig()
    sides = [config.image_shape[0] / size for size in PATCH_SIZES]
    assert sides == [5, 6, 8, 10, 12, 15, 16, 20, 24, 30]


@pytest.mark.parametrize(
    ("name", "without", "with_head"),
    [
        ("flexivit_s", 21_676_416, 22_061_416),
        ("flexivit_b", 85_820_160, 86_589_160),
        ("flexivit_l", 303_330_304, 304_355_304),
    ],
)
def test_presets_have_the_parameters_of_timms_models(name, without, with_head) -> None:
    def count(**options) -> int:
        model = vislearn.create_model(name, device="meta", **options)
        return sum(parameter.numel() for parameter in model.parameters())

    assert count() == without
    assert count(num_classes=1000) == with_head
    assert model_tokens(name) == 226
    model: Any = vislearn.create_model(name, device="meta")
    images = torch.empty(1, 3, 240, 240, device="meta")
    for patch_size in PATCH_SIZES:
        tokens = model(images, patch_size=patch_size).tokens.shape[1]
        assert tokens == (240 // patch_size) ** 2


def test_stored_sizes_change_the_parameters_as_the_formula_says() -> None:
    """The official code stores filters of 32 × 32 and 7 × 7 positions by default."""
    model = vislearn.create_model(
        "flexivit_s", kernel_size=32, pos_grid=(7, 7), device="meta"
    )
    count = sum(parameter.numel() for parameter in model.parameters())
    more, fewer = 384 * 3 * (32**2 - 16**2), 384 * (15**2 - 7**2)
    assert count == 21_676_416 + more - fewer
    assert model(torch.empty(1, 3, 240, 240, device="meta")).grid == (15, 15)


def test_weights_stored_in_another_size_are_resized_when_loaded() -> None:
    small = tiny(kernel_size=8, pos_grid=(3, 3))
    large = tiny(kernel_size=16, pos_grid=(6, 6))
    torch.nn.init.normal_(small.pos_embed)
    load(large, small.state_dict())
    torch.testing.assert_close(
        large.patch_embed.proj.weight, small.patch_embed.kernel(16)
    )
    torch.testing.assert_close(large.pos_embed, small.position_table((6, 6)))


def test_weights_that_do_not_fit_are_still_refused() -> None:
    state = tiny().state_dict()
    with pytest.raises(ValueError, match=r"of another shape .*pos_embed"):
        load(tiny(), {**state, "pos_embed": torch.zeros(1, 7, 32)})
    wrong = {**state, "patch_embed.proj.weight": torch.zeros(32, 4, 8, 8)}
    with pytest.raises(ValueError, match=r"of another shape .*patch_embed.proj"):
        load(tiny(), wrong)
    with pytest.raises(ValueError, match=r"format must be one of vislearn, timm"):
        load(tiny(), state, format="transformers")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_size": 7}, "img_size 48 is not divisible by patch_size 7"),
        ({"patch_size": 0}, "patch_size must be at least 1, got 0"),
        ({"pos": "sincos_2d"}, "positions of FlexiViT are 'learned', got 'sincos_2d'"),
        ({"kernel_mode": "nearest"}, "kernel_mode must be .* got 'nearest'"),
        ({"pos_mode": "area"}, "pos_mode must be 'bilinear' or 'bicubic', got 'area'"),
        ({"kernel_size": 0}, "kernel_size must be at least 1, got 0"),
        ({"pos_grid": (0, 7)}, r"at least 1, got \(0, 7\)"),
        ({"pos_grid": 7}, r"pos_grid must be \(rows, columns\) of at least 1, got 7"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("shape", "patch_size", "message"),
    [
        ((1, 3, 48, 48), 7, "img_size 48 is not divisible by patch_size 7"),
        ((1, 3, 48, 40), 16, r"img_size \(48, 40\) is not divisible by patch_size 16"),
        ((1, 3, 50, 50), None, "img_size 50 is not divisible by patch_size 12"),
        ((1, 3, 48, 48), 0, "patch_size must be at least 1, got 0"),
        ((1, 3, 48, 48), -8, "patch_size must be at least 1, got -8"),
        ((1, 3, 48, 48), 96, "img_size 48 is not divisible by patch_size 96"),
        ((1, 1, 48, 48), 8, r"expected images of shape \(B, 3, H, W\)"),
    ],
)
def test_impossible_images_and_patch_sizes_are_refused(
    shape, patch_size, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(torch.zeros(shape), patch_size=patch_size)
