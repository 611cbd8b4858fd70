"""The training loop of the course: AdamW, warm-up, cosine, one model, one set.

It says nothing while it runs: a page that prints the same text every time can be
compared, and `History` keeps what happened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.train.mixed import precision
from vislearn.train.schedule import cosine_schedule
from vislearn.train.seed import seed_everything

Loss = Callable[[Any, Tensor], Tensor]  # (model output, labels) -> scalar
OnStep = Callable[[int, nn.Module], Mapping[str, float] | None]

# Free parameters that are added to tokens, not multiplied with them: pulling them
# towards zero would erase what they say (as in the official ViT and timm recipes).
_NO_DECAY = {
    "pos_embed",
    "relative_position_bias_table",
    "cls_token",
    "dist_token",
    "reg_token",
    "register_tokens",
}


@dataclass
class History:
    """What a run of `fit` did, one entry per update."""

    loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    records: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def steps(self) -> list[int]:
        """Return the update numbers, counted from 0, that `loss` and `lr` belong to."""
        return list(range(len(self.loss)))

    def smooth(self, window: int = 25) -> list[float]:
        """Return the loss averaged over the last `window` updates at each step."""
        if window < 1:
            raise ValueError(f"window={window}: expected at least 1")
        means, total = [], 0.0
        for step, value in enumerate(self.loss):
            total += value - (self.loss[step - window] if step >= window else 0.0)
            means.append(total / min(step + 1, window))
        return means

    def column(self, name: str) -> tuple[list[int], list[float]]:
        """Return (steps, values) of one number that `on_step` returned."""
        rows = [row for row in self.records if name in row]
        if not rows:
            known = sorted({key for row in self.records for key in row} - {"step"})
            raise ValueError(f"no record named {name!r}; on_step returned {known}")
        return [int(row["step"]) for row in rows], [row[name] for row in rows]


def cross_entropy(output: Any, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of `output.logits` (B, K) and labels (B,)."""
    if output.logits is None:
        raise ValueError("the model has no logits: create it with num_classes=...")
    return F.cross_entropy(output.logits, labels)


def fit(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    steps: int,
    batch_size: int = 64,
    lr: float = 1e-3,
    weight_decay: float = 0.05,
    warmup: int | None = None,
    seed: int = 0,
    loss: Loss = cross_entropy,
    on_step: OnStep | None = None,
) -> History:
    """Train a model on images that fit in memory.

    Batches are drawn epoch by epoch without replacement; an incomplete rest is
    carried into the next epoch. The optimiser is AdamW (arXiv:1711.05101), the
    precision follows the model's device (`vislearn.train.mixed`).

    Args:
        model: returns an output with `.logits` (B, K) for images (B, C, H, W).
        images: (M, C, H, W), float; moved to the model's device batch by batch.
        labels: (M,), whatever `loss` expects; int64 classes by default.
        steps: number of updates.
        batch_size: images per update.
        lr: peak learning rate.
        weight_decay: for matrices and filters only (see `parameter_groups`).
        warmup: updates of linear warm-up; a tenth of `steps` by default.
        seed: order of the batches, dropout and stochastic depth.
        loss: (model output, labels) -> scalar.
        on_step: called after each update with (step, model), the model in training
            mode; a returned mapping is kept in `history.records`.

    Raises:
        ValueError: for sizes that do not fit together, or when the loss stops being
            a finite number (the message names the step and the learning rate).
    """
    _check(images, labels)
    device = next(model.parameters()).device

    def value(chosen: Tensor) -> Tensor:
        return loss(model(images[chosen].to(device)), labels[chosen].to(device))

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
        on_step=on_step,
    )


