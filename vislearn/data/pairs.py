"""Images with what is said about them in Korean and English: what CLIP learns from.

    shape_pairs(4000, seed=0)      scenes of one or two shapes and their captions
    shape_classes(2000, seed=1)    single shapes and their class: zero-shot tests
    emoji_pairs()                  drawings and their names, divided in two

A caption can be true of several images ("a large red star"), and a drawing can have
several names. `groups` says which, so that a test of retrieval can count all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vislearn.data.chance import uniform
from vislearn.data.images import emoji
from vislearn.data.korean import PARTICLES, with_particle
from vislearn.data.shapes import COLOURS, SHAPES, Batch, World
from vislearn.data.wording import LANGUAGES, article, check_language, noun_phrase

# One or two large shapes on a flat ground: at 32 pixels a small network can see them.
WORLD = World(size=32, difficulty="easy", objects=(1, 2))
# The same with texture, noise and any angle up to 45 degrees; still large, because the
# questions below say so.
HARD_WORLD = World(size=32, difficulty="hard", objects=(1, 2), sizes=("large",))
MIXED = "mixed"  # each scene a phrase or a sentence
_STREAM = 400

# {} is the name; {a} the name with its article, {이/가} with its particle.
CAPTION_TEMPLATES = {
    "ko": (
        "{}",
        "{이/가} 있습니다.",
        "큰 {}",
        "큰 {이/가} 있습니다.",
        "그림에 큰 {이/가} 있습니다.",
    ),
    "en": (
        "{}",
        "There is {a}.",
        "a large {}",
        "There is a large {}.",
        "The picture shows a large {}.",
    ),
}
TRAINED = slice(2, 4)  # the forms of `shape_pairs`; the others are new to its student


@dataclass(frozen=True)
class Pairs:
    """Images and their texts; text m in both languages belongs to image m."""

    images: Tensor  # (M, C, H, W) float32 in 0..1
    captions: dict[str, tuple[str, ...]]  # "ko" and "en" -> M texts
    groups: Tensor  # (M,) int64: the same number where each is right for the other

    def __len__(self) -> int:
        return len(self.images)

    def pick(self, chosen: Tensor) -> Pairs:
        """Some of the pairs: chosen (B,) int64.

        Raises:
            ValueError: for something else, such as a mask, or a pair that is not there.
        """
        if chosen.ndim != 1 or chosen.dtype != torch.int64:
            raise ValueError(
                "expected the numbers of pairs (B,) int64, "
                f"got {tuple(chosen.shape)} {chosen.dtype}"
            )
        places = chosen.tolist()
        for place in places:
            if not 0 <= place < len(self):
                raise ValueError(f"pair {place}: expected 0 to {len(self) - 1}")
        texts = {k: tuple(v[i] for i in places) for k, v in self.captions.items()}
        return Pairs(self.images[chosen], texts, self.groups[chosen])

    @property
    def positives(self) -> Tensor:
        """(M, M) bool: is text j, which belongs to image j, right for image i, too?"""
        return self.groups[:, None] == self.groups[None]


def shape_pairs(
    count: int,
    seed: int = 0,
    world: World = WORLD,
    combos: str = "seen",
    kind: str = MIXED,
) -> Pairs:
    """Scenes of the shapes world with captions.

    Use different seeds for training and test.

    Args:
        count: number of pairs.
        seed: any integer; chooses the scenes and the form of their captions.
        world: what scenes look like.
        combos: which colours go with which shapes, see `World.pairs`. "seen" leaves
            out 8 of the 64, which makes a test of composition possible.
        kind: of captions, as in `Batch.captions`, or "mixed": half of them phrases,
            half sentences.

    Raises:
        ValueError: as `World.sample` and `Batch.captions`.
    """
    batch = world.sample(count, seed=seed, combos=combos)
    if kind != MIXED:
        texts = {name: tuple(batch.captions(name, kind)) for name in LANGUAGES}
    else:
        chosen = uniform(seed, torch.arange(count), _STREAM).lt(0.5).tolist()
        texts = {name: tuple(_mixed(batch, name, chosen)) for name in LANGUAGES}
    # Both languages say the same, so equal texts in one are equal in the other.
    return Pairs(batch.images, texts, group(texts["en"]))


def _mixed(batch: Batch, language: str, phrase: list[bool]) -> list[str]:
    forms = (batch.captions(language, "phrase"), batch.captions(language, "sentence"))
    return [p if short else s for short, p, s in zip(phrase, *forms, strict=True)]


def group(things: Sequence[Hashable]) -> Tensor:
    """Number things so that equal ones share a number: M things -> (M,) int64."""
    numbers: dict[Hashable, int] = {}
    return torch.tensor([numbers.setdefault(one, len(numbers)) for one in things])


def shape_classes(
    count: int, seed: int = 0, world: World = WORLD, combos: str = "seen"
) -> tuple[Tensor, Tensor]:
    """Scenes of one object and its class, a number into `class_names`.

    Objects are as large as in the given world, so that only their number is new.

    Returns:
        images (count, 3, H, W) in 0..1, labels (count,) int64 = 8 · colour + shape

    Raises:
        ValueError: as `World.sample`, for a count below 1, and if every scene of the
            world has several objects.
    """
    if count < 1:
        raise ValueError(f"count={count}: expected at least 1")
    if world.objects[0] > 1:
        raise ValueError(f"objects={world.objects}: no scene has one object")
    parts: list[tuple[Tensor, Tensor]] = []
    found = 0
    while found < count:  # a world of one or two objects: about half have one
        batch = world.sample(2 * count, seed=seed + 10_000 * len(parts), combos=combos)
        alone = batch.counts == 1
        labels = len(SHAPES) * batch.colours[:, 0] + batch.shapes[:, 0]
        parts.append((batch.images[alone], labels[alone]))
        found += int(alone.sum())
    images, labels = (torch.cat(part) for part in zip(*parts, strict=True))
    return images[:count], labels[:count]


def class_names(language: str) -> list[str]:
    """The 64 colour-shape classes: "red circle" … "grey half-moon".

    Raises:
        ValueError: for another language than "ko" and "en".
    """
    check_language(language)
    return [noun_phrase(language, None, c, s) for c in COLOURS for s in SHAPES]


def prompt(template: str, name: str) -> str:
    """Put a name into a template, with the article or particle that it needs.

    "There is {a}." with "orange star" makes "There is an orange star.", and
    "{이/가} 있습니다." with "빨간 별" makes "빨간 별이 있습니다."

    Raises:
        ValueError: if the template has no place for the name, or an unknown one.
    """
    places = re.findall(r"\{(.*?)\}", template)
    if len(places) != 1 or places[0] not in ("", "a", *PARTICLES):
        raise ValueError(
            f"template {template!r}: expected one of {{}}, {{a}}, "
            f"{', '.join('{' + particle + '}' for particle in PARTICLES)}"
        )
    place = places[0]
    if place == "a":
        name = article(name)
    elif place:
        name = with_particle(name, place)
    return template.replace("{" + place + "}", name)


def caption_prompts(language: str) -> list[Callable[[str], str]]:
    """The templates of a language as functions from a name to a text.

    Raises:
        ValueError: for another language than "ko" and "en".
    """
    check_language(language)
    return [partial(prompt, template) for template in CAPTION_TEMPLATES[language]]


def emoji_pairs(
    size: int = 32, held_out: int = 200, seed: int = 0
) -> tuple[Pairs, Pairs]:
    """Drawings of emoji with their names: those to learn from, and new ones.

    No two emoji have the same name, but 35 of the 1,914 look exactly like another one
    (the flags of Norway and of Svalbard, for instance): `groups` numbers drawings, and
    equal drawings stay on one side of the division.

    Args:
        size: pixels, square.
        held_out: how many are kept back for the test, at least.
        seed: of the division.

    Raises:
        ValueError: if one of the two parts would be empty.
    """
    drawn = emoji(size)
    if not 0 < held_out < len(drawn):
        raise ValueError(f"held_out={held_out}: expected 1 to {len(drawn) - 1}")
    pixels = [image.numpy().tobytes() for image in drawn.images]
    texts = {name: drawn.names[name] for name in LANGUAGES}
    every = Pairs(drawn.images, texts, group(pixels))
    order = torch.randperm(len(every), generator=torch.Generator().manual_seed(seed))
    back = torch.isin(every.groups, every.groups[order[:held_out]])
    if bool(back.all()):
        raise ValueError(f"held_out={held_out} leaves nothing to learn from")
    return every.pick((~back).nonzero()[:, 0]), every.pick(back.nonzero()[:, 0])
