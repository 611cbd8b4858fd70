"""Particles after every word of the shapes world, as a Korean reader writes them."""

import pytest

from vislearn.data.korean import final_consonant, with_particle
from vislearn.data.wording import COLOUR_WORDS, SHAPE_WORDS

# Written out by hand: 이/가, 은/는, 을/를, 과/와, (으)로.
BY_HAND = {
    "원": "원이 원은 원을 원과 원으로",
    "정사각형": "정사각형이 정사각형은 정사각형을 정사각형과 정사각형으로",
    "삼각형": "삼각형이 삼각형은 삼각형을 삼각형과 삼각형으로",
    "마름모": "마름모가 마름모는 마름모를 마름모와 마름모로",
    "십자가": "십자가가 십자가는 십자가를 십자가와 십자가로",
    "고리": "고리가 고리는 고리를 고리와 고리로",
    "별": "별이 별은 별을 별과 별로",
    "반달": "반달이 반달은 반달을 반달과 반달로",
    "빨간색": "빨간색이 빨간색은 빨간색을 빨간색과 빨간색으로",
    "주황색": "주황색이 주황색은 주황색을 주황색과 주황색으로",
    "노란색": "노란색이 노란색은 노란색을 노란색과 노란색으로",
    "초록색": "초록색이 초록색은 초록색을 초록색과 초록색으로",
    "파란색": "파란색이 파란색은 파란색을 파란색과 파란색으로",
    "보라색": "보라색이 보라색은 보라색을 보라색과 보라색으로",
    "흰색": "흰색이 흰색은 흰색을 흰색과 흰색으로",
    "회색": "회색이 회색은 회색을 회색과 회색으로",
}
PARTICLES = ("이/가", "은/는", "을/를", "과/와", "으로/로")


@pytest.mark.parametrize("word", BY_HAND)
def test_every_word_takes_the_particle_written_by_hand(word):
    made = [with_particle(word, particle) for particle in PARTICLES]
    assert " ".join(made) == BY_HAND[word]


def test_the_list_written_by_hand_covers_every_shape_and_colour():
    nouns = {noun for _, noun in COLOUR_WORDS.values()}
    assert set(BY_HAND) == nouns | set(SHAPE_WORDS.values())


def test_only_the_last_syllable_counts():
    assert with_particle("작은 마름모", "이/가") == "작은 마름모가"


def test_final_consonants_are_counted_from_the_unicode_table():
    assert [final_consonant(word) for word in ("가", "각", "별", "힣")] == [0, 1, 8, 27]


@pytest.mark.parametrize("word", ["", "star", "별1", "ㄱ"])
def test_a_word_that_does_not_end_in_hangul_is_refused(word):
    with pytest.raises(ValueError, match="does not end in a Hangul syllable"):
        with_particle(word, "이/가")


def test_an_unknown_particle_is_refused():
    with pytest.raises(ValueError, match="'에게': expected one of"):
        with_particle("별", "에게")
