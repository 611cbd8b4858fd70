"""How often a classifier is right, and what it takes for what."""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def predict(model: nn.Module, images: Tensor, batch_size: int = 250) -> Tensor:
    """Return the class scores of each image, without gradients and in eval mode.

    The model is left in the mode it was in.

    Args:
        model: returns an output with `.logits` (B, K).
        images: (M, C, H, W), prepared as the model expects them.
        batch_size: images per forward pass; changes memory, not the result.

    Returns:
        (M, K) float32 on the CPU.

    Raises:
        ValueError: without images, for a batch size below 1, or for a model without
            logits.
    """
    if len(images) == 0 or batch_size < 1:
        raise ValueError(
            f"{len(images)} images, batch_size={batch_size}: expected at least 1 each"
        )
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        parts = []
        for part in images.split(batch_size):
            logits = model(part.to(device)).logits
            if logits is None:
                raise ValueError(
                    "the model has no logits: create it with num_classes=..."
                )
            parts.append(logits.float().cpu())
    finally:
        model.train(was_training)
    return torch.cat(parts)


def accuracy(
    model: nn.Module, images: Tensor, labels: Tensor, batch_size: int = 250
) -> float:
    """Return the share of images whose highest score is the right class, 0 to 1.

    Args:
        model, images, batch_size: see `predict`.
        labels: (M,) int64.

    Raises:
        ValueError: as `predict`, and when there are not as many labels as images.
    """
    _check_labels(images, labels)
    guesses = predict(model, images, batch_size).argmax(1)
    return float((guesses == labels.cpu()).double().mean())


def confusion(
    model: nn.Module, images: Tensor, labels: Tensor, batch_size: int = 250
) -> Tensor:
    """Count what is taken for what.

    Args:
        see `accuracy`.

    Returns:
        (K, K) int64: in row i and column j the images of class i that the model
        takes for class j; the diagonal is right.

    Raises:
        ValueError: as `accuracy`, for labels that are no whole numbers, and for a label
            that the model has no score for.
    """
    _check_labels(images, labels)
    if labels.is_floating_point() or labels.dtype == torch.bool:
        raise ValueError(f"expected labels ({len(labels)},) int64, got {labels.dtype}")
    scores = predict(model, images, batch_size)
    classes = scores.shape[1]
    truth = labels.cpu().long()  # row times classes does not fit into 8 bits
    if int(truth.min()) < 0 or int(truth.max()) >= classes:
        raise ValueError(
            f"labels run from {int(truth.min())} to {int(truth.max())}, "
            f"the model knows classes 0 to {classes - 1}"
        )
    cells = truth * classes + scores.argmax(1)
    return torch.bincount(cells, minlength=classes**2).view(classes, classes)


def _check_labels(images: Tensor, labels: Tensor) -> None:
    if labels.shape != (len(images),):
        raise ValueError(
            f"labels have shape {tuple(labels.shape)}, expected ({len(images)},)"
        )
