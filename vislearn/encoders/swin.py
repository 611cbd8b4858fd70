"""Swin: attention inside windows, which move from block to block, at four scales.

Paper: Swin Transformer arXiv:2103.14030, section 3 and Table 7. Kept: the whole
encoder. Left out: absolute positions and dropout, which none of its models use.
Tested against: torchvision, timm and transformers, in value and gradient
(tests/parity). State-dict names are timm's; only its `head.fc` is `head` here.

Maps that do not divide into windows are padded and then rolled, as in the official code
and in torchvision; timm rolls first, so its numbers differ at such sizes. Along a side
that one window covers nothing is rolled, as in torchvision and timm; the official code
and transformers then roll in neither direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized, strided_grid
from vislearn.layers.mlp import Mlp
from vislearn.layers.patches import PatchEmbed, patch_grid
from vislearn.layers.scale import DropPath
from vislearn.layers.windows import (
    WindowAttention,
    pad_to_windows,
    shift_mask,
    usable_shift,
    window_partition,
    window_reverse,
)
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class SwinConfig(ImageSized):
    """Sizes of a Swin Transformer (arXiv:2103.14030, Table 7); defaults: Swin-T."""

    img_size: int | tuple[int, int] = 224  # any multiple of the patch size works
    patch_size: int = 4  # P, pixels
    channels: int = 3  # C
    width: int = 96  # D of the first stage; each later stage doubles it
    depths: tuple[int, ...] = (2, 2, 6, 2)  # blocks in each stage
    heads: tuple[int, ...] = (3, 6, 12, 24)  # h in each stage
    window: int = 7  # M, tokens along a side of a window
    shift: int | None = None  # of every other block; None is M // 2, 0 never shifts
    mlp_ratio: float = 4.0  # hidden width of the MLP / D
    qkv_bias: bool = True
    norm_eps: float = 1e-5
    drop_path: float = 0.0  # of the last block; grows linearly from 0 at the first
    num_classes: int | None = None  # K; None for no classifier

    def __post_init__(self) -> None:
        super().__post_init__()
        patch_grid(*self.image_shape, self.patch_size)
        if not self.depths or min(self.depths) < 1 or self.width < 1:
            raise ValueError(
                "depths and width must be at least 1, "
                f"got {self.depths} and {self.width}"
            )
        if len(self.heads) != len(self.depths):
            raise ValueError(
                f"{len(self.depths)} stages need as many numbers of heads, "
                f"got {self.heads}"
            )
        for stage, heads in enumerate(self.heads):
            if heads < 1 or self.stage_width(stage) % heads:
                raise ValueError(
                    f"width {self.stage_width(stage)} of stage {stage} is not "
                    f"divisible by heads {heads}"
                )
        if self.window < 1:
            raise ValueError(f"window must be at least 1, got {self.window}")
        if not 0 <= self.block_shift(1) < self.window:
            raise ValueError(
                f"shift must be from 0 to {self.window - 1}, got {self.shift}"
            )
        if self.mlp_ratio <= 0:
            raise ValueError(f"mlp_ratio must be above 0, got {self.mlp_ratio}")

    def stage_width(self, stage: int) -> int:
        """D of a stage, counted from 0."""
        return self.width * 2**stage

    def stage_grid(self, stage: int) -> tuple[int, int]:
        """(h, w) of a stage's map: each merging halves it and rounds up."""
        grid = patch_grid(*self.image_shape, self.patch_size)
        return strided_grid(grid, 2**stage)

    def block_shift(self, block: int) -> int:
        """Tokens by which a block of a stage rolls the map: 0 in every other block."""
        if block % 2 == 0:
            return 0
        return self.window // 2 if self.shift is None else self.shift

    @property
    def features(self) -> int:
        """D of the last stage."""
        return self.stage_width(len(self.depths) - 1)

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the last map."""
        return self.stage_grid(len(self.depths) - 1)

    @property
    def tokens(self) -> int:
        """T = N: places of the last map; there are no prefix tokens."""
        return math.prod(self.grid)


class SwinBlock(nn.Module):
    """A pre-norm block whose attention stays inside windows (arXiv:2103.14030, eq. 3).

    Args:
        config: sizes.
        stage: the stage it belongs to, counted from 0.
        shift: tokens by which the map is rolled before it is cut into windows.
        drop_path: probability of leaving out a branch while training.

    Shapes:
        x (B, h, w, D) -> the same; mask (windows, M², M²) of the rolled map, or None
    """

    def __init__(
        self, config: SwinConfig, stage: int, shift: int, drop_path: float
    ) -> None:
        super().__init__()
        D, eps = config.stage_width(stage), config.norm_eps
        self.window, self.shift = config.window, shift
        self.norm1 = nn.LayerNorm(D, eps=eps)
        self.attn = WindowAttention(
            D, config.heads[stage], config.window, config.qkv_bias
        )
        self.norm2 = nn.LayerNorm(D, eps=eps)
        self.mlp = Mlp(D, int(D * config.mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.drop_path(self.attend(self.norm1(x), mask))
        tokens = self.norm2(x).flatten(1, 2)  # (B, N, D)
        return x + self.drop_path(self.mlp(tokens)).view_as(x)

    def attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Pad, roll, cut into windows, attend, and all of it backwards.

        Padding tokens take part as zeros, as in the official code.

        Shapes:
            x (B, h, w, D) -> the same
        """
        _, h, w, _ = x.shape
        down, right = usable_shift((h, w), self.window, self.shift)
        x = pad_to_windows(x, self.window)
        grid = (x.shape[1], x.shape[2])
        if down or right:
            x = x.roll((-down, -right), (1, 2))
        windows = window_partition(x, self.window)  # (B · windows, M², D)
        windows = self.attn(windows, mask if down or right else None)
        x = window_reverse(windows, self.window, grid)
        if down or right:
            x = x.roll((down, right), (1, 2))
        return x[:, :h, :w]


