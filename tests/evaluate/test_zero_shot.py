"""Classifiers made of text, on encoders whose answers are known."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
import torch
from sklearn.metrics import confusion_matrix, top_k_accuracy_score
from torch import Tensor

from vislearn.data.korean import with_particle
from vislearn.evaluate import (
    TEMPLATES,
    classifier,
    zero_shot_accuracy,
    zero_shot_confusion,
    zero_shot_logits,
)
from vislearn.evaluate.zero_shot import Template, prompts
from vislearn.tokenizers import bilingual_bpe

TOKENIZER = partial(bilingual_bpe(), context=32)
NAMES = ["빨간 별", "파란 원", "노란 고리"]


def encode(ids: Tensor) -> Tensor:
    """A text's embedding: how often each id occurs, of some length or other."""
    counts = torch.nn.functional.one_hot(ids, bilingual_bpe().vocab_size).sum(1)
    return counts.float() * (1 + ids.sum(1, keepdim=True) % 7)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def there_is(name: str) -> str:
    return f"{with_particle(name, '이/가')} 있습니다."


def test_a_prompt_is_the_template_with_the_name_in_it() -> None:
    templates: list[Template] = ["{}", "a {}!", there_is]
    assert prompts("별", templates) == ["별", "a 별!", "별이 있습니다."]
    assert prompts("고리", templates)[2] == "고리가 있습니다."


def test_braces_in_a_name_or_template_are_only_braces() -> None:
    assert prompts("{0} {x}", ["set {a}: {}"]) == ["set {a}: {0} {x}"]


def test_the_classifier_is_normalise_mean_normalise() -> None:
    templates = TEMPLATES["ko"]
    weights = classifier(encode, TOKENIZER, NAMES, templates)
    assert weights.shape == (3, bilingual_bpe().vocab_size)
    for name, row in zip(NAMES, weights, strict=True):
        mean = torch.zeros_like(row)
        for template in templates:
            one = encode(TOKENIZER([template.format(name)]))[0]
            mean += one / one.norm() / len(templates)
        torch.testing.assert_close(row, mean / mean.norm())


