"""Drawing the shapes world: signed distances turned into anti-aliased pixels.

A signed distance says how far a point lies from an outline: negative inside,
positive outside (https://iquilezles.org/articles/distfunctions2d/). One pixel wide
around zero it becomes the share of the pixel that the shape covers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vislearn.data.chance import uniform

# Lengths below are in units of an object's radius. No outline reaches beyond 1, and
# all eight cover an area of 1.28 to 1.35: area alone must not give the class away.


_STREAM_BASE, _STREAM_TEXTURE, _STREAM_NOISE = 100, 101, 102


def _box(x: Tensor, y: Tensor, half_width: float, half_height: float) -> Tensor:
    dx, dy = x.abs() - half_width, y.abs() - half_height
    outside = (dx.clamp(min=0).square() + dy.clamp(min=0).square()).sqrt()
    return outside + torch.maximum(dx, dy).clamp(max=0)


def _polygon(x: Tensor, y: Tensor, corners: list[tuple[float, float]]) -> Tensor:
    """Distance to a closed polygon: nearest edge, sign by crossing number."""
    nearest = torch.full_like(x, math.inf)
    inside = torch.zeros_like(x, dtype=torch.bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        ex, ey = bx - ax, by - ay
        along = ((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)
        along = along.clamp(0, 1)
        px, py = x - ax - along * ex, y - ay - along * ey
        nearest = torch.minimum(nearest, px.square() + py.square())
        if ey != 0:
            crosses = (y < ay) != (y < by)
            inside ^= crosses & (x < ax + (y - ay) / ey * ex)
    return torch.where(inside, -nearest.sqrt(), nearest.sqrt())


def _circle(x: Tensor, y: Tensor) -> Tensor:
    return (x.square() + y.square()).sqrt() - 0.643


def _square(x: Tensor, y: Tensor) -> Tensor:
    return _box(x, y, 0.57, 0.57)


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    half, low = math.sqrt(3) / 2, 0.5  # equal sides, centred on its centroid
    return _polygon(x, y, [(0.0, -1.0), (half, low), (-half, low)])


def _diamond(x: Tensor, y: Tensor) -> Tensor:
    # Taller than wide, so that a rotated square never passes for one.
    return _polygon(x, y, [(0.0, -1.0), (0.64, 0.0), (0.0, 1.0), (-0.64, 0.0)])


def _cross(x: Tensor, y: Tensor) -> Tensor:
    return torch.minimum(_box(x, y, 0.82, 0.24), _box(x, y, 0.24, 0.82))


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return ((x.square() + y.square()).sqrt() - 0.62).abs() - 0.17


def _star(x: Tensor, y: Tensor) -> Tensor:
    corners = []
    for corner in range(10):
        radius = 1.0 if corner % 2 == 0 else 0.45
        angle = math.pi * corner / 5 - math.pi / 2
        corners.append((radius * math.cos(angle), radius * math.sin(angle)))
    return _polygon(x, y, corners)


def _half_moon(x: Tensor, y: Tensor) -> Tensor:
    disc = (x.square() + (y + 0.386).square()).sqrt() - 0.91
    return torch.maximum(disc, -(y + 0.386))  # the lower half of a disc


OUTLINES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "diamond": _diamond,
    "cross": _cross,
    "ring": _ring,
    "star": _star,
    "half-moon": _half_moon,
}


def draw_alpha(
    size: int,
    shapes: Tensor,
    centres: Tensor,
    radii: Tensor,
    angles: Tensor,
) -> Tensor:
    """Draw each object alone: the share of each pixel that it covers.

    Args:
        size: pixels, square.
        shapes: (M,) int64, index into `OUTLINES`; -1 draws nothing.
        centres: (M, 2) x and y in 0..1, y grows downwards.
        radii: (M,) as a share of the image.
        angles: (M,) radians, clockwise on the screen.

    Returns:
        (M, size, size) in 0..1.
    """
    # Sines differ in the last digit from machine to machine: take them in float64.
    cos, sin = angles.double().cos().float(), angles.double().sin().float()
    centres, radii = centres.float(), radii.float()
    grid = (torch.arange(size) + 0.5) / size
    alpha = torch.zeros(len(shapes), size, size)
    for index, outline in enumerate(OUTLINES.values()):
        chosen = (shapes == index).nonzero()[:, 0]
        if len(chosen) == 0:
            continue
        radius = radii[chosen, None, None]
        dx = (grid[None, None, :] - centres[chosen, 0, None, None]) / radius
        dy = (grid[None, :, None] - centres[chosen, 1, None, None]) / radius
        c, s = cos[chosen, None, None], sin[chosen, None, None]
        distance = outline(c * dx + s * dy, c * dy - s * dx)
        alpha[chosen] = (0.5 - distance * radius * size).clamp(0, 1)
    return alpha


def draw_background(size: int, kind: str, seed: int, scenes: Tensor) -> Tensor:
    """Draw what lies behind the objects.

    Args:
        kind: "flat" (one dark grey per scene) or "textured" (a coarse and a fine
            layer of smooth random blotches, different in each colour channel).
        seed: of the world.
        scenes: (B,) int64 scene numbers.

    Returns:
        (B, 3, size, size) in 0..1.
    """
    base = 0.06 + 0.12 * uniform(seed, scenes, _STREAM_BASE)
    flat = base[:, None, None, None].float().expand(-1, 3, size, size)
    if kind == "flat":
        return flat
    texture = flat.clone()
    for cells, strength in ((4, 0.30), (9, 0.16)):
        corner = torch.arange(3 * cells * cells).view(1, 3, cells, cells)
        numbers = scenes.view(-1, 1, 1, 1)
        blotches = uniform(seed, numbers, _STREAM_TEXTURE, cells, corner).float()
        texture += strength * torch.nn.functional.interpolate(
            blotches, size=(size, size), mode="bilinear", align_corners=True
        )
    return texture


def draw_noise(size: int, strength: float, seed: int, scenes: Tensor) -> Tensor:
    """Draw pixel noise of standard deviation `strength`, (B, 3, size, size).

    It is the sum of 4 uniform numbers, near enough to a normal one, and the same on
    every machine. One hash of 52 bits holds all four.
    """
    pixel = torch.arange(3 * size * size).view(1, 3, size, size)
    numbers = scenes.view(-1, 1, 1, 1)
    bits = (uniform(seed, numbers, _STREAM_NOISE, pixel) * 2**52).long()
    total = torch.zeros_like(bits)
    for shift in (0, 13, 26, 39):
        total += (bits >> shift) & (2**13 - 1)
    centred = (total.float() + 2) / 2**13 - 2  # of four uniforms: variance 4/12
    return centred * (math.sqrt(3) * strength)


def visible_masks(alphas: Tensor) -> Tensor:
    """Give each pixel to the nearest object that covers at least half of it.

    Args:
        alphas: (B, O, H, W), each object drawn alone, the first one farthest away.

    Returns:
        (B, O, H, W) bool, at most one object per pixel.
    """
    covers = alphas >= 0.5
    # How many objects cover the pixel from this one on towards the viewer?
    nearer = covers.flip(1).cumsum(1).flip(1)
    return covers & (nearer == 1)


def compose(background: Tensor, alphas: Tensor, colours: Tensor) -> Tensor:
    """Paint objects one over the other, the first one farthest away.

    Args:
        background: (B, 3, H, W).
        alphas: (B, O, H, W) coverage of each object drawn alone.
        colours: (B, O, 3).

    Returns:
        (B, 3, H, W).
    """
    image = background
    for k in range(alphas.shape[1]):
        alpha = alphas[:, k, None]
        image = image * (1 - alpha) + colours[:, k, :, None, None] * alpha
    return image
