"""Questions about the shapes world with answers that follow from the scene.

    colour      별은 무슨 색입니까? 빨간색 · What colour is the star? red
    shape       빨간색 도형은 무엇입니까? 별 · What shape is the red object? star
    count       별은 몇 개입니까? 2 · How many stars are there? 2
    existence   빨간 별이 있습니까? 예 · Is there a red star? yes
    relation    별은 원의 어느 쪽에 있습니까? 왼쪽 ·
                Where is the star relative to the circle? left

A question is only asked where it has one answer: "the star" needs exactly one star.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from vislearn.data.chance import uniform
from vislearn.data.korean import with_particle
from vislearn.data.scenes import Thing, clear_pairs, things
from vislearn.data.wording import (
    COLOUR_WORDS,
    SHAPE_WORDS,
    SIDE_WORDS,
    article,
    check_language,
    noun_phrase,
    plural,
)

if TYPE_CHECKING:
    from vislearn.data.shapes import Batch, World

KINDS = ("colour", "shape", "count", "existence", "relation")
_STREAM = 300
_DRAWS = 2  # random numbers that one question needs at most


@dataclass(frozen=True)
class Question:
    """One question about one scene, in one language."""

    scene: int
    kind: str
    question: str
    answer: str


# (question, answer) by language
_Pair = dict[str, tuple[str, str]]
_Draw = Callable[[int], int]  # limit -> a number below it, new at every call


def questions(
    batch: Batch, language: str, seed: int = 0, kinds: Sequence[str] | None = None
) -> list[Question]:
    """Ask each scene one question of each kind that it allows.

    Args:
        batch: from `World.sample`.
        language: "ko" or "en"; the same seed asks the same in both.
        seed: which colour, shape or pair is asked about.
        kinds: out of `KINDS`; all by default.

    Returns:
        Questions in the order of scenes, then of `kinds`.

    Raises:
        ValueError: for another language or kind.
    """
    check_language(language)
    kinds = KINDS if kinds is None else kinds
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {KINDS}")
    chances = uniform(
        batch.seed,
        torch.arange(len(batch))[:, None, None],
        _STREAM,
        seed,
        torch.arange(len(KINDS))[None, :, None],
        torch.arange(_DRAWS)[None, None, :],
    ).tolist()  # scene, kind, draw
    asked = []
    for scene, found in enumerate(things(batch)):
        for kind in kinds:
            draw = _drawer(chances[scene][KINDS.index(kind)])
            pair = _MAKERS[kind](found, batch.world, draw)
            if pair is not None:
                asked.append(Question(scene, kind, *pair[language]))
    return asked


def _drawer(chances: list[float]) -> _Draw:
    left = iter(chances)
    return lambda limit: int(next(left) * limit)


def _single_shapes(found: list[Thing]) -> list[Thing]:
    shapes = [thing.shape for thing in found]
    return [thing for thing in found if shapes.count(thing.shape) == 1]


def _colour(found: list[Thing], world: World, draw: _Draw) -> _Pair | None:
    candidates = _single_shapes(found)
    if not candidates:
        return None
    thing = candidates[draw(len(candidates))]
    korean = with_particle(SHAPE_WORDS[thing.shape], "은/는")
    return {
        "ko": (f"{korean} 무슨 색입니까?", COLOUR_WORDS[thing.colour][1]),
        "en": (f"What colour is the {thing.shape}?", thing.colour),
    }


def _shape(found: list[Thing], world: World, draw: _Draw) -> _Pair | None:
    colours = [thing.colour for thing in found]
    candidates = [thing for thing in found if colours.count(thing.colour) == 1]
    if not candidates:
        return None
    thing = candidates[draw(len(candidates))]
    noun = COLOUR_WORDS[thing.colour][1]
    return {
        "ko": (f"{noun} 도형은 무엇입니까?", SHAPE_WORDS[thing.shape]),
        "en": (f"What shape is the {thing.colour} object?", thing.shape),
    }


def _count(found: list[Thing], world: World, draw: _Draw) -> _Pair | None:
    present = sorted({thing.shape for thing in found})
    absent = sorted(set(world.shapes) - set(present))
    # One question in four is about a shape that is not there: the answer is 0.
    pool = absent if absent and draw(4) == 0 else present
    shape = pool[draw(len(pool))]
    number = str(sum(thing.shape == shape for thing in found))
    korean = with_particle(SHAPE_WORDS[shape], "은/는")
    return {
        "ko": (f"{korean} 몇 개입니까?", number),
        "en": (f"How many {plural(shape)} are there?", number),
    }


def _existence(found: list[Thing], world: World, draw: _Draw) -> _Pair | None:
    present = sorted({(thing.colour, thing.shape) for thing in found})
    pairs = [(colour, shape) for colour in world.colours for shape in world.shapes]
    absent = [pair for pair in pairs if pair not in present]
    is_there = not absent or draw(2) == 0
    pool = present if is_there else absent
    colour, shape = pool[draw(len(pool))]
    korean = with_particle(noun_phrase("ko", None, colour, shape), "이/가")
    english = article(noun_phrase("en", None, colour, shape))
    return {
        "ko": (f"{korean} 있습니까?", "예" if is_there else "아니요"),
        "en": (f"Is there {english}?", "yes" if is_there else "no"),
    }


def _relation(found: list[Thing], world: World, draw: _Draw) -> _Pair | None:
    pairs = clear_pairs(_single_shapes(found))
    candidates = _single_shapes(found)
    if not pairs:
        return None
    i, j, where = pairs[draw(len(pairs))]
    first, second = candidates[i], candidates[j]
    korean = with_particle(SHAPE_WORDS[first.shape], "은/는")
    other = SHAPE_WORDS[second.shape]
    return {
        "ko": (f"{korean} {other}의 어느 쪽에 있습니까?", SIDE_WORDS[where][0]),
        "en": (
            f"Where is the {first.shape} relative to the {second.shape}?",
            where,
        ),
    }


_MAKERS: dict[str, Callable[[list[Thing], World, _Draw], _Pair | None]] = {
    "colour": _colour,
    "shape": _shape,
    "count": _count,
    "existence": _existence,
    "relation": _relation,
}
