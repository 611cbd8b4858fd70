"""Two linear layers with one change each: no bias on the keys, and a norm in front.

Papers: EVA arXiv:2211.07636 and its code, which has both from BEiT arXiv:2106.08254
(q and v with a bias, k without); sub-LN arXiv:2210.06423 (Magneto), as in EVA-02
arXiv:2303.11331. Tested against: timm's Eva, in value and gradient (tests/parity).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class QVLinear(nn.Linear):
    """Queries, keys and values in one product; queries and values have a bias.

    A bias b on the keys adds qᵀb to all scores of the query q, and the softmax does not
    see what is added to every score alike: without RoPE this bias does nothing, and its
    gradient is 0. With RoPE each key turns its bias to another direction, so that the
    softmax does see it.

    Takes the place of `Attention.qkv`.

    Args:
        width: token width D.

    Shapes:
        x (…, D) -> (…, 3 D): q, k, v
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        no_k_bias = torch.zeros_like(self.q_bias)
        bias = torch.cat([self.q_bias, no_k_bias, self.v_bias])  # (3 D,)
        return F.linear(x, self.weight, bias)


class NormedLinear(nn.Linear):
    """LayerNorm, then a linear layer: sub-LN, where a branch writes to the stream.

    A pre-norm block normalises what a branch reads. In the place of `Attention.proj`,
    or of an MLP's `fc2`, this layer normalises the inside of the branch once more,
    right before its result is added to the residual stream.

    Args:
        inputs: width of x.
        outputs: width of the result.
        eps: ε of the LayerNorm.

    Shapes:
        x (…, inputs) -> (…, outputs)
    """

    def __init__(self, inputs: int, outputs: int, eps: float = 1e-6) -> None:
        super().__init__(inputs, outputs)
        self.norm = nn.LayerNorm(inputs, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.norm(x))
