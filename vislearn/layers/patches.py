"""Cutting an image into patches and turning each patch into a token.

Paper: "An Image is Worth 16x16 Words", arXiv:2010.11929, section 3.1, equation 1.
Patches are in raster order: left to right, then top to bottom, so the patch in row i
and column j of a grid (h, w) is number i · w + j. Tested against: the convolution and
the linear layer against each other, and timm's patch embedding (tests/parity).

`resize_patch_embed` fits the filters to patches of another size (FlexiViT,
arXiv:2212.08013, section 3.4). Tested against: timm's resample_patch_embed.
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def patch_grid(height: int, width: int, patch_size: int) -> tuple[int, int]:
    """Rows and columns (h, w) of the patch grid of an image, sizes in pixels.

    Raises:
        ValueError: if a side is not a positive multiple of the patch size.
    """
    if patch_size < 1:
        raise ValueError(f"patch_size must be at least 1, got {patch_size}")
    if height % patch_size or width % patch_size or min(height, width) < patch_size:
        size = str(height) if height == width else f"({height}, {width})"
        raise ValueError(f"img_size {size} is not divisible by patch_size {patch_size}")
    return height // patch_size, width // patch_size


def patchify(images: Tensor, patch_size: int) -> Tensor:
    """Cut images into flattened patches, in raster order.

    Inside a patch the numbers are ordered (channel, row, column): the order in which a
    convolution stores its kernel, so that a patch can be multiplied with it directly.

    Shapes:
        images (B, C, H, W) -> (B, N, C·P·P) with N = (H / P) · (W / P)

    Raises:
        ValueError: if there are not four dimensions, or H or W is not divisible by P.
    """
    if images.ndim != 4:
        raise ValueError(
            f"expected images of shape (B, C, H, W), got {tuple(images.shape)}"
        )
    B, C, H, W = images.shape
    P = patch_size
    h, w = patch_grid(H, W, P)
    patches = images.reshape(B, C, h, P, w, P)
    patches = patches.permute(0, 2, 4, 1, 3, 5)  # (B, h, w, C, P, P)
    return patches.reshape(B, h * w, C * P * P)


def unpatchify(patches: Tensor, patch_size: int, grid: tuple[int, int]) -> Tensor:
    """Put patches back together: the inverse of `patchify`.

    Args:
        patches: flattened patches in raster order.
        patch_size: P, in pixels.
        grid: rows and columns (h, w); N alone cannot tell 2 × 6 from 3 × 4.

    Shapes:
        patches (B, N, C·P·P) -> (B, C, h·P, w·P)

    Raises:
        ValueError: if N is not h · w, or the last size is not a multiple of P².
    """
    if patches.ndim != 3:
        raise ValueError(
            f"expected patches of shape (B, N, C·P·P), got {tuple(patches.shape)}"
        )
    B, N, size = patches.shape
    P = patch_size
    h, w = grid
    if h * w != N:
        raise ValueError(f"grid {h} × {w} needs {h * w} patches, got {N}")
    C, rest = divmod(size, P * P)
    if rest or not C:
        raise ValueError(
            f"patches hold {size} numbers, which is no multiple of P·P = {P * P}"
        )
    images = patches.reshape(B, h, w, C, P, P)
    images = images.permute(0, 3, 1, 4, 2, 5)  # (B, C, h, P, w, P)
    return images.reshape(B, C, h * P, w * P)


class PatchEmbed(nn.Module):
    """One token for each patch: a convolution whose stride is its kernel size.

    Because the windows do not overlap, this is the same as cutting the image into
    patches and sending each one through the same linear layer (`linear_patch_embed`);
    the convolution only saves the copy.

    Args:
        patch_size: P, side of a square patch in pixels.
        width: token width D.
        channels: C of the images.
        bias: CLIP's patch embedding has none, ViT's has one.

    Shapes:
        images (B, C, H, W) -> tokens (B, N, D), raster order

    Raises:
        ValueError: if the images have another number of dimensions or channels, are
            not floating point, or do not divide into patches.
    """

    def __init__(
        self, patch_size: int, width: int, channels: int = 3, bias: bool = True
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.channels = channels
        self.proj = nn.Conv2d(channels, width, patch_size, stride=patch_size, bias=bias)

    def grid(self, images: Tensor) -> tuple[int, int]:
        """Check the images and return rows and columns of their patch grid."""
        check_images(images, self.channels)
        return patch_grid(images.shape[-2], images.shape[-1], self.patch_size)

    def forward(self, images: Tensor) -> Tensor:
        self.grid(images)
        tokens = self.proj(images)  # (B, D, h, w)
        return tokens.flatten(2).transpose(1, 2)  # (B, N, D)


def linear_patch_embed(images: Tensor, embed: PatchEmbed) -> Tensor:
    """The same numbers as `embed(images)`, by cutting and one matrix product.

    Shapes:
        images (B, C, H, W) -> tokens (B, N, D)
    """
    embed.grid(images)
    weight = embed.proj.weight.flatten(1)  # (D, C, P, P) -> (D, C·P·P)
    return F.linear(patchify(images, embed.patch_size), weight, embed.proj.bias)


def resize_patch_embed(
    weight: Tensor,
    new_size: int,
    interpolation: str = "bilinear",
    antialias: bool = False,
) -> Tensor:
    """Filters for patches of another size, so that tokens stay what they were.

    Enlarging a patch x multiplies it with a matrix B. Enlarging the filter w in the
    same way gives another token: ⟨B x, B w⟩ ≠ ⟨x, w⟩, and a larger one, as it adds
    more products. The wanted filter ŵ has ⟨B x, ŵ⟩ = ⟨x, w⟩ for every x:
    ŵ = (Bᵀ)⁺ w, with the pseudo-inverse. When patches shrink, pixels are lost and no
    filter can do that; then ŵ is the best one for white-noise patches.

    Interpolation treats rows and columns alike and one after the other, so that B is
    the Kronecker product of two small matrices, and its pseudo-inverse that of theirs.

    Args:
        weight: square filters, as a convolution stores them.
        new_size: side of the new patches, pixels.
        interpolation: "bilinear" (the paper's) or "bicubic" (timm's default).
        antialias: smooth before shrinking; timm's default is True, the paper's code
            has False.

    Shapes:
        weight (D, C, P, P) -> (D, C, new_size, new_size); gradients flow through

    Raises:
        ValueError: if the filters are not square, new_size is below 1, or the
            interpolation is unknown.
    """
    if weight.ndim != 4 or weight.shape[-1] != weight.shape[-2]:
        raise ValueError(
            f"expected square filters (D, C, P, P), got {tuple(weight.shape)}"
        )
    if new_size < 1:
        raise ValueError(f"new_size must be at least 1, got {new_size}")
    if interpolation not in ("bilinear", "bicubic"):
        raise ValueError(
            f"interpolation must be 'bilinear' or 'bicubic', got {interpolation!r}"
        )
    if new_size == weight.shape[-1]:
        return weight
    inverse = _inverse_resize(weight.shape[-1], new_size, interpolation, antialias)
    inverse = inverse.to(weight)  # (new, P)
    return inverse @ weight @ inverse.T  # rows, then columns


@functools.lru_cache(maxsize=256)
def _inverse_resize(old: int, new: int, interpolation: str, antialias: bool) -> Tensor:
    """(Bᵀ)⁺ for one side of a patch: (new, old), float64, on the CPU."""
    # Kept for later calls, which may need gradients: no tensor of inference mode.
    with torch.inference_mode(False):
        unit = torch.eye(old, dtype=torch.float64, device="cpu")
        B = F.interpolate(  # each column is a picture, one pixel wide
            unit[None, None], size=(new, old), mode=interpolation, antialias=antialias
        )[0, 0]  # (new, old)
        return torch.linalg.pinv(B.T)


def check_images(images: Tensor, channels: int) -> None:
    """Raise a ValueError that names the fault unless images is (B, channels, H, W)."""
    expected = f"expected images of shape (B, {channels}, H, W)"
    if not isinstance(images, Tensor):
        raise ValueError(f"{expected}, got {type(images).__name__}")
    if images.ndim != 4 or images.shape[1] != channels:
        raise ValueError(f"{expected}, got {tuple(images.shape)}")
    if not images.is_floating_point():
        raise ValueError(
            f"expected floating-point images, got {images.dtype}; "
            "model.preprocess turns pictures into them"
        )
