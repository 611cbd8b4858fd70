"""From many tokens to one vector for the image.

Papers: CLS arXiv:2010.11929, section 3.1; average versus CLS, same paper, appendix
D.3; attention pooling arXiv:1810.00825 (PMA) as used in "Scaling Vision Transformers",
arXiv:2106.04560, section 3 (MAP head). Tested against: timm.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.layers.attention import Recordable, attention, check_mask
from vislearn.layers.mlp import Mlp

KINDS = ("cls", "gap", "map")


def cls_pool(prefix: Tensor) -> Tensor:
    """The first prefix token.

    Shapes:
        prefix (B, R, D) -> (B, D)

    Raises:
        ValueError: if there is no prefix token.
    """
    if prefix.shape[1] == 0:
        raise ValueError("CLS pooling needs a class token, this model has none")
    return prefix[:, 0]


def mean_pool(tokens: Tensor) -> Tensor:
    """Global average pooling over the patch tokens; CLS and registers stay out.

    Shapes:
        tokens (B, N, D) -> (B, D)
    """
    return tokens.mean(dim=1)


class AttentionPool(Recordable):
    """Attention with one learned query, then an MLP: the MAP head (arXiv:2106.04560).

    The learned query ("probe") asks the same question of every image; what comes back
    is a weighted average of the tokens, weights chosen by the image. SigLIP pools so.
    `record_attention` shows where the probe looks: (B, h, 1, T).

    Args:
        width: token width D.
        heads: number of heads h.
        hidden: F of the MLP.
        act: activation of the MLP.
        norm_eps: ε of the LayerNorm before the MLP.
        fused: use torch's fused kernel; False takes the readable `attention`.

    Shapes:
        x (B, T, D) -> (B, D); mask (B, 1, 1, T), as in `attention`: hides padding

    Raises:
        ValueError: if `width` is not divisible by `heads`, x has another shape, or the
            mask hides a whole image.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        act: str = "gelu",
        norm_eps: float = 1e-6,
        fused: bool = True,
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads != 0:
            raise ValueError(f"width {width} is not divisible by heads {heads}")
        self.heads = heads
        self.fused = fused
        self.latent = nn.Parameter(torch.zeros(1, 1, width))  # the probe
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, hidden, act)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if x.ndim != 3 or x.shape[-1] != self.latent.shape[-1]:
            raise ValueError(
                f"expected tokens of shape (B, T, {self.latent.shape[-1]}), "
                f"got {tuple(x.shape)}"
            )
        B, T, D = x.shape
        Dh = D // self.heads
        q = self.q(self.latent.expand(B, 1, D)).reshape(B, 1, self.heads, Dh)
        q = q.transpose(1, 2)  # (B, h, 1, Dh): the same question for every image
        kv = self.kv(x).reshape(B, T, 2, self.heads, Dh)
        k, v = kv.permute(2, 0, 3, 1, 4).unbind(0)  # each (B, h, T, Dh)
        if self.fused:
            if mask is not None:
                check_mask(mask, (B, self.heads, 1, T))
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            out, _ = attention(q, k, v, mask)  # (B, h, 1, Dh)
        self.record(q, k, v, mask)
        x = self.proj(out.transpose(1, 2).reshape(B, D))  # (B, D)
        return x + self.mlp(self.norm(x))
