"""LayerNorm for maps, and RMSNorm: two relatives of torch's LayerNorm.

Papers: LayerNorm arXiv:1607.06450; on the maps of a CNN: ConvNeXt arXiv:2201.03545,
section 2.6. A map is (B, C, H, W), and torch's LayerNorm wants the channels last.
RMSNorm arXiv:1910.07467, section 4.
Tested against: the definitions below, timm and torchvision (tests/parity).
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


class RMSNorm(nn.Module):
    """Divide by the root mean square: LayerNorm without its mean and without a bias.

    LayerNorm subtracts the mean of a token's channels first; RMSNorm keeps it. As in
    the official codes, a token in half precision is squared in single precision: the
    square of 300 is beyond float16.

    Args:
        width: channels D.
        eps: ε, added to the mean square.

    Shapes:
        x (…, D) -> (…, D)

    Raises:
        ValueError: if x has another number of channels.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        width = len(self.weight)
        if x.shape[-1:] != (width,):
            raise ValueError(f"expected (…, {width}), got {tuple(x.shape)}")
        return rms_norm(x, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, eps={self.eps}"


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """x / √(mean of x² + ε) · weight, over the last dimension.

    Shapes:
        x (…, D), weight (D,) -> (…, D)
    """
    exact = x if x.dtype == torch.float64 else x.float()
    mean_square = exact.square().mean(dim=-1, keepdim=True)  # (…, 1)
    return (exact * torch.rsqrt(mean_square + eps)).to(x.dtype) * weight
