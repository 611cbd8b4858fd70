"""A small world of coloured shapes, drawn from nothing but a seed.

    world = World(size=32, difficulty="easy", objects=(1, 1))
    batch = world.sample(1000, seed=0)
    batch.images, batch.labels, batch.masks, batch.depth, batch.captions("ko")

Eight shapes in eight colours and two sizes, 1 to 5 objects that may hide parts of
each other. Everything about a scene is known: masks of what is visible, outlines
without occlusion, the order in depth, captions and questions in two languages.

Scene i of seed s is always the same picture: the number of scenes drawn with it, the
chunk size and the machine do not matter (vislearn.data.chance). Pixels are rounded
to 8 bits, like photographs.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vislearn.data.chance import integers, uniform
from vislearn.data.render import (
    OUTLINES,
    compose,
    draw_alpha,
    draw_background,
    draw_noise,
    visible_masks,
)

if TYPE_CHECKING:
    from vislearn.data.questions import Question

SHAPES = tuple(OUTLINES)
COLOURS = {
    "red": (0.86, 0.15, 0.15),
    "orange": (0.98, 0.56, 0.08),
    "yellow": (0.98, 0.90, 0.20),
    "green": (0.15, 0.66, 0.28),
    "blue": (0.16, 0.36, 0.90),
    "purple": (0.58, 0.24, 0.76),
    "white": (0.97, 0.97, 0.97),
    "grey": (0.55, 0.55, 0.55),
}
SIZES = ("small", "large")
SMALL = 0.58  # a small object's radius over a large one's
MAX_OBJECTS = 5
VISIBLE = 0.4  # share of each object that must not be hidden
ATTEMPTS = 200
CHUNK = 1000  # scenes rendered at once: memory stays below 1 GB

# Pairs kept apart for tests of composition: colour i with shape i.
HELD_OUT = tuple(zip(COLOURS, SHAPES, strict=True))


@dataclass(frozen=True)
class World:
    """What scenes look like. `difficulty` sets the fields that are left at None.

    Args:
        size: pixels, square, at least 16.
        difficulty: "easy" (flat background, large objects, rotation up to 18
            degrees, no noise) or "hard" (textured background, noise, both sizes,
            rotation up to 45 degrees).
        objects: smallest and largest number of objects in a scene, 1 to 5.
        shapes: names out of `SHAPES`.
        colours: names out of `COLOURS`.
        sizes: names out of `SIZES`.
        rotation: largest rotation in degrees, either way.
        background: "flat" or "textured".
        noise: standard deviation of pixel noise, pixels in 0..1.

    Raises:
        ValueError: for a value that is not on offer.
    """

    size: int = 32
    difficulty: str = "easy"
    objects: tuple[int, int] = (1, 1)
    shapes: Sequence[str] = SHAPES
    colours: Sequence[str] = tuple(COLOURS)
    sizes: Sequence[str] | None = None
    rotation: float | None = None
    background: str | None = None
    noise: float | None = None

    def __post_init__(self) -> None:
        presets = {
            "easy": {"sizes": ("large",), "rotation": 18.0, "background": "flat"}
            | {"noise": 0.0},
            "hard": {"sizes": SIZES, "rotation": 45.0, "background": "textured"}
            | {"noise": 0.03},
        }
        _known("difficulty", [self.difficulty], presets)
        for name, value in presets[self.difficulty].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        _known("shapes", self.shapes, SHAPES)
        _known("colours", self.colours, COLOURS)
        _known("sizes", self.sizes or (), SIZES)
        _known("background", [self.background], ("flat", "textured"))
        _check_numbers(self)

    @property
    def large_radius(self) -> float:
        """Return a large object's radius as a share of the image.

        The more objects a world may have, the smaller they are.
        """
        return min(0.32, 0.40 / math.sqrt(self.objects[1]))

    def pairs(self, combos: str = "all") -> list[tuple[int, int]]:
        """List the (colour, shape) index pairs that scenes are made of.

        Args:
            combos: "all"; "seen", without the pairs in `HELD_OUT`; or "held_out",
                with these pairs only.

        Raises:
            ValueError: if `combos` is unknown or leaves nothing.
        """
        _known("combos", [combos], ("all", "seen", "held_out"))
        colours = [list(COLOURS).index(name) for name in self.colours]
        shapes = [SHAPES.index(name) for name in self.shapes]
        keep = {"all": (False, True), "seen": (False,), "held_out": (True,)}[combos]
        pairs = [(c, s) for c in colours for s in shapes if (c == s) in keep]
        if not pairs:
            raise ValueError(f"combos={combos!r} leaves no colour-shape pair")
        return pairs

    def sample(
        self, count: int, seed: int = 0, combos: str = "all", chunk: int = CHUNK
    ) -> Batch:
        """Draw scenes 0 to `count` - 1 of a seed.

        Use different seeds for training and test. Every object is visible to at
        least 40 % of its area and lies within the image.

        Args:
            count: number of scenes.
            seed: any integer.
            combos: which colour-shape pairs occur, see `pairs`.
            chunk: scenes rendered at once; changes memory, never the result.

        Raises:
            ValueError: for a count or chunk below 1 or unknown `combos`.
        """
        if count < 1 or chunk < 1:
            raise ValueError(f"count={count}, chunk={chunk}: expected at least 1 each")
        pairs = torch.tensor(self.pairs(combos))
        parts = [
            _draw_chunk(
                self, torch.arange(start, min(start + chunk, count)), seed, pairs
            )
            for start in range(0, count, chunk)
        ]
        return _join(self, seed, parts)


@dataclass(frozen=True)
class Batch:
    """Scenes with everything there is to know about them.

    O is the largest number of objects in a scene of this world. Objects are in
    painter's order: 0 is painted first and lies farthest away. Unused places hold
    -1 in integer fields and 0 in the others.
    """

    world: World
    seed: int
    images: Tensor  # (B, 3, H, W) float32, multiples of 1/255 in 0..1
    masks: Tensor  # (B, O, H, W) bool, the pixels where an object is seen
    alphas: Tensor  # (B, O, H, W) float32, coverage as if nothing lay in front
    shapes: Tensor  # (B, O) int64, index into SHAPES
    colours: Tensor  # (B, O) int64, index into COLOURS
    sizes: Tensor  # (B, O) int64, 0 small, 1 large
    centres: Tensor  # (B, O, 2) float64, x and y in 0..1, y downwards
    angles: Tensor  # (B, O) float64, radians, clockwise
    counts: Tensor = field(repr=False)  # (B,) int64, objects in each scene

    def __len__(self) -> int:
        return len(self.images)

    @property
    def labels(self) -> Tensor:
        """Return the shape of each scene's only object, (B,) int64.

        Raises:
            ValueError: if the world may hold more than one object.
        """
        if self.shapes.shape[1] != 1:
            raise ValueError(
                "labels need a world with objects=(1, 1); "
                "use .shapes, .colours or .masks for several objects"
            )
        return self.shapes[:, 0]

    @property
    def depth(self) -> Tensor:
        """Return each object's rank in depth, (B, O): 0 is nearest, -1 unused."""
        place = torch.arange(self.shapes.shape[1])
        return torch.where(self.shapes >= 0, self.counts[:, None] - 1 - place, -1)

    @property
    def depth_map(self) -> Tensor:
        """Return the depth rank seen at each pixel, (B, H, W).

        The background is as deep as the scene has objects.
        """
        rank = self.depth.clamp(min=0)[:, :, None, None] * self.masks
        seen = self.masks.any(1)
        return torch.where(seen, rank.sum(1), self.counts[:, None, None])

    def captions(self, language: str, kind: str = "auto") -> list[str]:
        """Describe each scene in one sentence; see `vislearn.data.captions`."""
        from vislearn.data.captions import captions

        return captions(self, language, kind)

    def questions(
        self, language: str, seed: int = 0, kinds: Sequence[str] | None = None
    ) -> list[Question]:
        """Ask about each scene; see `vislearn.data.questions`."""
        from vislearn.data.questions import questions

        return questions(self, language, seed, kinds)


