"""PVT: a pyramid of transformers that needs no convolution to look around.

Paper: arXiv:2102.12122 (section 3; sizes in Table 1). Kept: the whole encoder. Left
out: dropout (0 in all sizes). The ε follow the authors' code: 1e-6 in blocks and at the
end, torch's 1e-5 in the norms after a convolution; transformers has 1e-6 everywhere.
Tested against: transformers, in value and gradient (tests/parity); timm has no PVT v1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized
from vislearn.layers import pooling, positions
from vislearn.layers.mlp import Mlp
from vislearn.layers.patches import check_images
from vislearn.layers.reduction import (
    Grid,
    SpatialReductionAttention,
    check_squares,
    map_conv,
    to_map,
    to_tokens,
)
from vislearn.layers.scale import DropPath
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class PVTConfig(ImageSized):
    """Sizes of a PVT (arXiv:2102.12122, Table 1); the defaults are PVT-Tiny."""

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    channels: int = 3  # C
    depths: tuple[int, ...] = (2, 2, 2, 2)  # blocks in each stage
    widths: tuple[int, ...] = (64, 128, 320, 512)  # D of each stage
    heads: tuple[int, ...] = (1, 2, 5, 8)  # h of each stage
    reductions: tuple[int, ...] = (8, 4, 2, 1)  # r: one key for r × r tokens
    mlp_ratios: tuple[int, ...] = (8, 8, 4, 4)  # F / D of each stage
    norm_eps: float = 1e-6  # of the blocks and of the last norm
    conv_norm_eps: float = 1e-5  # of the norms after patch embedding and reduction
    drop_path: float = 0.0  # of the last block; grows linearly from 0 at the first
    num_classes: int | None = None  # K; None for no classifier

    def __post_init__(self) -> None:
        super().__post_init__()
        check_stages(self, "depths", "widths", "heads", "reductions", "mlp_ratios")
        self.check_last_stage()
        self.grids()

    def check_last_stage(self) -> None:
        """The class token of the last stage has no place in a map to be reduced."""
        if self.reductions[-1] != 1:
            raise ValueError(
                "the last stage has a class token, which cannot be reduced: expected "
                f"reductions that end in 1, got {self.reductions}"
            )

    def grids(self, shape: tuple[int, int] | None = None) -> list[Grid]:
        """(h, w) of each stage's map: 1/4, 1/8, 1/16 and 1/32, rounded down.

        Args:
            shape: (height, width) in pixels; None takes `img_size`.

        Raises:
            ValueError: if a map is smaller than one square of its stage's reduction.
        """
        height, width = self.image_shape if shape is None else shape
        strides = [4 * 2**stage for stage in range(len(self.depths))]
        return check_grids(
            [(height // stride, width // stride) for stride in strides],
            self.reductions,
            (height, width),
        )

    @property
    def features(self) -> int:
        """D: width of the last stage."""
        return self.widths[-1]

    @property
    def grid(self) -> Grid:
        """(h, w) of the last map."""
        return self.grids()[-1]

    @property
    def tokens(self) -> int:
        """T = 1 + N in the last stage: a class token and the places of its map."""
        return 1 + math.prod(self.grid)


class PatchEmbed(nn.Module):
    """Join P × P pixels, or 2 × 2 places of the map before, into one token; normalise.

    Rows and columns that fill no patch are not read.

    Shapes:
        x (B, Cin, H, W) -> tokens (B, N, D) and their grid (⌊H/P⌋, ⌊W/P⌋)
    """

    def __init__(self, inputs: int, width: int, patch_size: int, norm_eps: float):
        super().__init__()
        self.proj = map_conv(inputs, width, patch_size, stride=patch_size)
        self.norm = nn.LayerNorm(width, eps=norm_eps)

    def forward(self, x: Tensor) -> tuple[Tensor, Grid]:
        x = self.proj(x)  # (B, D, h, w)
        return self.norm(to_tokens(x)), (x.shape[2], x.shape[3])


class Block(nn.Module):
    """The block of ViT with spatial-reduction attention: it needs to know the grid.

    Shapes:
        x (B, T, D) -> (B, T, D)
    """

    def __init__(self, config: PVTConfig, stage: int, drop_path: float) -> None:
        super().__init__()
        width = config.widths[stage]
        self.norm1 = nn.LayerNorm(width, eps=config.norm_eps)
        self.attn = SpatialReductionAttention(
            width,
            config.heads[stage],
            config.reductions[stage],
            norm_eps=config.conv_norm_eps,
        )
        self.norm2 = nn.LayerNorm(width, eps=config.norm_eps)
        self.mlp = Mlp(width, config.mlp_ratios[stage] * width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x), grid))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class Stage(nn.Module):
    """Fewer, wider tokens; where they are; then the blocks.

    Shapes:
        x (B, Cin, H, W) -> tokens (B, R + N, D) and their grid; R = 1 in the last
        stage, whose class token is made here, else 0
    """

    def __init__(self, config: PVTConfig, stage: int) -> None:
        super().__init__()
        D = config.widths[stage]
        inputs = config.channels if stage == 0 else config.widths[stage - 1]
        last = stage == len(config.depths) - 1
        self.prefix = int(last)
        self.table_grid = config.grids()[stage]
        self.patch_embed = PatchEmbed(
            inputs, D, 4 if stage == 0 else 2, config.conv_norm_eps
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, D)) if last else None
        rows = self.prefix + math.prod(self.table_grid)
        self.pos_embed = nn.Parameter(torch.zeros(1, rows, D))
        self.blocks = nn.ModuleList(
            Block(config, stage, rate) for rate in drop_path_rates(config, stage)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Grid]:
        x, grid = self.patch_embed(x)  # (B, N, D)
        if self.cls_token is not None:
            x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        x = x + self.position_table(grid)
        for block in self.blocks:
            x = block(x, grid)
        return x, grid

    def position_table(self, grid: Grid) -> Tensor:
        """This stage's position embeddings, resized bilinearly, as the authors do.

        With one exception: their code leaves the tables as they are whenever the first
        map has as many places as at `img_size`, even if it is a wide one in place of a
        square, and so puts rows of the table where the next columns should be.

        Shapes:
            returns (1, R + N, D)
        """
        return positions.interpolate(
            self.pos_embed,
            self.table_grid,
            grid,
            prefix=self.prefix,
            mode="bilinear",
            antialias=False,
        )


class PVT(VisionEncoder):
    """Pyramid Vision Transformer (arXiv:2102.12122, section 3).

    Four stages: each joins neighbouring tokens into fewer, wider ones, as a CNN does,
    and every token still sees the whole image, because its keys are a reduced map. The
    first stage has 56 · 56 = 3136 tokens at 224 pixels, of 4 × 4 pixels each.

    Images of other sizes are welcome: position tables are resized, and pixels beyond
    the last whole patch, or tokens beyond the last whole square of a reduction, are cut
    off, as in the authors' code.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), N = ⌊H/32⌋ · ⌊W/32⌋,
        prefix (B, 1, D), pooled (B, D): the class token, and logits (B, K) with
        `num_classes`; all after the last norm

    Raises:
        ValueError: if the images have other channels, or are smaller than one square
            of a stage's reduction (32 pixels on a side for all presets).
    """

    def __init__(self, config: PVTConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(
            Stage(config, stage) for stage in range(len(config.depths))
        )
        self.norm = nn.LayerNorm(config.features, eps=config.norm_eps)
        self.head = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(config.features, config.num_classes)
        )
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        x, grid = self.stage_tokens(images)[-1]
        x = self.norm(x)  # (B, 1 + N, D)
        prefix, tokens = x[:, :1], x[:, 1:]
        pooled = pooling.cls_pool(prefix)  # (B, D)
        logits = None if self.config.num_classes is None else self.head(pooled)
        return VisionOutput(tokens, prefix, pooled, grid, logits)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse: no class token, no last norm.

        Shapes:
            images (B, C, H, W) -> four maps: 1/4, 1/8, 1/16 and 1/32 of H and W,
            rounded down
        """
        outputs = zip(self.stages, self.stage_tokens(images), strict=True)
        return [to_map(x[:, stage.prefix :], grid) for stage, (x, grid) in outputs]

    def stage_tokens(self, images: Tensor) -> list[tuple[Tensor, Grid]]:
        """The tokens of each stage and their grid; CLS is in front of the last ones.

        Shapes:
            images (B, C, H, W) -> for each stage (B, R + N, D) and (h, w)
        """
        check_images(images, self.config.channels)
        self.config.grids((images.shape[2], images.shape[3]))
        outputs, x = [], images
        for stage in self.stages:
            tokens, grid = stage(x)
            outputs.append((tokens, grid))
            x = to_map(tokens[:, stage.prefix :], grid)
        return outputs

    def init_weights(self) -> None:
        """Fresh random weights: normal with std 0.02, biases zero.

        The authors' code leaves convolutions at torch's default; transformers draws
        them from the same normal, which is what happens here.
        """
        for name, parameter in self.named_parameters():
            if name.endswith(("pos_embed", "cls_token")) or parameter.ndim > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)


