"""The pre-norm transformer block of ViT.

Paper: arXiv:2010.11929, section 3.1, equations 2 and 3; pre-norm arXiv:2002.04745.
The original transformer normalises after the addition (post-norm); ViT normalises
what goes *into* each branch and leaves the residual stream alone. Tested against: timm.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from vislearn.layers.attention import Attention
from vislearn.layers.mlp import Mlp, SwiGLU
from vislearn.layers.scale import DropPath, LayerScale


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)).

    Attention moves information between tokens, the MLP works on each token alone.

    Args:
        width: token width D.
        heads: number of heads h.
        hidden: F, hidden width of the MLP.
        act: activation of the MLP (see `vislearn.layers.mlp.activation`), or "swiglu"
            for the gated one.
        qkv_bias: whether q, k and v have biases.
        norm_eps: ε of both LayerNorms; ViT uses 1e-6, torch's default is 1e-5.
        layer_scale: start value of LayerScale, or None for none.
        drop_path: probability of leaving out a branch while training.

    Shapes:
        x (B, T, D) -> (B, T, D); mask and rotation as in `Attention`
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        act: str = "gelu",
        qkv_bias: bool = True,
        norm_eps: float = 1e-6,
        layer_scale: float | None = None,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()

        def scale() -> nn.Module:
            if layer_scale is None:
                return nn.Identity()
            return LayerScale(width, layer_scale)

        self.norm1: nn.Module = nn.LayerNorm(width, eps=norm_eps)
        self.attn = Attention(width, heads, qkv_bias=qkv_bias)
        self.ls1 = scale()
        self.norm2: nn.Module = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = SwiGLU(width, hidden) if act == "swiglu" else Mlp(width, hidden, act)
        self.ls2 = scale()
        self.drop_path = DropPath(drop_path)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        x = x + self.drop_path(self.ls1(self.attn(self.norm1(x), mask, rotation)))
        return x + self.drop_path(self.ls2(self.mlp(self.norm2(x))))
