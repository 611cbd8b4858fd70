"""Wrong captions are wrong, by one exchange, in the same way in both languages."""

import re

import pytest

from vislearn.data.composition import SWAPS, swapped, wrong_captions
from vislearn.data.scenes import Claim, Thing, is_true
from vislearn.data.shapes import COLOURS, SHAPES, SIZES, World

# The reader's own dictionary, written by hand.
KO = {
    "작은": "small", "큰": "large",
    "빨간": "red", "주황색": "orange", "노란": "yellow", "초록색": "green",
    "파란": "blue", "보라색": "purple", "흰": "white", "회색": "grey",
    "원": "circle", "정사각형": "square", "삼각형": "triangle", "마름모": "diamond",
    "십자가": "cross", "고리": "ring", "별": "star", "반달": "half-moon",
    "왼쪽": "left", "오른쪽": "right", "위": "above", "아래": "below",
}  # fmt: skip
WORLD = World(size=32, difficulty="hard", objects=(2, 3))
Read = tuple[list[str], str, list[str]]


@pytest.fixture(scope="module")
def batch():
    return WORLD.sample(300, seed=4)


def read_english(caption: str) -> Read:
    found = re.fullmatch(
        r"a (\S+ \S+ \S+) (?:to the )?(left|right|above|below)(?: of)? a (.*)", caption
    )
    assert found is not None, caption
    return found[1].split(), found[2], found[3].split()


def read_korean(caption: str) -> Read:
    found = re.fullmatch(r"(\S+ \S+ \S+) (\S+)에 있는 (.*)", caption)
    assert found is not None, caption
    first, other = found[3].split(), found[1].split()
    return [KO[word] for word in first], KO[found[2]], [KO[word] for word in other]


def truth(batch, scene: int, said: Read) -> bool:
    """Read from the tensors: do two objects of these names lie so?"""
    names, places = [], []
    for k in range(int(batch.counts[scene])):
        names.append(
            [
                SIZES[batch.sizes[scene, k]],
                list(COLOURS)[batch.colours[scene, k]],
                SHAPES[batch.shapes[scene, k]],
            ]
        )
        places.append(batch.centres[scene, k].tolist())
    first, where, other = said
    axis, sign = {"left": (0, -1), "right": (0, 1), "above": (1, -1), "below": (1, 1)}[
        where
    ]
    return any(
        i != j and one == first and two == other
        # Towards the named side, and mainly so.
        and sign * (places[i][axis] - places[j][axis])
        > abs(places[i][1 - axis] - places[j][1 - axis])
        for i, one in enumerate(names)
        for j, two in enumerate(names)
    )  # fmt: skip


@pytest.mark.parametrize("swap", SWAPS)
def test_a_wrong_caption_is_false_where_the_right_one_is_true(batch, swap):
    right, wrong = batch.captions("en"), wrong_captions(batch, "en", swap)
    seen = 0
    for scene, caption in enumerate(wrong):
        if caption is None:
            continue
        assert truth(batch, scene, read_english(right[scene]))
        assert not truth(batch, scene, read_english(caption))
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("swap", SWAPS)
def test_both_languages_are_wrong_in_the_same_way(batch, swap):
    english = wrong_captions(batch, "en", swap)
    korean = wrong_captions(batch, "ko", swap)
    for en, ko in zip(english, korean, strict=True):
        assert (en is None) == (ko is None)
        if en is not None and ko is not None:
            assert read_english(en) == read_korean(ko)


@pytest.mark.parametrize("swap", ["colours", "shapes", "places"])
def test_an_exchange_of_things_keeps_every_word(batch, swap):
    for language in ("ko", "en"):
        right = batch.captions(language)
        for one, other in zip(
            right, wrong_captions(batch, language, swap), strict=True
        ):
            assert other is None or sorted(one.split()) == sorted(other.split())


def test_the_relation_becomes_its_opposite(batch):
    right, wrong = batch.captions("en"), wrong_captions(batch, "en", "relation")
    opposite = {"left": "right", "right": "left", "above": "below", "below": "above"}
    for one, other in zip(right, wrong, strict=True):
        if other is not None:
            first, where, second = read_english(one)
            assert read_english(other) == (first, opposite[where], second)


def test_an_exchange_that_leaves_the_caption_true_is_left_out(batch):
    wrong = wrong_captions(batch, "en", "colours")
    for scene, caption in enumerate(batch.captions("en")):
        if " of " in caption or " above " in caption or " below " in caption:
            first, _, other = read_english(caption)
            if first[1] == other[1]:  # equal colours
                assert wrong[scene] is None


def test_sentences_can_be_wrong_too(batch):
    wrong = wrong_captions(batch, "ko", "places", kind="sentence")
    said = next(caption for caption in wrong if caption is not None)
    assert said.endswith("에 있습니다.")


def test_a_claim_needs_both_things_on_the_right_sides():
    star, ring = (
        Thing("large", "red", "star", 0.2, 0.5),
        Thing("large", "blue", "ring", 0.8, 0.5),
    )
    scene = [star, ring]
    assert is_true(Claim(star, "left", ring), scene)
    assert not is_true(Claim(star, "right", ring), scene)
    assert is_true(Claim(star), scene)
    assert not is_true(Claim(Thing("small", "red", "star", 0, 0)), scene)
    assert not is_true(Claim(star, "left", star), scene)


def test_a_caption_of_one_thing_has_nothing_to_exchange():
    assert swapped(Claim(Thing("large", "red", "star", 0.5, 0.5)), "places") is None
    alone = World(size=32).sample(3, seed=0)
    assert wrong_captions(alone, "en", "colours") == [None, None, None]


def test_bad_input_is_named(batch):
    with pytest.raises(ValueError, match="swap 'size': expected one of"):
        wrong_captions(batch, "en", "size")
    with pytest.raises(ValueError, match="language 'de'"):
        wrong_captions(batch, "de", "places")
    with pytest.raises(ValueError, match="kind 'list'"):
        wrong_captions(batch, "en", "places", kind="list")
