"""CvT: convolutions make the tokens, and convolutions make queries, keys and values.

Paper: arXiv:2103.15808 (section 3; sizes in Table 2). Kept: the whole encoder. Left
out: dropout (0 in all sizes). Three choices of the authors' code are easily missed:
scores are divided by the square root of the *whole* width D, not of one head's; the MLP
uses QuickGELU (transformers: exact GELU, `act="gelu"`); the first embedding pads 2, not
3. There are no position embeddings: the zero padding of the convolutions tells where
the border is. Tested against: transformers, in value and gradient (tests/parity); timm
has no CvT.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized
from vislearn.layers import pooling
from vislearn.layers.attention import Recordable, attention
from vislearn.layers.mlp import Mlp
from vislearn.layers.patches import check_images
from vislearn.layers.reduction import (
    FewKeysCost,
    Grid,
    few_keys_cost,
    map_conv,
    to_map,
    to_tokens,
)
from vislearn.layers.scale import DropPath
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register

# Kernel, stride and padding of the embedding of the first and of each later stage.
_FIRST, _LATER = (7, 4, 2), (3, 2, 1)


@dataclass(frozen=True)
class CvTConfig(ImageSized):
    """Sizes of a CvT (arXiv:2103.15808, Table 2); the defaults are CvT-13."""

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    channels: int = 3  # C
    depths: tuple[int, ...] = (1, 2, 10)  # blocks in each stage
    widths: tuple[int, ...] = (64, 192, 384)  # D of each stage
    heads: tuple[int, ...] = (1, 3, 6)  # h of each stage
    mlp_ratio: int = 4  # F / D
    kv_stride: int = 2  # of the convolutions that make keys and values
    act: str = "quick_gelu"  # see vislearn.layers.mlp.activation
    norm_eps: float = 1e-5  # of every LayerNorm
    drop_path: float = 0.0  # of the last block; grows from 0 within the last stage
    num_classes: int | None = None  # K; None for no classifier

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("depths", "widths", "heads"):
            values = getattr(self, name)
            if not values or len(values) != len(self.depths) or min(values) < 1:
                raise ValueError(
                    "expected one number of at least 1 for each stage, "
                    f"got {name} {values} with depths {self.depths}"
                )
        for width, heads in zip(self.widths, self.heads, strict=True):
            if width % heads:
                raise ValueError(f"width {width} is not divisible by heads {heads}")
        for name in ("mlp_ratio", "kv_stride"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        self.grids()

    def grids(self, shape: tuple[int, int] | None = None) -> list[Grid]:
        """(h, w) of each stage's map: about 1/4, 1/8 and 1/16.

        Args:
            shape: (height, width) in pixels; None takes `img_size`.

        Raises:
            ValueError: if the first kernel does not fit into the padded image.
        """
        h, w = self.image_shape if shape is None else shape
        grids = []
        for stage in range(len(self.depths)):
            kernel, stride, padding = _FIRST if stage == 0 else _LATER
            if min(h, w) + 2 * padding < kernel:
                raise ValueError(
                    f"images need at least {kernel - 2 * padding} pixels on each "
                    f"side, got {h} × {w}"
                )
            h = (h + 2 * padding - kernel) // stride + 1
            w = (w + 2 * padding - kernel) // stride + 1
            grids.append((h, w))
        return grids

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


class ConvEmbed(nn.Module):
    """A convolution with overlapping windows, then a norm (section 3.1).

    Shapes:
        x (B, Cin, H, W) -> tokens (B, N, D) and their grid
    """

    def __init__(self, config: CvTConfig, stage: int) -> None:
        super().__init__()
        width = config.widths[stage]
        inputs = config.channels if stage == 0 else config.widths[stage - 1]
        kernel, stride, padding = _FIRST if stage == 0 else _LATER
        self.proj = map_conv(inputs, width, kernel, stride, padding)
        self.norm = nn.LayerNorm(width, eps=config.norm_eps)

    def forward(self, x: Tensor) -> tuple[Tensor, Grid]:
        x = self.proj(x)  # (B, D, h, w)
        return self.norm(to_tokens(x)), (x.shape[2], x.shape[3])


class DepthwiseConv(nn.Module):
    """One 3 × 3 kernel for each channel, then BatchNorm.

    Shapes:
        x (B, D, h, w) -> (B, D, ⌈h / stride⌉, ⌈w / stride⌉)
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            width, width, 3, stride, padding=1, groups=width, bias=False
        )
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x))


