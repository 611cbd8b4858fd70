"""SigLIP and SigLIP 2: two towers trained with a sigmoid for every pair.

Papers: SigLIP arXiv:2303.15343, section 3; SigLIP 2 arXiv:2502.14786, section 2; the
shape So400m arXiv:2305.13035. Next to CLIP four things differ. The image tower has no
class token: a learned probe looks at the patches (MAP head), and what it finds is the
embedding, with no projection behind it. The text tower is not causal and is read at its
last position, so texts are padded to the full context. The logits have a bias beside
the scale. The loss (`vislearn.losses.contrastive`) judges each pair by itself.

SigLIP 2 is the same pair of towers with a larger vocabulary of many languages; what is
new is its training, and NaFlex (`naflex.py`).

Kept: both towers in full. Left out: the losses that SigLIP 2 adds (a caption decoder,
self-distillation, masked prediction), and the multilingual So400m/16 of 2024, whose
text tower has no last layer.
Tested against: transformers, open_clip and timm, in value and gradient (tests/parity).
State-dict names of the image tower are timm's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from torch import Tensor

from vislearn.encoders.dual import DualEncoder, DualSized
from vislearn.encoders.text import TextConfig, TextTransformer
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.patches import PatchEmbed, check_images
from vislearn.preprocess import Preprocess
from vislearn.registry import Preset, register

START_SCALE = 10.0  # t = exp(t'), t' = ln 10 (arXiv:2303.15343, section 3.2)
START_BIAS = -10.0  # b: at the start nearly every pair is a negative one


@dataclass(frozen=True)
class SigLIPVisionConfig(ViTConfig):
    """A ViT without class token, pooled by a probe; the defaults are B/16."""

    act: str = "gelu_tanh"
    class_token: bool = False
    pooling: str = "map"

    def check_image_size(self) -> None:
        """Raise a ValueError if not a single patch fits."""
        cut_grid(*self.image_shape, self.patch_size)

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w): rows and columns of whole patches."""
        return cut_grid(*self.image_shape, self.patch_size)


def cut_grid(height: int, width: int, patch_size: int) -> tuple[int, int]:
    """Rows and columns of the whole patches in an image; the rest is not looked at.

    384 pixels in patches of 14 are 27 × 27: the last 6 rows and columns are lost.

    Raises:
        ValueError: if a side is smaller than the patch, or the patch has no size.
    """
    if patch_size < 1:
        raise ValueError(f"patch_size must be at least 1, got {patch_size}")
    if min(height, width) < patch_size:
        size = str(height) if height == width else f"({height}, {width})"
        raise ValueError(f"img_size {size} is smaller than patch_size {patch_size}")
    return height // patch_size, width // patch_size


class CutPatchEmbed(PatchEmbed):
    """A patch embedding that leaves out what does not fill a patch, right and below.

    A convolution does so by itself; only the check of the sizes is another one.

    Shapes:
        images (B, C, H, W) -> tokens (B, N, D), N = ⌊H / P⌋ · ⌊W / P⌋, raster order

    Raises:
        ValueError: if the images have other channels, are not floating point, or are
            smaller than a patch.
    """

    def grid(self, images: Tensor) -> tuple[int, int]:
        """Check the images and return rows and columns of their patch grid."""
        check_images(images, self.channels)
        return cut_grid(images.shape[-2], images.shape[-1], self.patch_size)


class SigLIPVision(ViT):
    """The image tower: a ViT whose patches are summed up by one learned question.

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, 0, D),
        pooled (B, D)

    Raises:
        ValueError: if the images have other channels or are smaller than a patch.
    """

    config: SigLIPVisionConfig

    def _make_patch_embed(self) -> PatchEmbed:
        config = self.config
        return CutPatchEmbed(
            config.patch_size, config.width, config.channels, config.patch_bias
        )


@dataclass(frozen=True)
class SigLIPConfig(DualSized):
    """Sizes of both towers; the defaults are SigLIP B/16.

    The official code uses the tanh form of GELU everywhere, as transformers does. timm
    builds most of its SigLIP towers with the exact one, and open_clip the texts of the
    first SigLIP: `act="gelu"` and `text_act="gelu"` give their numbers.
    """

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    patch_size: int = 16  # P, pixels
    channels: int = 3  # C
    width: int = 768  # D of the images, and E of both
    depth: int = 12  # blocks of the image tower
    heads: int = 12  # h
    mlp_hidden: int | None = None  # F; None means 4 · D
    act: str = "gelu_tanh"  # as in vislearn.layers.mlp.activation
    norm_eps: float = 1e-6  # of both towers
    pos_antialias: bool = True  # when the table is resized; transformers: False
    text_width: int = 768
    text_depth: int = 12
    text_heads: int = 12
    text_hidden: int | None = None  # None means 4 · text_width
    text_act: str = "gelu_tanh"
    context: int = 64  # L: every text is padded to it
    vocab_size: int = 32_000
    num_classes: int | None = None  # it classifies by comparing with text

    @property
    def visual(self) -> SigLIPVisionConfig:
        """The image tower's config."""
        return SigLIPVisionConfig(
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
        )

    @property
    def text(self) -> TextConfig:
        """The text tower's config."""
        return TextConfig(
            vocab_size=self.vocab_size,
            context=self.context,
            width=self.text_width,
            depth=self.text_depth,
            heads=self.text_heads,
            mlp_hidden=self.text_hidden,
            act=self.text_act,
            norm_eps=self.norm_eps,
            causal=False,
            pooling="last",
            embed_dim=self.embed_dim,
            proj_bias=True,
        )

    @property
    def embed_dim(self) -> int:
        """E: what the probe brings back is not projected, so E is the width D."""
        return self.width