def _known(field_name: str, names: Sequence[object], offered: object) -> None:
    choices = list(offered)  # type: ignore[call-overload]
    if not names:
        raise ValueError(f"{field_name} is empty; choose from {choices}")
    for name in names:
        if name not in choices:
            close = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.4)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{field_name}={name!r}: expected one of {choices}{hint}")


def _check_numbers(world: World) -> None:
    if not isinstance(world.size, Integral):
        raise ValueError(f"size={world.size!r}: expected a whole number of pixels")
    if world.size < 16:
        raise ValueError(f"size={world.size}: expected at least 16 pixels")
    try:
        smallest, largest = map(operator.index, world.objects)
    except (TypeError, ValueError):
        raise ValueError(
            f"objects={world.objects!r}: expected a pair of whole numbers"
        ) from None
    if not 1 <= smallest <= largest <= MAX_OBJECTS:
        raise ValueError(
            f"objects={world.objects}: expected 1 <= smallest <= largest "
            f"<= {MAX_OBJECTS}"
        )
    if world.rotation is None or not 0 <= world.rotation <= 180:
        raise ValueError(f"rotation={world.rotation}: expected 0 to 180 degrees")
    if world.noise is None or not 0 <= world.noise <= 0.5:
        raise ValueError(f"noise={world.noise}: expected 0 to 0.5")


