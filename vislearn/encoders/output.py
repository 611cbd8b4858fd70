"""What every vision encoder of this package is and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vislearn.preprocess import Preprocess


@dataclass(frozen=True)
class VisionOutput:
    """The features of a batch of images, in the same four places for every family."""

    tokens: Tensor
    """(B, N, D) patch tokens in raster order; for a CNN, the last map, flattened."""

    prefix: Tensor
    """(B, R, D) tokens with no place in the image: CLS, then registers; R may be 0."""

    pooled: Tensor
    """(B, E) the image embedding, made the way this family makes it."""

    grid: tuple[int, int]
    """(h, w) rows and columns of the patch tokens; h · w = N."""

    logits: Tensor | None = None
    """(B, K) class scores, if the model was made with `num_classes`."""

    @classmethod
    def from_map(
        cls, features: Tensor, pooled: Tensor, logits: Tensor | None = None
    ) -> VisionOutput:
        """The last map of a CNN or a hierarchical transformer, read as tokens.

        Shapes:
            features (B, D, h, w), pooled (B, E), logits (B, K)
        """
        tokens = features.flatten(2).transpose(1, 2)  # (B, N, D)
        grid = (features.shape[-2], features.shape[-1])
        return cls(tokens, tokens[:, :0], pooled, grid, logits)  # no prefix: (B, 0, D)

    @property
    def all_tokens(self) -> Tensor:
        """(B, R + N, D) prefix tokens and patch tokens in one sequence."""
        return torch.cat([self.prefix, self.tokens], dim=1)

    @property
    def feature_map(self) -> Tensor:
        """(B, D, h, w) the patch tokens as a picture with D channels."""
        return self.tokens.transpose(1, 2).unflatten(2, self.grid)


class VisionEncoder(nn.Module):
    """What `create_model` returns: called with images, it answers a `VisionOutput`."""

    config: Any
    """The family's frozen dataclass, with img_size and num_classes."""

    preprocess: Preprocess
    """Turns a picture into one image (3, H, W) of the batch; set by `create_model` from
    the preset. A bare class does not know how its weights want their pictures."""
