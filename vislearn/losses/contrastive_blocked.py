"""The two contrastive losses without ever holding the N × N table.

Paper: the idea that the table can be walked through in blocks is section 3.3 of SigLIP,
arXiv:2303.15343; for InfoNCE it needs the running log-sum-exp of arXiv:1805.02867.

Dense, the table alone takes 4 N² bytes, and autograd keeps it several times: 4.3 GB a
copy for N = 32,768. Here `block` rows exist at a time, 4 · block · N bytes a copy. The
forward pass keeps two numbers for each pair; the backward pass computes each block once
more and turns it into gradients by the formulas in the comments. That costs one matrix
product more than the dense loss: 4 instead of 3.

Kept: values and gradients of `contrastive`, for embeddings, scale and bias. Left out:
labels, and second derivatives (asking for them is an error).
Tested against: the dense losses. Measured: benchmarks/contrastive_memory.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from vislearn.losses.contrastive import check_pairs, number, positive, wide

Gradients = tuple[Tensor | None, ...]


def info_nce_blocked(
    image: Tensor, text: Tensor, scale: Tensor | float, block: int = 1024
) -> Tensor:
    """`contrastive.info_nce` with memory for block × N similarities.

    Args:
        image: embeddings of length 1; row i belongs to row i of `text`.
        text: embeddings of length 1.
        scale: exp(logit_scale) = 1 / τ, above 0.
        block: images whose similarities are held at a time; N may be any number.

    Shapes:
        image (N, E), text (N, E) -> scalar, float32 or float64

    Raises:
        ValueError: as `info_nce`, or if `block` is below 1.
    """
    _check_block(block)
    check_pairs(image, text)
    image, text, scale = _same_dtype(image, text, positive(scale, "scale"))
    return _InfoNCE.apply(image, text, scale, block)


def sigmoid_loss_blocked(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    bias: Tensor | float,
    block: int = 1024,
) -> Tensor:
    """`contrastive.sigmoid_loss` with memory for block × N similarities.

    Args:
        image: embeddings of length 1; row i belongs to row i of `text`.
        text: embeddings of length 1.
        scale: t = exp(logit_scale), above 0.
        bias: b, inside the product with z.
        block: images whose similarities are held at a time; N may be any number.

    Shapes:
        image (N, E), text (N, E) -> scalar, float32 or float64

    Raises:
        ValueError: as `sigmoid_loss`, or if `block` is below 1.
    """
    _check_block(block)
    check_pairs(image, text)
    scale, bias = positive(scale, "scale"), number(bias, "bias")
    image, text, scale, bias = _same_dtype(image, text, scale, bias)
    return _Sigmoid.apply(image, text, scale, bias, block)


class _InfoNCE(Function):
    """L = mean over i of (row_i + column_i) / 2, with l_ij = scale · x_i·y_j and

        row_i = log Σ_j exp(l_ij − l_ii),  column_j = log Σ_i exp(l_ij − l_jj)

    Subtracting the right pair's logit first keeps the digits of small losses.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, image: Tensor, text: Tensor, scale: Tensor, block: int
    ) -> Tensor:
        right = scale * (image * text).sum(dim=1)  # (N,): l_ii
        rows = torch.empty_like(right)
        columns = torch.full_like(right, -math.inf)
        for part in _parts(len(image), block):
            logits = _logits(image, text, scale, right, part)  # (b, N)
            rows[part] = (logits - right[part, None]).logsumexp(dim=1)
            columns = torch.logaddexp(columns, (logits - right).logsumexp(dim=0))
        ctx.save_for_backward(image, text, scale, right, columns)
        ctx.block = block
        return (rows.mean() + columns.mean()) / 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:  # type: ignore[override]
        """∂L / ∂l_ij = (softmax of row i + softmax of column j − 2 [i = j]) / 2N."""
        refuse_second_derivatives()
        image, text, scale, right, columns = ctx.saved_tensors
        to_image, to_text = torch.empty_like(image), torch.zeros_like(text)
        for part in _parts(len(image), ctx.block):
            logits = _logits(image, text, scale, right, part)  # (b, N)
            push = logits.softmax(dim=1)  # a block has whole rows,
            push += logits.sub_(right).sub_(columns).exp_()  # but parts of columns
            push.diagonal(part.start).sub_(2)
            to_image[part] = _product(push, text)
            to_text += _product(push.T, image[part])
        factor = grad / (2 * len(image))
        to_scale = factor * (to_image * image).sum()  # Σ push_ij · x_i·y_j
        factor = factor * scale
        return to_image.mul_(factor), to_text.mul_(factor), to_scale, None


