"""DeiT: ViT's architecture, trained on ImageNet-1k alone, with the help of a teacher.

Paper: arXiv:2012.12877; sizes Ti, S, B in its Table 1. Without distillation DeiT *is*
ViT: the presets `deit_*16` differ from `vit_*16` in their preprocessing only, because
what the paper changes is the training. With distillation (section 4) a second learned
token asks the teacher's question, and a second head answers it.

Kept: the distillation token and both heads; the loss is
`vislearn.losses.distillation`. Left out: the training recipe (section 6).
Tested against: timm and transformers, in value and gradient (tests/parity). State-dict
names are timm's and the official code's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vislearn.encoders.output import VisionOutput
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class DistilledViTConfig(ViTConfig):
    """A ViT's sizes, with one more prefix token; the defaults are DeiT-B/16."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pooling != "cls":
            raise ValueError(
                "a distilled ViT reads CLS and DIST: pooling must be 'cls', "
                f"got {self.pooling!r}"
            )

    @property
    def prefix(self) -> int:
        """R: CLS, the distillation token, and registers."""
        return super().prefix + 1


@dataclass(frozen=True)
class DistilledOutput(VisionOutput):
    """A `VisionOutput` whose `logits` are the mean of two heads, and both heads.

    The three are there in training and in eval mode alike: the loss takes the two, who
    only wants to classify takes the mean.
    """

    class_logits: Tensor | None = None
    """(B, K) of the head on CLS, which learns from the labels."""

    distill_logits: Tensor | None = None
    """(B, K) of the head on the distillation token, which learns from the teacher."""


class DistilledViT(ViT):
    """ViT with a distillation token (arXiv:2012.12877, section 4).

    CLS and DIST go through the same blocks and differ only in what their heads are
    asked for: CLS for the label, DIST for the teacher's answer.

    `pooled` is the mean of the two tokens after the last norm, as timm has it. The
    logits are the mean of two heads on two tokens, which no single head on `pooled`
    can give.

    Shapes:
        images (B, C, H, W) -> DistilledOutput with tokens (B, N, D), prefix (B, R, D)
        in the order CLS, DIST, registers, pooled (B, D), and class_logits,
        distill_logits and logits (B, K) if the config has `num_classes`

    Raises:
        ValueError: if the images have other channels or do not divide into patches.
    """

    config: DistilledViTConfig

    def __init__(self, config: DistilledViTConfig) -> None:
        super().__init__(config)
        self.head_dist = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(config.width, config.num_classes)
        )
        self.init_weights()

    def prefix_parts(self) -> list[Tensor]:
        """The learned tokens in front of the patches: CLS, DIST, registers."""
        cls_token, *registers = super().prefix_parts()
        return [cls_token, self.dist_token, *registers]

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        """The image embedding: the mean of CLS and DIST.

        Shapes:
            prefix (B, R, D), tokens (B, N, D), both after the last norm -> (B, D)
        """
        return (prefix[:, 0] + prefix[:, 1]) / 2

    def read_out(
        self, prefix: Tensor, tokens: Tensor, grid: tuple[int, int]
    ) -> DistilledOutput:
        """Pool the normalised tokens; classify twice and take the mean.

        Shapes:
            prefix (B, R, D), tokens (B, N, D)
        """
        pooled = self.pool(prefix, tokens)  # (B, D)
        if self.config.num_classes is None:
            return DistilledOutput(tokens, prefix, pooled, grid)
        by_class = self.head(prefix[:, 0])  # (B, K)
        by_teacher = self.head_dist(prefix[:, 1])  # (B, K)
        mean = (by_class + by_teacher) / 2
        return DistilledOutput(tokens, prefix, pooled, grid, mean, by_class, by_teacher)

    def init_weights(self) -> None:
        """Fresh random weights: ViT's; the distillation token like the positions."""
        super().init_weights()
        nn.init.trunc_normal_(self.dist_token, std=0.02)

    def _make_prefix(self) -> None:
        super()._make_prefix()
        self.dist_token = nn.Parameter(torch.zeros(1, 1, self.config.width))


# As timm evaluates these weights; the official code keeps 224 of 256 pixels, 0.875.
_DEIT = Preprocess(mean=IMAGENET_MEAN, std=IMAGENET_STD, crop=0.9)

for _name, _width, _heads in (
    ("deit_ti16", 192, 3),
    ("deit_s16", 384, 6),
    ("deit_b16", 768, 12),
):
    _plain = ViTConfig(width=_width, heads=_heads)
    _distilled = DistilledViTConfig(width=_width, heads=_heads)
    register(Preset(_name, "deit", ViT, _plain, _DEIT))
    register(Preset(f"{_name}_distilled", "deit", DistilledViT, _distilled, _DEIT))
