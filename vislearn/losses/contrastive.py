"""Contrastive losses: which text belongs to which image?

Papers: InfoNCE as in CLIP, arXiv:2103.00020, section 2.3 and Figure 3; several
positives as in UniCL, arXiv:2204.03610, section 3; the sigmoid loss of SigLIP,
arXiv:2303.15343, section 3.2 and Algorithm 1; what the temperature does to negatives,
arXiv:2012.09740, section 3.

Both losses look at the same table of N × N similarities, of which only the diagonal is
right. InfoNCE asks of every row and every column "which one of you is it?", so the
entries of a row compete. The sigmoid loss asks of every entry "is it you?", so that no
entry needs the others.

The displayed equation of the SigLIP paper has the other sign of b than its Algorithm 1
and its released code. We follow the algorithm: b = −10 then says "hardly any pair
matches", which is right for N² − N of the N² pairs.

Similarities are computed in float32 or better even inside autocast: float16 ends at
65,504 and counts in steps of 1/16 near 100, where the logits of CLIP lie. Call backward
outside of autocast, as torch advises: inside, it multiplies matrices in half precision.
Tested against: open_clip, transformers (tests/parity), finite differences. The same
losses in little memory: `contrastive_blocked`; on many machines:
`contrastive_distributed`.
"""

from __future__ import annotations

import math
from numbers import Real

import torch
import torch.nn.functional as F
from torch import Tensor


def info_nce(
    image: Tensor, text: Tensor, scale: Tensor | float, labels: Tensor | None = None
) -> Tensor:
    """Symmetric cross-entropy: each image chooses its text, each text its image.

    With one pair there is nothing to choose: the loss and its gradients are 0.
    A useful yardstick is ln N, the loss of somebody who guesses.

    Args:
        image: embeddings of length 1; row i belongs to row i of `text`.
        text: embeddings of length 1.
        scale: exp(logit_scale) = 1 / τ, above 0.
        labels: classes, if several pairs of the batch may be of one class: then each
            row spreads its right answer evenly over all columns of its class.

    Shapes:
        image (N, E), text (N, E), labels (N,) int64 -> scalar, float32 or float64

    Raises:
        ValueError: if the shapes do not fit, the scale is not a positive number, a
            value is NaN or infinite, or the labels are not N classes.
    """
    check_pairs(image, text)
    scale = positive(scale, "scale")
    logits = scale * similarities(image, text)  # (N, N), row: image, column: text
    right = targets(image, labels)  # row i: i
    images_choose = F.cross_entropy(logits, right)
    texts_choose = F.cross_entropy(logits.T, right)
    return (images_choose + texts_choose) / 2


def sigmoid_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    bias: Tensor | float,
    labels: Tensor | None = None,
) -> Tensor:
    """−Σ log σ(z (t · x·y + b)) / N over all pairs; z = +1 on the diagonal, else −1.

    Every pair is a question of its own, "do you belong together?", and the answer does
    not depend on the others. Only 1 of N pairs says yes, so that a bias near −ln(N − 1)
    is a good guess before anything is learned (SigLIP starts at −10). The sum is
    divided by the N images, not by the N² pairs.

    Args:
        image: embeddings of length 1; row i belongs to row i of `text`.
        text: embeddings of length 1.
        scale: t = exp(logit_scale), above 0.
        bias: b, inside the product with z.
        labels: classes, if several pairs of the batch may be of one class: then z is
            +1 wherever the classes agree.

    Shapes:
        image (N, E), text (N, E), labels (N,) int64 -> scalar, float32 or float64

    Raises:
        ValueError: if the shapes do not fit, the scale is not a positive number, a
            value is NaN or infinite, or the labels are not N classes.
    """
    check_pairs(image, text)
    scale, bias = positive(scale, "scale"), number(bias, "bias")
    logits = scale * similarities(image, text) + bias  # (N, N)
    z = 2 * matches(image, labels).to(logits.dtype) - 1  # (N, N): +1 or −1
    return -F.logsigmoid(z * logits).sum() / len(image)


