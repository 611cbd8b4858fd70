"""Questions have one answer, it is right, and both languages ask the same."""

import re
from collections import Counter

import pytest

from vislearn.data.questions import KINDS
from vislearn.data.shapes import COLOURS, SHAPES, World

KO_SHAPES = dict(
    zip(
        ["원", "정사각형", "삼각형", "마름모", "십자가", "고리", "별", "반달"],
        SHAPES,
        strict=True,
    )
)
KO_NOUNS = dict(
    zip(
        ["빨간색", "주황색", "노란색", "초록색", "파란색", "보라색", "흰색", "회색"],
        COLOURS,
        strict=True,
    )
)
KO_MODIFIERS = dict(
    zip(
        ["빨간", "주황색", "노란", "초록색", "파란", "보라색", "흰", "회색"],
        COLOURS,
        strict=True,
    )
)
KO_SIDES = {"왼쪽": "left", "오른쪽": "right", "위": "above", "아래": "below"}
WORLD = World(size=32, difficulty="hard", objects=(1, 5))


@pytest.fixture(scope="module")
def batch():
    return WORLD.sample(400, seed=2)


def answer_from_pixels_owner(question: str, batch, scene: int) -> str:
    """Answer an English question from the tensors alone."""
    count = int((batch.shapes[scene] >= 0).sum())
    shapes = [SHAPES[int(i)] for i in batch.shapes[scene, :count]]
    colours = [list(COLOURS)[int(i)] for i in batch.colours[scene, :count]]
    if found := re.fullmatch(r"What colour is the (.*)\?", question):
        assert shapes.count(found[1]) == 1
        return colours[shapes.index(found[1])]
    if found := re.fullmatch(r"What shape is the (.*) object\?", question):
        assert colours.count(found[1]) == 1
        return shapes[colours.index(found[1])]
    if found := re.fullmatch(r"How many (.*?)(?<!cros)s are there\?", question):
        name = found[1].removesuffix("e") if found[1] == "crosse" else found[1]
        assert name in SHAPES
        return str(shapes.count(name))
    if found := re.fullmatch(r"Is there (an?) (\w+) (.*)\?", question):
        assert (found[1] == "an") == (found[2] == "orange")
        return (
            "yes" if (found[2], found[3]) in zip(colours, shapes, strict=True) else "no"
        )
    found = re.fullmatch(r"Where is the (.*) relative to the (.*)\?", question)
    assert found is not None, question
    assert shapes.count(found[1]) == shapes.count(found[2]) == 1
    x, y = batch.centres[scene, shapes.index(found[1])].tolist()
    u, v = batch.centres[scene, shapes.index(found[2])].tolist()
    if abs(x - u) > abs(y - v):
        return "left" if x < u else "right"
    return "above" if y < v else "below"


def korean_as_english(kind: str, question: str, answer: str) -> tuple[str, str]:
    """Translate a Korean question and answer with this file's own dictionary."""
    if kind == "colour":
        found = re.fullmatch(r"(.*)[은는] 무슨 색입니까\?", question)
        return f"What colour is the {KO_SHAPES[found[1]]}?", KO_NOUNS[answer]
    if kind == "shape":
        found = re.fullmatch(r"(.*) 도형은 무엇입니까\?", question)
        return f"What shape is the {KO_NOUNS[found[1]]} object?", KO_SHAPES[answer]
    if kind == "count":
        found = re.fullmatch(r"(.*)[은는] 몇 개입니까\?", question)
        many = KO_SHAPES[found[1]] + ("es" if found[1] == "십자가" else "s")
        return f"How many {many} are there?", answer
    if kind == "existence":
        found = re.fullmatch(r"(\S+) (\S+)[이가] 있습니까\?", question)
        colour = KO_MODIFIERS[found[1]]
        a = "an" if colour == "orange" else "a"
        said = {"예": "yes", "아니요": "no"}[answer]
        return f"Is there {a} {colour} {KO_SHAPES[found[2]]}?", said
    found = re.fullmatch(r"(\S+)[은는] (\S+)의 어느 쪽에 있습니까\?", question)
    one, other = KO_SHAPES[found[1]], KO_SHAPES[found[2]]
    return f"Where is the {one} relative to the {other}?", KO_SIDES[answer]


def test_every_answer_follows_from_the_scene(batch):
    asked = batch.questions("en")
    assert {one.kind for one in asked} == set(KINDS)
    for one in asked:
        truth = answer_from_pixels_owner(one.question, batch, one.scene)
        assert one.answer == truth, one


def test_korean_asks_and_answers_the_same(batch):
    korean, english = batch.questions("ko"), batch.questions("en")
    assert len(korean) == len(english) > 1500
    for ko, en in zip(korean, english, strict=True):
        assert (ko.scene, ko.kind) == (en.scene, en.kind)
        translated = korean_as_english(ko.kind, ko.question, ko.answer)
        assert translated == (en.question, en.answer)


def test_particles_after_the_topic_fit(batch):
    topics = {
        "원": "은", "정사각형": "은", "삼각형": "은", "마름모": "는", "십자가": "는",
        "고리": "는", "별": "은", "반달": "은",
    }  # fmt: skip
    for one in batch.questions("ko", kinds=["colour", "count", "relation"]):
        found = re.match(r"(\S+)([은는]) ", one.question)
        assert topics[found[1]] == found[2], one.question


def test_yes_and_no_and_all_sides_are_about_equally_frequent(batch):
    asked = [one for seed in range(3) for one in batch.questions("en", seed=seed)]
    yes_or_no = Counter(one.answer for one in asked if one.kind == "existence")
    assert 0.45 < yes_or_no["yes"] / sum(yes_or_no.values()) < 0.55
    sides = Counter(one.answer for one in asked if one.kind == "relation")
    assert min(sides.values()) > 0.18 * sum(sides.values())
    counts = Counter(one.answer for one in asked if one.kind == "count")
    assert 0.2 < counts["0"] / sum(counts.values()) < 0.3


def test_the_seed_chooses_the_questions(batch):
    assert batch.questions("en", seed=1) == batch.questions("en", seed=1)
    assert batch.questions("en", seed=1) != batch.questions("en", seed=2)


def test_only_the_kinds_asked_for_are_asked(batch):
    asked = batch.questions("ko", kinds=["count"])
    assert [one.scene for one in asked] == list(range(len(batch)))
    assert {one.kind for one in asked} == {"count"}


def test_another_language_or_kind_is_refused(batch):
    with pytest.raises(ValueError, match="language 'fr'"):
        batch.questions("fr")
    with pytest.raises(ValueError, match="kind 'smell'"):
        batch.questions("ko", kinds=["smell"])
