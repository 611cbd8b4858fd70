"""What is true of a scene: the facts that captions and questions are made of.

Both languages are written from the same `Fact`, so they cannot disagree.
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
