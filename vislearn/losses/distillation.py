"""Knowledge distillation: a student learns from a teacher's answers.

Papers: Hinton et al., arXiv:1503.02531, section 2 (soft); DeiT, arXiv:2012.12877,
section 4 (hard, and two heads). A label says "cat"; the teacher's logits also say that
this cat looks more like a dog than like a truck, and they follow the crop and the
augmentation that the student sees.

Two codes differ in what they divide the soft term by: Hinton's formula and timm by the
N images of the batch, DeiT's official code by all N · C logits. With 1000 classes that
is a factor of 1000 in the weight of the teacher, so the normaliser is an argument here.

Tested against: the formulas in float64 (tests/losses), timm's TokenDistillationTask
and open_clip's DistillClipLoss (tests/parity).
"""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

KINDS = ("hard", "soft")
NORMALISERS = ("images", "logits")


class DistillationTerms(NamedTuple):
    """The loss of a student and the two terms that it weighs; three scalars."""

    loss: Tensor  # (1 − α) · label + α · teacher
    label: Tensor  # cross-entropy with the labels
    teacher: Tensor  # hard or soft distillation


def hard_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Cross-entropy with the teacher's decision, as if it were the label.

    Args:
        student: logits of the student.
        teacher: logits of the teacher; no gradient flows into them.

    Shapes:
        student (N, K), teacher (N, K) -> scalar

    Raises:
        ValueError: if the two are not logits (N, K) of the same shape.
    """
    _check_logits(student, teacher)
    return F.cross_entropy(student, teacher.argmax(dim=1))


def soft_distillation(
    student: Tensor,
    teacher: Tensor,
    temperature: float = 1.0,
    per: str = "images",
) -> Tensor:
    """T² · KL(teacher ‖ student) of the two distributions softmax(logits / T).

    A temperature T > 1 flattens both distributions, so that the small probabilities
    count. Gradients shrink like 1 / T², which the factor T² undoes. For large T the
    loss of an image tends to half the variance of the K differences of the logits.

    Args:
        student: logits of the student.
        teacher: logits of the teacher; no gradient flows into them.
        temperature: T, above 0.
        per: "images" divides the sum by N (arXiv:1503.02531; `reduction="batchmean"`
            in torch), "logits" by N · K (DeiT's official code).

    Shapes:
        student (N, K), teacher (N, K) -> scalar

    Raises:
        ValueError: if the shapes differ, T is not above 0, or `per` is unknown.
    """
    _check_logits(student, teacher)
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if per not in NORMALISERS:
        raise ValueError(f"per must be 'images' or 'logits', got {per!r}")
    log_student = F.log_softmax(student / temperature, dim=1)  # (N, K)
    log_teacher = F.log_softmax(teacher.detach() / temperature, dim=1)
    total = F.kl_div(log_student, log_teacher, reduction="sum", log_target=True)
    count = student.shape[0] if per == "images" else student.numel()
    return temperature**2 * total / count


def distillation_loss(
    student: Tensor,
    distilled: Tensor,
    teacher: Tensor,
    labels: Tensor,
    kind: str = "hard",
    alpha: float = 0.5,
    temperature: float = 1.0,
    per: str = "images",
) -> DistillationTerms:
    """(1 − α) · cross-entropy with the labels + α · distillation from the teacher.

    The defaults are DeiT's hard distillation (arXiv:2012.12877, equation 3). For a
    student with one head pass the same logits twice.

    Args:
        student: logits of the head that learns from labels (DeiT: on CLS).
        distilled: logits of the head that learns from the teacher (DeiT: on DIST).
        teacher: logits of the teacher; no gradient flows into them.
        labels: classes, or probabilities, as after mixup.
        kind: "hard" or "soft".
        alpha: α, the weight of the teacher, from 0 to 1.
        temperature: T of the soft kind; the hard one has none.
        per: what the soft kind divides by, see `soft_distillation`.

    Shapes:
        student, distilled, teacher (N, K), labels (N,) int64 or (N, K) float
        -> three scalars

    Raises:
        ValueError: if shapes differ, or kind, α or T is not as above.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be 'hard' or 'soft', got {kind!r}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be from 0 to 1, got {alpha}")
    if kind == "hard" and temperature != 1:
        raise ValueError(
            f"hard distillation has no temperature, got {temperature}; use kind='soft'"
        )
    _check_logits(student, teacher)
    _check_labels(student, labels)
    label = F.cross_entropy(student, labels)
    if kind == "hard":
        from_teacher = hard_distillation(distilled, teacher)
    else:
        from_teacher = soft_distillation(distilled, teacher, temperature, per)
    loss = (1 - alpha) * label + alpha * from_teacher
    return DistillationTerms(loss, label, from_teacher)


def _check_logits(student: Tensor, teacher: Tensor) -> None:
    if student.ndim != 2 or 0 in student.shape:
        raise ValueError(f"expected logits (N, K), got {tuple(student.shape)}")
    if student.shape != teacher.shape:
        raise ValueError(
            f"student and teacher must have logits of one shape, got "
            f"{tuple(student.shape)} and {tuple(teacher.shape)}"
        )


def _check_labels(student: Tensor, labels: Tensor) -> None:
    if labels.is_floating_point():
        good = labels.shape == student.shape
    else:
        good = labels.shape == student.shape[:1]
    if not good:
        N, K = student.shape
        raise ValueError(
            f"expected labels ({N},) int64 or ({N}, {K}) float, "
            f"got {tuple(labels.shape)} {labels.dtype}"
        )
