"""Captions of the shapes world, true of their scene, the same in both languages.

phrase    큰 빨간 별 · a large red star
          two objects: 작은 주황색 십자가 아래에 있는 큰 빨간 별 ·
          a large red star below a small orange cross
sentence  the same with a verb, which needs particles in Korean
list      everything there is: 큰 빨간 별과 작은 주황색 십자가가 있습니다.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from vislearn.data.chance import uniform
from vislearn.data.korean import with_particle
from vislearn.data.scenes import Claim, Thing, clear_pairs, things
from vislearn.data.wording import (
    SIDE_WORDS,
    article,
    check_language,
    noun_phrase,
)

if TYPE_CHECKING:
    from vislearn.data.shapes import Batch

KINDS = ("auto", "phrase", "sentence", "list")
_STREAM = 200


def captions(batch: Batch, language: str, kind: str = "auto") -> list[str]:
    """Write one caption per scene.

    Args:
        batch: from `World.sample`.
        language: "ko" or "en"; both say the same about the same scene.
        kind: "phrase" (one object, or two whose places are clear), "sentence" (the
            same with a verb), "list" (all objects, nearest first); "auto" is
            "phrase".

    Raises:
        ValueError: for another language or kind.
    """
    check_language(language)
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: expected one of {KINDS}")
    if kind == "list":
        return [_list(found, language) for found in things(batch)]
    return [say(claim, language, kind) for claim in claims(batch)]


def claims(batch: Batch) -> list[Claim]:
    """What the caption of each scene says, before it is put into words."""
    # One number per scene chooses which of its clear pairs the caption names.
    chances = uniform(batch.seed, torch.arange(len(batch)), _STREAM).tolist()
    return [
        _claim(found, chance)
        for found, chance in zip(things(batch), chances, strict=True)
    ]


def say(claim: Claim, language: str, kind: str = "phrase") -> str:
    """Put a claim into words, as a phrase or a sentence."""
    if claim.other is None:
        return _single(claim.first, language, kind)
    assert claim.where is not None
    return _relation(claim.first, claim.other, claim.where, language, kind)


def _claim(found: list[Thing], chance: float) -> Claim:
    pairs = clear_pairs(found)
    if not pairs:
        # One object, or none that clearly lies on one side of another.
        return Claim(found[0])
    i, j, where = pairs[int(chance * len(pairs))]
    return Claim(found[i], where, found[j])


def _name(thing: Thing, language: str) -> str:
    phrase = noun_phrase(language, thing.size, thing.colour, thing.shape)
    return article(phrase) if language == "en" else phrase


def _single(thing: Thing, language: str, kind: str) -> str:
    name = _name(thing, language)
    if kind != "sentence":
        return name
    if language == "ko":
        return f"{with_particle(name, '이/가')} 있습니다."
    return f"There is {name}."


def _relation(first: Thing, second: Thing, where: str, language: str, kind: str) -> str:
    one, other = _name(first, language), _name(second, language)
    place, preposition = SIDE_WORDS[where]
    if language == "en":
        phrase = f"{one} {preposition} {other}"
        return f"There is {phrase}." if kind == "sentence" else phrase
    if kind == "sentence":
        return f"{with_particle(one, '이/가')} {other} {place}에 있습니다."
    return f"{other} {place}에 있는 {one}"  # head-final: the subject comes last


def _list(found: list[Thing], language: str) -> str:
    *others, last = [_name(thing, language) for thing in found]
    if language == "en":
        listed = f"{', '.join(others)} and {last}" if others else last
        return f"The picture shows {listed}."
    listed = with_particle(last, "이/가")
    if others:
        listed = f"{with_particle(', '.join(others), '과/와')} {listed}"
    return f"그림에 {listed} 있습니다."
