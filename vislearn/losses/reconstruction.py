"""Losses of masked image modelling: say what the hidden patches hold.

Paper: EVA, arXiv:2211.07636, section 2: the student sees an image with holes and
predicts, at the holes, the features that a frozen CLIP has of the whole image. The loss
is the negative cosine similarity, so that only the direction of a feature counts. It is
not a reconstruction of pixels, which is MAE's task.

Kept: the loss, in float32 or better, as in EVA's official code. Left out: the CLIP and
the student (`vislearn.train.masked_features`).
Tested against: the formula in float64, and EVA's expression on the masked positions.
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked_feature_loss(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """−cos(prediction, feature), averaged over the masked patches of all images.

    From −1 (every direction is right) over 0 (what random directions of many
    dimensions get) to 1. A zero vector has no direction: its cosine counts as 0.

    Args:
        predicted: what the student says about each patch.
        target: the frozen teacher's feature of each patch; no gradient flows into it.
        mask: True where the student did not see the patch. Other patches do not count.

    Shapes:
        predicted (B, N, E), target (B, N, E), mask (B, N) bool
        -> scalar, float32 or float64

    Raises:
        ValueError: if the shapes do not fit, the mask is not boolean or masks nothing,
            or a masked patch has NaN or infinity in it.
    """
    _check(predicted, target, mask)
    both = torch.promote_types(predicted.dtype, target.dtype)
    dtype = torch.promote_types(both, torch.float32)
    said = predicted[mask].to(dtype)  # (M, E): the masked patches of all images
    meant = target[mask].detach().to(dtype)
    for name, features in (("predicted", said), ("target", meant)):
        if not bool(features.detach().isfinite().all()):
            raise ValueError(f"{name} features have NaN or infinity at masked patches")
    return -torch.cosine_similarity(said, meant, dim=-1).mean()


def _check(predicted: Tensor, target: Tensor, mask: Tensor) -> None:
    if predicted.ndim != 3 or predicted.shape != target.shape:
        raise ValueError(
            "expected predicted and target features (B, N, E) of one shape, got "
            f"{tuple(predicted.shape)} and {tuple(target.shape)}"
        )
    if mask.dtype != torch.bool:
        raise ValueError(f"mask must be bool (True = masked), got {mask.dtype}")
    if mask.shape != predicted.shape[:2]:
        raise ValueError(
            f"expected a mask {tuple(predicted.shape[:2])} for features "
            f"{tuple(predicted.shape)}, got {tuple(mask.shape)}"
        )
    if not bool(mask.any()):
        raise ValueError("the mask hides no patch: there is nothing to predict")
