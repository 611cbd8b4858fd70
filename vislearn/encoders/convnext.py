"""ConvNeXt: a ResNet rebuilt with what transformers had taught by 2022.

Paper: arXiv:2201.03545 (sections 2.2 to 2.6 change a ResNet-50 step by step; section 3
has the sizes). Kept: the whole encoder. Left out: nothing that acts at test time.
Tested against: timm, torchvision and transformers, in value and gradient
(tests/parity). State-dict names are timm's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized
from vislearn.layers.mlp import Mlp
from vislearn.layers.norms import LayerNorm2d
from vislearn.layers.patches import check_images
from vislearn.layers.scale import DropPath
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class ConvNeXtConfig(ImageSized):
    """Sizes and choices of a ConvNeXt; the defaults are ConvNeXt-T."""

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    channels: int = 3  # C
    patch_size: int = 4  # P: side and stride of the stem's kernel, pixels
    depths: tuple[int, ...] = (3, 3, 9, 3)  # blocks in each stage
    widths: tuple[int, ...] = (96, 192, 384, 768)  # channels of each stage
    kernel_size: int = 7  # of the depth-wise convolutions; odd
    act: str = "gelu"  # see vislearn.layers.mlp.activation
    norm_eps: float = 1e-6
    layer_scale: float | None = 1e-6  # start value; None for no LayerScale
    drop_path: float = 0.0  # of the last block; grows linearly from 0 at the first
    num_classes: int | None = None  # K; None for no classifier

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.depths or len(self.depths) != len(self.widths):
            raise ValueError(
                "depths and widths need one number for each stage, "
                f"got {self.depths} and {self.widths}"
            )
        for name in ("depths", "widths"):
            if min(getattr(self, name)) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.patch_size < 1:
            raise ValueError(f"patch_size must be at least 1, got {self.patch_size}")
        if self.kernel_size < 1 or self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {self.kernel_size}")
        if min(self.image_shape) < self.stride:
            raise ValueError(
                f"img_size {self.img_size} is smaller than one cell of the last map, "
                f"{self.stride} pixels"
            )

    @property
    def stride(self) -> int:
        """Pixels from one cell of the last map to the next: 32 with four stages."""
        return self.patch_size * 2 ** (len(self.depths) - 1)

    @property
    def features(self) -> int:
        """D: channels of the last map."""
        return self.widths[-1]

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the last map: without padding, each strided step rounds down."""
        height, width = self.image_shape
        return height // self.stride, width // self.stride

    @property
    def tokens(self) -> int:
        """T = N: places of the last map; there are no prefix tokens."""
        return math.prod(self.grid)


class ConvNeXtBlock(nn.Module):
    """Look around with a depth-wise convolution, then think at each place by itself.

    The convolution mixes places and keeps the channels apart; the MLP mixes channels
    and keeps the places apart. A transformer block divides its work in the same way,
    with attention in the place of the convolution.

    Args:
        width: channels C.
        kernel_size: of the depth-wise convolution.
        act, norm_eps, layer_scale, drop_path: as in `ConvNeXtConfig`; `drop_path` is
            the rate of this block.

    Shapes:
        x (B, C, H, W) -> (B, C, H, W)
    """

    def __init__(
        self,
        width: int,
        kernel_size: int = 7,
        act: str = "gelu",
        norm_eps: float = 1e-6,
        layer_scale: float | None = 1e-6,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(
            width, width, kernel_size, padding=kernel_size // 2, groups=width
        )
        self.norm = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, 4 * width, act)
        self.gamma = (  # LayerScale, arXiv:2103.17239
            None
            if layer_scale is None
            else nn.Parameter(torch.full((width,), layer_scale))
        )
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_dw(x).permute(0, 2, 3, 1)  # (B, H, W, C)
        y = self.mlp(self.norm(y))
        if self.gamma is not None:
            y = y * self.gamma
        return x + self.drop_path(y.permute(0, 3, 1, 2))  # (B, C, H, W)


class Stage(nn.Module):
    """A down-sampling layer of its own (but for the first stage), then the blocks.

    Shapes:
        x (B, Cin, H, W) -> (B, Cout, ⌊H/2⌋, ⌊W/2⌋); the first stage keeps the size
    """

    def __init__(self, downsample: nn.Module, blocks: list[ConvNeXtBlock]) -> None:
        super().__init__()
        self.downsample = downsample
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.downsample(x))


