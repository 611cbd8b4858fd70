"""Training with a teacher: `fit`, with the teacher's answers beside the labels.

Papers: DeiT arXiv:2012.12877, section 4 (a student with two heads); Hinton et al.
arXiv:1503.02531 (a student with one). The teacher is asked once for every image before
the training, because `fit` shows the same images again and again. Augmentation
therefore belongs into the set: pass many changed copies of each image. Without them a
teacher that knows its training images by heart only repeats their labels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from vislearn.encoders.deit import DistilledOutput
from vislearn.losses.distillation import distillation_loss
from vislearn.train.loop import History, fit


def teacher_logits(teacher: nn.Module, images: Tensor, batch_size: int = 256) -> Tensor:
    """What the teacher answers, in eval mode and without gradients.

    Shapes:
        images (M, C, H, W) -> (M, K), on the device of the images

    Raises:
        ValueError: if the teacher has no classifier.
    """
    device, training = next(teacher.parameters()).device, teacher.training
    teacher.eval()
    answers = []
    with torch.no_grad():
        for batch in images.split(batch_size):
            logits = teacher(batch.to(device)).logits
            if logits is None:
                raise ValueError(
                    "the teacher has no logits: create it with num_classes=..."
                )
            answers.append(logits.to(images.device))
    teacher.train(training)
    return torch.cat(answers)


def fit_distilled(
    student: nn.Module,
    teacher: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    steps: int,
    kind: str = "hard",
    alpha: float = 0.5,
    temperature: float = 1.0,
    per: str = "images",
    **options: Any,
) -> History:
    """Train a student on labels and on a teacher's answers.

    A student with a distillation token (`DistilledViT`) learns the labels with its head
    on CLS and the answers with its head on DIST. Any other student learns both with its
    one head.

        teacher = create_model("resnet18", channels=1, num_classes=10)
        fit(teacher, images, labels, steps=300)
        student = create_model("deit_ti16_distilled", channels=1, num_classes=10)
        fit_distilled(student, teacher, images, labels, steps=300)

    Args:
        student: returns logits for images (B, C, H, W); trained.
        teacher: the same; not changed.
        images: (M, C, H, W), float.
        labels: (M,) int64 classes.
        steps: number of updates.
        kind: "hard" or "soft", see `vislearn.losses.distillation`.
        alpha: weight of the teacher, from 0 to 1.
        temperature: of the soft kind.
        per: what the soft kind divides by, "images" or "logits".
        options: of `fit`: batch_size, lr, weight_decay, warmup, seed, on_step.

    Raises:
        ValueError: if labels are not classes (M,), teacher and student differ in their
            classes, a setting is impossible, or `fit` refuses.
    """
    if labels.ndim != 1 or labels.is_floating_point():
        raise ValueError(
            f"expected labels (M,) int64, got {tuple(labels.shape)} {labels.dtype}"
        )
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    answers = teacher_logits(teacher, images).float()  # (M, K)
    # One tensor of targets, as `fit` wants it: the class, then the teacher's logits.
    targets = torch.cat([labels[:, None].float(), answers], dim=1)  # (M, 1 + K)

    def loss(output: Any, targets: Tensor) -> Tensor:
        by_label, by_teacher = heads(output)
        return distillation_loss(
            by_label,
            by_teacher,
            targets[:, 1:],
            targets[:, 0].long(),
            kind,
            alpha,
            temperature,
            per,
        ).loss

    return fit(student, images, targets, steps=steps, loss=loss, **options)


def heads(output: Any) -> tuple[Tensor, Tensor]:
    """The logits that learn from the labels, and those that learn from the teacher.

    Raises:
        ValueError: if the model has no classifier.
    """
    pair = (output.logits, output.logits)
    if isinstance(output, DistilledOutput):
        pair = (output.class_logits, output.distill_logits)
    if pair[0] is None or pair[1] is None:
        raise ValueError("the model has no logits: create it with num_classes=...")
    return pair
