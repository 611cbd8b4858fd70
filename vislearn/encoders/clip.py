"""CLIP: an image tower and a text tower that learn from captions to agree.

Papers: CLIP arXiv:2103.00020, section 2.4 and appendix F; OpenCLIP arXiv:2212.07143,
its larger sizes as in its code. The image tower is a ViT with a norm before its first
block, or the ResNet of `modified_resnet.py`; the text tower is `text.py`; what the two
do together is `dual.py`.

Kept: both towers and their projections. Left out: nothing that runs at test time.
CLIP's activation is QuickGELU, OpenCLIP's H, g and G have GELU; with the wrong one,
weights load without a word and every logit is off.
Tested against: open_clip, transformers and timm, in value and gradient (tests/parity).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

from torch import Tensor, nn

from vislearn.encoders.dual import DualEncoder, DualSized, refuse_classes
from vislearn.encoders.modified_resnet import (
    CLIP_MEAN,
    CLIP_RESNETS,
    CLIP_STD,
    ModifiedResNet,
    ModifiedResNetConfig,
)
from vislearn.encoders.text import TextConfig, TextTransformer, init_blocks
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.preprocess import Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class CLIPVisionConfig(ViTConfig):
    """How CLIP's ViT differs from a ViT; the defaults are the tower of ViT-B/32."""

    patch_size: int = 32  # P, pixels
    act: str = "quick_gelu"  # OpenCLIP's own models have "gelu"
    patch_bias: bool = False  # the norm before the blocks has one
    pre_norm: bool = True
    norm_eps: float = 1e-5
    embed_dim: int = 512  # E

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_classes(self.num_classes)
        if self.embed_dim < 1:
            raise ValueError(f"embed_dim must be at least 1, got {self.embed_dim}")


class CLIPVision(ViT):
    """A ViT whose class token is projected into the common space (section 2.4).

    The last norm is applied to all tokens, although CLIP needs it for CLS alone: each
    token is normalised by itself, so the embedding is the same.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, 1, D) and
        pooled (B, E), not normalised to length 1

    Raises:
        ValueError: if the images have other channels or do not divide into patches.
    """

    config: CLIPVisionConfig

    def __init__(self, config: CLIPVisionConfig) -> None:
        super().__init__(config)
        self.proj = nn.Linear(config.width, config.embed_dim, bias=False)
        nn.init.normal_(self.proj.weight, std=config.width**-0.5)

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        """The image embedding: prefix (B, R, D), tokens (B, N, D) -> (B, E)."""
        return self.proj(super().pool(prefix, tokens))

    def init_weights(self) -> None:
        """Fresh random weights: CLS, positions and projection by D^-½, as in CLIP.

        CLIP's code leaves the blocks of the image tower to torch; here they begin like
        those of the text tower, whose residual stream does not grow with the depth.
        """
        super().init_weights()
        for name, parameter in self.named_parameters():
            if name in ("cls_token", "pos_embed", "proj.weight"):
                nn.init.normal_(parameter, std=self.config.width**-0.5)
        init_blocks(self.blocks)


@dataclass(frozen=True)
class _CLIPSizes(DualSized):
    """What the configs of all CLIP models share: the common space, the text tower."""

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    channels: int = 3  # C
    embed_dim: int = 512  # E
    act: str = "quick_gelu"  # of both transformers; OpenCLIP's own models: "gelu"
    norm_eps: float = 1e-5  # of both
    text_width: int = 512
    text_depth: int = 12
    text_heads: int = 8
    context: int = 77  # L: tokens that a text may have
    vocab_size: int = 49_408
    num_classes: int | None = None  # CLIP classifies by comparing with text

    @property
    @abstractmethod
    def visual(self) -> CLIPVisionConfig | ModifiedResNetConfig:
        """The config of the image tower."""

    @property
    def text(self) -> TextConfig:
        """The config of the text tower."""
        return TextConfig(
            vocab_size=self.vocab_size,
            context=self.context,
            width=self.text_width,
            depth=self.text_depth,
            heads=self.text_heads,
            act=self.act,
            norm_eps=self.norm_eps,
            embed_dim=self.embed_dim,
        )


