"""The two contrastive losses when the batch lies on several processes.

Papers: CLIP, arXiv:2103.00020, section 2.5 (each process computes the similarities of
its own pairs with all others); the ring is the chunked loss of SigLIP,
arXiv:2303.15343, section 3.3.

InfoNCE needs whole rows, so every process collects all embeddings. The sigmoid loss is
a sum over pairs and needs no row: the texts travel around a ring, and a process never
holds more than its own images and one neighbour's texts.

What is averaged: each process returns the loss of its own n images (and texts). The
mean over the R processes is the loss of one process that has all R · n pairs. Calling
backward on every process gives each embedding the gradient of the *sum* of all
processes' losses, R times that of the single process; the scale and the bias get the
gradient of the own loss alone. DistributedDataParallel averages the gradients of the
parameters over the processes, and this average is the gradient of the single process,
for all of them.

Kept: float32 or better, as in `contrastive`. Left out: labels, unequal batches.
Tested against: the dense losses, with 1 to 4 gloo processes.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from vislearn.losses.contrastive import (
    check_pairs,
    number,
    positive,
    similarities,
    wide,
)
from vislearn.losses.contrastive_blocked import refuse_second_derivatives

KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)  # of embeddings


def info_nce_distributed(
    image: Tensor, text: Tensor, scale: Tensor | float, group: Any = None
) -> Tensor:
    """`contrastive.info_nce` over the pairs of all processes; the own pairs' share.

    Own images choose among all texts, own texts among all images.

    Args:
        image: this process's embeddings of length 1; row i belongs to row i of `text`.
        text: the same for texts.
        scale: exp(logit_scale) = 1 / τ, the same on every process.
        group: process group; the default one if None.

    Shapes:
        image (n, E), text (n, E), n equal on every process -> scalar

    Raises:
        ValueError: on every process, if one of them has bad input (see `info_nce`), or
            if n, E, the dtype or the scale differ; or if torch.distributed is not
            initialised, or this process is not in the group.
    """
    _agree(image, text, {"scale": scale}, group)
    scale = positive(scale, "scale")
    n, first = len(image), dist.get_rank(group) * len(image)
    everything = _Gather.apply(torch.cat([image, text], dim=1), group)  # (R n, 2 E)
    all_images, all_texts = everything.chunk(2, dim=1)
    right = torch.arange(first, first + n, device=image.device)
    images_choose = F.cross_entropy(scale * similarities(image, all_texts), right)
    texts_choose = F.cross_entropy(scale * similarities(text, all_images), right)
    return (images_choose + texts_choose) / 2


def sigmoid_loss_distributed(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    bias: Tensor | float,
    group: Any = None,
) -> Tensor:
    """`contrastive.sigmoid_loss` over the pairs of all processes; the own share.

    Own images meet the texts of every process.

    Args:
        image: this process's embeddings of length 1; row i belongs to row i of `text`.
        text: the same for texts.
        scale: t = exp(logit_scale), the same on every process.
        bias: b, the same on every process.
        group: process group; the default one if None.

    Shapes:
        image (n, E), text (n, E), n equal on every process -> scalar

    Raises:
        ValueError: on every process, if one of them has bad input (see `sigmoid_loss`),
            or if n, E, the dtype, scale or bias differ; or if torch.distributed is not
            initialised, or this process is not in the group.
    """
    _agree(image, text, {"scale": scale, "bias": bias}, group)
    dtype = wide(image, text)
    inputs = (image, text, positive(scale, "scale"), number(bias, "bias"))
    same = [torch.as_tensor(x).to(image.device, dtype) for x in inputs]
    return _Ring.apply(*same, group)


class _Gather(Function):
    """Rows of all processes, one below the other; the gradient finds its way home."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, group: Any) -> Tensor:  # type: ignore[override]
        ctx.group, ctx.rows = group, len(own)
        return torch.cat(_all(own, group))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        """Every process used our rows: add up what all of them say about ours."""
        refuse_second_derivatives()
        total = grad.contiguous().clone()
        dist.all_reduce(total, group=ctx.group)
        first = dist.get_rank(ctx.group) * ctx.rows
        return total[first : first + ctx.rows], None