class Head(nn.Module):
    """Average over all places, normalise; `fc` turns the result into class scores.

    Shapes:
        x (B, D, h, w) -> pooled (B, D)
    """

    def __init__(self, width: int, num_classes: int | None, norm_eps: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=norm_eps)
        self.fc = (
            nn.Identity() if num_classes is None else nn.Linear(width, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.mean((2, 3)))


class ConvNeXt(VisionEncoder):
    """Patches of 4 × 4 pixels, four stages of blocks, average pooling.

    Nothing pads the strided convolutions, so a size that does not divide is cut: of a
    map with an odd side, the next stage leaves out the last row or column, and the stem
    never sees the pixels beyond the last whole patch.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), N = ⌊H/32⌋ · ⌊W/32⌋,
        not normalised; prefix (B, 0, D), pooled (B, D) after the last norm, and logits
        (B, K) with `num_classes`

    Raises:
        ValueError: if the images have other channels, or a side is below 32 pixels.
    """

    def __init__(self, config: ConvNeXtConfig) -> None:
        super().__init__()
        self.config = config
        P, width = config.patch_size, config.widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(config.channels, width, P, stride=P),
            LayerNorm2d(width, config.norm_eps),
        )
        self.stages = nn.ModuleList(
            self._make_stage(stage) for stage in range(len(config.depths))
        )
        self.head = Head(config.features, config.num_classes, config.norm_eps)
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        x = self.feature_maps(images)[-1]  # (B, D, h, w)
        pooled = self.head(x)  # (B, D)
        logits = None if self.config.num_classes is None else self.head.fc(pooled)
        return VisionOutput.from_map(x, pooled, logits)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse.

        Shapes:
            images (B, C, H, W) -> four maps: 1/4, 1/8, 1/16 and 1/32 of H and W,
            rounded down
        """
        check_images(images, self.config.channels)
        if min(images.shape[2:]) < self.config.stride:
            raise ValueError(
                f"images need at least {self.config.stride} pixels on each side, "
                f"got {tuple(images.shape)}"
            )
        x = self.stem(images)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def init_weights(self) -> None:
        """Fresh random weights: normal with std 0.02, biases zero."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def _make_stage(self, stage: int) -> Stage:
        config = self.config
        width, before = config.widths[stage], sum(config.depths[:stage])
        last = max(sum(config.depths) - 1, 1)  # index of the last block of all
        blocks = [
            ConvNeXtBlock(
                width,
                config.kernel_size,
                act=config.act,
                norm_eps=config.norm_eps,
                layer_scale=config.layer_scale,
                drop_path=config.drop_path * (before + index) / last,
            )
            for index in range(config.depths[stage])
        ]
        if stage == 0:
            return Stage(nn.Identity(), blocks)
        inputs = config.widths[stage - 1]
        return Stage(downsampling(inputs, width, config.norm_eps), blocks)


def downsampling(inputs: int, outputs: int, norm_eps: float) -> nn.Sequential:
    """Normalise, then join each 2 × 2 places into one.

    The norm keeps training stable where the resolution changes (section 2.6).

    Shapes:
        x (B, Cin, H, W) -> (B, Cout, ⌊H/2⌋, ⌊W/2⌋)
    """
    return nn.Sequential(
        LayerNorm2d(inputs, norm_eps), nn.Conv2d(inputs, outputs, 2, stride=2)
    )


_IMAGENET = Preprocess(224, IMAGENET_MEAN, IMAGENET_STD, "bicubic", crop=0.875)

for _name, _config in {
    "convnext_t": ConvNeXtConfig(),
    "convnext_s": ConvNeXtConfig(depths=(3, 3, 27, 3)),
    "convnext_b": ConvNeXtConfig(depths=(3, 3, 27, 3), widths=(128, 256, 512, 1024)),
    "convnext_l": ConvNeXtConfig(depths=(3, 3, 27, 3), widths=(192, 384, 768, 1536)),
}.items():
    register(Preset(_name, "convnext", ConvNeXt, _config, _IMAGENET))
