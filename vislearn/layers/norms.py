"""LayerNorm for maps: each place is normalised over its own channels.

Papers: LayerNorm arXiv:1607.06450; on the maps of a CNN: ConvNeXt arXiv:2201.03545,
section 2.6. A map is (B, C, H, W), and torch's LayerNorm wants the channels last.
Tested against: the definition below, timm and torchvision (tests/parity).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LayerNorm2d(nn.LayerNorm):
    """LayerNorm over the channels of a map, at each place by itself.

    Unlike BatchNorm it looks at one image, and at one place of it: no statistics are
    kept, and training and testing do the same.

    Args:
        width: channels C.
        eps: ε, added to the variance.

    Shapes:
        x (B, C, H, W) -> (B, C, H, W)

    Raises:
        ValueError: if x has another number of dimensions or channels.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__(width, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        width = self.normalized_shape[0]
        if x.ndim != 4 or x.shape[1] != width:
            raise ValueError(
                f"expected a map of shape (B, {width}, H, W), got {tuple(x.shape)}"
            )
        x = x.permute(0, 2, 3, 1)  # (B, H, W, C): the fused kernel wants channels last
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)  # (B, C, H, W)


def layer_norm_2d(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """The same numbers, step by step: the definition that `LayerNorm2d` is tested with.

    Shapes:
        x (B, C, H, W), weight (C,), bias (C,) -> (B, C, H, W)
    """
    mean = x.mean(dim=1, keepdim=True)  # (B, 1, H, W)
    variance = (x - mean).square().mean(dim=1, keepdim=True)  # divided by C, not C − 1
    x = (x - mean) / torch.sqrt(variance + eps)
    return x * weight[:, None, None] + bias[:, None, None]