class ConvAttention(Recordable):
    """Multi-head attention that looks at the neighbours before it asks (section 3.2).

    Queries, keys and values each come from a depth-wise convolution over the map, then
    a linear layer. The convolutions of keys and values have a stride of 2, so a quarter
    as many tokens answer. A class token is no place of the map: it passes the
    convolutions by.

    Args:
        width: token width D; must be divisible by `heads`.
        heads: number of heads h; each has width Dh = D / h.
        kv_stride: stride of the convolutions of keys and values.
        fused: use torch's fused kernel; False takes the readable `attention`.

    Shapes:
        x (B, R + h·w, D), grid (h, w), prefix R -> (B, R + h·w, D)

    Raises:
        ValueError: if `width` is not divisible by `heads`, or x has another shape.
    """

    def __init__(
        self, width: int, heads: int, kv_stride: int = 2, fused: bool = True
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads != 0:
            raise ValueError(f"width {width} is not divisible by heads {heads}")
        self.width = width
        self.heads = heads
        self.fused = fused
        self.conv_q = DepthwiseConv(width, stride=1)
        self.conv_k = DepthwiseConv(width, stride=kv_stride)
        self.conv_v = DepthwiseConv(width, stride=kv_stride)
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, grid: Grid, prefix: int = 0) -> Tensor:
        if x.ndim != 3 or x.shape[1:] != (prefix + math.prod(grid), self.width):
            raise ValueError(
                f"expected tokens of shape (B, {prefix} + {grid[0]} · {grid[1]}, "
                f"{self.width}), got {tuple(x.shape)}"
            )
        cls, features = x[:, :prefix], to_map(x[:, prefix:], grid)

        def project(conv: DepthwiseConv, linear: nn.Linear) -> Tensor:
            tokens = torch.cat([cls, to_tokens(conv(features))], dim=1)
            heads = linear(tokens).unflatten(-1, (self.heads, -1))
            return heads.transpose(1, 2)  # (B, h, R + places, Dh)

        q = project(self.conv_q, self.q)
        k, v = project(self.conv_k, self.k), project(self.conv_v, self.v)
        # Both paths divide by √Dh; with this factor it is √D, as in the authors' code.
        q = q * self.heads**-0.5
        if self.fused:
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            out, _ = attention(q, k, v)  # (B, h, Tq, Dh)
        self.record(q, k, v)
        return self.proj(out.transpose(1, 2).flatten(2))  # (B, R + h·w, D)


class Block(nn.Module):
    """The pre-norm block of ViT, with convolutional attention.

    Shapes:
        x (B, R + h·w, D) -> (B, R + h·w, D)
    """

    def __init__(self, config: CvTConfig, stage: int, drop_path: float) -> None:
        super().__init__()
        D = config.widths[stage]
        self.norm1 = nn.LayerNorm(D, eps=config.norm_eps)
        self.attn = ConvAttention(D, config.heads[stage], config.kv_stride)
        self.norm2 = nn.LayerNorm(D, eps=config.norm_eps)
        self.mlp = Mlp(D, config.mlp_ratio * D, config.act)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, grid: Grid, prefix: int) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x), grid, prefix))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class Stage(nn.Module):
    """Embed, put the class token in front (last stage only), run the blocks.

    Shapes:
        x (B, Cin, H, W) -> class token (B, R, D), tokens (B, N, D) and their grid
    """

    def __init__(self, config: CvTConfig, stage: int) -> None:
        super().__init__()
        D, depth = config.widths[stage], config.depths[stage]
        last = stage == len(config.depths) - 1
        self.prefix = int(last)
        self.embed = ConvEmbed(config, stage)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, D)) if last else None
        rate = config.drop_path if last else 0.0
        self.blocks = nn.ModuleList(
            Block(config, stage, rate * index / max(depth - 1, 1))
            for index in range(depth)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Grid]:
        x, grid = self.embed(x)  # (B, N, D)
        if self.cls_token is not None:
            x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x, grid, self.prefix)
        return x[:, : self.prefix], x[:, self.prefix :], grid