@dataclass(frozen=True)
class CLIPConfig(_CLIPSizes):
    """Sizes of a CLIP with a ViT (appendix F); the defaults are ViT-B/32."""

    patch_size: int = 32  # P, pixels
    width: int = 768  # D of the image tower
    depth: int = 12
    heads: int = 12
    mlp_hidden: int | None = None  # F of the image tower; None means 4 · D
    pos_antialias: bool = True  # at other image sizes; see positions.interpolate

    @property
    def visual(self) -> CLIPVisionConfig:
        """The config of the image tower."""
        return CLIPVisionConfig(
            img_size=self.img_size,
            patch_size=self.patch_size,
            channels=self.channels,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            mlp_hidden=self.mlp_hidden,
            act=self.act,
            norm_eps=self.norm_eps,
            pos_antialias=self.pos_antialias,
            embed_dim=self.embed_dim,
        )


@dataclass(frozen=True)
class CLIPResNetConfig(_CLIPSizes):
    """Sizes of a CLIP with a ResNet (appendix F); the defaults are RN50."""

    embed_dim: int = 1024  # E
    depths: tuple[int, ...] = (3, 4, 6, 3)  # bottlenecks in each stage
    width: int = 64  # channels of the stem; stage i has 4 · 2^i times as many
    head_width: int = 64  # Dh of the pooling attention

    @property
    def visual(self) -> ModifiedResNetConfig:
        """The config of the image tower."""
        return ModifiedResNetConfig(
            img_size=self.img_size,
            channels=self.channels,
            depths=self.depths,
            width=self.width,
            head_width=self.head_width,
            embed_dim=self.embed_dim,
        )


class CLIP(DualEncoder):
    """CLIP with a ViT or a ResNet (arXiv:2103.00020, section 2.4).

    Shapes:
        images (B, C, H, W) -> VisionOutput, pooled (B, E); see `DualEncoder`

    Raises:
        ValueError: as the towers do.
    """

    config: CLIPConfig | CLIPResNetConfig

    def __init__(self, config: CLIPConfig | CLIPResNetConfig) -> None:
        visual: CLIPVision | ModifiedResNet
        if isinstance(config, CLIPConfig):
            visual = CLIPVision(config.visual)
        else:
            visual = ModifiedResNet(config.visual)
        super().__init__(config, visual, TextTransformer(config.text))


_CLIP = Preprocess(mean=CLIP_MEAN, std=CLIP_STD)  # the short side is resized, then cut

_CLIP_L14 = CLIPConfig(
    patch_size=14,
    width=1024,
    depth=24,
    heads=16,
    embed_dim=768,
    text_width=768,
    text_heads=12,
)
_CLIP_VITS = {
    "b32": CLIPConfig(),
    "b16": CLIPConfig(patch_size=16),
    "l14": _CLIP_L14,
    "l14_336": replace(_CLIP_L14, img_size=336),
}

# As wide as the embedding, but for RN50's, whose embedding is twice as wide.
_RESNET_TEXT_WIDTHS = {
    "rn50": 512,
    "rn101": 512,
    "rn50x4": 640,
    "rn50x16": 768,
    "rn50x64": 1024,
}

_OPENCLIP_VITS = {
    "h14": CLIPConfig(
        patch_size=14,
        width=1280,
        depth=32,
        heads=16,
        act="gelu",
        embed_dim=1024,
        text_width=1024,
        text_depth=24,
        text_heads=16,
    ),
    "g14": CLIPConfig(
        patch_size=14,
        width=1408,
        depth=40,
        heads=16,
        mlp_hidden=6144,
        act="gelu",
        embed_dim=1024,
        text_width=1024,
        text_depth=24,
        text_heads=16,
    ),
    "bigg14": CLIPConfig(
        patch_size=14,
        width=1664,
        depth=48,
        heads=16,
        mlp_hidden=8192,
        act="gelu",
        embed_dim=1280,
        text_width=1280,
        text_depth=32,
        text_heads=20,
    ),
}


def _with_resnet(size: str) -> CLIPResNetConfig:
    """The dual config of one of `CLIP_RESNETS`; text heads are 64 wide in all."""
    tower, text_width = CLIP_RESNETS[size], _RESNET_TEXT_WIDTHS[size]
    return CLIPResNetConfig(
        img_size=tower.img_size,
        depths=tower.depths,
        width=tower.width,
        head_width=tower.head_width,
        embed_dim=tower.embed_dim,
        text_width=text_width,
        text_heads=text_width // 64,
    )


def _register_presets() -> None:
    for size, vit in _CLIP_VITS.items():
        register(Preset(f"clip_vit_{size}", "clip", CLIP, vit, _CLIP))
    for size in CLIP_RESNETS:
        register(Preset(f"clip_{size}", "clip", CLIP, _with_resnet(size), _CLIP))
    for size, vit in _OPENCLIP_VITS.items():
        register(Preset(f"openclip_vit_{size}", "openclip", CLIP, vit, _CLIP))


_register_presets()
