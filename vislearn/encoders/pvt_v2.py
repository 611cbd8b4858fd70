"""PVT v2: PVT that takes two things back from the convolutional network.

Paper: arXiv:2106.13797 (section 3; sizes in its table of the PVT v2 series).

- Patches overlap: a padded convolution, 7 × 7 with stride 4, then 3 × 3 with stride 2.
- A 3 × 3 depth-wise convolution inside each MLP. Its zero padding tells a token how
  near the border is, so the position tables of PVT are gone, and any size fits.
- The class token is gone, too: the last map is averaged. Each stage ends in a norm.
- Linear attention, an option: keys from a map averaged to 7 × 7.

Kept: the whole encoder. Left out: dropout (0 in all sizes). The ε are those of timm and
of the authors' code; transformers has 1e-6 everywhere. Tested against: timm and
transformers, in value and gradient (tests/parity). State-dict names are timm's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.pvt import (
    PVTConfig,
    check_grids,
    drop_path_rates,
)
from vislearn.encoders.sizes import strided_grid
from vislearn.layers.mlp import activation
from vislearn.layers.patches import check_images
from vislearn.layers.reduction import (
    Grid,
    SpatialReductionAttention,
    map_conv,
    to_map,
    to_tokens,
)
from vislearn.layers.scale import DropPath
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class PVTv2Config(PVTConfig):
    """Sizes of a PVT v2; the defaults are B1, which has the sizes of PVT-Tiny.

    The fields are those of `PVTConfig`, and one more.
    """

    linear: bool = False  # keys from a map averaged to 7 × 7, in place of `reductions`

    def check_last_stage(self) -> None:
        """Without a class token, every stage may be reduced."""

    def grids(self, shape: tuple[int, int] | None = None) -> list[Grid]:
        """(h, w) of each stage's map: 1/4, 1/8, 1/16 and 1/32, rounded up.

        Args:
            shape: (height, width) in pixels; None takes `img_size`.

        Raises:
            ValueError: if a map is smaller than one square of its stage's reduction.
        """
        shape = self.image_shape if shape is None else shape
        grids = [strided_grid(shape, 4 * 2**stage) for stage in range(len(self.depths))]
        smallest = (1,) * len(grids) if self.linear else self.reductions
        return check_grids(grids, smallest, shape)

    @property
    def tokens(self) -> int:
        """T = N: places of the last map; there are no prefix tokens."""
        return math.prod(self.grid)


class OverlapPatchEmbed(nn.Module):
    """A padded convolution whose windows overlap, then a norm.

    A kernel of 7 with stride 4 sees 3 pixels of each neighbour, so that an edge between
    two patches is not cut in two.

    Shapes:
        x (B, Cin, H, W) -> (B, D, ⌈H / stride⌉, ⌈W / stride⌉)
    """

    def __init__(
        self, inputs: int, width: int, kernel_size: int, stride: int, norm_eps: float
    ) -> None:
        super().__init__()
        self.proj = map_conv(inputs, width, kernel_size, stride, kernel_size // 2)
        self.norm = nn.LayerNorm(width, eps=norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        x = self.proj(x)  # (B, D, h, w)
        return to_map(self.norm(to_tokens(x)), (x.shape[2], x.shape[3]))


class ConvMlp(nn.Module):
    """Widen, look at the eight neighbours, bend, narrow.

    Shapes:
        x (B, h·w, D), grid (h, w) -> (B, h·w, D), with F = `hidden` in between
    """

    def __init__(self, width: int, hidden: int, relu: bool) -> None:
        super().__init__()
        self.relu = relu  # before the convolution, in the linear form
        self.fc1 = nn.Linear(width, hidden)
        self.dwconv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.act = activation("gelu")
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        x = self.fc1(x)  # (B, h·w, F)
        if self.relu:
            x = F.relu(x)
        x = to_tokens(self.dwconv(to_map(x, grid)))
        return self.fc2(self.act(x))


class Block(nn.Module):
    """PVT's block, with the convolution inside the MLP.

    Shapes:
        x (B, h·w, D), grid (h, w) -> (B, h·w, D)
    """

    def __init__(self, config: PVTv2Config, stage: int, drop_path: float) -> None:
        super().__init__()
        width = config.widths[stage]
        self.norm1 = nn.LayerNorm(width, eps=config.norm_eps)
        self.attn = SpatialReductionAttention(
            width,
            config.heads[stage],
            reduction=1 if config.linear else config.reductions[stage],
            pool=7 if config.linear else None,
            norm_eps=config.conv_norm_eps,
        )
        self.norm2 = nn.LayerNorm(width, eps=config.norm_eps)
        self.mlp = ConvMlp(width, config.mlp_ratios[stage] * width, config.linear)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x), grid))
        return x + self.drop_path(self.mlp(self.norm2(x), grid))


class Stage(nn.Module):
    """Half the height and width (but for the first stage), the blocks, a norm.

    Shapes:
        x (B, Cin, H, W) -> (B, D, ⌈H/2⌉, ⌈W/2⌉); the first stage keeps the size
    """

    def __init__(self, config: PVTv2Config, stage: int) -> None:
        super().__init__()
        D = config.widths[stage]
        self.downsample = (
            nn.Identity()
            if stage == 0
            else OverlapPatchEmbed(
                config.widths[stage - 1], D, 3, 2, config.conv_norm_eps
            )
        )
        self.blocks = nn.ModuleList(
            Block(config, stage, rate) for rate in drop_path_rates(config, stage)
        )
        self.norm = nn.LayerNorm(D, eps=config.norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        x = self.downsample(x)  # (B, D, h, w)
        grid = (x.shape[2], x.shape[3])
        x = to_tokens(x)  # (B, h·w, D)
        for block in self.blocks:
            x = block(x, grid)
        return to_map(self.norm(x), grid)


class PVTv2(VisionEncoder):
    """Pyramid Vision Transformer v2 (arXiv:2106.13797, section 3).

    Nothing in it depends on the size of the image. Padding rounds the maps up; rows and
    columns of a map that fill no whole square of a reduction give no keys.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), N = ⌈H/32⌉ · ⌈W/32⌉,
        prefix (B, 0, D), pooled (B, D): their average, and logits (B, K) with
        `num_classes`

    Raises:
        ValueError: if the images have other channels, or are smaller than one square
            of a stage's reduction (29 pixels on a side for all presets).
    """

    def __init__(self, config: PVTv2Config) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = OverlapPatchEmbed(
            config.channels, config.widths[0], 7, 4, config.conv_norm_eps
        )
        self.stages = nn.ModuleList(
            Stage(config, stage) for stage in range(len(config.depths))
        )
        self.head = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(config.features, config.num_classes)
        )
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        x = self.feature_maps(images)[-1]  # (B, D, h, w)
        pooled = x.mean((2, 3))  # (B, D)
        logits = None if self.config.num_classes is None else self.head(pooled)
        return VisionOutput.from_map(x, pooled, logits)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse, normalised.

        Shapes:
            images (B, C, H, W) -> four maps: 1/4, 1/8, 1/16 and 1/32 of H and W,
            rounded up
        """
        check_images(images, self.config.channels)
        self.config.grids((images.shape[2], images.shape[3]))
        x = self.patch_embed(images)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def init_weights(self) -> None:
        """Fresh random weights, as in the authors' code.

        Linear layers: normal with std 0.02; convolutions: He's normal by fan-out
        (arXiv:1502.01852), a depth-wise one counting its own channel; biases zero.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
            elif isinstance(module, nn.Conv2d):
                fan_out = module.weight[:, 0].numel() // module.groups
                nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
            else:
                continue
            if module.bias is not None:
                nn.init.zeros_(module.bias)


# As timm evaluates these weights. The authors' code keeps less: 224 of 256 pixels.
_IMAGENET = Preprocess(224, IMAGENET_MEAN, IMAGENET_STD, "bicubic", crop=0.9)

for _name, _config in {
    "pvt_v2_b0": PVTv2Config(widths=(32, 64, 160, 256)),
    "pvt_v2_b1": PVTv2Config(),
    "pvt_v2_b2": PVTv2Config(depths=(3, 4, 6, 3)),
    "pvt_v2_b3": PVTv2Config(depths=(3, 4, 18, 3)),
    "pvt_v2_b4": PVTv2Config(depths=(3, 8, 27, 3)),
    "pvt_v2_b5": PVTv2Config(depths=(3, 6, 40, 3), mlp_ratios=(4, 4, 4, 4)),
}.items():
    register(Preset(_name, "pvt_v2", PVTv2, _config, _IMAGENET))
