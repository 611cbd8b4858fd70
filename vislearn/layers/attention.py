"""Scaled dot-product attention and multi-head self-attention.

Paper: "Attention Is All You Need", arXiv:1706.03762, sections 3.2.1 and 3.2.2.
Kept: the formula, the heads, masks. Left out: dropout on the weights, which none of
the course's encoders use. Two paths compute the same numbers: `attention`, to be read,
and torch's fused kernel, which never writes the T × T table of weights to memory.
Tested against: timm and transformers (tests/parity), and each path against the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """softmax(q kᵀ / √Dh) v, written out (arXiv:1706.03762, equation 1).

    Each query is compared with every key by a dot product. Dividing by √Dh keeps the
    scores at about unit variance however wide the head is, so that the softmax does
    not start out saturated. The output is the average of the values, weighted by how
    well their keys fit.

    Args:
        q: what each token asks.
        k: what each token offers to be found by.
        v: what each token hands over when it is found.
        mask: who may look at whom. Boolean: True = may look. Float: added to the
            scores, so −inf = may not look. Any shape that broadcasts to the scores.

    Shapes:
        q (B, h, Tq, Dh), k (B, h, Tk, Dh), v (B, h, Tk, Dv), mask → (B, h, Tq, Tk)
        returns out (B, h, Tq, Dv) and weights (B, h, Tq, Tk), whose rows sum to 1

    Raises:
        ValueError: if the shapes do not fit, the mask holds NaN or +inf, or a query
            has no key that it may look at (its softmax would be 0 / 0).
    """
    check_shapes(q, k, v)
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (B, h, Tq, Tk)
    if mask is not None:
        check_mask(mask, scores.shape)
        if mask.dtype == torch.bool:
            scores = scores.masked_fill(~mask, -math.inf)
        else:
            scores = scores + mask
    weights = scores.softmax(dim=-1)  # over the keys: each query spends 1 in all
    return weights @ v, weights  # (B, h, Tq, Dv), (B, h, Tq, Tk)


class Recordable(nn.Module):
    """A layer whose attention weights `record_attention` can collect.

    A layer with another kind of attention (in windows, or with fewer keys than
    queries) inherits from this class and calls `record` once in each forward pass:

        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        self.record(q, k, v, mask)
    """

    recorder: list[Tensor] | None = None  # set by record_attention

    def record(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
    ) -> None:
        """Append the weights of these queries and keys if somebody is recording.

        The fused kernel keeps no weights, so they are computed once more; the layer's
        output is the same with and without a recorder.

        Shapes:
            as in `attention`; appends (B, h, Tq, Tk)
        """
        if self.recorder is not None:
            with torch.no_grad():
                self.recorder.append(attention(q, k, v, mask)[1])


class Attention(Recordable):
    """Multi-head self-attention (arXiv:1706.03762, section 3.2.2).

    Every token asks every other token a question (query), is found by what it offers
    (key) and answers (value). The width is cut into h heads, so that a token can ask
    h different questions at once for the price of one; `proj` mixes the answers.

    Args:
        width: token width D; must be divisible by `heads`.
        heads: number of heads h; each has width Dh = D / h.
        qkv_bias: whether the three input projections have a bias.
        fused: use torch's fused kernel; False takes the readable `attention` above.

    Positions may enter here instead of at the input: a float `mask` is a bias on the
    scores (`vislearn.layers.relative`), and a `rotation` turns the queries and keys,
    not the values (`vislearn.layers.rope`).

    Shapes:
        x (B, T, D) -> (B, T, D); mask as in `attention`;
        rotation (B, h, T, Dh) -> (B, h, T, Dh)

    Raises:
        ValueError: if `width` is not divisible by `heads`, or x has another shape.
    """

    def __init__(
        self, width: int, heads: int, qkv_bias: bool = True, fused: bool = True
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads != 0:
            raise ValueError(f"width {width} is not divisible by heads {heads}")
        self.width = width
        self.heads = heads
        self.fused = fused
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)  # q, k, v in one product
        self.proj = nn.Linear(width, width)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        if x.ndim != 3 or x.shape[-1] != self.width:
            raise ValueError(
                f"expected tokens of shape (B, T, {self.width}), got {tuple(x.shape)}"
            )
        B, T, D = x.shape
        qkv = self.qkv(x).reshape(B, T, 3, self.heads, D // self.heads)
        q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))  # each (B, h, T, Dh)
        if rotation is not None:
            q, k = rotation(q), rotation(k)
        if self.fused:
            if mask is not None:
                check_mask(mask, (B, self.heads, T, T))
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            out, _ = attention(q, k, v, mask)  # (B, h, T, Dh)
        self.record(q, k, v, mask)
        out = out.transpose(1, 2).reshape(B, T, D)  # heads side by side again
        return self.proj(out)  # (B, T, D)


@contextmanager
def record_attention(model: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the attention weights of every `Recordable` layer inside `model`.

        with record_attention(model) as maps:
            model(images)
        maps[0]  # first block: (B, h, T, T)

    Layers that attend inside windows give (B · windows, h, M², M²), layers with fewer
    keys than queries (B, h, Tq, Tk): each map has the shape of its layer's scores. The
    list fills in the order in which the layers run, so two calls of the model give
    twice as many maps. The maps carry no gradient. The model's output is unchanged.

    Raises:
        ValueError: if the model has no attention layer.
    """
    layers = [module for module in model.modules() if isinstance(module, Recordable)]
    if not layers:
        raise ValueError(f"{type(model).__name__} has no attention layer to record")
    maps: list[Tensor] = []
    before = [layer.recorder for layer in layers]
    try:
        for layer in layers:
            layer.recorder = maps
        yield maps
    finally:
        for layer, recorder in zip(layers, before, strict=True):
            layer.recorder = recorder


