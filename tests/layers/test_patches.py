"""Patches: raster order, there and back, the two ways to embed."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.layers.patches import (
    PatchEmbed,
    linear_patch_embed,
    patchify,
    resize_patch_embed,
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


def filters(size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, size, size, generator=generator, dtype=torch.float64)


def resized(pictures: Tensor, size: int, mode: str, antialias: bool) -> Tensor:
    return F.interpolate(pictures, size=(size, size), mode=mode, antialias=antialias)


def answers(patches: Tensor, weight: Tensor) -> Tensor:
    """⟨x, w⟩ of every patch and every filter."""
    return torch.einsum("ncij,dcij->nd", patches, weight)


MODES = [("bilinear", False), ("bilinear", True), ("bicubic", False), ("bicubic", True)]


@pytest.mark.parametrize(("mode", "antialias"), MODES)
@pytest.mark.parametrize(("old", "new"), [(8, 9), (8, 16), (8, 30), (16, 48), (2, 5)])
def test_enlarged_filters_answer_enlarged_patches_as_before(
    old, new, mode, antialias
) -> None:
    """arXiv:2212.08013, section 3.4: ⟨B x, ŵ⟩ = ⟨x, w⟩ for every patch x."""
    patches, weight = torch.randn(7, 3, old, old, dtype=torch.float64), filters(old)
    expected = answers(patches, weight)
    new_weight = resize_patch_embed(weight, new, mode, antialias)
    assert new_weight.shape == (5, 3, new, new)
    found = answers(resized(patches, new, mode, antialias), new_weight)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("new", [16, 30])
def test_filters_enlarged_like_pictures_answer_something_else(new: int) -> None:
    """And larger by about the factor of the area: there are more products to add."""
    patches, weight = torch.randn(200, 3, 8, 8, dtype=torch.float64), filters(8)
    expected = answers(patches, weight)
    plain = resized(weight, new, "bilinear", False)
    found = answers(resized(patches, new, "bilinear", False), plain)
    slope = float((found * expected).sum() / expected.square().sum())
    assert 0.3 * (new / 8) ** 2 < slope < (new / 8) ** 2
    rest = (found - slope * expected).norm() / found.norm()
    assert rest > 0.2  # no common factor would mend it


@pytest.mark.parametrize(("mode", "antialias"), MODES)
@pytest.mark.parametrize(("old", "new"), [(8, 5), (16, 8), (8, 12), (5, 4)])
def test_two_small_matrices_equal_the_one_of_the_paper(
    old, new, mode, antialias
) -> None:
    """ŵ = (Bᵀ)⁺ w with the large B of whole patches, one column per pixel."""
    pixels = torch.eye(old * old, dtype=torch.float64).view(-1, 1, old, old)
    B = resized(pixels, new, mode, antialias).flatten(1).T  # (new², old²)
    weight = filters(old)
    expected = weight.flatten(2) @ torch.linalg.pinv(B.T).T  # (5, 3, new²)
    found = resize_patch_embed(weight, new, mode, antialias)
    torch.testing.assert_close(found.flatten(2), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("new", [4, 6])
def test_shrunk_filters_are_the_best_for_white_noise(new: int) -> None:
    """Then ‖Bᵀ ŵ − w‖² is least: every small change of ŵ makes it larger."""
    pixels = torch.eye(64, dtype=torch.float64).view(64, 1, 8, 8)
    B = resized(pixels, new, "bilinear", False).flatten(1).T  # (new², 64)
    weight = filters(8)
    best = resize_patch_embed(weight, new)

    def error(candidate: Tensor) -> float:
        return float((candidate.flatten(2) @ B - weight.flatten(2)).square().sum())

    assert error(best) > 1.0  # pixels are lost: it cannot be zero
    for seed in range(5):
        noise = torch.randn(best.shape, generator=torch.Generator().manual_seed(seed))
        assert error(best + 1e-3 * noise) > error(best)


def test_filters_of_the_wanted_size_are_left_alone() -> None:
    weight = filters(8)
    assert resize_patch_embed(weight, 8) is weight


def test_gradients_reach_the_stored_filters() -> None:
    weight = filters(4).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: resize_patch_embed(w, 6), (weight,))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_filters_keep_their_precision(dtype: torch.dtype) -> None:
    out = resize_patch_embed(filters(8).to(dtype), 12)
    assert out.dtype == dtype
    expected = resize_patch_embed(filters(8).to(dtype).double(), 12)
    error = (out.double() - expected).abs().max() / expected.abs().max()
    assert error < 4 * torch.finfo(dtype).eps


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((5, 3, 8, 6), {}, r"square filters \(D, C, P, P\), got \(5, 3, 8, 6\)"),
        ((5, 8, 8), {}, r"got \(5, 8, 8\)"),
        ((5, 3, 8, 8), {"new_size": 0}, "new_size must be at least 1, got 0"),
        ((5, 3, 8, 8), {"interpolation": "area"}, "'bicubic', got 'area'"),
    ],
)
def test_filters_that_cannot_be_resized_are_refused(shape, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        resize_patch_embed(torch.zeros(shape), **{"new_size": 12, **options})
