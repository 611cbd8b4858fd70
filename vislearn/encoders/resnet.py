"""ResNet v1.5: the convolutional network that every later encoder is compared with.

Papers: ResNet arXiv:1512.03385 (Table 1). "v1.5" moves the stride of a bottleneck from
its first 1×1 to its 3×3 convolution, as torchvision and timm do. Tested against:
torchvision, timm and transformers (tests/parity). State-dict names are torchvision's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized, strided_grid
from vislearn.layers.patches import check_images
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class ResNetConfig(ImageSized):
    """Sizes of a ResNet (arXiv:1512.03385, Table 1); the defaults are ResNet-50."""

    img_size: int | tuple[int, int] = 224  # of the preprocessing; any size works
    channels: int = 3  # C
    block: str = "bottleneck"  # or "basic"
    depths: tuple[int, ...] = (3, 4, 6, 3)  # blocks in each stage
    width: int = 64  # channels of the first stage; each later stage doubles them
    num_classes: int | None = None  # K; None for no classifier

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.block not in _BLOCKS:
            raise ValueError(
                f"block must be 'basic' or 'bottleneck', got {self.block!r}"
            )
        if not self.depths or min(self.depths) < 1 or self.width < 1:
            raise ValueError(
                "depths and width must be at least 1, "
                f"got {self.depths} and {self.width}"
            )

    @property
    def features(self) -> int:
        """D: channels of the last map."""
        last = self.width * 2 ** (len(self.depths) - 1)
        return last * _BLOCKS[self.block].expansion

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the last map: each of the stride-2 steps rounds up."""
        return strided_grid(self.image_shape, 2 ** (len(self.depths) + 1))

    @property
    def tokens(self) -> int:
        """T = N: places of the last map; there are no prefix tokens."""
        return math.prod(self.grid)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and the shortcut around them (ResNet-18 and -34).

    Shapes:
        x (B, Cin, H, W) -> (B, Cout, H / stride, W / stride)
    """

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.downsample(x))


class Bottleneck(nn.Module):
    """1×1 to narrow, 3×3 to look around, 1×1 to widen again (ResNet-50 and up).

    Shapes:
        x (B, Cin, H, W) -> (B, 4 · width, H / stride, W / stride)
    """

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)  # v1.5
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))


_BLOCKS: dict[str, type[BasicBlock] | type[Bottleneck]] = {
    "basic": BasicBlock,
    "bottleneck": Bottleneck,
}


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """The identity if shapes agree, else a 1×1 convolution (the paper's option B)."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
    )


class ResNet(VisionEncoder):
    """A stem, four stages of residual blocks, global average pooling.

    Each stage halves the height and width and doubles the channels, so that the last
    map of a 224-pixel image is 7 × 7: 49 "tokens", each with a wide field of view.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), N = ⌈H/32⌉ · ⌈W/32⌉,
        prefix (B, 0, D), pooled (B, D), and logits (B, K) with `num_classes`

    Raises:
        ValueError: if the images have other channels.
    """

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv2d(
            config.channels, config.width, 7, stride=2, padding=3, bias=False
        )
        self.bn1 = nn.BatchNorm2d(config.width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        inputs = config.width
        for stage, depth in enumerate(config.depths):
            width = config.width * 2**stage
            stride = 1 if stage == 0 else 2
            self.add_module(
                f"layer{stage + 1}",
                make_stage(_BLOCKS[config.block], inputs, width, depth, stride),
            )
            inputs = width * _BLOCKS[config.block].expansion
        self.fc = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(inputs, config.num_classes)
        )
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        x = self.feature_maps(images)[-1]  # (B, D, h, w)
        pooled = x.mean((2, 3))  # (B, D)
        logits = None if self.config.num_classes is None else self.fc(pooled)
        return VisionOutput.from_map(x, pooled, logits)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse.

        Shapes:
            images (B, C, H, W) -> four maps: 1/4, 1/8, 1/16 and 1/32 of H and W
        """
        check_images(images, self.config.channels)
        x = self.maxpool(F.relu(self.bn1(self.conv1(images))))  # a quarter of H, W
        maps = []
        for stage in range(len(self.config.depths)):
            x = self.get_submodule(f"layer{stage + 1}")(x)
            maps.append(x)
        return maps

    def init_weights(self) -> None:
        """Fresh random weights: He's normal for ReLU, by fan-out (arXiv:1502.01852)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )


def make_stage(
    block: type[BasicBlock] | type[Bottleneck],
    inputs: int,
    width: int,
    depth: int,
    stride: int,
) -> nn.Sequential:
    """`depth` blocks, of which the first changes the size and the channels."""
    outputs = width * block.expansion
    first = block(inputs, width, stride)
    return nn.Sequential(first, *(block(outputs, width, 1) for _ in range(depth - 1)))


_IMAGENET = Preprocess(224, IMAGENET_MEAN, IMAGENET_STD, "bilinear", crop=0.875)

for _name, _config in {
    "resnet18": ResNetConfig(block="basic", depths=(2, 2, 2, 2)),
    "resnet34": ResNetConfig(block="basic", depths=(3, 4, 6, 3)),
    "resnet50": ResNetConfig(),
    "resnet101": ResNetConfig(depths=(3, 4, 23, 3)),
    "resnet152": ResNetConfig(depths=(3, 8, 36, 3)),
}.items():
    register(Preset(_name, "resnet", ResNet, _config, _IMAGENET))
