"""Gradient caching: one big contrastive batch in the memory of a small one.

Paper: arXiv:2101.06983, section 3. Summing the gradients of small batches is not the
gradient of the big one here, because every pair needs the others as negatives. But the
loss sees a sample only through its embedding, and embeddings are small:

    1. encode everything, chunk by chunk, without a graph: memory of one chunk;
    2. the loss of all embeddings and its gradient by each: memory of the table;
    3. encode each chunk again, now with a graph, and hand its embeddings the gradients
       of step 2: memory of one chunk.

The price is a second forward pass. Both passes must draw the same random numbers, or
dropout would remove one set of paths for the loss and another for the gradient; so the
state of the generators is kept for each chunk and brought back.

Kept: any number of towers, mixed precision, frozen towers. Left out: communication
between processes. DDP would average after each chunk, or refuse the second one: work
under its `no_sync` with a loss of `contrastive_distributed`, and average once at the
end (for every parameter `dist.all_reduce(p.grad)`, then `p.grad /= R`).
Batch norm in training mode sees chunks as its batches, and its running averages see
each twice: use it in eval mode, or another norm.
Tested against: one backward pass through the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from vislearn.train.loop import check_loss
from vislearn.train.mixed import Precision

Encoder = Callable[[Tensor], Tensor]  # (b, …) -> (b, E)
SAME = 0.01  # how far the second pass may be from the first, of the largest entry


class RandomState(NamedTuple):
    """Where torch's generators stand: the CPU's, and one for each CUDA device."""

    cpu: Tensor
    cuda: list[Tensor]


def cached_backward(
    encoders: Sequence[Encoder],
    inputs: Sequence[Tensor],
    loss: Callable[..., Tensor],
    *,
    chunk: int,
    policy: Precision | None = None,
    scaler: torch.amp.GradScaler | None = None,
) -> Tensor:
    """Do what `loss(encoder(inputs), …).backward()` does, `chunk` samples at a time.

        towers = (dual.encode_image, dual.encode_text)
        value = cached_backward(
            towers, (images, ids), lambda x, y: info_nce(x, y, dual.scale), chunk=64
        )
        optimiser.step()
        dual.clamp_scale()

    Gradients are added to `.grad` of every parameter, of the towers as of the loss
    (scale, bias). The inputs may stay on the CPU if the encoders move their chunk.

    Args:
        encoders: one function for each tower; it may use dropout, as long as it draws
            from torch's default generators.
        inputs: what the encoders read, one tensor each, as many rows in all.
        loss: of the embeddings, in the same order; dense, blocked, or another.
        chunk: samples that are encoded at a time.
        policy: precision of the forward passes, see `precision`; as they are if None.
        scaler: gradient scaler, if the policy needs one (`policy.scaler()`); step with
            it, as usual.

    Shapes:
        inputs (N, …) each -> scalar, without a graph

    Raises:
        ValueError: if the inputs do not fit together or have a graph, an encoder does
            not return (b, E), its second answer is not its first, or the loss is not
            one number with a graph.
    """
    _check(encoders, inputs, chunk)
    forward = nullcontext if policy is None else policy.autocast
    leaves, states = [], []
    for encode, samples in zip(encoders, inputs, strict=True):
        embeddings, random = _encode_without_graph(encode, samples, chunk, forward)
        leaves.append(embeddings.requires_grad_())
        states.append(random)
    with forward():
        value = loss(*leaves)
    check_loss(value)
    (value if scaler is None else scaler.scale(value)).backward()
    for encode, samples, leaf, random in zip(
        encoders, inputs, leaves, states, strict=True
    ):
        _hand_over(encode, samples, chunk, forward, leaf, random)
    return value.detach()


def _encode_without_graph(
    encode: Encoder,
    samples: Tensor,
    chunk: int,
    forward: Callable[[], AbstractContextManager[object]],
) -> tuple[Tensor, list[RandomState]]:
    """Step 1: all embeddings (N, E), and where the generators stood at each chunk."""
    parts, states = [], []
    for part in samples.split(chunk):
        states.append(random_state())
        with torch.no_grad(), forward():
            embeddings = encode(part)
        _check_embeddings(embeddings, len(part))
        parts.append(embeddings)
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise ValueError(
            f"an encoder must return embeddings of one width, got {widths}"
        )
    return torch.cat(parts), states


def _hand_over(
    encode: Encoder,
    samples: Tensor,
    chunk: int,
    forward: Callable[[], AbstractContextManager[object]],
    leaf: Tensor,
    states: list[RandomState],
) -> None:
    """Step 3: from the gradients of the embeddings to those of the parameters."""
    if leaf.grad is None:  # a loss that does not look at this tower
        return
    gradients, before = leaf.grad.split(chunk), leaf.detach().split(chunk)
    for part, gradient, first, random in zip(
        samples.split(chunk), gradients, before, states, strict=True
    ):
        with replay(random), torch.enable_grad(), forward():
            again = encode(part)
        if not again.requires_grad:  # a frozen tower
            return
        _check_same(first, again)
        again.backward(gradient)


def random_state() -> RandomState:
    """Where torch's generators stand now."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return RandomState(torch.get_rng_state(), cuda)


@contextmanager
def replay(state: RandomState) -> Iterator[None]:
    """Draw from an earlier state within the block, and go on as before after it."""
    with torch.random.fork_rng(devices=range(len(state.cuda))):
        torch.set_rng_state(state.cpu)
        if state.cuda:
            torch.cuda.set_rng_state_all(state.cuda)
        yield


def _check_embeddings(embeddings: Tensor, count: int) -> None:
    expected = f"an encoder must return ({count}, E) for {count} samples"
    if not isinstance(embeddings, Tensor):
        raise ValueError(f"{expected}, got {type(embeddings).__name__}")
    shape = tuple(embeddings.shape)
    fits = len(shape) == 2 and shape[0] == count and shape[1] > 0
    if not (fits and embeddings.is_floating_point()):
        raise ValueError(f"{expected}, got {shape} {embeddings.dtype}")


def _check_same(first: Tensor, again: Tensor) -> None:
    if again.shape == first.shape:
        largest = first.nan_to_num(0.0, 0.0, 0.0).abs().max()  # of the finite ones
        limit = SAME * float(largest)
        if torch.allclose(again.detach(), first, rtol=0, atol=limit, equal_nan=True):
            return
    raise ValueError(
        "an encoder gave another answer in the second pass: it must depend on its "
        "input and on torch's default generators alone"
    )


def _check(encoders: Sequence[Encoder], inputs: Sequence[Tensor], chunk: int) -> None:
    if len(encoders) != len(inputs) or not encoders:
        raise ValueError(
            f"expected one input for each encoder, got {len(encoders)} encoders and "
            f"{len(inputs)} inputs"
        )
    if isinstance(chunk, bool) or not isinstance(chunk, int) or chunk < 1:
        raise ValueError(f"chunk must be a whole number of at least 1, got {chunk!r}")
    for x in inputs:
        if not isinstance(x, Tensor) or x.ndim == 0:
            got = "shape ()" if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"inputs must be tensors (N, …), got {got}")
        if x.grad_fn is not None:
            raise ValueError(
                "inputs must not have a graph: put what made it into the encoder"
            )
    sizes = [len(x) for x in inputs]
    if len(set(sizes)) > 1 or sizes[0] == 0:
        raise ValueError(
            f"inputs must have as many rows in all, at least 1; got {sizes}"
        )