def descend(
    model: nn.Module,
    value: Callable[[Tensor], Tensor],
    count: int,
    *,
    steps: int,
    batch_size: int,
    lr: float,
    weight_decay: float,
    warmup: int | None,
    seed: int,
    on_step: OnStep | None,
    twice: bool = True,
) -> History:
    """The loop itself: what `fit` and `fit_dual` have in common.

    Args:
        model: trained; left in eval mode.
        value: numbers of examples (batch_size,), on the CPU -> the loss, a scalar.
        count: number of examples.
        steps, batch_size, lr, weight_decay, warmup, seed, on_step: see `fit`.
        twice: whether a batch that crosses into the next epoch may hold an example
            twice. Otherwise the incomplete rest of an epoch is left out.

    Raises:
        ValueError: see `fit`; without `twice`, if a batch is larger than the set.
    """
    _check_numbers(steps, batch_size, lr, weight_decay)
    if not twice and batch_size > count:
        raise ValueError(
            f"batch_size={batch_size}: expected at most {count}, the number of "
            "examples; none may stand twice in a batch"
        )
    warmup = steps // 10 if warmup is None else warmup
    policy = precision(next(model.parameters()).device)
    scaler = policy.scaler()
    order = _batches(count, batch_size, seed_everything(seed), twice)
    optimiser = torch.optim.AdamW(parameter_groups(model, weight_decay), lr=lr)
    history, started = History(), time.perf_counter()
    model.train()
    for step in range(steps):
        rate = lr * cosine_schedule(step, steps=steps, warmup=warmup)
        for group in optimiser.param_groups:
            group["lr"] = rate
        with policy.autocast():
            current = value(next(order))
        check_loss(current)
        history.loss.append(_finite(current, step, rate))
        history.lr.append(rate)
        optimiser.zero_grad(set_to_none=True)
        scaler.scale(current).backward()
        scaler.step(optimiser)
        scaler.update()
        record = None if on_step is None else on_step(step, model)
        model.train()  # `on_step` may have switched to eval mode to measure
        if record is not None:
            history.records.append({"step": step, **record})
    history.seconds = time.perf_counter() - started
    model.eval()
    return history


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split trainable parameters into those that decay and those that do not.

    Biases, norm scales (every 1-D parameter), position embeddings, CLS and register
    tokens are left alone.

    Raises:
        ValueError: if nothing in the model can be trained.
    """
    decay: list[nn.Parameter] = []
    keep: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        free = parameter.ndim <= 1 or not _NO_DECAY.isdisjoint(name.split("."))
        (keep if free else decay).append(parameter)
    if not decay and not keep:
        raise ValueError("the model has no parameter that requires a gradient")
    groups = [
        {"params": decay, "weight_decay": weight_decay},
        {"params": keep, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _batches(
    count: int, batch_size: int, generator: torch.Generator, twice: bool
) -> Iterator[Tensor]:
    """Yield index tensors (batch_size,) for ever, from shuffled epochs.

    With `twice` the epochs are laid end to end; without, each begins a new batch.
    """
    waiting = torch.empty(0, dtype=torch.long)
    while True:
        while len(waiting) < batch_size:
            rest = waiting if twice else waiting[:0]
            waiting = torch.cat([rest, torch.randperm(count, generator=generator)])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]


def check_loss(value: Tensor) -> None:
    """Raise a ValueError unless this is one number that gradients can start from."""
    if not isinstance(value, Tensor) or value.numel() != 1:
        shape = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else None
        got = shape or type(value).__name__
        raise ValueError(f"the loss must be a tensor of one number, got {got}")
    if not value.requires_grad:
        raise ValueError(
            "the loss has no graph: nothing that it depends on can be trained, "
            "or gradients are switched off"
        )


def _finite(value: Tensor, step: int, rate: float) -> float:
    number = float(value.detach())
    if not math.isfinite(number):
        raise ValueError(
            f"the loss is {number} at step {step} (learning rate {rate:.2e}): "
            "try a smaller lr or a longer warmup"
        )
    return number


def _check(images: Tensor, labels: Tensor) -> None:
    if images.ndim != 4:
        raise ValueError(
            f"images have shape {tuple(images.shape)}, expected (M, C, H, W)"
        )
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise ValueError("there are no images to train on")


def _check_numbers(steps: int, batch_size: int, lr: float, weight_decay: float) -> None:
    for name, value in (("steps", steps), ("batch_size", batch_size)):
        if not isinstance(value, Integral):
            raise ValueError(f"{name}={value}: expected a whole number")
    if steps < 1 or batch_size < 1:
        raise ValueError(
            f"steps={steps}, batch_size={batch_size}: expected at least 1 each"
        )
    if not 0 < lr < math.inf:
        raise ValueError(f"lr={lr}: expected a positive learning rate")
    if not 0 <= weight_decay < math.inf:
        raise ValueError(f"weight_decay={weight_decay}: expected 0 or more")
