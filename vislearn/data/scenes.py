"""What is true of a scene: the facts that captions and questions are made of.

Both languages are written from the same `Claim`, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vislearn.data.shapes import COLOURS, SHAPES, SIZES

if TYPE_CHECKING:
    from vislearn.data.shapes import Batch

# A side is only named when it is clear: the centres lie at least this far apart, as
# a share of the image, and one direction is at least 1.5 times the other.
CLEAR = 0.08
CLEARER = 1.5


@dataclass(frozen=True)
class Thing:
    """One object of a scene, by name."""

    size: str
    colour: str
    shape: str
    x: float
    y: float


def things(batch: Batch) -> list[list[Thing]]:
    """List the objects of every scene, the nearest first."""
    colours = tuple(COLOURS)
    # Plain numbers once for all scenes: reading tensors one by one is slow.
    table = zip(
        batch.counts.tolist(),
        batch.sizes.tolist(),
        batch.colours.tolist(),
        batch.shapes.tolist(),
        batch.centres.tolist(),
        strict=True,
    )
    return [
        [
            Thing(SIZES[size[k]], colours[colour[k]], SHAPES[shape[k]], *centre[k])
            for k in reversed(range(count))
        ]
        for count, size, colour, shape, centre in table
    ]


@dataclass(frozen=True)
class Claim:
    """What a caption says: there is a thing, and perhaps where it lies from another."""

    first: Thing
    where: str | None = None
    other: Thing | None = None


def is_true(claim: Claim, found: list[Thing]) -> bool:
    """Does a scene hold what is claimed? Only size, colour, shape and side count."""
    firsts = [thing for thing in found if same_name(thing, claim.first)]
    if claim.other is None:
        return bool(firsts)
    others = [thing for thing in found if same_name(thing, claim.other)]
    return any(
        side(first, other) == claim.where
        for first in firsts
        for other in others
        if first is not other
    )


def same_name(one: Thing, other: Thing) -> bool:
    """Are two things called the same, wherever they lie?"""
    return (one.size, one.colour, one.shape) == (other.size, other.colour, other.shape)


def side(first: Thing, second: Thing) -> str | None:
    """Return where the first lies from the second, None where it is not clear."""
    dx, dy = first.x - second.x, first.y - second.y
    far, near = max(abs(dx), abs(dy)), min(abs(dx), abs(dy))
    if far < CLEAR or far < CLEARER * near:
        return None
    if abs(dx) > abs(dy):
        return "left" if dx < 0 else "right"
    return "above" if dy < 0 else "below"


def clear_pairs(found: list[Thing]) -> list[tuple[int, int, str]]:
    """List (i, j, side of i from j) for all pairs whose side is clear."""
    pairs = []
    for i, first in enumerate(found):
        for j, second in enumerate(found):
            where = side(first, second) if i != j else None
            if where is not None:
                pairs.append((i, j, where))
    return pairs
