"""Every caption is true, checked by a parser that shares nothing with the writer."""

import re

import pytest

from vislearn.data.shapes import COLOURS, SHAPES, SIZES, World

# The reader's own dictionary, written by hand.
KO_SHAPES = dict(
    zip(
        ["원", "정사각형", "삼각형", "마름모", "십자가", "고리", "별", "반달"],
        SHAPES,
        strict=True,
    )
)
KO_COLOURS = dict(
    zip(
        ["빨간", "주황색", "노란", "초록색", "파란", "보라색", "흰", "회색"],
        ("red", "orange", "yellow", "green", "blue", "purple", "white", "grey"),
        strict=True,
    )
)
KO_SIZES = {"작은": "small", "큰": "large"}
KO_SIDES = {"왼쪽": "left", "오른쪽": "right", "위": "above", "아래": "below"}

Named = tuple[str, str, str]  # size, colour, shape


def read_english_name(text: str) -> Named:
    found = re.fullmatch(r"(an?) (small|large) (\w+) ([\w-]+)", text)
    assert found is not None, text
    assert found[1] == "a"  # small and large begin with consonants
    assert found[3] in COLOURS
    assert found[4] in SHAPES
    return found[2], found[3], found[4]


def read_korean_name(text: str) -> Named:
    size, colour, shape = text.split(" ")
    return KO_SIZES[size], KO_COLOURS[colour], KO_SHAPES[shape]


def read_english(caption: str) -> tuple[Named, str, Named] | Named:
    caption = re.sub(r"^There is (.*)\.$", r"\1", caption)
    found = re.fullmatch(
        r"(.*?) (?:to the (left|right) of|(above|below)) (an? .*)", caption
    )
    if found is None:
        return read_english_name(caption)
    side = found[2] or found[3]
    return read_english_name(found[1]), side, read_english_name(found[4])


def read_korean(caption: str) -> tuple[Named, str, Named] | Named:
    sentence = re.fullmatch(
        r"(.*?)(이|가) (?:(.*) (왼쪽|오른쪽|위|아래)에 )?있습니다\.", caption
    )
    if sentence is not None:
        subject = read_korean_name(sentence[1])
        if sentence[3] is None:
            return subject
        return subject, KO_SIDES[sentence[4]], read_korean_name(sentence[3])
    phrase = re.fullmatch(r"(.*) (왼쪽|오른쪽|위|아래)에 있는 (.*)", caption)
    if phrase is None:
        return read_korean_name(caption)
    return read_korean_name(phrase[3]), KO_SIDES[phrase[2]], read_korean_name(phrase[1])


def objects(batch, scene: int) -> list[tuple[Named, float, float]]:
    """Read a scene's objects from the tensors: (name, x, y), farthest first."""
    listed = []
    for place in range(int((batch.shapes[scene] >= 0).sum())):
        named = (
            SIZES[int(batch.sizes[scene, place])],
            list(COLOURS)[int(batch.colours[scene, place])],
            SHAPES[int(batch.shapes[scene, place])],
        )
        x, y = batch.centres[scene, place].tolist()
        listed.append((named, x, y))
    return listed


def is_true(said, batch, scene: int) -> bool:
    found = objects(batch, scene)
    if isinstance(said[0], str):
        return said in [named for named, _, _ in found]
    first, side, second = said
    for one, x, y in found:
        for other, u, v in found:
            if one != first or other != second:
                continue
            wide, high = abs(x - u), abs(y - v)
            truth = {
                "left": x < u and wide > high,
                "right": x > u and wide > high,
                "above": y < v and high > wide,
                "below": y > v and high > wide,
            }
            if truth[side]:
                return True
    return False


WORLD = World(size=32, difficulty="hard", objects=(1, 4))


@pytest.fixture(scope="module")
def batch():
    return WORLD.sample(600, seed=9)


@pytest.mark.parametrize("kind", ["phrase", "sentence"])
def test_every_caption_is_true_and_both_languages_say_the_same(batch, kind):
    korean, english = batch.captions("ko", kind), batch.captions("en", kind)
    relations = 0
    for scene in range(len(batch)):
        said = read_english(english[scene])
        assert is_true(said, batch, scene), english[scene]
        assert read_korean(korean[scene]) == said, (korean[scene], english[scene])
        relations += not isinstance(said[0], str)
    assert relations > 300


def test_the_truth_checker_can_tell_lies(batch):
    """Captions of other scenes must mostly be found false."""
    english = batch.captions("en")
    lies = [
        not is_true(read_english(english[scene - 1]), batch, scene)
        for scene in range(len(batch))
    ]
    assert sum(lies) > 0.9 * len(lies)


def test_lists_name_every_object_once_the_nearest_first(batch):
    korean, english = batch.captions("ko", "list"), batch.captions("en", "list")
    for scene in range(len(batch)):
        expected = [named for named, _, _ in objects(batch, scene)][::-1]
        inside = re.fullmatch(r"The picture shows (.*)\.", english[scene])
        assert inside is not None
        names = re.split(r", | and ", inside[1])
        assert [read_english_name(name) for name in names] == expected
        inside = re.fullmatch(r"그림에 (.*)(이|가) 있습니다\.", korean[scene])
        assert inside is not None
        names = re.split(r", |[과와] (?=작은|큰)", inside[1])
        assert [read_korean_name(name) for name in names] == expected


def test_all_sixteen_words_occur_with_the_particle_that_fits(batch):
    particles = {
        "원": "이", "정사각형": "이", "삼각형": "이", "마름모": "가", "십자가": "가",
        "고리": "가", "별": "이", "반달": "이",
    }  # fmt: skip
    seen = set()
    for caption in batch.captions("ko", "sentence"):
        found = re.search(r"(\S+)([이가]) ", caption)
        assert found is not None
        assert particles[found[1]] == found[2], caption
        seen.add(found[1])
    assert seen == set(particles)


def test_captions_do_not_depend_on_how_many_scenes_were_drawn(batch):
    few = WORLD.sample(20, seed=9)
    assert few.captions("en") == batch.captions("en")[:20]


def test_another_language_or_kind_is_refused(batch):
    with pytest.raises(ValueError, match="language 'fr'"):
        batch.captions("fr")
    with pytest.raises(ValueError, match="kind 'poem'"):
        batch.captions("ko", "poem")
