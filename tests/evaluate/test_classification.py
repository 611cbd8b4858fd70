"""Accuracy and confusion on a model whose answers are known."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from vislearn.evaluate import accuracy, confusion, predict


class ReadsFirstPixel(nn.Module):
    """Takes the first pixel's value for the class; in training mode it is wrong."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.classes = classes

    def forward(self, images: Tensor) -> SimpleNamespace:
        chosen = images[:, 0, 0, 0].long()
        if self.training:
            chosen = (chosen + 1) % self.classes
        hot = nn.functional.one_hot(chosen, self.classes)
        return SimpleNamespace(logits=hot * self.scale)


def images_of(classes: list[int]) -> Tensor:
    return torch.tensor(classes, dtype=torch.float32).view(-1, 1, 1, 1)


SEEN = images_of([0, 1, 2, 2, 0])
LABELS = torch.tensor([0, 1, 1, 2, 2])


@pytest.mark.parametrize("batch_size", [1, 2, 250])
def test_accuracy_is_the_share_of_right_answers_whatever_the_batch_size(batch_size):
    assert accuracy(ReadsFirstPixel(), SEEN, LABELS, batch_size) == pytest.approx(0.6)


def test_confusion_has_the_truth_in_rows_and_the_guess_in_columns():
    table = confusion(ReadsFirstPixel(), SEEN, LABELS, batch_size=2)
    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 1]]


@pytest.mark.parametrize("kind", [torch.uint8, torch.int8, torch.int32])
def test_labels_of_small_number_types_do_not_overflow_in_the_confusion(kind):
    model, shown = ReadsFirstPixel(classes=64), images_of(list(range(64)))
    table = confusion(model, shown, torch.arange(64).to(kind))
    assert table.equal(torch.eye(64, dtype=torch.int64))


def test_the_model_is_measured_in_eval_mode_and_left_as_it_was():
    model = ReadsFirstPixel().train()
    assert accuracy(model, SEEN, LABELS) == pytest.approx(0.6)
    assert model.training
    model.eval()
    accuracy(model, SEEN, LABELS)
    assert not model.training


def test_scores_carry_no_gradient():
    assert not predict(ReadsFirstPixel(), SEEN).requires_grad


def test_a_model_without_a_classifier_is_refused_and_left_as_it_was():
    class Headless(ReadsFirstPixel):
        def forward(self, images: Tensor) -> SimpleNamespace:
            return SimpleNamespace(logits=None)

    model = Headless().train()
    with pytest.raises(ValueError, match="num_classes"):
        accuracy(model, SEEN, LABELS)
    assert model.training


@pytest.mark.parametrize(
    ("images", "labels", "batch_size", "message"),
    [
        (SEEN, LABELS[:3], 2, r"shape \(3,\), expected \(5,\)"),
        (SEEN[:0], LABELS[:0], 2, "0 images"),
        (SEEN, LABELS, 0, "batch_size=0"),
    ],
)
def test_what_does_not_fit_is_refused(images, labels, batch_size, message):
    with pytest.raises(ValueError, match=message):
        accuracy(ReadsFirstPixel(), images, labels, batch_size)


@pytest.mark.parametrize("labels", [LABELS.float(), LABELS > 0])
def test_labels_that_are_no_numbers_of_classes_have_no_row(labels):
    with pytest.raises(ValueError, match=r"int64, got torch\.(float32|bool)"):
        confusion(ReadsFirstPixel(), SEEN, labels)


def test_a_label_without_a_score_is_refused():
    with pytest.raises(ValueError, match=r"labels run from 0 to 3.*classes 0 to 2"):
        confusion(ReadsFirstPixel(), SEEN, torch.tensor([0, 1, 1, 2, 3]))
