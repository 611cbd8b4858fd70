"""Two towers and one space: what CLIP and SigLIP models are.

Papers: CLIP arXiv:2103.00020, section 2.3 and Figure 3; SigLIP arXiv:2303.15343,
section 3. The families (`clip.py`, `siglip.py`, `eva_clip.py`) choose the towers.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized
from vislearn.encoders.text import TextConfig, TextTransformer
from vislearn.encoders.vit import ViT

LARGEST_SCALE = 100.0  # CLIP, section 2.5: logits are scaled by no more


class DualSized(ImageSized):
    """What the flat configs of dual encoders share; the families say the two towers."""

    num_classes: int | None

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_classes(self.num_classes)
        _ = self.visual, self.text  # they check themselves

    @property
    @abstractmethod
    def visual(self) -> Any:
        """The config of the image tower."""

    @property
    @abstractmethod
    def text(self) -> TextConfig:
        """The config of the text tower."""

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w): rows and columns of patches, or of the last map."""
        return self.visual.grid

    @property
    def tokens(self) -> int:
        """T of the image tower at `img_size`."""
        return self.visual.tokens


class DualEncoder(VisionEncoder):
    """An image tower and a text tower whose embeddings can be compared.

        dual = create_model("clip_vit_b32")
        image = dual.encode_image(images)  # (B, E), length 1
        text = dual.encode_text(ids)  # (M, E), length 1
        dual.logits(image, text).softmax(dim=-1)  # (B, M): which text fits?

    The scale of the logits is learned as its logarithm, `logit_scale` = ln(1/τ), so
    that it stays positive; the sigmoid loss also has a bias, `logit_bias`.

    Called with images, it answers like every vision encoder, `pooled` being the
    embedding before it is normalised; `visual` is that tower.

    Shapes:
        images (B, C, H, W) -> VisionOutput, pooled (B, E)

    Raises:
        ValueError: as the towers do, or if they end in different widths.

    Args:
        scale: what the logits start with; CLIP's temperature τ is 1 / scale.
        bias: what `logit_bias` starts with, or None for none.
    """

    logit_bias: nn.Parameter | None

    def __init__(
        self,
        config: Any,
        visual: VisionEncoder,
        text: TextTransformer,
        scale: float = 1 / 0.07,
        bias: float | None = None,
    ) -> None:
        super().__init__()
        check_widths(visual, text)
        if not scale > 0:
            raise ValueError(f"scale must be above 0, got {scale}")
        self.config = config
        self.visual = visual
        self.text = text
        self.logit_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.logit_bias = (
            None if bias is None else nn.Parameter(torch.tensor(float(bias)))
        )

    def forward(self, images: Tensor) -> VisionOutput:
        return self.visual(images)

    def encode_image(self, images: Tensor, normalize: bool = True) -> Tensor:
        """The place of each image in the common space: (B, C, H, W) -> (B, E)."""
        pooled = self.visual(images).pooled
        return unit(pooled) if normalize else pooled

    def encode_text(self, ids: Tensor, normalize: bool = True) -> Tensor:
        """The place of each text in the common space: ids (B, L) -> (B, E)."""
        pooled = self.text(ids)
        return unit(pooled) if normalize else pooled

    @property
    def scale(self) -> Tensor:
        """exp(logit_scale) = 1/τ, a scalar."""
        return self.logit_scale.exp()

    def logits(self, image: Tensor, text: Tensor) -> Tensor:
        """Scaled cosine similarities, plus the bias if there is one.

        Shapes:
            image (B, E), text (M, E), both normalised -> (B, M)
        """
        if image.ndim != 2 or text.ndim != 2 or image.shape[1] != text.shape[1]:
            raise ValueError(
                "expected image embeddings (B, E) and text embeddings (M, E), "
                f"got {tuple(image.shape)} and {tuple(text.shape)}"
            )
        scores = self.scale * image @ text.T
        return scores if self.logit_bias is None else scores + self.logit_bias

    @torch.no_grad()
    def clamp_scale(self, largest: float = LARGEST_SCALE) -> None:
        """Keep the scale between 1 and `largest`; CLIP does so after every update.

        Raises:
            ValueError: if `largest` is below 1.
        """
        if not largest >= 1:
            raise ValueError(f"largest must be at least 1, got {largest}")
        self.logit_scale.clamp_(0.0, math.log(largest))


SHORTEST = 1e-6  # vectors below have no direction worth the name


def unit(x: Tensor) -> Tensor:
    """Vectors of length 1, in the direction of x; a zero vector stays zero.

    Computed in float32 at least: in float16 the squares of a long vector overflow.
    What is shorter than 1e-6 is left as it is, and its gradient, too: dividing would
    blow both up.

    Shapes:
        x (…, E) -> (…, E), in the dtype of x
    """
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    length = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)  # (…, 1)
    return (wide / length.masked_fill(length < SHORTEST, 1.0)).to(x.dtype)


def check_widths(visual: VisionEncoder, text: TextTransformer) -> None:
    """Refuse towers whose embeddings cannot be compared, if their configs tell.

    Raises:
        ValueError: if the towers end in different widths.
    """
    config = visual.config
    width = getattr(config, "embed_dim", None)
    if width is None and isinstance(visual, ViT):
        width = config.width  # pooled, not projected
    if width not in (None, text.config.embed_dim):
        raise ValueError(
            f"the image tower ends in {width} numbers, the text tower in "
            f"{text.config.embed_dim}; they cannot be compared"
        )


def refuse_classes(num_classes: int | None) -> None:
    """What the config of a dual encoder says to `num_classes`.

    Raises:
        ValueError: if it is not None.
    """
    if num_classes is not None:
        raise ValueError(
            "a dual encoder classifies by comparing with text and has no classifier: "
            f"num_classes must be None, got {num_classes}"
        )
