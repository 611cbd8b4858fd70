"""Training with a teacher: what the student sees, and what stays untouched."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vislearn
from vislearn.encoders.output import VisionOutput
from vislearn.train import fit
from vislearn.train.distill import fit_distilled, heads, teacher_logits

K = 4
TINY: dict[str, Any] = {
    "img_size": 8,
    "patch_size": 4,
    "width": 16,
    "depth": 1,
    "heads": 2,
    "channels": 1,
    "num_classes": K,
}


def student(distilled: bool = True, **options: Any) -> Any:
    torch.manual_seed(0)
    name = "deit_ti16_distilled" if distilled else "deit_ti16"
    return vislearn.create_model(name, **{**TINY, **options})


def examples(count: int = 64) -> tuple[Tensor, Tensor]:
    """Images whose brightest quarter is their class."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(K, (count,), generator=generator)
    images = 0.3 * torch.randn(count, 1, 8, 8, generator=generator)
    for image, label in zip(images, labels.tolist(), strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[:, row : row + 4, column : column + 4] += 1.0
    return images, labels


class Oracle(nn.Module):
    """A teacher with a fixed rule, which notes how it is asked."""

    def __init__(self, shift: int = 0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.shift = shift
        self.seen = 0

    def forward(self, images: Tensor) -> VisionOutput:
        assert not self.training
        assert not torch.is_grad_enabled()
        self.seen += len(images)
        quarters = F.avg_pool2d(images, 4).flatten(1)  # (B, 4)
        logits = 5 * self.scale * quarters.roll(self.shift, dims=1)
        return VisionOutput(images, images, images, (1, 1), logits)


def right(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean())


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_each_head_learns_from_its_own_master(kind) -> None:
    """The teacher is wrong on purpose: it always names the next class."""
    images, labels = examples()
    model = student()
    fit_distilled(
        model,
        Oracle(shift=1),
        images,
        labels,
        steps=100,
        lr=2e-2,
        batch_size=32,
        kind=kind,
    )
    with torch.no_grad():
        out = model(images)
    assert right(out.class_logits, labels) > 0.95
    assert right(out.distill_logits, (labels + 1) % K) > 0.95


@pytest.mark.parametrize(("alpha", "master"), [(0.0, 0), (1.0, 1)])
def test_one_head_follows_whom_alpha_says(alpha, master) -> None:
    images, labels = examples()
    model = student(distilled=False)
    fit_distilled(
        model,
        Oracle(shift=1),
        images,
        labels,
        steps=100,
        lr=2e-2,
        batch_size=32,
        alpha=alpha,
    )
    with torch.no_grad():
        assert right(model(images).logits, (labels + master) % K) > 0.95


def test_with_alpha_zero_it_is_fit_on_the_labels() -> None:
    images, labels = examples()
    plain, taught = student(False), student(False)
    expected = fit(plain, images, labels, steps=5, seed=3)
    history = fit_distilled(
        taught, Oracle(), images, labels, steps=5, seed=3, alpha=0.0
    )
    assert history.loss == pytest.approx(expected.loss, rel=1e-6)
    for ours, theirs in zip(taught.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_first_loss_is_the_formula_on_the_first_batch() -> None:
    images, labels = examples(16)
    model, teacher = student(), Oracle(shift=1)
    with torch.no_grad():
        out = model(images)  # one batch holds all images
        answers = teacher.eval()(images).logits
    log_p, log_q = (
        F.log_softmax(answers / 3, 1),
        F.log_softmax(out.distill_logits / 3, 1),
    )
    kl = (log_p.exp() * (log_p - log_q)).sum(1).mean()
    expected = 0.7 * F.cross_entropy(out.class_logits, labels) + 0.3 * 9 * kl
    history = fit_distilled(
        model,
        teacher,
        images,
        labels,
        steps=1,
        batch_size=16,
        kind="soft",
        alpha=0.3,
        temperature=3.0,
    )
    assert history.loss[0] == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_the_teacher_is_asked_once_and_left_as_it_was(training) -> None:
    images, labels = examples()
    teacher = Oracle().train(training)
    fit_distilled(student(), teacher, images, labels, steps=20)
    assert teacher.seen == len(images)
    assert teacher.training is training
    assert float(teacher.scale.detach()) == 1.0
    assert teacher.scale.grad is None


def test_answers_do_not_depend_on_the_batch_size() -> None:
    images, _ = examples()
    expected = teacher_logits(Oracle(), images)
    assert expected.shape == (64, K)
    assert torch.equal(teacher_logits(Oracle(), images, batch_size=10), expected)


def test_heads_of_a_plain_student_are_the_same_logits() -> None:
    images, _ = examples(2)
    out = student(False)(images)
    assert heads(out)[0] is out.logits
    assert heads(out)[1] is out.logits


def test_options_of_fit_reach_it() -> None:
    images, labels = examples()
    seen: list[int] = []

    def note(step: int, model: nn.Module) -> None:
        seen.append(step)

    fit_distilled(student(), Oracle(), images, labels, steps=3, on_step=note)
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.zeros(64, K)}, r"labels \(M,\) int64, got \(64, 4\)"),
        ({"labels": torch.zeros(64)}, r"got \(64,\) torch.float32"),
        ({"labels": torch.zeros(63, dtype=torch.long)}, "64 images but 63 labels"),
        ({"student": student(num_classes=3)}, r"of one shape, got \(.*3\) and \(.*4\)"),
        ({"student": student(num_classes=None)}, "the model has no logits"),
        ({"teacher": student(num_classes=None)}, "the teacher has no logits"),
        ({"alpha": 2.0}, "alpha must be from 0 to 1, got 2.0"),
        ({"kind": "warm"}, "kind must be 'hard' or 'soft', got 'warm'"),
        ({"steps": 0}, "steps=0"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    images, labels = examples()
    call: dict[str, Any] = {
        "student": student(),
        "teacher": Oracle(),
        "images": images,
        "labels": labels,
        "steps": 2,
        **change,
    }
    with pytest.raises(ValueError, match=message):
        fit_distilled(**call)
