"""Distillation against timm's TokenDistillationTask and open_clip's DistillClipLoss.

In float64: the loss, its terms and the gradients of the student.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from vislearn.losses.distillation import distillation_loss, soft_distillation

N, K = 6, 9
TOLERANCE = 1e-10


def logits(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(N, K, generator=generator, dtype=torch.float64)


class Answers(nn.Module):
    """A model whose logits are its parameters, with what timm's task asks for."""

    def __init__(self, *values: Tensor) -> None:
        super().__init__()
        self.values = nn.ParameterList(values)
        self.pretrained_cfg = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
        self.num_classes, self.in_chans = K, 3

    def set_distilled_training(self, enable: bool = True) -> None:
        self.distilled = enable

    def forward(self, images: Tensor) -> tuple[Tensor, ...] | Tensor:
        values = tuple(self.values)
        return values if len(values) > 1 else values[0]


ALPHA = 0.3


@pytest.fixture
def timm_step(reference) -> Callable[..., tuple[dict[str, Tensor], Answers]]:
    """One backward pass of timm's task: its terms, and the student with gradients."""
    reference("timm")
    task_module = reference("timm.task")

    def step(kind: str, temperature: float) -> tuple[dict[str, Tensor], Answers]:
        student = Answers(logits(0), logits(1))
        task = task_module.TokenDistillationTask(
            student,
            Answers(logits(2)),
            criterion=nn.CrossEntropyLoss(),
            distill_type=kind,
            task_loss_weight=1 - ALPHA,
            temperature=temperature,
            dtype=torch.float64,
            verbose=False,
        )
        images = torch.zeros(N, 3, 2, 2, dtype=torch.float64)
        terms = task(images, torch.arange(N))
        terms["loss"].backward()
        return terms, student

    return step


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_equals_the_token_distillation_of_timm(
    kind, temperature, timm_step, difference, record_parity
) -> None:
    expected, theirs = timm_step(kind, temperature)
    student, distilled = logits(0).requires_grad_(), logits(1).requires_grad_()
    own = temperature if kind == "soft" else 1.0  # timm ignores it for "hard"
    ours = distillation_loss(
        student, distilled, logits(2), torch.arange(N), kind, ALPHA, own
    )
    ours.loss.backward()
    system = f"distillation, {kind}"
    for quantity, value, name in (
        ("loss", ours.loss, "loss"),
        ("terms", ours.label, "task_loss"),
        ("terms", ours.teacher, "distill_loss"),
    ):
        error = difference(value, expected[name])
        record_parity(system, "timm", quantity, error, TOLERANCE)
    for mine, parameter in zip((student, distilled), theirs.values, strict=True):
        error = difference(mine.grad, parameter.grad)
        record_parity(system, "timm", "gradients", error, TOLERANCE)


def test_equals_the_distillation_of_open_clip_up_to_the_teachers_entropy(
    reference, difference, record_parity
) -> None:
    """open_clip has cross-entropy, we KL: they differ by what no student can change."""
    loss = reference("open_clip").loss.DistillClipLoss()
    teacher, student = logits(1), logits(0).requires_grad_()
    theirs = logits(0).requires_grad_()
    expected = loss.dist_loss(teacher, theirs)
    expected.backward()
    ours = soft_distillation(student, teacher)
    ours.backward()
    entropy = -(teacher.softmax(1) * teacher.log_softmax(1)).sum(1).mean()
    system = "distillation, soft"
    error = difference(ours + entropy, expected)
    record_parity(system, "open_clip_torch", "loss", error, TOLERANCE)
    error = difference(student.grad, theirs.grad)
    record_parity(system, "open_clip_torch", "gradients", error, TOLERANCE)


STUDENT, DISTILLED, TEACHER = logits(0), logits(1), logits(2)
LABELS = torch.arange(N)


def soft(**changes) -> Tensor:
    """Soft distillation at T = 4 with something changed."""
    settings = {
        "student": STUDENT,
        "distilled": DISTILLED,
        "teacher": TEACHER,
        "labels": LABELS,
        "kind": "soft",
        "alpha": ALPHA,
        "temperature": 4.0,
    }
    return distillation_loss(**{**settings, **changes}).loss


MISTAKES: dict[str, dict] = {
    "divided by the logits": {"per": "logits"},
    "α on the label": {"alpha": 1 - ALPHA},
    "heads swapped": {"student": DISTILLED, "distilled": STUDENT},
    "KL the other way round": {"distilled": TEACHER, "teacher": DISTILLED},
    "temperature on the student only": {"teacher": 4 * TEACHER},
    "temperature forgotten": {"temperature": 1.0},
    "one head for both": {"distilled": STUDENT},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, timm_step, difference) -> None:
    expected, _ = timm_step("soft", 4.0)
    assert difference(soft(), expected["loss"]) < TOLERANCE
    assert difference(soft(**MISTAKES[mistake]), expected["loss"]) > 1e-3


def test_the_tolerance_catches_a_lost_factor_of_t_squared(
    timm_step, difference
) -> None:
    expected, _ = timm_step("soft", 4.0)
    without = soft_distillation(DISTILLED, TEACHER, 4.0) / 4.0**2
    assert difference(without, expected["distill_loss"]) > 0.9