class SigLIP(DualEncoder):
    """An image tower and a text tower for the sigmoid loss.

        dual = create_model("siglip_b16")
        scores = dual.logits(dual.encode_image(images), dual.encode_text(ids))
        scores.sigmoid()  # (B, M): does this text fit this image? each pair by itself

    Texts are read at their last position, whatever stands there: pad them to
    `config.context` with the tokenizer's padding token, as in training.

    Shapes:
        images (B, C, H, W) -> VisionOutput, pooled (B, E)

    Raises:
        ValueError: as the towers do.
    """

    tower: type[SigLIPVision] = SigLIPVision  # of the images

    def __init__(self, config: SigLIPConfig) -> None:
        visual, text = self.tower(config.visual), TextTransformer(config.text)
        super().__init__(config, visual, text, scale=START_SCALE, bias=START_BIAS)


class TowerSizes(NamedTuple):
    """What a transformer is called by: B, L, So400m, g-opt."""

    width: int
    depth: int
    heads: int
    hidden: int


B = TowerSizes(768, 12, 12, 3072)
L = TowerSizes(1024, 24, 16, 4096)
SO400M = TowerSizes(1152, 27, 16, 4304)
GOPT = TowerSizes(1536, 40, 16, 6144)


def towers(visual: TowerSizes, text: TowerSizes | None = None) -> dict[str, Any]:
    """The fields of a config for towers of these sizes; without a word, twins."""
    text = visual if text is None else text
    return {
        "width": visual.width,
        "depth": visual.depth,
        "heads": visual.heads,
        "mlp_hidden": visual.hidden,
        "text_width": text.width,
        "text_depth": text.depth,
        "text_heads": text.heads,
        "text_hidden": text.hidden,
    }


_B16 = SigLIPConfig(**towers(B))
_L16 = SigLIPConfig(**towers(L), img_size=256)
_SO = SigLIPConfig(**towers(SO400M))
_G16 = SigLIPConfig(**towers(GOPT, text=SO400M), img_size=256)

_SIGLIP = {
    "siglip_b16": _B16,
    "siglip_b16_256": replace(_B16, img_size=256),
    "siglip_b16_256_i18n": replace(_B16, img_size=256, vocab_size=250_000),
    "siglip_b16_384": replace(_B16, img_size=384),
    "siglip_b16_512": replace(_B16, img_size=512),
    "siglip_l16_256": _L16,
    "siglip_l16_384": replace(_L16, img_size=384),
    "siglip_so400m14": replace(_SO, patch_size=14, context=16),  # short texts
    "siglip_so400m14_384": replace(_SO, patch_size=14, img_size=384),
}

GEMMA = 256_000  # tokens of Gemma's vocabulary, SigLIP 2's
_SIGLIP2 = {
    "siglip2_b32_256": replace(_B16, patch_size=32, img_size=256),
    "siglip2_b16": _B16,
    "siglip2_l16_256": _L16,
    "siglip2_so400m14": replace(_SO, patch_size=14),
    "siglip2_so400m16_256": replace(_SO, img_size=256),
    "siglip2_so400m16_384": replace(_SO, img_size=384),
    "siglip2_so400m16_512": replace(_SO, img_size=512),
    "siglip2_gopt16_256": _G16,
    "siglip2_gopt16_384": replace(_G16, img_size=384),
}

# Squashed to a square, not cropped. The official code resizes bilinearly. transformers
# is bicubic for SigLIP and bilinear for SigLIP 2, open_clip bicubic for both.
_BICUBIC = Preprocess(crop=None)
BILINEAR = Preprocess(interpolation="bilinear", crop=None)

for _name, _config in _SIGLIP.items():
    register(Preset(_name, "siglip", SigLIP, _config, _BICUBIC))
for _name, _config in _SIGLIP2.items():
    _config = replace(_config, vocab_size=GEMMA)
    register(Preset(_name, "siglip2", SigLIP, _config, BILINEAR))
