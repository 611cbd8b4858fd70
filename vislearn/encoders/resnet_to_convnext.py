"""From ResNet-50 to ConvNeXt-T: every step of the paper as a network that runs.

Paper: ConvNeXt arXiv:2201.03545, sections 2.2 to 2.6. Each block below is complete, so
that two neighbours can be compared line by line; `STEPS` says which block, stem and
sizes belong to each step. Left out: the training recipe, which is a step of its own in
the paper (section 2.1) and changes no layer, and LayerScale.
Tested against: our ResNet-50 (first step), our ConvNeXt-T (last step), and the
multiply-adds in Table 10 of the paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.convnext import downsampling
from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.resnet import Bottleneck, shortcut
from vislearn.encoders.sizes import ImageSized
from vislearn.layers.norms import LayerNorm2d
from vislearn.layers.patches import check_images


def depthwise(
    channels: int, kernel_size: int, stride: int = 1, bias: bool = False
) -> nn.Conv2d:
    """A convolution that keeps the channels apart: one kernel for each."""
    return nn.Conv2d(
        channels,
        channels,
        kernel_size,
        stride,
        padding=kernel_size // 2,
        groups=channels,
        bias=bias,
    )


class DepthwiseBottleneck(nn.Module):
    """Section 2.3: the 3×3 convolution keeps the channels apart."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = depthwise(width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))


class InvertedBottleneck(nn.Module):
    """Section 2.4: wide inside, narrow outside."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = depthwise(hidden, 3, stride)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))


class DepthwiseFirst(nn.Module):
    """Section 2.5: look around first, where the channels are few."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(inputs, 3, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))


class LargeKernel(nn.Module):
    """Section 2.5: a window of 7 × 7."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(inputs, 7, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.downsample(x))


class WithGelu(nn.Module):
    """Section 2.6: another activation."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(inputs, 7, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.gelu(self.bn1(self.conv1(x)))
        y = F.gelu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.gelu(y + self.downsample(x))


class OneActivation(nn.Module):
    """Section 2.6: a single activation, between the two 1×1 convolutions."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(inputs, 7, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x))
        y = F.gelu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return y + self.downsample(x)


class OneNorm(nn.Module):
    """Section 2.6: a single norm; convolutions without one need their biases."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(inputs, 7, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, hidden, 1)
        self.conv3 = nn.Conv2d(hidden, width, 1)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x))
        y = F.gelu(self.conv2(y))
        y = self.conv3(y)
        return y + self.downsample(x)


class WithLayerNorm(nn.Module):
    """Section 2.6: LayerNorm, which looks at one place of one image."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(inputs, 7, stride, bias=True)
        self.norm1 = LayerNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, hidden, 1)
        self.conv3 = nn.Conv2d(hidden, width, 1)
        self.downsample = layer_norm_shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(self.conv1(x))
        y = F.gelu(self.conv2(y))
        y = self.conv3(y)
        return y + self.downsample(x)


class SameSize(nn.Module):
    """Section 2.6: blocks keep the size; layers between the stages halve it.

    The same function as `ConvNeXtBlock` without LayerScale: a 1×1 convolution is a
    linear layer at each place.
    """

    expansion = 1

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.conv1 = depthwise(width, 7, bias=True)
        self.norm1 = LayerNorm2d(width)
        self.conv2 = nn.Conv2d(width, hidden, 1)
        self.conv3 = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(self.conv1(x))
        y = F.gelu(self.conv2(y))
        y = self.conv3(y)
        return y + x


def layer_norm_shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """As `resnet.shortcut`, with LayerNorm in the place of BatchNorm."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, stride, bias=False), LayerNorm2d(outputs)
    )


def resnet_stem(channels: int, width: int) -> nn.Module:
    """Overlapping windows, then a maximum: a quarter of H and W."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    )


def patchify_stem(channels: int, width: int) -> nn.Module:
    """Section 2.2: patches of 4 × 4, as a transformer cuts them."""
    return nn.Conv2d(channels, width, 4, stride=4)


def normed_patchify_stem(channels: int, width: int) -> nn.Module:
    """Section 2.6: with a norm wherever the resolution changes."""
    return nn.Sequential(patchify_stem(channels, width), LayerNorm2d(width))


@dataclass(frozen=True)
class StepConfig(ImageSized):
    """What one step is made of; the defaults are ResNet-50."""

    img_size: int | tuple[int, int] = 224
    channels: int = 3
    num_classes: int | None = 1000
    depths: tuple[int, ...] = (3, 4, 6, 3)
    width: int = 64
    stem: Callable[[int, int], nn.Module] = resnet_stem
    block: Callable[..., nn.Module] = Bottleneck
    separate: bool = False  # layers of their own halve the size between stages


CHANGES: dict[str, dict[str, object]] = {
    "ResNet-50": {},
    "stage ratio": {"depths": (3, 3, 9, 3)},
    "patchify stem": {"stem": patchify_stem},
    "depth-wise convolution": {"block": DepthwiseBottleneck},
    "wider": {"width": 96},
    "inverted bottleneck": {"block": InvertedBottleneck},
    "depth-wise first": {"block": DepthwiseFirst},
    "kernel 7 × 7": {"block": LargeKernel},
    "GELU": {"block": WithGelu},
    "one activation": {"block": OneActivation},
    "one norm": {"block": OneNorm},
    "LayerNorm": {"block": WithLayerNorm},
    "separate down-sampling": {
        "block": SameSize,
        "stem": normed_patchify_stem,
        "separate": True,
    },
}


def _collect() -> dict[str, StepConfig]:
    steps, config = {}, StepConfig()
    for name, change in CHANGES.items():
        config = replace(config, **change)  # type: ignore[arg-type]
        steps[name] = config
    return steps


STEPS = _collect()  # name of the step -> config, in the paper's order


class StepNet(VisionEncoder):
    """The network of one step.

        StepNet(STEPS["inverted bottleneck"])

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, 0, D),
        pooled (B, D), and logits (B, K) with `num_classes`
    """

    def __init__(self, config: StepConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = config.stem(config.channels, config.width)
        stages, inputs = [], config.width
        for stage, depth in enumerate(config.depths):
            width = config.width * 2**stage
            stages.append(_stage(config, inputs, width, depth, first=stage == 0))
            inputs = width * config.block.expansion  # type: ignore[attr-defined]
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LayerNorm(inputs, 1e-6) if config.separate else nn.Identity()
        self.fc = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(inputs, config.num_classes)
        )

    def forward(self, images: Tensor) -> VisionOutput:
        check_images(images, self.config.channels)
        x = self.stages(self.stem(images))  # (B, D, h, w)
        pooled = self.norm(x.mean((2, 3)))  # (B, D)
        logits = None if self.config.num_classes is None else self.fc(pooled)
        return VisionOutput.from_map(x, pooled, logits)


def _stage(
    config: StepConfig, inputs: int, width: int, depth: int, first: bool
) -> nn.Sequential:
    """The blocks of one stage, the first of which (or a layer before it) halves."""
    block = config.block
    if config.separate:
        blocks = [block(width) for _ in range(depth)]
        halve = [] if first else [downsampling(inputs, width, 1e-6)]
        return nn.Sequential(*halve, *blocks)
    outputs = width * block.expansion  # type: ignore[attr-defined]
    blocks = [block(inputs, width, stride=1 if first else 2)]
    blocks += [block(outputs, width, stride=1) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)