class _Ring(Function):
    """The own images meet the texts of every process, one process after the other.

    Each pair's gradient is known as soon as its logit is, because no pair waits for the
    others. So the gradient of a text travels along with the text, every process adds
    its part, and after R steps both are home; backward has nothing left to send.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, image: Tensor, text: Tensor, scale: Tensor, bias: Tensor, group: Any
    ) -> Tensor:
        total, to_bias = torch.zeros_like(scale), torch.zeros_like(bias)
        to_image, to_text = torch.zeros_like(image), torch.zeros_like(text)
        for step in range(dist.get_world_size(group)):
            loss, push = _table(image, text, scale, bias, own=step == 0)  # push (n, n)
            total += loss
            to_bias += push.sum()
            with torch.autocast(image.device.type, enabled=False):
                to_image += push @ text
                to_text += push.T @ image
            text, to_text = _pass_on(torch.cat([text, to_text], dim=1), group)
        n = len(image)
        to_scale = (to_image * image).sum()  # Σ push_ij · x_i·y_j
        ctx.save_for_backward(
            to_image * scale / n, to_text * scale / n, to_scale / n, to_bias / n
        )
        return total / n

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        refuse_second_derivatives()
        return *(grad * saved for saved in ctx.saved_tensors), None


def _table(
    image: Tensor, text: Tensor, scale: Tensor, bias: Tensor, own: bool
) -> tuple[Tensor, Tensor]:
    """−Σ log σ(z l) over n × n pairs and its derivative by l: −z σ(−z l)."""
    logits = scale * similarities(image, text) + bias  # (n, n)
    z = torch.full_like(logits, -1.0)
    if own:
        z.fill_diagonal_(1.0)  # right pairs are never on two processes
    return -F.logsigmoid(z * logits).sum(), -z * torch.sigmoid(-z * logits)


def _pass_on(luggage: Tensor, group: Any) -> tuple[Tensor, ...]:
    """Give (n, 2 E) to the next process, take the previous one's, cut it in two."""
    size, rank = dist.get_world_size(group), dist.get_rank(group)
    if size == 1:
        return luggage.chunk(2, dim=1)
    arriving = torch.empty_like(luggage)
    nearby = [(rank + 1) % size, (rank - 1) % size]
    if group is not None:
        nearby = [dist.get_global_rank(group, other) for other in nearby]
    send = dist.P2POp(dist.isend, luggage, nearby[0], group)
    receive = dist.P2POp(dist.irecv, arriving, nearby[1], group)
    for request in dist.batch_isend_irecv([send, receive]):
        request.wait()
    return arriving.chunk(2, dim=1)


def _all(own: Tensor, group: Any) -> list[Tensor]:
    """The same tensor from every process, in the order of their ranks."""
    parts = [torch.empty_like(own) for _ in range(dist.get_world_size(group))]
    dist.all_gather(parts, own.contiguous(), group=group)
    return parts


def _agree(image: Tensor, text: Tensor, numbers: dict[str, Any], group: Any) -> None:
    """Check the own input, tell everybody, and stop on all processes or on none.

    A process that stopped alone would leave the others waiting for ever.
    """
    if not (dist.is_available() and dist.is_initialized()):
        raise ValueError(
            "torch.distributed is not initialised: call init_process_group, "
            "or take the dense loss"
        )
    if dist.get_rank(group) < 0:
        raise ValueError("this process is not in the group: only its members may call")
    problem, plain = None, [0.0] * (3 + len(numbers))
    try:
        check_pairs(image, text)
        positive(numbers["scale"], "scale")
        values = [number(value, name) for name, value in numbers.items()]
        kind = KINDS.index(torch.promote_types(image.dtype, text.dtype))
        plain = [
            float(torch.as_tensor(x).detach()) for x in (*image.shape, kind, *values)
        ]
    except ValueError as error:
        problem = error
    mine = torch.tensor([float(problem is None), *plain], dtype=torch.float64)
    device = image.device if isinstance(image, Tensor) else mine.device
    fine, *columns = torch.stack(_all(mine.to(device), group)).T.tolist()
    if problem is not None:
        raise problem
    if not all(fine):
        raise ValueError(
            f"process {fine.index(0.0)} has bad input; its own message says what"
        )
    names = ("number of pairs", "width E", "dtype", *numbers)
    for name, column in zip(names, columns, strict=True):
        if len(set(column)) > 1:
            listed = ", ".join(
                str(KINDS[int(value)]) if name == "dtype" else f"{value:g}"
                for value in column
            )
            raise ValueError(
                f"the {name} must be the same on every process, got {listed} "
                "(in the order of the ranks)"
            )
