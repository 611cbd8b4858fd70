"""Distillation: formulas written out, gradients, limits, errors; in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import vislearn
from vislearn.losses.distillation import (
    distillation_loss,
    hard_distillation,
    soft_distillation,
)

N, K = 5, 7


def logits(seed: int, scale: float = 2.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(N, K, generator=generator, dtype=torch.float64)


def close(ours: Tensor, expected: float | Tensor, tolerance: float = 1e-12) -> None:
    assert float(ours) == pytest.approx(float(expected), rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_soft_is_the_sum_over_images_and_classes_of_p_log_p_over_q(temperature) -> None:
    student, teacher = logits(0), logits(1)
    total = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        p = [math.exp(value / temperature) for value in t]
        q = [math.exp(value / temperature) for value in s]
        for a, b in zip(p, q, strict=True):
            a, b = a / sum(p), b / sum(q)
            total += a * math.log(a / b)
    expected = temperature**2 * total
    close(soft_distillation(student, teacher, temperature), expected / N)
    close(soft_distillation(student, teacher, temperature, "logits"), expected / N / K)


def test_hard_is_minus_log_probability_of_the_teachers_choice() -> None:
    student, teacher = logits(0), logits(1)
    total = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        chosen = t.index(max(t))
        total -= math.log(math.exp(s[chosen]) / sum(math.exp(value) for value in s))
    close(hard_distillation(student, teacher), total / N)


@pytest.mark.parametrize("kind", ["hard", "soft"])
@pytest.mark.parametrize("per", ["images", "logits"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_alpha_is_the_weight_of_the_teacher(kind, per, alpha) -> None:
    student, distilled, teacher = logits(0), logits(1), logits(2)
    labels = torch.arange(N)
    terms = distillation_loss(student, distilled, teacher, labels, kind, alpha, per=per)
    label = -F.log_softmax(student, 1)[torch.arange(N), labels].mean()
    close(terms.label, label)
    expected = {
        "hard": hard_distillation(distilled, teacher),
        "soft": soft_distillation(distilled, teacher, per=per),
    }[kind]
    close(terms.teacher, expected)
    close(terms.loss, label + alpha * (expected - label))


def test_defaults_are_deits_hard_distillation() -> None:
    """arXiv:2012.12877, equation 3: half and half."""
    student, distilled, teacher = logits(0), logits(1), logits(2)
    terms = distillation_loss(student, distilled, teacher, torch.arange(N))
    half = F.cross_entropy(student, torch.arange(N)) / 2
    close(terms.loss, half + F.cross_entropy(distilled, teacher.argmax(1)) / 2)


def test_labels_may_be_probabilities() -> None:
    student, teacher = logits(0), logits(1)
    mixed = F.one_hot(torch.arange(N), K).double().roll(1, 0) * 0.3
    mixed += F.one_hot(torch.arange(N), K) * 0.7
    terms = distillation_loss(student, student, teacher, mixed, alpha=0.0)
    close(terms.loss, -(mixed * F.log_softmax(student, 1)).sum(1).mean())


@pytest.mark.parametrize("per", ["images", "logits"])
@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_gradient_of_soft_is_the_difference_of_probabilities(per, temperature) -> None:
    """T² · (softmax(s / T) − softmax(t / T)) / T, by hand."""
    student, teacher = logits(0).requires_grad_(), logits(1)
    soft_distillation(student, teacher, temperature, per).backward()
    q = F.softmax(student.detach() / temperature, 1)
    p = F.softmax(teacher / temperature, 1)
    count = N if per == "images" else N * K
    torch.testing.assert_close(student.grad, temperature * (q - p) / count)


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_gradients_are_those_of_finite_differences(kind) -> None:
    teacher, labels = logits(2), torch.arange(N)
    temperature = 3.0 if kind == "soft" else 1.0

    def loss(student: Tensor, distilled: Tensor) -> Tensor:
        return distillation_loss(
            student, distilled, teacher, labels, kind, 0.4, temperature
        ).loss

    inputs = (logits(0).requires_grad_(), logits(1).requires_grad_())
    assert torch.autograd.gradcheck(loss, inputs)


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_the_teacher_receives_no_gradient_and_each_head_only_its_own(kind) -> None:
    student, distilled = logits(0).requires_grad_(), logits(1).requires_grad_()
    teacher = logits(2).requires_grad_()
    terms = distillation_loss(student, distilled, teacher, torch.arange(N), kind)
    terms.loss.backward()
    assert teacher.grad is None
    torch.testing.assert_close(
        student.grad,
        (F.softmax(student.detach(), 1) - F.one_hot(torch.arange(N), K)) / N / 2,
    )
    assert distilled.grad is not None
    assert distilled.grad.abs().max() > 0


@pytest.mark.parametrize("temperature", [0.5, 1.0, 10.0])
def test_soft_is_zero_for_a_perfect_student_and_positive_otherwise(temperature) -> None:
    same = logits(0)
    assert abs(float(soft_distillation(same, same.clone(), temperature))) < 1e-15
    # Only differences of logits count: a shift of an image's logits changes nothing.
    shifted = same + torch.arange(N, dtype=torch.float64)[:, None]
    assert abs(float(soft_distillation(same, shifted, temperature))) < 1e-12
    assert soft_distillation(same, logits(1), temperature) > 0


def test_hard_is_not_zero_even_for_the_teacher_itself() -> None:
    same = logits(0)
    assert hard_distillation(same, same) > 0.05


def test_for_a_high_temperature_soft_is_half_the_variance_of_the_differences() -> None:
    """arXiv:1503.02531, section 2.1: distillation becomes matching of logits."""
    student, teacher = logits(0), logits(1)
    limit = (student - teacher).var(dim=1, correction=0).mean() / 2
    errors = [
        abs(float(soft_distillation(student, teacher, T) - limit) / float(limit))
        for T in (10.0, 100.0, 1000.0)
    ]
    assert errors[0] < 0.2
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 5


def test_without_the_factor_of_t_squared_the_gradient_would_vanish() -> None:
    sizes = []
    for temperature in (100.0, 1000.0):
        student = logits(0).requires_grad_()
        soft_distillation(student, logits(1), temperature).backward()
        assert student.grad is not None
        sizes.append(float(student.grad.norm()))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05)


def test_the_two_normalisers_differ_by_the_number_of_classes() -> None:
    student, teacher = logits(0), logits(1)
    per_logit = soft_distillation(student, teacher, 2.0, "logits")
    close(soft_distillation(student, teacher, 2.0, "images") / per_logit, K)


def test_the_batch_is_averaged() -> None:
    student, teacher, labels = logits(0), logits(1), torch.arange(N)
    for kind in ("hard", "soft"):
        once = distillation_loss(student, student, teacher, labels, kind)
        s, t, y = (torch.cat([x, x]) for x in (student, teacher, labels))
        twice = distillation_loss(s, s, t, y, kind)
        for a, b in zip(once, twice, strict=True):
            close(a, b)


def test_losses_are_found_in_their_room() -> None:
    assert vislearn.losses.distillation_loss is distillation_loss
    assert vislearn.losses.distillation.soft_distillation is soft_distillation
    with pytest.raises(AttributeError, match="no attribute 'softest'"):
        _ = vislearn.losses.softest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"temperature": -1.0}, "temperature must be above 0, got -1.0"),
        ({"temperature": math.nan}, "temperature must be above 0, got nan"),
        ({"per": "batch"}, "per must be 'images' or 'logits', got 'batch'"),
        ({"kind": "softer"}, "kind must be 'hard' or 'soft', got 'softer'"),
        ({"alpha": 1.5}, "alpha must be from 0 to 1, got 1.5"),
        ({"alpha": -0.1}, "alpha must be from 0 to 1, got -0.1"),
        ({"alpha": math.nan}, "alpha must be from 0 to 1, got nan"),
        ({"kind": "hard", "temperature": 2.0}, "hard distillation has no temperature"),
    ],
)
def test_impossible_settings_are_refused(options, message: str) -> None:
    options = {"kind": "soft", **options}
    with pytest.raises(ValueError, match=message):
        distillation_loss(logits(0), logits(0), logits(1), torch.arange(N), **options)


@pytest.mark.parametrize(
    ("student", "distilled", "teacher", "labels", "message"),
    [
        ((5, 7), (5, 7), (5, 6), (5,), r"of one shape, got \(5, 7\) and \(5, 6\)"),
        ((5, 7), (4, 7), (5, 7), (5,), r"of one shape, got \(4, 7\) and \(5, 7\)"),
        ((7,), (7,), (7,), (1,), r"expected logits \(N, K\), got \(7,\)"),
        ((0, 7), (0, 7), (0, 7), (0,), r"expected logits \(N, K\), got \(0, 7\)"),
        ((5, 7), (5, 7), (5, 7), (4,), r"expected labels \(5,\) int64 .* got \(4,\)"),
        ((5, 7), (5, 7), (5, 7), (5, 7), r"labels .* got \(5, 7\) torch.int64"),
    ],
)
@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_shapes_that_do_not_fit_are_refused(
    kind, student, distilled, teacher, labels, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        distillation_loss(
            torch.zeros(student),
            torch.zeros(distilled),
            torch.zeros(teacher),
            torch.zeros(labels, dtype=torch.int64),
            kind,
        )