def gradient_share(image: Tensor, text: Tensor, scale: Tensor | float) -> Tensor:
    """How InfoNCE divides its push among the wrong texts of each image.

    Entry (i, j) is |∂L / ∂s_ij| / |∂L / ∂s_ii| for the half of the loss in which images
    choose: softmax(scale · similarity) over the wrong texts alone (arXiv:2012.09740,
    section 3, calls it the relative penalty). The shares of a row sum to 1. A small
    scale pushes all wrong texts alike; a large one pushes only those that are most
    similar to the image.

    Shapes:
        image (N, E), text (N, E) -> (N, N) with zeros on the diagonal

    Raises:
        ValueError: as `info_nce`, or if there is one pair, which has no wrong text.
    """
    check_pairs(image, text)
    if len(image) < 2:
        raise ValueError("one pair has no negatives: expected N of at least 2, got 1")
    logits = positive(scale, "scale") * similarities(image, text)
    own = torch.eye(len(image), dtype=torch.bool, device=logits.device)
    return logits.masked_fill(own, -math.inf).softmax(dim=1)


def similarities(image: Tensor, text: Tensor) -> Tensor:
    """All dot products, in float32 or better whatever autocast says.

    Shapes:
        image (N, E), text (M, E) -> (N, M)
    """
    dtype = wide(image, text)
    with torch.autocast(image.device.type, enabled=False):
        return image.to(dtype) @ text.to(dtype).T


def wide(image: Tensor, text: Tensor) -> torch.dtype:
    """The dtype in which a loss of these embeddings is computed."""
    both = torch.promote_types(image.dtype, text.dtype)
    return torch.promote_types(both, torch.float32)


def matches(image: Tensor, labels: Tensor | None) -> Tensor:
    """Which pairs belong together: row i and column i, or all of one class.

    Shapes:
        image (N, E), labels (N,) or None -> bool (N, N), symmetric
    """
    if labels is None:
        return torch.eye(len(image), dtype=torch.bool, device=image.device)
    expected = f"expected labels ({len(image)},) int64"
    if not isinstance(labels, Tensor):
        raise ValueError(f"{expected}, got {type(labels).__name__}")
    if labels.shape != image.shape[:1] or labels.is_floating_point():
        raise ValueError(f"{expected}, got {tuple(labels.shape)} {labels.dtype}")
    return labels[:, None] == labels


def targets(image: Tensor, labels: Tensor | None) -> Tensor:
    """The right answer of each row: its own number, or a share of each of its class.

    Shapes:
        image (N, E), labels (N,) or None -> (N,) int64, or probabilities (N, N)
    """
    if labels is None:
        return torch.arange(len(image), device=image.device)
    same = matches(image, labels).to(wide(image, image))
    return same / same.sum(dim=1, keepdim=True)


def check_pairs(image: Tensor, text: Tensor) -> None:
    """Raise a ValueError unless these are N image and N text embeddings, all finite."""
    if not (isinstance(image, Tensor) and isinstance(text, Tensor)):
        kinds = f"image {type(image).__name__}, text {type(text).__name__}"
        raise ValueError(f"expected embeddings (N, E), got {kinds}")
    shapes = f"image {tuple(image.shape)} and text {tuple(text.shape)}"
    if image.ndim != 2 or text.ndim != 2 or 0 in (*image.shape, *text.shape):
        raise ValueError(f"expected embeddings (N, E), got {shapes}")
    if len(image) != len(text):
        raise ValueError(
            f"{len(image)} images but {len(text)} texts: row i of both must be a pair"
        )
    if image.shape[1] != text.shape[1]:
        raise ValueError(f"embeddings must have one width E, got {shapes}")
    for name, x in (("image", image), ("text", text)):
        if not x.is_floating_point():
            raise ValueError(f"{name} embeddings must be float, got {x.dtype}")
        bad = ~x.detach().isfinite().all(dim=1)  # (N,)
        if bad.any():
            row = int(bad.nonzero()[0])
            raise ValueError(f"{name} embedding {row} has NaN or infinity in it")


def positive(value: Tensor | float, name: str) -> Tensor | float:
    """The same number, or a ValueError if it is not above 0."""
    value = number(value, name)
    plain = float(value.detach() if isinstance(value, Tensor) else value)
    if not plain > 0:
        raise ValueError(f"{name} must be above 0, as exp(logit_scale) is; got {plain}")
    return value


def number(value: Tensor | float, name: str) -> Tensor | float:
    """The same finite number, a tensor without dimensions if it is a tensor."""
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ValueError(
                f"{name} must be one number, got shape {tuple(value.shape)}"
            )
        value = value.reshape(())
    elif not isinstance(value, Real):
        raise ValueError(f"{name} must be one number, got {value!r}")
    plain = float(value.detach() if isinstance(value, Tensor) else value)
    if not math.isfinite(plain):
        raise ValueError(f"{name} must be a finite number, got {plain}")
    return value
