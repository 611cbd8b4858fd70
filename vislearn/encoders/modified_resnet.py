"""CLIP's ResNet: an ordinary one with three changes and attention instead of averaging.

Paper: CLIP arXiv:2103.00020, section 2.4 ("several modifications to the original
version"): the stem is three 3×3 convolutions (ResNet-D, arXiv:1812.01187); every
stride-2 convolution becomes an average pooling followed by a convolution of stride 1
(anti-aliasing, arXiv:1904.11486); the last map is pooled by one layer of multi-head
attention whose query is the average of the map.
Kept: all of it. Tested against: open_clip, in value and gradient (tests/parity).
State-dict names are those of OpenAI's weights, without the prefix "visual.".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.dual import refuse_classes
from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized
from vislearn.layers import positions
from vislearn.layers.attention import Recordable
from vislearn.layers.patches import check_images

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class ModifiedResNetConfig(ImageSized):
    """Sizes of CLIP's ResNet (arXiv:2103.00020, appendix F); the defaults are RN50."""

    img_size: int | tuple[int, int] = 224  # decides the rows of the position table
    channels: int = 3  # C
    depths: tuple[int, ...] = (3, 4, 6, 3)  # bottlenecks in each stage
    width: int = 64  # channels of the stem; stage i has 4 · 2^i times as many
    head_width: int = 64  # Dh of the pooling attention
    embed_dim: int = 1024  # E
    num_classes: None = None  # CLIP classifies by comparing with text

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_classes(self.num_classes)
        if not self.depths or min(self.depths) < 1 or self.width < 2:
            raise ValueError(
                "depths must be at least 1 and width at least 2, "
                f"got {self.depths} and {self.width}"
            )
        if self.width % 2:
            raise ValueError(f"width must be even, got {self.width}")
        for name in ("head_width", "embed_dim"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.features % self.head_width:
            raise ValueError(
                f"the last map has {self.features} channels, "
                f"not divisible by head_width {self.head_width}"
            )
        check_stride(self.image_shape, self.stride)

    @property
    def stride(self) -> int:
        """Pixels from one place of the last map to the next: 32 with four stages."""
        return 2 ** (len(self.depths) + 1)

    @property
    def features(self) -> int:
        """D: channels of the last map."""
        return self.width * 4 * 2 ** (len(self.depths) - 1)

    @property
    def heads(self) -> int:
        """h of the pooling attention."""
        return self.features // self.head_width

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the last map."""
        height, width = self.image_shape
        return height // self.stride, width // self.stride

    @property
    def tokens(self) -> int:
        """T = N: places of the last map; there are no prefix tokens."""
        return math.prod(self.grid)


def check_stride(shape: tuple[int, int], stride: int) -> None:
    """Refuse sizes whose poolings would cut off rows or columns.

    Raises:
        ValueError: if a side (pixels) is no positive multiple of the stride.
    """
    height, width = shape
    if height % stride or width % stride or min(shape) < stride:
        size = str(height) if height == width else f"({height}, {width})"
        raise ValueError(f"img_size {size} is not divisible by the stride {stride}")


class AntiAliasedBottleneck(nn.Module):
    """A bottleneck that never skips pixels: average first, then convolve.

    Shapes:
        x (B, Cin, H, W) -> (B, 4 · width, H / stride, W / stride)
    """

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.avgpool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential()
            self.downsample.add_module("-1", nn.AvgPool2d(stride))  # OpenAI's name
            conv = nn.Conv2d(inputs, outputs, 1, bias=False)
            self.downsample.add_module("0", conv)
            self.downsample.add_module("1", nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(self.avgpool(y)))
        return F.relu(y + self.downsample(x))


class AttentionPool2d(Recordable):
    """The average of the map asks the map: one layer of attention, one query.

    The average is put in front as if it were a class token, position embeddings are
    added to all, and only that first token is asked for. `vislearn.layers.pooling` has
    the other kind, whose query is learned and the same for every image.
    `record_attention` shows where the average looks: (B, h, 1, 1 + N).

    Args:
        grid: (h, w) for which there are position embeddings.
        width: D of the map.
        heads: h.
        embed_dim: E of the result.

    Shapes:
        x (B, D, h, w) -> (B, E); maps of another size get resized positions
    """

    def __init__(
        self, grid: tuple[int, int], width: int, heads: int, embed_dim: int
    ) -> None:
        super().__init__()
        self.grid = grid
        self.heads = heads
        self.positional_embedding = nn.Parameter(
            torch.randn(1 + math.prod(grid), width) / width**0.5
        )
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        B, D, h, w = x.shape
        x = x.flatten(2).transpose(1, 2)  # (B, N, D)
        x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1)  # (B, 1 + N, D)
        table = self.positional_embedding[None]  # (1, 1 + N, D)
        x = x + positions.interpolate(table, self.grid, (h, w), prefix=1)
        q = self.split(self.q_proj(x[:, :1]))  # (B, h, 1, Dh)
        k, v = self.split(self.k_proj(x)), self.split(self.v_proj(x))
        out = F.scaled_dot_product_attention(q, k, v)  # (B, h, 1, Dh)
        self.record(q, k, v)
        return self.c_proj(out.transpose(1, 2).reshape(B, D))

    def split(self, x: Tensor) -> Tensor:
        """Heads side by side: (B, T, D) -> (B, h, T, Dh)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class ModifiedResNet(VisionEncoder):
    """CLIP's image tower in its ResNet form.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, 0, D) and
        pooled (B, E); N = H/32 · W/32

    Raises:
        ValueError: if the images have other channels or sides that do not divide by
            the total stride.
    """

    def __init__(self, config: ModifiedResNetConfig) -> None:
        super().__init__()
        self.config = config
        self._make_stem(config.channels, config.width)
        inputs = config.width
        for stage, depth in enumerate(config.depths):
            width = config.width * 2**stage
            stride = 1 if stage == 0 else 2
            blocks = [AntiAliasedBottleneck(inputs, width, stride)]
            inputs = 4 * width
            blocks += [
                AntiAliasedBottleneck(inputs, width, 1) for _ in range(depth - 1)
            ]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.attnpool = AttentionPool2d(
            config.grid, config.features, config.heads, config.embed_dim
        )
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        x = self.feature_maps(images)[-1]  # (B, D, h, w)
        return VisionOutput.from_map(x, self.attnpool(x))

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """The output of each stage, from fine to coarse.

        Shapes:
            images (B, C, H, W) -> four maps: 1/4, 1/8, 1/16 and 1/32 of H and W
        """
        check_images(images, self.config.channels)
        check_stride((images.shape[-2], images.shape[-1]), self.config.stride)
        x = F.relu(self.bn1(self.conv1(images)))  # (B, width / 2, H / 2, W / 2)
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.relu(self.bn3(self.conv3(x)))  # (B, width, H / 2, W / 2)
        x = self.avgpool(x)  # (B, width, H / 4, W / 4)
        maps = []
        for stage in range(len(self.config.depths)):
            x = self.get_submodule(f"layer{stage + 1}")(x)
            maps.append(x)
        return maps

    def init_weights(self) -> None:
        """Fresh random weights as in CLIP: attention by D^-½, last norms at zero.

        A bottleneck whose last scale is zero begins as the identity.
        """
        std = self.config.features**-0.5
        pool = self.attnpool
        for layer in (pool.q_proj, pool.k_proj, pool.v_proj, pool.c_proj):
            nn.init.normal_(layer.weight, std=std)
        for module in self.modules():
            if isinstance(module, AntiAliasedBottleneck):
                nn.init.zeros_(module.bn3.weight)

    def _make_stem(self, channels: int, width: int) -> None:
        half = width // 2
        self.conv1 = nn.Conv2d(channels, half, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, half, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv3 = nn.Conv2d(half, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.avgpool = nn.AvgPool2d(2)


# The image towers of CLIP's five ResNets (arXiv:2103.00020, appendix F).
CLIP_RESNETS = {
    "rn50": ModifiedResNetConfig(),
    "rn101": ModifiedResNetConfig(depths=(3, 4, 23, 3), embed_dim=512),
    "rn50x4": ModifiedResNetConfig(
        img_size=288, depths=(4, 6, 10, 6), width=80, embed_dim=640
    ),
    "rn50x16": ModifiedResNetConfig(
        img_size=384, depths=(6, 8, 18, 8), width=96, embed_dim=768
    ),
    "rn50x64": ModifiedResNetConfig(
        img_size=448, depths=(3, 15, 36, 10), width=128, embed_dim=1024
    ),
}