class CvT(VisionEncoder):
    """Convolutional vision Transformer (arXiv:2103.15808, section 3).

    Nothing in it depends on the size of the image: at sizes that do not divide, the
    padded convolutions round as torch does (`CvTConfig.grids` says how).

    Only the class token is normalised at the end, because the classifier was trained on
    nothing else: tokens and prefix are the residual stream after the last block.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), N about H·W / 16²,
        prefix (B, 1, D), pooled (B, D): the class token after the last norm, and
        logits (B, K) with `num_classes`

    Raises:
        ValueError: if the images have other channels or are below 3 pixels.
    """

    def __init__(self, config: CvTConfig) -> None:
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
        prefix, tokens, grid = self.stage_tokens(images)[-1]
        pooled = pooling.cls_pool(self.norm(prefix))  # (B, D)
        logits = None if self.config.num_classes is None else self.head(pooled)
        return VisionOutput(tokens, prefix, pooled, grid, logits)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse, without the class token.

        Shapes:
            images (B, C, H, W) -> three maps: about 1/4, 1/8 and 1/16 of H and W
        """
        return [to_map(tokens, grid) for _, tokens, grid in self.stage_tokens(images)]

    def stage_tokens(self, images: Tensor) -> list[tuple[Tensor, Tensor, Grid]]:
        """Class token (B, R, D), tokens (B, N, D) and grid of each stage."""
        check_images(images, self.config.channels)
        self.config.grids((images.shape[2], images.shape[3]))
        outputs, x = [], images
        for stage in self.stages:
            cls, tokens, grid = stage(x)
            outputs.append((cls, tokens, grid))
            x = to_map(tokens, grid)
        return outputs

    def init_weights(self) -> None:
        """Fresh random weights: normal with std 0.02, biases zero."""
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)


def projection_cost(
    grid: Grid, width: int, heads: int, kv_stride: int = 2, prefix: int = 0
) -> FewKeysCost:
    """Count the work of `ConvAttention` on one image.

    `shrink` is the three depth-wise convolutions: 9 multiply-adds for each channel of
    each place that they write.

    Raises:
        ValueError: if a number is too small, or the width does not divide.
    """
    h, w = grid
    if min(h, w, width, heads, kv_stride) < 1 or prefix < 0 or width % heads:
        raise ValueError(
            "grid, width, heads and kv_stride must be at least 1, prefix at least 0, "
            "and width divisible by heads; "
            f"got {grid}, {width}, {heads}, {kv_stride} and {prefix}"
        )
    places, keys = h * w, -(-h // kv_stride) * -(-w // kv_stride)
    shrink = 9 * width * (places + 2 * keys)
    return few_keys_cost(prefix + places, prefix + keys, width, heads, shrink)


_SQUARE = (IMAGENET_MEAN, IMAGENET_STD, "bicubic")

for _name, _config, _crop in (
    ("cvt_13", CvTConfig(), 0.875),
    ("cvt_21", CvTConfig(depths=(1, 4, 16)), 0.875),
    # At 384 pixels the authors squash the whole picture instead of cropping.
    (
        "cvt_w24",
        CvTConfig(
            img_size=384, depths=(2, 2, 20), widths=(192, 768, 1024), heads=(3, 12, 16)
        ),
        None,
    ),
):
    _preprocess = Preprocess(_config.img_size, *_SQUARE, crop=_crop)
    register(Preset(_name, "cvt", CvT, _config, _preprocess))
