"""EVA and EVA-02: plain ViTs that learned to predict the features of a CLIP.

Papers: EVA arXiv:2211.07636; EVA-02 arXiv:2303.11331; the image towers of EVA-CLIP
arXiv:2303.15389 (`vislearn.encoders.eva_clip`). EVA-01 is ViT without a bias on the
keys. EVA-02 also gates its MLP (SwiGLU), turns queries and keys (2-D RoPE, *beside* the
learned positions) and, from B on, has a second norm inside the MLP (sub-LN); its CLIP
towers have one inside the attention, too. EVA-8B and EVA-18B (arXiv:2402.04252) are
plain again, with RMSNorm and without biases on queries, keys and values.

Kept: the whole encoder; the pre-training is `vislearn.train.masked_features`. Left out:
dropout.
Tested against: timm and open_clip, in value and gradient (tests/parity). State-dict
names are timm's except for q, k and v (always packed) and the sub-LN, which belongs to
the linear layer behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from vislearn.encoders.modified_resnet import CLIP_MEAN, CLIP_STD
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.blocks import Block
from vislearn.layers.linear import NormedLinear, QVLinear
from vislearn.layers.norms import RMSNorm
from vislearn.layers.rope import EVA02, RopeStyle, Rotation, check_head_width, rotation
from vislearn.preprocess import Preprocess
from vislearn.registry import Preset, register

NORMS: dict[str, Callable[..., nn.Module]] = {"layer": nn.LayerNorm, "rms": RMSNorm}


@dataclass(frozen=True)
class EVAConfig(ViTConfig):
    """A ViT's sizes and EVA's choices; the defaults are EVA-02 B/14."""

    patch_size: int = 14
    mlp_hidden: int | None = 2048  # F: gates, and as many values
    act: str = "swiglu"
    rope: RopeStyle = EVA02
    turn: bool = True  # RoPE, beside the learned positions
    mlp_norm: bool = True  # sub-LN before the last layer of the MLP
    attn_norm: bool = False  # sub-LN before the last layer of the attention
    post_norm: bool = False  # normalise what a branch writes instead of what it reads
    norm: str = "layer"  # LayerNorm, or "rms": RMSNorm
    pooling: str = "gap"
    embed_dim: int | None = None  # E: a last linear layer, for CLIP; None for none

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pos != "learned":
            raise ValueError(f"the positions of EVA are 'learned', got {self.pos!r}")
        if self.pooling == "map":
            raise ValueError("EVA pools by 'gap' or 'cls', got 'map'")
        if self.turn:
            check_head_width(self.width // self.heads)
        if self.norm not in NORMS:
            raise ValueError(
                f"norm must be one of {', '.join(NORMS)}, got {self.norm!r}"
            )
        if self.norm == "rms" and (self.mlp_norm or self.attn_norm or self.pre_norm):
            raise ValueError(
                "with norm='rms' there are no further norms: mlp_norm, attn_norm and "
                "pre_norm must be False"
            )
        if self.embed_dim is not None and self.embed_dim < 1:
            raise ValueError(f"embed_dim must be at least 1, got {self.embed_dim}")
        if self.embed_dim is not None and self.num_classes is not None:
            raise ValueError(
                "an EVA with embed_dim is compared with text and has no classifier: "
                f"num_classes must be None, got {self.num_classes}"
            )


class EVABlock(Block):
    """ViT's block, with up to three of its linear layers and both norms replaced.

    q, k and v without a bias on k, or without any; sub-LN before the layers that write
    to the residual stream; RMSNorm in the place of LayerNorm.

    Shapes:
        x (B, T, D) -> (B, T, D); mask and rotation as in `Attention`
    """

    def __init__(self, config: EVAConfig, drop_path: float = 0.0) -> None:
        D, eps = config.width, config.norm_eps
        super().__init__(
            D,
            config.heads,
            config.hidden,
            config.act,
            norm_eps=eps,
            layer_scale=config.layer_scale,
            drop_path=drop_path,
        )
        self.norm1: nn.Module = NORMS[config.norm](D, eps=eps)
        self.norm2: nn.Module = NORMS[config.norm](D, eps=eps)
        if config.qkv_bias:
            self.attn.qkv = QVLinear(D)
        else:
            self.attn.qkv = nn.Linear(D, 3 * D, bias=False)
        if config.attn_norm:
            self.attn.proj = NormedLinear(D, D, eps)
        if config.mlp_norm:
            self.mlp.fc2 = NormedLinear(config.hidden, D, eps)


class PostNormBlock(EVABlock):
    """The same parts, with the norms behind the branches: EVA-02 CLIP E, and EVA-18B.

    x + norm(attention(x)): the stream itself is never normalised, as in pre-norm, but
    here every branch adds something of a size that the norm has learned. (The original
    transformer's post-norm is norm(x + attention(x)).)
    """

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        x = x + self.drop_path(self.ls1(self.norm1(self.attn(x, mask, rotation))))
        return x + self.drop_path(self.ls2(self.norm2(self.mlp(x))))


class EVA(ViT):
    """EVA's vision transformer (arXiv:2211.07636; arXiv:2303.11331).

    With pooling "gap" the patch tokens are averaged first and normalised after that
    (`fc_norm`): `tokens` and `prefix` are then the residual stream as it is. With "cls"
    all tokens are normalised, as in ViT.

    At another size than the config's the learned positions are resized, and the
    rotation spreads its places over the 16 × 16 grid of pre-training.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, R, D),
        pooled (B, D), or (B, E) if the config has `embed_dim`, and logits (B, K) if it
        has `num_classes`

    Raises:
        ValueError: if the images have other channels or do not divide into patches.
    """

    config: EVAConfig

    def __init__(self, config: EVAConfig) -> None:
        super().__init__(config)
        D = config.width
        self.norm: nn.Module = NORMS[config.norm](D, eps=config.norm_eps)
        self.fc_norm: nn.Module = nn.Identity()
        if config.pooling == "gap":
            self.fc_norm, self.norm = self.norm, nn.Identity()
        self.proj: nn.Module = nn.Identity()
        if config.embed_dim is not None:  # the official code ties its bias to q's
            self.proj = nn.Linear(D, config.embed_dim, bias=config.qkv_bias)
        self.init_weights()

    def rotation(self, grid: tuple[int, int], x: Tensor) -> Rotation | None:
        """How queries and keys turn in every block, or None (EVA-01, and E)."""
        if not self.config.turn:
            return None
        head_width = self.config.width // self.config.heads
        return rotation(grid, head_width, self.config.rope, x.device, x.dtype)

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        """The image embedding: the normalised average of the patches, or CLS.

        Shapes:
            prefix (B, R, D), tokens (B, N, D) -> (B, D), or (B, E) with `embed_dim`
        """
        return self.proj(self.fc_norm(super().pool(prefix, tokens)))

    def init_weights(self) -> None:
        """Fresh random weights: ViT's, with quieter branches the deeper they are.

        As in BEiT, the layers that write to the residual stream in block i = 1, 2, …
        are divided by √(2 i), and CLS is drawn like the positions.
        """
        super().init_weights()
        for token in self.prefix_parts():
            nn.init.trunc_normal_(token, std=0.02)
        with torch.no_grad():
            for index, block in enumerate(self.blocks, start=1):
                assert isinstance(block, Block)
                block.attn.proj.weight /= math.sqrt(2 * index)
                block.mlp.fc2.weight /= math.sqrt(2 * index)

    def _make_block(self, index: int) -> Block:
        config = self.config
        kind = PostNormBlock if config.post_norm else EVABlock
        return kind(config, config.drop_path * index / max(config.depth - 1, 1))


_B14 = EVAConfig()
_L14 = replace(_B14, width=1024, depth=24, heads=16, mlp_hidden=2730)
_EVA02 = {
    "eva02_ti14": replace(_B14, width=192, heads=3, mlp_hidden=512, mlp_norm=False),
    "eva02_s14": replace(_B14, width=384, heads=6, mlp_hidden=1024, mlp_norm=False),
    "eva02_b14": _B14,
    "eva02_b14_448": replace(_B14, img_size=448),
    "eva02_l14": _L14,
    "eva02_l14_448": replace(_L14, img_size=448),
}


def _register_presets() -> None:
    # As timm evaluates these weights: at 448 the whole picture, squashed to a square.
    plain = Preprocess(mean=CLIP_MEAN, std=CLIP_STD, crop=0.9)
    squashed = replace(plain, crop=None)
    for name, config in _EVA02.items():
        preprocess = squashed if name.endswith("_448") else plain
        register(Preset(name, "eva02", EVA, config, preprocess))


_register_presets()