def _plan(
    world: World, scenes: Tensor, seed: int, pairs: Tensor, attempt: int
) -> dict[str, Tensor]:
    """Choose the attributes of each object; every field is (B, O, ...)."""
    assert world.sizes is not None
    assert world.rotation is not None
    smallest, largest = world.objects
    counts = smallest + integers(largest - smallest + 1, seed, scenes, 0)
    scene, place = scenes[:, None], torch.arange(largest)[None]
    present = place < counts[:, None]

    def draw(stream: int) -> Tensor:
        return uniform(seed, scene, place, stream, attempt)

    pair = pairs[(draw(1) * len(pairs)).long()]  # (B, O, 2)
    offered = torch.tensor([SIZES.index(name) for name in world.sizes])
    size = offered[(draw(2) * len(offered)).long()]
    radius = world.large_radius * torch.where(size == 1, 1.0, SMALL).double()
    margin = radius + 1 / world.size  # even turned, no outline touches the border
    centre = torch.stack([draw(3), draw(4)], -1) * (1 - 2 * margin[..., None])
    angle = (2 * draw(5) - 1) * math.radians(world.rotation)
    return {
        "counts": counts,
        "shapes": torch.where(present, pair[..., 1], -1),
        "colours": torch.where(present, pair[..., 0], -1),
        "sizes": torch.where(present, size, -1),
        "centres": (centre + margin[..., None]) * present[..., None],
        "radii": radius * present,
        "angles": angle * present,
    }


def _draw_chunk(
    world: World, scenes: Tensor, seed: int, pairs: Tensor
) -> dict[str, Tensor]:
    """Draw scenes; those that hide an object too much are planned anew."""
    drawn = _outline(world, _plan(world, scenes, seed, pairs, 0))
    for attempt in range(1, ATTEMPTS):
        bad = _crowded(drawn).nonzero()[:, 0]
        if len(bad) == 0:
            return _paint(world, scenes, seed, drawn)
        again = _outline(world, _plan(world, scenes[bad], seed, pairs, attempt))
        for name, values in again.items():
            drawn[name][bad] = values
    raise ValueError(
        f"{world.objects[1]} objects do not fit into {world.size} pixels: "
        "some stay hidden; take fewer objects or a larger image"
    )


def _outline(world: World, plan: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add to a plan what each object covers, alone and in the scene."""
    count, most = plan["shapes"].shape
    alphas = draw_alpha(
        world.size,
        plan["shapes"].flatten(),
        plan["centres"].flatten(0, 1),
        plan.pop("radii").flatten(),
        plan["angles"].flatten(),
    ).view(count, most, world.size, world.size)
    return {**plan, "alphas": alphas, "masks": visible_masks(alphas)}


def _crowded(drawn: dict[str, Tensor]) -> Tensor:
    """Return (B,) bool: does some object show less than `VISIBLE` of itself?"""
    whole = (drawn["alphas"] >= 0.5).sum((2, 3))
    shown = drawn["masks"].sum((2, 3))
    too_little = (shown < VISIBLE * whole) | (shown == 0)
    return (too_little & (drawn["shapes"] >= 0)).any(1)


def _paint(
    world: World, scenes: Tensor, seed: int, drawn: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Add the images."""
    assert world.background is not None
    assert world.noise is not None
    palette = torch.tensor(list(COLOURS.values()))
    colours = palette[drawn["colours"].clamp(min=0)]
    ground = draw_background(world.size, world.background, seed, scenes)
    images = compose(ground, drawn["alphas"], colours)
    if world.noise:
        images = images + draw_noise(world.size, world.noise, seed, scenes)
    return {**drawn, "images": (images.clamp(0, 1) * 255).round() / 255}


def _join(world: World, seed: int, parts: list[dict[str, Tensor]]) -> Batch:
    fields = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return Batch(world=world, seed=seed, **fields)
