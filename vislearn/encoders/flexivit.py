"""FlexiViT: one ViT for many patch sizes, and so for many sequence lengths.

Paper: arXiv:2212.08013; section 3.4 for the resizing of the patch embedding. Small
patches are accurate, large ones cheap: a ViT trained with one size fails with another,
FlexiViT draws a new size for each batch and resizes its filters and positions to it.

Kept: both resizings, and the patch sizes of the training (`PATCH_SIZES`). Left out: the
training itself and its distillation from a stronger ViT (section 3.5). The presets
store filters of 16 × 16 and 15 × 15 positions, as timm's do; the official code's
defaults are `kernel_size=32, pos_grid=(7, 7)`, and its reference config for
ImageNet-21k has 8 and (7, 7). Positions are resized bilinearly with smoothing, as in
jax.image.resize; timm's default is `pos_mode="bicubic"`.
Tested against: timm, in value and gradient, at many patch sizes (tests/parity).
State-dict names are timm's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.output import VisionOutput
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers import positions
from vislearn.layers.patches import (
    PatchEmbed,
    check_images,
    patch_grid,
    resize_patch_embed,
)
from vislearn.preprocess import Preprocess
from vislearn.registry import Preset, register

PATCH_SIZES = (48, 40, 30, 24, 20, 16, 15, 12, 10, 8)
"""What the training draws from, uniformly: they divide 240 pixels into 5² to 30²."""

_MODES = ("bilinear", "bicubic")


@dataclass(frozen=True)
class FlexiViTConfig(ViTConfig):
    """A ViT's sizes, and the sizes in which its flexible parts are stored."""

    img_size: int | tuple[int, int] = 240
    pos_prefix: bool = False  # CLS has no place, and no row in the table
    kernel_size: int = 16  # side of the stored filters, pixels
    kernel_mode: str = "bilinear"  # of the resizing that is inverted, or "bicubic"
    kernel_antialias: bool = False
    pos_grid: tuple[int, int] | None = None  # of the stored table; None: the grid
    pos_mode: str = "bilinear"  # or "bicubic"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pos != "learned":
            raise ValueError(
                f"the positions of FlexiViT are 'learned', got {self.pos!r}"
            )
        for name in ("kernel_mode", "pos_mode"):
            if getattr(self, name) not in _MODES:
                raise ValueError(
                    f"{name} must be 'bilinear' or 'bicubic', "
                    f"got {getattr(self, name)!r}"
                )
        if self.kernel_size < 1:
            raise ValueError(f"kernel_size must be at least 1, got {self.kernel_size}")
        rows: Any = self.pos_grid
        if rows is not None and not (
            isinstance(rows, tuple) and len(rows) == 2 and min(rows) >= 1
        ):
            raise ValueError(
                f"pos_grid must be (rows, columns) of at least 1, got {rows!r}"
            )

    @property
    def table_grid(self) -> tuple[int, int]:
        """(h, w) of the stored position table."""
        return self.grid if self.pos_grid is None else self.pos_grid


class FlexiPatchEmbed(PatchEmbed):
    """A patch embedding whose filters are stored in one size and used in any.

    Shapes:
        images (B, C, H, W) -> tokens (B, N, D), N = (H / P) · (W / P), raster order

    Raises:
        ValueError: if the images have other channels, are not floating point, or do
            not divide into patches of the size asked for.
    """

    def __init__(self, config: FlexiViTConfig) -> None:
        super().__init__(
            config.kernel_size, config.width, config.channels, config.patch_bias
        )
        self.patch_size = config.patch_size  # the default; the kernel is stored
        self.mode, self.antialias = config.kernel_mode, config.kernel_antialias

    def grid(self, images: Tensor, patch_size: int | None = None) -> tuple[int, int]:
        """Check the images and return rows and columns of their patch grid."""
        check_images(images, self.channels)
        size = self.patch_size if patch_size is None else patch_size
        return patch_grid(images.shape[-2], images.shape[-1], size)

    def kernel(self, patch_size: int) -> Tensor:
        """The filters for patches of a size (D, C, P, P)."""
        return resize_patch_embed(
            self.proj.weight, patch_size, self.mode, self.antialias
        )

    def forward(self, images: Tensor, patch_size: int | None = None) -> Tensor:
        size = self.patch_size if patch_size is None else patch_size
        self.grid(images, size)
        tokens = F.conv2d(images, self.kernel(size), self.proj.bias, stride=size)
        return tokens.flatten(2).transpose(1, 2)  # (B, D, h, w) -> (B, N, D)


class FlexiViT(ViT):
    """A ViT that is told the patch size with each batch.

        model(images)                 # patches of config.patch_size
        model(images, patch_size=30)  # the same weights, 64 tokens of 240 pixels
        for batch in …: model(batch, patch_size=random.choice(PATCH_SIZES))

    Gradients reach the stored filters and positions through the resizing, so that all
    patch sizes train the same numbers.

    Shapes:
        images (B, C, H, W), patch_size P -> VisionOutput with tokens (B, N, D),
        N = (H / P) · (W / P), prefix (B, R, D), pooled (B, D), and logits (B, K) if
        the config has `num_classes`

    Raises:
        ValueError: if the images have other channels or do not divide into patches.
    """

    config: FlexiViTConfig
    patch_embed: FlexiPatchEmbed

    def forward(self, images: Tensor, patch_size: int | None = None) -> VisionOutput:
        grid = self.patch_embed.grid(images, patch_size)
        return self.encode(self.embed(images, patch_size), grid)

    def embed(self, images: Tensor, patch_size: int | None = None) -> Tensor:
        """Patches of a size, positions, CLS.

        Shapes:
            images (B, C, H, W) -> (B, T, D), in the order CLS, registers, patches
        """
        grid = self.patch_embed.grid(images, patch_size)
        return self.place(self.patch_embed(images, patch_size), grid)

    def position_table(self, grid: tuple[int, int]) -> Tensor:
        """The stored position embeddings, resized to `grid` like a picture.

        Shapes:
            returns (1, N, D), or (1, R + N, D) if the prefix tokens have rows
        """
        return positions.interpolate(
            self.pos_embed,
            self.config.table_grid,
            grid,
            prefix=self.prefix_rows,
            mode=self.config.pos_mode,
            antialias=self.config.pos_antialias,
        )

    def _make_patch_embed(self) -> FlexiPatchEmbed:
        return FlexiPatchEmbed(self.config)

    def _make_positions(self) -> None:
        rows, columns = self.config.table_grid
        count = self.prefix_rows + rows * columns
        self.pos_embed = nn.Parameter(torch.zeros(1, count, self.config.width))


_FLEXI = Preprocess(240, crop=0.95)

for _name, _width, _depth, _heads in (
    ("flexivit_s", 384, 12, 6),
    ("flexivit_b", 768, 12, 12),
    ("flexivit_l", 1024, 24, 16),
):
    _config = FlexiViTConfig(width=_width, depth=_depth, heads=_heads)
    register(Preset(_name, "flexivit", FlexiViT, _config, _FLEXI))
