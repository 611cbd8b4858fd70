"""EVA's loss: the formula, which patches count, gradients, limits, bad input."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.losses.reconstruction import masked_feature_loss

B, N, E = 3, 6, 4


def features(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(B, N, E, generator=generator, dtype=torch.float64)


STUDENT, TEACHER = features(0), features(1)
MASK = torch.rand(B, N, generator=torch.Generator().manual_seed(2)) < 0.4


def close(ours: Tensor, expected: float, tolerance: float = 1e-12) -> None:
    assert float(ours.detach()) == pytest.approx(expected, abs=tolerance)


def test_it_is_minus_the_mean_cosine_at_masked_patches() -> None:
    cosines = []
    for b, n in MASK.nonzero().tolist():
        x, y = STUDENT[b, n].tolist(), TEACHER[b, n].tolist()
        dot = sum(i * j for i, j in zip(x, y, strict=True))
        cosines.append(dot / math.hypot(*x) / math.hypot(*y))
    assert 0 < len(cosines) < B * N
    close(
        masked_feature_loss(STUDENT, TEACHER, MASK), -sum(cosines) / len(cosines), 1e-8
    )


def test_it_equals_the_expression_of_evas_code() -> None:
    """A cosine of the masked rows in float32, its mean, a minus sign."""
    rows = nn.CosineSimilarity(dim=-1)(STUDENT[MASK].float(), TEACHER[MASK].float())
    close(masked_feature_loss(STUDENT, TEACHER, MASK), float(-rows.mean()), 1e-6)


def test_images_with_more_holes_weigh_more() -> None:
    """The mean is over patches, not over images first."""
    mask = torch.zeros(2, N, dtype=torch.bool)
    mask[0, :3], mask[1, 0] = True, True
    right = torch.cat([TEACHER[:1], -TEACHER[1:2]])  # image 0 right, image 1 reversed
    close(masked_feature_loss(right, TEACHER[:2], mask), -(3 - 1) / 4)


def test_visible_patches_neither_count_nor_learn() -> None:
    student = STUDENT.clone().requires_grad_()
    masked_feature_loss(student, TEACHER, MASK).backward()
    assert student.grad is not None
    assert bool((student.grad[~MASK] == 0).all())
    assert bool((student.grad[MASK].abs().sum(dim=1) > 0).all())
    changed = torch.where(MASK[..., None], STUDENT, math.nan)
    assert torch.equal(
        masked_feature_loss(changed, TEACHER, MASK),
        masked_feature_loss(STUDENT, TEACHER, MASK),
    )


def test_the_teacher_receives_no_gradient() -> None:
    student, teacher = STUDENT.clone().requires_grad_(), TEACHER.clone()
    teacher.requires_grad_()
    masked_feature_loss(student, teacher, MASK).backward()
    assert teacher.grad is None


def test_only_directions_count() -> None:
    loss = masked_feature_loss(STUDENT, TEACHER, MASK)
    close(masked_feature_loss(100 * STUDENT, 0.01 * TEACHER, MASK), float(loss), 1e-7)
    close(masked_feature_loss(3 * TEACHER, TEACHER, MASK), -1.0)
    close(masked_feature_loss(-TEACHER, TEACHER, MASK), 1.0)


def test_gradients_are_those_of_finite_differences() -> None:
    def loss(student: Tensor) -> Tensor:
        return masked_feature_loss(student, TEACHER, MASK)

    assert torch.autograd.gradcheck(loss, (STUDENT.clone().requires_grad_(),))


def test_zero_vectors_give_finite_values_and_gradients() -> None:
    student = torch.zeros(B, N, E, requires_grad=True)
    loss = masked_feature_loss(student, torch.zeros(B, N, E), MASK)
    loss.backward()
    assert float(loss.detach()) == 0
    assert student.grad is not None
    assert bool(student.grad.isfinite().all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    student, teacher = (200 * STUDENT).to(dtype), (200 * TEACHER).to(dtype)
    with torch.autocast("cpu", dtype):
        loss = masked_feature_loss(student, teacher, MASK)
    assert loss.dtype == torch.float32
    exact = masked_feature_loss(student.double(), teacher.double(), MASK)
    close(loss, float(exact), 1e-6)


MISTAKES = {
    "all patches": lambda: masked_feature_loss(STUDENT, TEACHER, MASK | True),
    "mask inverted": lambda: masked_feature_loss(STUDENT, TEACHER, ~MASK),
    "sign lost": lambda: -masked_feature_loss(STUDENT, TEACHER, MASK),
    "dot product": lambda: -(STUDENT * TEACHER).sum(-1)[MASK].mean(),
    "squared error": lambda: (STUDENT - TEACHER).square()[MASK].mean(),
    "mean over images first": lambda: torch.stack(
        [masked_feature_loss(STUDENT[[b]], TEACHER[[b]], MASK[[b]]) for b in range(B)]
    ).mean(),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_give_another_value(mistake: str) -> None:
    right = masked_feature_loss(STUDENT, TEACHER, MASK)
    assert abs(float(MISTAKES[mistake]() - right)) > 1e-3


@pytest.mark.parametrize(
    ("predicted", "target", "mask", "message"),
    [
        ((2, 6, 4), (2, 6, 5), (2, 6), r"one shape, got \(2, 6, 4\) and \(2, 6, 5\)"),
        ((6, 4), (6, 4), (6,), r"features \(B, N, E\) .* got \(6, 4\)"),
        ((2, 6, 4), (2, 6, 4), (2, 5), r"a mask \(2, 6\) .* got \(2, 5\)"),
        ((2, 6, 4), (2, 6, 4), (2, 6, 1), r"a mask \(2, 6\) .* got \(2, 6, 1\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(predicted, target, mask, message) -> None:
    with pytest.raises(ValueError, match=message):
        masked_feature_loss(
            torch.zeros(predicted),
            torch.zeros(target),
            torch.ones(mask, dtype=torch.bool),
        )


def test_masks_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="the mask hides no patch"):
        masked_feature_loss(STUDENT, TEACHER, MASK & False)
    with pytest.raises(ValueError, match=r"mask must be bool .* got torch\.float32"):
        masked_feature_loss(STUDENT, TEACHER, MASK.float())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_named(value: float) -> None:
    broken = TEACHER.clone()
    broken[MASK] = value
    with pytest.raises(ValueError, match="target features have NaN or infinity"):
        masked_feature_loss(STUDENT, broken, MASK)
    with pytest.raises(ValueError, match="predicted features have NaN or infinity"):
        masked_feature_loss(broken, TEACHER, MASK)


def test_the_loss_is_found_in_its_room() -> None:
    assert vislearn.losses.masked_feature_loss is masked_feature_loss
