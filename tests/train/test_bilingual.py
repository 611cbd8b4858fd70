"""What is measured on the bilingual student is right for one that knows everything."""

import zlib
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.data.pairs import Pairs, class_names, shape_classes, shape_pairs
from vislearn.data.wording import LANGUAGES
from vislearn.encoders.small_dual import small_dual
from vislearn.train.bilingual import (
    CONTEXT,
    TEST,
    TWO,
    brief,
    caption_tokenizer,
    centred,
    composition,
    forms,
    pair_recall,
    reader,
    retrieval,
    tables,
    zero_shot,
)


@pytest.fixture(scope="module")
def bpe():
    return caption_tokenizer()


class Oracle:
    """Looks everything up: a picture's vector is that of its English caption."""

    def __init__(self, bpe) -> None:
        self.bpe = bpe
        self.said: dict[bytes, str] = {}  # picture -> English text
        self.english: dict[str, str] = {}  # Korean text -> English text

    def learn(self, pairs: Pairs) -> None:
        said = zip(pairs.captions["ko"], pairs.captions["en"], strict=True)
        self.english |= dict(said)
        for image, text in zip(pairs.images, pairs.captions["en"], strict=True):
            self.said[centred(image).numpy().tobytes()] = text

    def encode_text(self, ids: Tensor) -> Tensor:
        texts = [self.bpe.decode(row) for row in ids.tolist()]
        return torch.stack([vector(self.english.get(text, text)) for text in texts])

    def encode_image(self, images: Tensor) -> Tensor:
        return torch.stack([vector(self.said[i.numpy().tobytes()]) for i in images])


def vector(text: str) -> Tensor:
    """A direction of its own for every text."""
    generator = torch.Generator().manual_seed(zlib.crc32(text.encode()))
    return F.normalize(torch.randn(64, generator=generator), dim=0)


def test_who_knows_every_caption_finds_it_in_every_direction(bpe):
    oracle: Any = Oracle(bpe)
    oracle.learn(shape_pairs(60, TEST + 4, TWO, kind="phrase"))
    found = retrieval(oracle, bpe, seed=4, count=60)
    assert len(found) == 6
    assert all(row == {"1": 1.0, "5": 1.0} for row in found.values())


def test_who_knows_every_caption_is_never_taken_in_by_an_exchange(bpe):
    oracle: Any = Oracle(bpe)
    oracle.learn(shape_pairs(60, TEST + 4, TWO, kind="phrase"))
    judged = composition(oracle, bpe, seed=4, count=60)
    for language in LANGUAGES:
        assert set(judged[language]) == {"colours", "shapes", "places", "relation"}
        for row in judged[language].values():
            assert row["right"] == 1.0
            assert row["count"] > 20


def test_who_knows_the_names_is_right_with_every_form_that_names_them(bpe):
    names = dict(zip(class_names("ko"), class_names("en"), strict=True))
    images, labels = shape_classes(50, TEST + 1)
    oracle: Any = Oracle(bpe)
    for image, label in zip(images, labels.tolist(), strict=True):
        oracle.said[centred(image).numpy().tobytes()] = class_names("en")[label]
    oracle.english = names
    found = zero_shot(oracle, bpe, seed=1, count=50)
    assert found["ko"]["{}"] == found["en"]["{}"] == {
        "both": 1.0, "colour": 1.0, "shape": 1.0,
    }  # fmt: skip
    assert found["en"]["There is {a}."]["both"] < 0.2  # it knows bare names only


def test_an_untrained_student_guesses(bpe):
    dual = small_dual(bpe.vocab_size, seed=0).eval()
    found = brief(dual, bpe, seed=3)
    assert found["zero_shot"]["seen"] < 0.15
    assert max(found["recall"].values()) < 0.1


def test_nearly_every_word_of_the_captions_is_one_token(bpe):
    pairs = shape_pairs(100, seed=9)
    for texts in pairs.captions.values():
        tokens = sum(len(bpe.encode(text)) for text in texts)
        words = sum(len(text.replace(".", " .").split()) for text in texts)
        assert tokens < 1.15 * words
        assert all(bpe.decode(bpe.encode(text)) == text for text in texts)


def test_captions_and_questions_fit_the_context(bpe):
    assert tables(bpe, shape_pairs(500, seed=2))["en"].shape == (500, CONTEXT)
    for language in LANGUAGES:
        for templates in forms(language).values():
            assert templates
    with pytest.raises(ValueError, match="do not fit the context of 4"):
        reader(bpe, context=4)(["a large red star"])
    assert reader(bpe, context=4, too_long="cut")(["a large red star"]).shape == (1, 4)


def test_equal_captions_count_as_found(bpe):
    groups = [0, 0, 1, 2, 3]
    words = ("circle", "circle", "star", "ring", "cross")
    pairs = Pairs(
        torch.rand(5, 3, 32, 32), {"ko": words, "en": words}, torch.tensor(groups)
    )
    same: Any = SimpleNamespace(
        encode_image=lambda images: torch.eye(5)[groups],
        encode_text=lambda ids: torch.eye(5)[groups],
    )
    found = pair_recall(same, reader(bpe), pairs)
    assert all(row["1"] == 1.0 for row in found.values())
