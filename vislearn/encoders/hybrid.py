"""Hybrids: a ViT whose patches are cut from the map of a CNN, not from the pixels.

Papers: ViT arXiv:2010.11929, section 3.1 ("Hybrid Architecture"), with the ResNet of
BiT, arXiv:1912.11370 (GroupNorm arXiv:1803.08494, weight standardisation
arXiv:1903.10520), and the small convolutional stem of arXiv:2106.14881, section 3.
Sizes R26+S/32 and R50+B/16: arXiv:2106.10270. Kept: both stems in full. Left out:
nothing; the rest is ViT. Tested against: timm, in value and gradient (tests/parity).
State-dict names are timm's.

Two details of ViT's official JAX code differ from timm, which is followed here: it adds
ε = 1e-5 to the standard deviation of a filter, timm 1e-8 to the variance; ε of its
GroupNorm is 1e-6, timm's 1e-5.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.sizes import strided_grid
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.patches import PatchEmbed, check_images
from vislearn.preprocess import Preprocess
from vislearn.registry import Preset, register

STEMS = ("bit", "conv")
_GROUPS = 32  # of every GroupNorm in BiT


@dataclass(frozen=True)
class HybridConfig(ViTConfig):
    """A ViT's sizes and its stem's; the defaults are R50+ViT-B/16.

    `patch_size` is still the distance of two tokens in pixels: the stem covers a part
    of it with its strides, and the patch embedding the rest.
    """

    stem: str = "bit"  # or "conv"
    stem_width: int = 64  # channels after the first convolution
    stem_depths: tuple[int, ...] = (3, 4, 9)  # blocks, or convolutions, in each stage

    def __post_init__(self) -> None:
        if self.stem not in STEMS:
            raise ValueError(f"stem must be 'bit' or 'conv', got {self.stem!r}")
        if not self.stem_depths or min(self.stem_depths) < 1 or self.stem_width < 1:
            raise ValueError(
                "stem_depths and stem_width must be at least 1, "
                f"got {self.stem_depths} and {self.stem_width}"
            )
        if self.stem == "bit" and self.stem_width % _GROUPS:
            raise ValueError(
                f"stem_width of 'bit' must be a multiple of {_GROUPS} (its groups), "
                f"got {self.stem_width}"
            )
        if self.patch_size < 1 or self.patch_size % self.stem_stride:
            raise ValueError(
                f"patch_size {self.patch_size} is no multiple of {self.stem_stride}, "
                "the stride of the stem"
            )
        super().__post_init__()

    @property
    def stem_stride(self) -> int:
        """Pixels from one place of the stem's map to the next."""
        stages = len(self.stem_depths)
        return 2 ** (stages + 1 if self.stem == "bit" else stages)

    @property
    def map_patch(self) -> int:
        """Side of a patch on the stem's map; 1 in the published models."""
        return self.patch_size // self.stem_stride

    def check_image_size(self) -> None:
        """Raise a ValueError if the stem's map does not divide into patches."""
        hybrid_grid(self.image_shape, self.stem_stride, self.map_patch)

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w): rows and columns of patches, any odd sizes rounded up by the stem."""
        return hybrid_grid(self.image_shape, self.stem_stride, self.map_patch)


def hybrid_grid(shape: tuple[int, int], stride: int, patch: int) -> tuple[int, int]:
    """Rows and columns of patches on the map that a stem makes of an image.

    Raises:
        ValueError: if a side of the map is not a positive multiple of the patch.
    """
    rows, columns = strided_grid(shape, stride)
    if rows % patch or columns % patch or min(rows, columns) < patch:
        raise ValueError(
            f"img_size ({shape[0]}, {shape[1]}) gives a map of {rows} × {columns}, "
            f"which does not divide into patches of {patch} × {patch}"
        )
    return rows // patch, columns // patch


def same_pad(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Zeros around a map so that a convolution returns ⌈size / stride⌉: TensorFlow's.

    An odd number of zeros is split unevenly, with one more at the bottom and right. A
    3×3 convolution with stride 2 on an even size thus starts *on* the first pixel,
    where torch's padding=1 starts one pixel before it.

    Shapes:
        x (B, C, H, W) -> (B, C, H + …, W + …)
    """
    pads: list[int] = []
    for size in (x.shape[-1], x.shape[-2]):  # F.pad counts from the last dimension
        needed = (-(-size // stride) - 1) * stride + kernel
        zeros = max(needed - size, 0)
        pads += [zeros // 2, zeros - zeros // 2]
    return F.pad(x, pads) if any(pads) else x


class StdConv(nn.Conv2d):
    """A convolution with standardised filters and SAME padding (arXiv:1903.10520).

    Each filter is shifted and scaled to mean 0 and variance 1 before it is used, so
    that only its shape matters. Together with GroupNorm this replaces BatchNorm, and
    nothing depends on the other images of the batch.

    Shapes:
        x (B, Cin, H, W) -> (B, Cout, ⌈H / stride⌉, ⌈W / stride⌉)
    """

    eps = 1e-8  # added to the variance

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=False)

    def standardised(self) -> Tensor:
        """The filters that are applied: mean 0, variance 1 (Cout, Cin, k, k)."""
        variance, mean = torch.var_mean(
            self.weight, dim=(1, 2, 3), correction=0, keepdim=True
        )  # of the population, (Cout, 1, 1, 1)
        return (self.weight - mean) * torch.rsqrt(variance + self.eps)

    def forward(self, x: Tensor) -> Tensor:
        x = same_pad(x, self.kernel_size[0], self.stride[0])
        return F.conv2d(x, self.standardised(), stride=self.stride)


class StdBottleneck(nn.Module):
    """ResNet's bottleneck with StdConv and GroupNorm; the stride is on the 3×3.

    Shapes:
        x (B, Cin, H, W) -> (B, Cout, ⌈H / stride⌉, ⌈W / stride⌉)
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        width = outputs // 4
        self.downsample: nn.Module = nn.Identity()
        if inputs != outputs:
            self.downsample = conv_norm(inputs, outputs, 1, stride)
        self.conv1 = StdConv(inputs, width, 1)
        self.norm1 = nn.GroupNorm(_GROUPS, width)
        self.conv2 = StdConv(width, width, 3, stride)
        self.norm2 = nn.GroupNorm(_GROUPS, width)
        self.conv3 = StdConv(width, outputs, 1)
        self.norm3 = nn.GroupNorm(_GROUPS, outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return F.relu(y + self.downsample(x))


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """A standardised convolution and its GroupNorm, named `conv` and `norm`."""
    conv = StdConv(inputs, outputs, kernel, stride)
    return nn.Sequential(OrderedDict(conv=conv, norm=nn.GroupNorm(_GROUPS, outputs)))


class BitStem(nn.Module):
    """BiT's ResNet up to its last map, as ViT's hybrids use it.

    7×7 with stride 2, max pooling with stride 2, then stages of bottlenecks, of which
    each but the first halves the size. Channels: 4 · width, doubled in each stage. For
    patches of 16 pixels ViT leaves out the fourth stage of ResNet-50 and appends its 3
    blocks to the 6 of the third: depths (3, 4, 9).

    Shapes:
        images (B, C, H, W) -> (B, 4 · width · 2^(stages − 1), ⌈H / stride⌉, …)
    """

    def __init__(self, channels: int, width: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = conv_norm(channels, width, 7, stride=2)
        self.stages = nn.ModuleList()
        inputs = width
        for stage, depth in enumerate(depths):
            outputs = 4 * width * 2**stage
            blocks = nn.Sequential(
                StdBottleneck(inputs, outputs, stride=1 if stage == 0 else 2),
                *(StdBottleneck(outputs, outputs, stride=1) for _ in range(depth - 1)),
            )
            self.stages.append(nn.Sequential(OrderedDict(blocks=blocks)))
            inputs = outputs
        self.features = inputs

    def maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse; the first at a quarter."""
        x = F.relu(self.stem(images))
        # After a ReLU a border of zeros never wins against what is in the window.
        x = F.max_pool2d(same_pad(x, 3, 2), 3, stride=2)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def forward(self, images: Tensor) -> Tensor:
        return self.maps(images)[-1]

    def init_weights(self) -> None:
        """He's normal by fan-out; the last norm of each block starts at zero.

        So each block begins as its shortcut, as in ViT's official code.
        """
        for module in self.modules():
            if isinstance(module, StdConv):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )
            elif isinstance(module, StdBottleneck):
                nn.init.zeros_(module.norm3.weight)


class ConvNormReLU(nn.Module):
    """3×3 convolution, BatchNorm, ReLU.

    Shapes:
        x (B, Cin, H, W) -> (B, Cout, ⌈H / stride⌉, ⌈W / stride⌉)
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class ConvStem(nn.Sequential):
    """A few 3×3 convolutions instead of one large patch (arXiv:2106.14881, section 3).

    Each stage starts with a convolution of stride 2 that doubles the channels; further
    ones keep size and channels. The paper's smallest, for patches of 16 pixels: width
    24, depths (1, 1, 1, 1), and one transformer block less than without it.

    Shapes:
        images (B, C, H, W) -> (B, width · 2^(stages − 1), ⌈H / 2^stages⌉, …)
    """

    def __init__(self, channels: int, width: int, depths: tuple[int, ...]) -> None:
        super().__init__()
        inputs = channels
        for stage, depth in enumerate(depths):
            outputs = width * 2**stage
            for index in range(depth):
                stride = 2 if index == 0 else 1
                self.append(ConvNormReLU(inputs, outputs, stride))
                inputs = outputs
        self.ends = [sum(depths[: stage + 1]) - 1 for stage in range(len(depths))]
        self.features = inputs

    def maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse; the first at a half."""
        outputs, x = [], images
        for layer in self:
            x = layer(x)
            outputs.append(x)
        return [outputs[end] for end in self.ends]

    def init_weights(self) -> None:
        """He's normal for ReLU, by fan-out."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )


_STEMS: dict[str, type[BitStem] | type[ConvStem]] = {"bit": BitStem, "conv": ConvStem}


class HybridEmbed(PatchEmbed):
    """The patch embedding of a hybrid: patches of a CNN's map become tokens.

    Shapes:
        images (B, C, H, W) -> tokens (B, N, D), raster order

    Raises:
        ValueError: if the images have other channels, are not floating point, or their
            map does not divide into patches.
    """

    def __init__(self, config: HybridConfig) -> None:
        stem = _STEMS[config.stem](
            config.channels, config.stem_width, config.stem_depths
        )
        super().__init__(
            config.map_patch, config.width, stem.features, config.patch_bias
        )
        self.backbone = stem
        self.channels = config.channels
        self.stride = config.stem_stride

    def grid(self, images: Tensor) -> tuple[int, int]:
        """Check the images and return rows and columns of their patch grid."""
        check_images(images, self.channels)
        height, width = images.shape[-2:]
        return hybrid_grid((height, width), self.stride, self.patch_size)

    def forward(self, images: Tensor) -> Tensor:
        self.grid(images)
        tokens = self.proj(self.backbone(images))  # (B, D, h, w)
        return tokens.flatten(2).transpose(1, 2)  # (B, N, D)


class Hybrid(ViT):
    """A CNN that sees edges and textures, and a ViT that puts them together.

    Only the patch embedding differs from ViT. Images of any size are welcome whose map
    divides into patches: all of them, if a patch is one place of the map. Positions
    are resized as in ViT.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, R, D),
        pooled (B, D), and logits (B, K) if the config has `num_classes`

    Raises:
        ValueError: if the images have other channels, or their map does not divide
            into patches.
    """

    config: HybridConfig
    patch_embed: HybridEmbed

    def stem_maps(self, images: Tensor) -> list[Tensor]:
        """What the CNN hands on: the output of each of its stages, fine to coarse.

        Shapes:
            images (B, C, H, W) -> maps (B, Ci, ⌈H / si⌉, ⌈W / si⌉); "bit" has strides
            si = 4, 8, 16, …, "conv" 2, 4, 8, …
        """
        self.patch_embed.grid(images)
        return self.patch_embed.backbone.maps(images)

    def init_weights(self) -> None:
        """Fresh random weights: ViT's, and those of the stem."""
        super().init_weights()
        self.patch_embed.backbone.init_weights()

    def _make_patch_embed(self) -> HybridEmbed:
        return HybridEmbed(self.config)


_AUGREG = Preprocess(crop=0.9)

register(
    Preset(
        "hybrid_s_r26",
        "hybrid",
        Hybrid,
        HybridConfig(patch_size=32, width=384, heads=6, stem_depths=(2, 2, 2, 2)),
        _AUGREG,
    )
)
register(Preset("hybrid_b_r50", "hybrid", Hybrid, HybridConfig(), _AUGREG))
