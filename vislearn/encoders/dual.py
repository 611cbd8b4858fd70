"""Two towers and one space: what CLIP and SigLIP models are.

Papers: CLIP arXiv:2103.00020, section 2.3 and Figure 3; SigLIP arXiv:2303.15343,
section 3. The families (`clip.py`, `siglip.py`, `eva.py`) choose the towers.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.text import TextTransformer

LARGEST_SCALE = 100.0  # CLIP, section 2.5: logits are scaled by no more


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
        self.config = config
        self.visual = visual
        self.text = text
        self.logit_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.logit_bias = None if bias is None else nn.Parameter(torch.tensor(bias))

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
        scores = self.scale * image @ text.T
        return scores if self.logit_bias is None else scores + self.logit_bias

    @torch.no_grad()
    def clamp_scale(self, largest: float = LARGEST_SCALE) -> None:
        """Keep the scale between 1 and `largest`; CLIP does so after every update."""
        self.logit_scale.clamp_(0.0, math.log(largest))


def unit(x: Tensor) -> Tensor:
    """Vectors of length 1, in the direction of x; a zero vector stays zero.

    Computed in float32 at least: in float16 the squares of a long vector overflow.

    Shapes:
        x (…, E) -> (…, E), in the dtype of x
    """
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return F.normalize(wide, dim=-1, eps=1e-6).to(x.dtype)
