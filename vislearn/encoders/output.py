"""What every vision encoder of this package is and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.autocast_mode import is_autocast_available

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
    """What `create_model` returns: called with images, it answers a `VisionOutput`.

    Raises:
        ValueError: if the images have another type than the weights (under autocast
            they may), or lie on another device.
    """

    config: Any
    """The family's frozen dataclass, with img_size and num_classes."""

    preprocess: Preprocess
    """Turns a picture into one image (3, H, W) of the batch; set by `create_model` from
    the preset. A bare class does not know how its weights want their pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.register_forward_pre_hook(_check_kind)  # before every forward


def _check_kind(model: nn.Module, given: tuple[Any, ...]) -> None:
    """Raise a ValueError unless the images are of the weights' type and device."""
    weight = next((p for p in model.parameters() if p.ndim > 1), None)
    images = given[0] if given else None
    if weight is None or not isinstance(images, Tensor):
        return
    if images.device != weight.device:
        raise ValueError(
            f"the images are on {images.device} and the model is on {weight.device}: "
            f"expected both on one device, images.to({str(weight.device)!r})"
        )
    if images.dtype == weight.dtype or not images.is_floating_point():
        return
    device = images.device.type
    if not is_autocast_available(device) or not torch.is_autocast_enabled(device):
        raise ValueError(
            f"the images are {images.dtype} and the model is {weight.dtype}: "
            f"expected one type, images.to({weight.dtype})"
        )