def test_a_long_embedding_has_no_more_say_than_a_short_one() -> None:
    def louder(ids: Tensor) -> Tensor:
        factor = torch.where(ids.ne(0).sum(1, keepdim=True) > 4, 1000.0, 1.0)
        return encode(ids) * factor

    templates = TEMPLATES["ko"]
    quiet = classifier(encode, TOKENIZER, NAMES, templates)
    torch.testing.assert_close(
        classifier(louder, TOKENIZER, NAMES, templates), quiet, atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("batch", [1, 2, 7, 256])
def test_the_batch_does_not_change_the_classifier(batch: int) -> None:
    seen: list[int] = []

    def watched(ids: Tensor) -> Tensor:
        seen.append(len(ids))
        return encode(ids)

    weights = classifier(watched, TOKENIZER, NAMES, TEMPLATES["en"], batch=batch)
    assert weights.equal(classifier(encode, TOKENIZER, NAMES, TEMPLATES["en"]))
    assert max(seen) <= batch
    assert sum(seen) == 3 * 5


def test_prompts_that_cancel_out_are_zero_not_nan() -> None:
    def opposite(ids: Tensor) -> Tensor:
        sign = 1.0 - 2.0 * (ids.ne(0).sum(1, keepdim=True) > 4)
        return sign * torch.ones(len(ids), 4)

    weights = classifier(opposite, TOKENIZER, ["별"], ["{}", "이것은 {}입니다."])
    assert weights.tolist() == [[0.0] * 4]


def test_the_classifier_carries_no_gradient() -> None:
    table = torch.nn.Embedding(2000, 8)
    weights = classifier(lambda ids: table(ids).mean(1), TOKENIZER, NAMES)
    assert not weights.requires_grad


def test_both_languages_have_templates_and_all_of_them_work() -> None:
    assert set(TEMPLATES) == {"ko", "en"}
    assert len(TEMPLATES["ko"]) == len(TEMPLATES["en"])
    for templates in TEMPLATES.values():
        texts = prompts("x", templates)
        assert len(set(texts)) == len(texts)
        assert texts[0] == "x"


def test_logits_are_scaled_cosines() -> None:
    image, weights = draw(5, 8), draw(3, 8, seed=1)
    expected = torch.nn.functional.cosine_similarity(image[:, None], weights[None], 2)
    torch.testing.assert_close(zero_shot_logits(image, weights, 100.0), 100 * expected)


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_top_k_accuracy_is_that_of_scikit_learn(k: int) -> None:
    image, weights = draw(60, 6), draw(7, 6, seed=1)
    labels = torch.arange(60) % 7
    scores = zero_shot_logits(image, weights).numpy()
    # scikit-learn has no top 7 of 7.
    expected = top_k_accuracy_score(labels.numpy(), scores, k=k) if k < 7 else 1.0
    assert zero_shot_accuracy(image, weights, labels, k) == pytest.approx(expected)


def test_confusion_is_that_of_scikit_learn_and_agrees_with_accuracy() -> None:
    image, weights = draw(60, 6), draw(7, 6, seed=1)
    labels = torch.arange(60) % 7
    table = zero_shot_confusion(image, weights, labels)
    guesses = zero_shot_logits(image, weights).argmax(1)
    assert table.tolist() == confusion_matrix(labels, guesses).tolist()
    right = zero_shot_accuracy(image, weights, labels) * 60
    assert int(table.diagonal().sum()) == round(right)


@pytest.mark.parametrize("kind", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_labels_of_any_whole_number_type_count_alike(kind: torch.dtype) -> None:
    image, weights = draw(60, 6), draw(100, 6, seed=1)
    labels = torch.arange(60) + 40
    small = labels.to(kind)
    expected = zero_shot_accuracy(image, weights, labels, k=50)
    assert zero_shot_accuracy(image, weights, small, k=50) == expected
    table = zero_shot_confusion(image, weights, small)
    assert table.equal(zero_shot_confusion(image, weights, labels))


def test_ties_count_against_the_image() -> None:
    weights = torch.tensor([[1.0, 0], [1, 0], [0, 1]])  # classes 0 and 1 are the same
    image = torch.tensor([[1.0, 0], [1, 0], [0, 1]])
    labels = torch.tensor([0, 1, 2])
    assert zero_shot_accuracy(image, weights, labels) == pytest.approx(1 / 3)
    assert zero_shot_accuracy(image, weights, labels, k=2) == 1
    table = zero_shot_confusion(image, weights, labels)
    assert table.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


def test_a_collapsed_model_is_never_right() -> None:
    # Rows that are equal up to rounding, as a forward pass in batches makes them.
    image = torch.full((40, 65), 1.0) * (1 + 1e-7 * draw(40, 1))
    weights = torch.full((8, 65), 3.0) * (1 + 1e-7 * draw(8, 1, seed=1))
    labels = torch.arange(40) % 8
    assert zero_shot_accuracy(image, weights, labels) == 0
    assert int(zero_shot_confusion(image, weights, labels).diagonal().sum()) == 0


def test_half_precision_embeddings_are_compared_in_float32() -> None:
    image = torch.full((1, 4), 60_000.0, dtype=torch.float16)  # squares overflow
    scores = zero_shot_logits(image, torch.ones(1, 4))
    assert scores.dtype == torch.float32
    assert scores.item() == pytest.approx(1)


IMAGE, WEIGHTS, LABELS = draw(4, 3), draw(2, 3), torch.tensor([0, 1, 1, 0])
NO_NAMES: Any = "별"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prompts("별", ["a star"]), r"template 'a star' has no \{\} for"),
        (lambda: prompts("별", "a {}"), "expected a list of templates, got 'a {}'"),
        (lambda: prompts("별", []), "expected a list of templates"),
        (lambda: classifier(encode, TOKENIZER, []), "list of class names, got"),
        (lambda: classifier(encode, TOKENIZER, NO_NAMES), "class names, got '별'"),
        (lambda: classifier(encode, TOKENIZER, NAMES, batch=0), "batch=0"),
        (lambda: classifier(lambda i: encode(i) * math.nan, TOKENIZER, NAMES),
         "text embeddings are not all finite"),
        (lambda: zero_shot_accuracy(IMAGE, WEIGHTS, LABELS[:3]), r"labels \(4,\)"),
        (lambda: zero_shot_accuracy(IMAGE, WEIGHTS, LABELS.float()), "int64, got"),
        (lambda: zero_shot_accuracy(IMAGE, WEIGHTS, LABELS > 0),
         r"int64, got \(4,\) torch\.bool"),
        (lambda: zero_shot_logits(IMAGE[0], WEIGHTS), r"image .* \(M, E\).*got \(3,\)"),
        (lambda: zero_shot_logits(IMAGE, WEIGHTS[0]), r"class .* \(M, E\).*got \(3,\)"),
        (lambda: zero_shot_accuracy(IMAGE, WEIGHTS, LABELS + 1),
         "labels run from 1 to 2, there are 2 classes"),
        (lambda: zero_shot_accuracy(IMAGE, WEIGHTS, LABELS, k=3), "k=3: expected 1"),
        (lambda: zero_shot_accuracy(IMAGE, WEIGHTS, LABELS, k=0), "k=0: expected 1"),
        (lambda: zero_shot_logits(IMAGE, draw(2, 4)), "width 3 and 4"),
        (lambda: zero_shot_logits(IMAGE[:0], WEIGHTS), "at least one of them"),
        (lambda: zero_shot_logits(IMAGE * math.inf, WEIGHTS), "image .* are not"),
        (lambda: zero_shot_confusion(IMAGE, WEIGHTS, -LABELS), "labels run from -1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
