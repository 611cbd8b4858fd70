"""EVA-CLIP: a CLIP whose image tower was pre-trained by predicting CLIP's features.

Papers: EVA-CLIP arXiv:2303.15389; EVA-01's CLIP arXiv:2211.07636; EVA-CLIP-8B and -18B
arXiv:2402.04252, sizes from the official configs. The image towers are those of
`eva.py`, the text towers CLIP's with GELU. Four kinds of image tower: g/14 is EVA-01 (a
plain ViT without k bias); B/16 and L/14 are EVA-02 with sub-LN in both branches; E/14
is plain again, its norms behind the branches; 8B and 18B are plain with RMSNorm and
without biases on q, k and v, before the branches in 8B and behind them in 18B. E/14+
has E's image tower and a larger text tower, which 8B and 18B begin with.

Kept: both towers.
Tested against: open_clip and timm, in value and gradient (tests/parity). No package
has 8B and 18B: timm's Eva is put together to their image tower.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vislearn.encoders.dual import DualEncoder, DualSized
from vislearn.encoders.eva import EVA, EVAConfig
from vislearn.encoders.modified_resnet import CLIP_MEAN, CLIP_STD
from vislearn.encoders.text import TextConfig, TextTransformer
from vislearn.preprocess import Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class EVACLIPConfig(DualSized):
    """Sizes and choices of an EVA-CLIP; the defaults are EVA-02 CLIP B/16."""

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    patch_size: int = 16  # P, pixels
    channels: int = 3  # C
    width: int = 768  # D of the image tower
    depth: int = 12
    heads: int = 12
    mlp_hidden: int | None = 2048  # F of the image tower; None means 4 · D
    act: str = "swiglu"  # of the image tower
    turn: bool = True  # RoPE, beside the learned positions
    mlp_norm: bool = True  # sub-LN inside the MLP
    attn_norm: bool = True  # sub-LN inside the attention
    post_norm: bool = False  # norms behind the branches
    norm: str = "layer"  # of the image tower; "rms" for RMSNorm
    qkv_bias: bool = True  # of q and v in the image tower, and of its last layer
    embed_dim: int = 512  # E
    text_width: int = 512
    text_depth: int = 12
    text_heads: int = 8
    context: int = 77  # L: tokens that a text may have
    vocab_size: int = 49_408
    num_classes: int | None = None  # CLIP classifies by comparing with text

    @property
    def visual(self) -> EVAConfig:
        """The config of the image tower."""
        return EVAConfig(
            img_size=self.img_size,
            patch_size=self.patch_size,
            channels=self.channels,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            mlp_hidden=self.mlp_hidden,
            act=self.act,
            turn=self.turn,
            mlp_norm=self.mlp_norm,
            attn_norm=self.attn_norm,
            post_norm=self.post_norm,
            norm=self.norm,
            qkv_bias=self.qkv_bias,
            pooling="cls",
            embed_dim=self.embed_dim,
        )

    @property
    def text(self) -> TextConfig:
        """The config of the text tower: CLIP's, with GELU and ε = 1e-5."""
        return TextConfig(
            vocab_size=self.vocab_size,
            context=self.context,
            width=self.text_width,
            depth=self.text_depth,
            heads=self.text_heads,
            act="gelu",
            embed_dim=self.embed_dim,
        )


class EVACLIP(DualEncoder):
    """EVA-CLIP (arXiv:2303.15389).

    Shapes:
        images (B, C, H, W) -> VisionOutput, pooled (B, E); see `DualEncoder`

    Raises:
        ValueError: as the towers do.
    """

    config: EVACLIPConfig
    visual: EVA

    def __init__(self, config: EVACLIPConfig) -> None:
        super().__init__(config, EVA(config.visual), TextTransformer(config.text))


_PLAIN = EVACLIPConfig(  # EVA-01's g/14
    patch_size=14,
    width=1408,
    depth=40,
    heads=16,
    mlp_hidden=6144,
    act="gelu",
    turn=False,
    mlp_norm=False,
    attn_norm=False,
    embed_dim=1024,
    text_width=768,
    text_heads=12,
)
_L14 = EVACLIPConfig(
    patch_size=14,
    width=1024,
    depth=24,
    heads=16,
    mlp_hidden=2730,
    embed_dim=768,
    text_width=768,
    text_heads=12,
)
_E14 = replace(
    _PLAIN,
    width=1792,
    depth=64,
    mlp_hidden=15_360,
    post_norm=True,
    text_width=1024,
    text_depth=24,
    text_heads=16,
)
_E14_PLUS = replace(_E14, text_width=1280, text_depth=32, text_heads=20)
_8B = replace(
    _E14_PLUS,
    width=4096,
    depth=32,
    heads=32,
    mlp_hidden=20_480,
    post_norm=False,
    norm="rms",
    qkv_bias=False,
    embed_dim=1280,
)
_18B = replace(
    _8B,
    width=5120,
    depth=48,
    heads=40,
    mlp_hidden=25_600,
    post_norm=True,
    embed_dim=1536,
)
_EVA_CLIP = {
    "eva_clip_g14": _PLAIN,
    "eva_clip_b16": EVACLIPConfig(),
    "eva_clip_l14": _L14,
    "eva_clip_l14_336": replace(_L14, img_size=336),
    "eva_clip_e14": _E14,
    "eva_clip_e14_plus": _E14_PLUS,
    "eva_clip_8b": _8B,
    "eva_clip_8b_448": replace(_8B, img_size=448),
    "eva_clip_18b": _18B,
}

for _name, _config in _EVA_CLIP.items():
    _preprocess = Preprocess(mean=CLIP_MEAN, std=CLIP_STD)  # short side, then cut
    register(Preset(_name, "eva_clip", EVACLIP, _config, _preprocess))