class _Sigmoid(Function):
    """L = −Σ log σ(z_ij l_ij) / N, with l_ij = scale · x_i·y_j + bias."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, image: Tensor, text: Tensor, scale: Tensor, bias: Tensor, block: int
    ) -> Tensor:
        total = torch.zeros_like(scale)
        for part in _parts(len(image), block):
            logits = _product(image[part], text.T).mul_(scale).add_(bias)  # (b, N)
            signed = logits.neg_()  # z = −1 …
            signed.diagonal(part.start).neg_()  # … but +1 on the diagonal
            total -= F.logsigmoid(signed).sum()
        ctx.save_for_backward(image, text, scale, bias)
        ctx.block = block
        return total / len(image)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:  # type: ignore[override]
        """∂L / ∂l_ij = (σ(l_ij) − [i = j]) / N."""
        refuse_second_derivatives()
        image, text, scale, bias = ctx.saved_tensors
        to_image, to_text = torch.empty_like(image), torch.zeros_like(text)
        to_bias = torch.zeros_like(bias)
        for part in _parts(len(image), ctx.block):
            push = _product(image[part], text.T).mul_(scale).add_(bias)  # (b, N)
            _surprise(push, part)
            to_image[part] = _product(push, text)
            to_text += _product(push.T, image[part])
            to_bias += push.sum()
        factor = grad / len(image)
        to_scale = factor * (to_image * image).sum()  # Σ push_ij · x_i·y_j
        to_bias = factor * to_bias
        factor = factor * scale
        return to_image.mul_(factor), to_text.mul_(factor), to_scale, to_bias, None


def _surprise(logits: Tensor, part: slice) -> None:
    """σ(l) − [i = j] in place; on the diagonal as −σ(−l), which keeps its digits."""
    own = logits.diagonal(part.start)
    right = -torch.sigmoid(-own)
    logits.sigmoid_()
    own.copy_(right)


def _logits(
    image: Tensor, text: Tensor, scale: Tensor, right: Tensor, part: slice
) -> Tensor:
    """One block of the table, (b, N); its diagonal is exactly `right`."""
    logits = _product(image[part], text.T).mul_(scale)
    logits.diagonal(part.start).copy_(right[part])
    return logits


def _product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b in their own dtype, also when `backward` is called within autocast."""
    with torch.autocast(a.device.type, enabled=False):
        return a @ b


def _parts(count: int, block: int) -> Iterator[slice]:
    """Slices of at most `block` that cover `count` rows."""
    for start in range(0, count, block):
        yield slice(start, min(start + block, count))


def _same_dtype(image: Tensor, text: Tensor, *scalars: Tensor | float) -> list[Tensor]:
    """Everything as tensors of one dtype, float32 or better, on one device."""
    dtype = wide(image, text)
    return [torch.as_tensor(x).to(image.device, dtype) for x in (image, text, *scalars)]


def refuse_second_derivatives() -> None:
    """To be called in a `backward` whose formulas are no graph themselves.

    What is derived from them would silently be lost. Gradients are recorded there only
    if somebody asks for second derivatives.
    """
    if torch.is_grad_enabled():
        raise NotImplementedError(
            "this loss has no second derivatives: "
            "take the dense one for create_graph=True"
        )


def _check_block(block: int) -> None:
    if isinstance(block, bool) or not isinstance(block, int) or block < 1:
        raise ValueError(f"block must be a whole number of at least 1, got {block!r}")
