"""Patches: raster order, there and back, the two ways to embed."""

from __future__ import annotations

import pytest
import torch

from vislearn.layers.patches import (
    PatchEmbed,
    linear_patch_embed,
    patchify,
    unpatchify,
)


def test_patch_number_counts_left_to_right_then_down() -> None:
    images = torch.randn(2, 3, 8, 12)
    patches = patchify(images, 4)  # grid 2 × 3
    assert patches.shape == (2, 6, 48)
    for row in range(2):
        for column in range(3):
            window = images[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            assert torch.equal(patches[:, row * 3 + column], window.flatten(1))


@pytest.mark.parametrize("size", [(8, 8), (8, 12), (20, 4)])
def test_unpatchify_undoes_patchify(size: tuple[int, int]) -> None:
    images = torch.randn(2, 3, *size)
    grid = (size[0] // 4, size[1] // 4)
    assert torch.equal(unpatchify(patchify(images, 4), 4, grid), images)


@pytest.mark.parametrize("grid", [(2, 6), (3, 4), (12, 1)])
def test_patchify_undoes_unpatchify(grid: tuple[int, int]) -> None:
    patches = torch.randn(2, 12, 3 * 25)
    assert torch.equal(patchify(unpatchify(patches, 5, grid), 5), patches)


@pytest.mark.parametrize("bias", [True, False])
def test_convolution_and_linear_layer_give_the_same_tokens(bias: bool) -> None:
    torch.manual_seed(0)
    embed = PatchEmbed(4, 32, bias=bias)
    images = torch.randn(2, 3, 8, 12)
    torch.testing.assert_close(
        linear_patch_embed(images, embed), embed(images), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((225, 225), "img_size 225 is not divisible by patch_size 16"),
        ((224, 230), r"img_size \(224, 230\) is not divisible by patch_size 16"),
        ((0, 16), "not divisible"),
    ],
)
def test_size_that_does_not_divide_is_refused(size, message: str) -> None:
    images = torch.zeros(1, 3, *size)
    with pytest.raises(ValueError, match=message):
        patchify(images, 16)
    with pytest.raises(ValueError, match=message):
        PatchEmbed(16, 8)(images)


def test_wrong_channels_are_refused_by_shape() -> None:
    with pytest.raises(ValueError, match=r"\(B, 3, H, W\), got \(1, 2, 16, 16\)"):
        PatchEmbed(16, 8)(torch.zeros(1, 2, 16, 16))


def test_image_without_batch_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(3, 16, 16\)"):
        patchify(torch.zeros(3, 16, 16), 16)


def test_integer_image_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"uint8; model\.preprocess"):
        PatchEmbed(16, 8)(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))


@pytest.mark.parametrize(
    ("shape", "grid", "message"),
    [
        ((1, 12, 48), (2, 5), "grid 2 × 5 needs 10 patches, got 12"),
        ((1, 12, 47), (3, 4), "47 numbers"),
        ((12, 48), (3, 4), r"got \(12, 48\)"),
    ],
)
def test_patches_that_do_not_fit_the_grid_are_refused(shape, grid, message) -> None:
    with pytest.raises(ValueError, match=message):
        unpatchify(torch.zeros(shape), 4, grid)