class PatchMerging(nn.Module):
    """Four neighbouring tokens become one, twice as wide (arXiv:2103.14030, sec. 3.1).

    An odd side is padded with a row or column of zeros. The four are laid side by side
    in the order of the official code: column by column.

    Shapes:
        x (B, h, w, D) -> (B, ⌈h / 2⌉, ⌈w / 2⌉, 2 D)
    """

    def __init__(self, width: int, norm_eps: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width, eps=norm_eps)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = pad_to_windows(x, 2)
        B, h, w, D = x.shape
        x = x.reshape(B, h // 2, 2, w // 2, 2, D).permute(0, 1, 3, 4, 2, 5)
        return self.reduction(self.norm(x.reshape(B, h // 2, w // 2, 4 * D)))


class SwinStage(nn.Module):
    """Blocks at one scale, after a merging of patches in all stages but the first.

    Shapes:
        x (B, h, w, D) -> (B, h, w, D) in the first stage,
        (B, ⌈h / 2⌉, ⌈w / 2⌉, 2 D) in the others
    """

    def __init__(self, config: SwinConfig, stage: int) -> None:
        super().__init__()
        self.window, self.shift = config.window, config.block_shift(1)
        self.downsample = (
            PatchMerging(config.stage_width(stage - 1), config.norm_eps)
            if stage
            else nn.Identity()
        )
        before, last = sum(config.depths[:stage]), max(sum(config.depths) - 1, 1)
        self.blocks = nn.ModuleList(
            SwinBlock(
                config,
                stage,
                config.block_shift(block),
                config.drop_path * (before + block) / last,
            )
            for block in range(config.depths[stage])
        )
        # The mask of the config's own image size is kept; others are made on the way.
        self.grid = config.stage_grid(stage)
        self.register_buffer("mask", self.make_mask(self.grid), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.downsample(x)
        grid = (x.shape[1], x.shape[2])
        mask = self.mask if grid == self.grid else self.make_mask(grid)
        if mask is not None:
            mask = mask.to(x)
        for block in self.blocks:
            x = block(x, mask if block.shift else None)
        return x

    def make_mask(self, grid: tuple[int, int]) -> Tensor | None:
        """`shift_mask` for a map of (h, w) tokens, None where nothing is rolled."""
        shift = usable_shift(grid, self.window, self.shift)
        if not any(shift):
            return None
        h, w = (-(-side // self.window) * self.window for side in grid)  # padded
        return shift_mask((h, w), self.window, shift)


class NormedPatchEmbed(PatchEmbed):
    """One token for each patch, normalised, as a map.

    Shapes:
        images (B, C, H, W) -> (B, H / P, W / P, D)
    """

    def __init__(self, config: SwinConfig) -> None:
        super().__init__(config.patch_size, config.width, config.channels)
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)

    def forward(self, images: Tensor) -> Tensor:
        grid = self.grid(images)
        return self.norm(super().forward(images)).unflatten(1, grid)


class Swin(VisionEncoder):
    """Swin Transformer (arXiv:2103.14030, section 3.1).

    Small patches, then four stages of blocks with attention inside windows; between
    stages four tokens are merged into one, so that the window covers twice as much of
    the image. The last map is normalised and averaged.

    Images of any size that divides into patches are welcome: maps are padded to whole
    windows (see the head of this file).

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), N = ⌈H/32⌉ · ⌈W/32⌉,
        prefix (B, 0, D), pooled (B, D), and logits (B, K) with `num_classes`

    Raises:
        ValueError: if the images have other channels or do not divide into patches.
    """

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = NormedPatchEmbed(config)
        self.layers = nn.ModuleList(
            SwinStage(config, stage) for stage in range(len(config.depths))
        )
        self.norm = nn.LayerNorm(config.features, eps=config.norm_eps)
        self.head = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(config.features, config.num_classes)
        )
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        x = self.patch_embed(images)  # (B, h, w, D)
        for stage in self.layers:
            x = stage(x)
        x = self.norm(x)
        pooled = x.mean((1, 2))  # (B, D)
        logits = None if self.config.num_classes is None else self.head(pooled)
        return VisionOutput.from_map(x.permute(0, 3, 1, 2), pooled, logits)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse, not normalised.

        Shapes:
            images (B, C, H, W) -> four maps: 1/4, 1/8, 1/16 and 1/32 of H and W
        """
        x = self.patch_embed(images)  # (B, h, w, D)
        maps = []
        for stage in self.layers:
            x = stage(x)
            maps.append(x.permute(0, 3, 1, 2))  # (B, D, h, w)
        return maps

    def init_weights(self) -> None:
        """Fresh random weights: normal with std 0.02, zero biases, as in the paper."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, WindowAttention):
                nn.init.trunc_normal_(module.relative_position_bias_table, std=0.02)


_IMAGENET = Preprocess(224, IMAGENET_MEAN, IMAGENET_STD, "bicubic", crop=0.9)

for _name, _config in {
    "swin_t": SwinConfig(),
    "swin_s": SwinConfig(depths=(2, 2, 18, 2)),
    "swin_b": SwinConfig(width=128, depths=(2, 2, 18, 2), heads=(4, 8, 16, 32)),
    "swin_l": SwinConfig(width=192, depths=(2, 2, 18, 2), heads=(6, 12, 24, 48)),
}.items():
    register(Preset(_name, "swin", Swin, _config, _IMAGENET))