@dataclass(frozen=True)
class AttentionCost:
    """What one attention layer costs for one image.

    The first two grow with T, the next three with T².
    """

    qkv: int  # multiply-adds of the q, k and v projections: 3 T D²
    proj: int  # multiply-adds of the output projection: T D²
    scores: int  # multiply-adds of q kᵀ: T² D
    mix: int  # multiply-adds of weights · v: T² D
    score_entries: int  # numbers in the score tables of all heads: h T²

    @property
    def multiply_adds(self) -> int:
        """All four matrix products: 4 T D² + 2 T² D."""
        return self.qkv + self.proj + self.scores + self.mix


def attention_cost(tokens: int, width: int, heads: int) -> AttentionCost:
    """Count the work of `Attention` on T tokens of width D (one image).

    The number of heads does not change the multiply-adds, only the score entries:
    h heads of width D / h do as much as one head of width D.

    Raises:
        ValueError: if a number is below 1, or `width` is not divisible by `heads`.
    """
    if min(tokens, width, heads) < 1:
        raise ValueError(
            "tokens, width and heads must be at least 1, "
            f"got {tokens}, {width} and {heads}"
        )
    if width % heads != 0:
        raise ValueError(f"width {width} is not divisible by heads {heads}")
    return AttentionCost(
        qkv=3 * tokens * width**2,
        proj=tokens * width**2,
        scores=tokens**2 * width,
        mix=tokens**2 * width,
        score_entries=heads * tokens**2,
    )


def check_shapes(q: Tensor, k: Tensor, v: Tensor) -> None:
    """Raise a ValueError that names the shapes unless q, k and v fit together."""
    shapes = f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}"
    if not q.ndim == k.ndim == v.ndim == 4:
        raise ValueError(f"expected q, k, v of shape (B, h, T, Dh), got {shapes}")
    if q.shape[:2] != k.shape[:2] or k.shape[:3] != v.shape[:3]:
        raise ValueError(
            "q, k, v must agree in B and h, and k and v in the number of tokens; "
            f"got {shapes}"
        )
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q and k must have the same head width; got {shapes}")


def check_mask(mask: Tensor, score_shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless `mask` lets every query look at something.

    Integer masks are refused because nobody can tell whether 1 means "may look" or
    "add 1 to the score".
    """
    if not (mask.dtype == torch.bool or mask.is_floating_point()):
        raise ValueError(
            f"mask must be bool (True = may look) or float (added), got {mask.dtype}"
        )
    try:
        everywhere = mask.expand(score_shape)
    except RuntimeError:
        raise ValueError(
            f"mask of shape {tuple(mask.shape)} does not broadcast to the scores "
            f"{tuple(score_shape)}"
        ) from None
    if mask.device.type == "meta":  # shapes only, there are no values to look at
        return
    if mask.is_floating_point() and bool((mask.isnan() | (mask == math.inf)).any()):
        raise ValueError("a float mask must be finite or -inf, got NaN or +inf in it")
    if bool(sees_nothing(mask).any()):  # of the mask as given: less to look through
        image_head_token = sees_nothing(everywhere).nonzero()[0].tolist()
        raise ValueError(
            "every query needs at least one key that it may look at; the mask hides "
            f"all keys from query {tuple(image_head_token)} (image, head, token)"
        )


def sees_nothing(mask: Tensor) -> Tensor:
    """Which queries a mask leaves without any key.

    Shapes:
        mask (…, Tq, Tk) -> bool (…, Tq)
    """
    hidden = ~mask if mask.dtype == torch.bool else mask == -math.inf
    return hidden.all(dim=-1)