def drop_path_rates(config: PVTConfig, stage: int) -> list[float]:
    """The rates of one stage's blocks; they grow over all stages."""
    before, last = sum(config.depths[:stage]), max(sum(config.depths) - 1, 1)
    return [
        config.drop_path * (before + index) / last
        for index in range(config.depths[stage])
    ]


def check_stages(config: PVTConfig, *names: str) -> None:
    """Raise a ValueError unless each setting has one number, at least 1, per stage."""
    for name in names:
        values = getattr(config, name)
        if not values or len(values) != len(config.depths) or min(values) < 1:
            raise ValueError(
                "expected one number of at least 1 for each stage, "
                f"got {name} {values} with depths {config.depths}"
            )
    for width, heads in zip(config.widths, config.heads, strict=True):
        if width % heads:
            raise ValueError(f"width {width} is not divisible by heads {heads}")


def check_grids(
    grids: list[Grid], reductions: tuple[int, ...], shape: tuple[int, int]
) -> list[Grid]:
    """The grids, or a ValueError if one is smaller than a square of its reduction."""
    for stage, (grid, reduction) in enumerate(zip(grids, reductions, strict=True)):
        try:
            check_squares(grid, reduction)
        except ValueError as error:
            raise ValueError(
                f"an image of {shape[0]} × {shape[1]} pixels is too small "
                f"for stage {stage + 1}: {error}"
            ) from None
    return grids


_IMAGENET = Preprocess(224, IMAGENET_MEAN, IMAGENET_STD, "bicubic", crop=0.875)

for _name, _depths in {
    "pvt_tiny": (2, 2, 2, 2),
    "pvt_small": (3, 4, 6, 3),
    "pvt_medium": (3, 4, 18, 3),
    "pvt_large": (3, 8, 27, 3),
}.items():
    register(Preset(_name, "pvt", PVT, PVTConfig(depths=_depths), _IMAGENET))
