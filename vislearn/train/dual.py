"""Training two towers on pairs: `fit` for models whose labels are texts.

Papers: CLIP arXiv:2103.00020, section 2.5 (the scale of the logits is learned and
clipped, gains and biases do not decay); SigLIP arXiv:2303.15343, Algorithm 1. Kept:
both losses, AdamW with warm-up and cosine. Left out: augmentation and large batches
(`gradient_cache`).

Texts may come in several languages. Each pair of a batch then shows its text in one of
them, drawn anew every time: no image ever sees two texts at once, and what the
languages have in common they learn through the images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from vislearn.encoders.dual import DualEncoder
from vislearn.train.loop import History, OnStep, descend
from vislearn.train.seed import own_generator

# (image (B, E), text (B, E), scale, bias) -> scalar; the bias is None without one
PairLoss = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


def fit_dual(
    model: DualEncoder,
    images: Tensor,
    texts: Tensor | Mapping[str, Tensor],
    *,
    steps: int,
    batch_size: int = 64,
    lr: float = 1e-3,
    weight_decay: float = 0.05,
    warmup: int | None = None,
    seed: int = 0,
    loss: str | PairLoss = "info_nce",
    on_step: OnStep | None = None,
) -> History:
    """Train a dual encoder on pairs that fit in memory.

    Optimiser, schedule and precision are those of `fit`, and so are the batches, except
    that no batch holds a pair twice: its second copy would count as a wrong answer. The
    rest of an epoch that fills no batch is left out. After each update
    the scale is clipped (`DualEncoder.clamp_scale`), unless it is fixed;
    `history.column("scale")` and `history.column("bias")` tell how both moved.

    Args:
        model: two towers and a scale; with a bias for the sigmoid loss.
        images: (M, C, H, W), float; moved to the model's device batch by batch.
        texts: token ids (M, L) int64, text m for image m; or such a table for each
            language, all of one length.
        steps: number of updates.
        batch_size: pairs per update, at most M; each has batch_size − 1 wrong texts.
        lr: peak learning rate.
        weight_decay: for matrices and filters only; never for scale and bias.
        warmup: updates of linear warm-up; a tenth of `steps` by default.
        seed: order of the batches, and (by numbers of their own) the languages shown.
        loss: "info_nce", "sigmoid", or a function of normalised embeddings (B, E),
            scale and bias.
        on_step: called after each update with (step, model); a returned mapping is
            kept in `history.records`.

    Raises:
        ValueError: for sizes that do not fit together, a batch larger than the set, an
            unknown loss, the sigmoid loss without a bias, or when the loss stops being
            a finite number.
    """
    tables = _tables(images, texts)
    measure = _loss(loss, model)
    device = next(model.parameters()).device
    draw = own_generator(seed, "languages")

    def value(chosen: Tensor) -> Tensor:
        shown = torch.randint(len(tables), chosen.shape, generator=draw)  # (B,)
        ids = tables[shown, chosen].to(device)  # (B, L)
        image = model.encode_image(images[chosen].to(device))  # (B, E)
        return measure(image, model.encode_text(ids), model.scale, model.logit_bias)

    def after(step: int, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, DualEncoder)
        if model.logit_scale.requires_grad:
            model.clamp_scale()
        record = {"scale": float(model.scale.detach())}
        if model.logit_bias is not None:
            record["bias"] = float(model.logit_bias.detach())
        return {**record, **((on_step and on_step(step, model)) or {})}

    return descend(
        model,
        value,
        len(images),
        steps=steps,
        batch_size=batch_size,
        lr=lr,
        weight_decay=weight_decay,
        warmup=warmup,
        seed=seed,
        on_step=after,
        twice=False,
    )


def _tables(images: Tensor, texts: Tensor | Mapping[str, Tensor]) -> Tensor:
    """(languages, M, L): the token ids of every pair in every language."""
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(
            f"images have shape {tuple(images.shape)}, expected (M, C, H, W)"
        )
    named = dict(texts) if isinstance(texts, Mapping) else {"texts": texts}
    if not named:
        raise ValueError("texts are empty: expected token ids of one language or more")
    for name, ids in named.items():
        expected = f"{name}: expected token ids (M, L) int64"
        if not isinstance(ids, Tensor):
            raise ValueError(f"{expected}, got {type(ids).__name__}")
        if ids.ndim != 2 or ids.is_floating_point():
            raise ValueError(f"{expected}, got {tuple(ids.shape)} {ids.dtype}")
        if len(ids) != len(images):
            raise ValueError(f"{name}: {len(images)} images but {len(ids)} texts")
    lengths = {name: ids.shape[1] for name, ids in named.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"texts of different lengths: {lengths}")
    return torch.stack(list(named.values()))


def _loss(loss: str | PairLoss, model: DualEncoder) -> PairLoss:
    """The loss as a function of embeddings, scale and bias."""
    if callable(loss):
        return loss
    if loss not in ("info_nce", "sigmoid"):
        raise ValueError(f"loss {loss!r}: expected 'info_nce', 'sigmoid' or a function")
    # Here, so that a loss of one's own needs no other (in a lab it is the answer).
    from vislearn.losses.contrastive import info_nce, sigmoid_loss

    if loss == "info_nce":
        return lambda image, text, scale, bias: info_nce(image, text, scale)
    if model.logit_bias is None:
        raise ValueError(
            "the sigmoid loss needs a bias: small_dual(…, bias=-10.0), as SigLIP begins"
        )
    return lambda image, text, scale, bias: sigmoid_loss(image, text, scale, bias)  # type: ignore[arg-type]


def usual_bias(batch_size: int) -> float:
    """−ln(N − 1): the bias at which an untrained model expects one match in N pairs.

    Raises:
        ValueError: below 2 pairs, which have no wrong text.
    """
    if batch_size < 2:
        raise ValueError(f"batch_size={batch_size}: expected at least 2 pairs")
    return -math.log(batch_size - 1)
