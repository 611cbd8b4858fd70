"""Where a token looks: the pixels that can reach it after each stage, and how strongly.

The strength of a pixel is the size of the derivative of the token's features by that
pixel: the effective receptive field of arXiv:1701.04128, section 2, for a token of any
encoder. A pixel whose derivative is zero does not reach the token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from vislearn.show.look import INK, WIDTH, Words, figure, styled
from vislearn.show.pixels import to_pixels

_DECADES = 3  # strengths below a thousandth of the largest have the faintest colour
_FAINTEST = 0.2  # still to be told from the grey of pixels that are not reached


@dataclass(frozen=True)
class Reach:
    """What reaches one token of one stage."""

    stage: int  # number of the map or hidden state, from 0
    grid: tuple[int, int]  # (h, w) of the stage
    token: tuple[int, int]  # (row, column) in the grid
    strength: Tensor  # (H, W), one number per pixel, the largest is 1

    @property
    def share(self) -> float:
        """The part of the pixels that can reach the token, 0 to 1."""
        return float((self.strength > 0).float().mean())


def token_reach(
    model: nn.Module,
    image: Tensor,
    place: tuple[int, int],
    stages: Sequence[int] | None = None,
    directions: int = 8,
    seed: int = 0,
) -> list[Reach]:
    """Measure which pixels reach the token at one place, after each stage.

    The strength of a pixel is the Frobenius norm of the token's Jacobian with respect
    to its channels, estimated from `directions` random directions of the token's
    features that stand at right angles to each other; as many directions as the token
    is wide make it exact. A zero means that the pixel does not reach the token; where a
    maximum is taken, for this image at least.

    Args:
        model: an encoder of this package. Hierarchical ones are asked for their
            `feature_maps`, ViTs for their `hidden_states`.
        image: (C, H, W), as the model wants it (`model.preprocess`).
        place: (row, column) of a pixel; of each stage the token that covers it is
            looked at.
        stages: numbers of maps or hidden states, from 0. By default all maps; of
            hidden states (0 is the embedding) those after up to 4 evenly spaced
            blocks, the first and the last among them.
        directions: gradients that are averaged.
        seed: of the random directions. The global seed is left alone.

    Raises:
        ValueError: if the model has no stages, the image is no single image, the place
            lies outside of it, or a stage does not exist.
    """
    if image.ndim != 3:
        raise ValueError(f"expected one image (C, H, W), got {tuple(image.shape)}")
    height, width = image.shape[-2:]
    if not (0 <= place[0] < height and 0 <= place[1] < width):
        raise ValueError(
            f"place {place} lies outside of the image of {height} × {width} pixels"
        )
    if directions < 1:
        raise ValueError(f"directions must be at least 1, got {directions}")
    training = model.training
    model.eval()  # samples of the batch must not see each other
    try:
        batch = image.detach().expand(directions, -1, -1, -1).clone().requires_grad_()
        maps = stage_maps(model, batch)
        generator = torch.Generator().manual_seed(seed)
        return [
            _measure(maps[stage], stage, batch, place, generator)
            for stage in _chosen(model, len(maps), stages)
        ]
    finally:
        model.train(training)


def stage_maps(model: Any, images: Tensor) -> list[Tensor]:
    """Feature maps of a hierarchical encoder, or the hidden states of a ViT as maps.

    Shapes:
        images (B, C, H, W) -> maps (B, D, h, w)

    Raises:
        ValueError: if the model has neither.
    """
    if hasattr(model, "feature_maps"):
        return model.feature_maps(images)
    if not hasattr(model, "hidden_states"):
        raise ValueError(
            f"{type(model).__name__} has neither feature_maps nor hidden_states"
        )
    states = model.hidden_states(images)  # each (B, T, D)
    grid = model(images[:1].detach()).grid
    patches = [state[:, -grid[0] * grid[1] :] for state in states]  # prefix is first
    return [state.transpose(1, 2).unflatten(2, grid) for state in patches]


def _chosen(model: nn.Module, count: int, stages: Sequence[int] | None) -> list[int]:
    if stages is None:
        if hasattr(model, "feature_maps"):
            return list(range(count))
        last = count - 1
        return sorted({round(1 + part * (last - 1) / 3) for part in range(4)})
    for stage in stages:
        if not 0 <= stage < count:
            raise ValueError(f"stage {stage}: expected 0 to {count - 1}")
    return list(stages)


def _measure(
    features: Tensor,
    stage: int,
    batch: Tensor,
    place: tuple[int, int],
    generator: torch.Generator,
) -> Reach:
    _, D, h, w = features.shape
    height, width = batch.shape[-2:]
    token = (place[0] * h // height, place[1] * w // width)
    aims = _directions(D, len(batch), generator).to(features)  # (directions, D)
    answers = (features[:, :, token[0], token[1]] * aims).sum()
    (gradient,) = torch.autograd.grad(answers, batch, retain_graph=True)
    strength = gradient.double().square().sum((0, 1)).sqrt().cpu()  # (H, W)
    strength = strength / strength.max().clamp(min=1e-300)
    return Reach(stage, (h, w), token, strength.float())


def _directions(width: int, count: int, generator: torch.Generator) -> Tensor:
    """`count` random directions (count, width), at right angles while there are any."""
    parts = []
    for start in range(0, count, width):
        rows = min(width, count - start)
        noise = torch.randn(width, rows, generator=generator, dtype=torch.float64)
        parts.append(torch.linalg.qr(noise).Q.T)
    return torch.cat(parts)


@styled
def reach_maps(
    image: Any,
    reached: Mapping[str, Sequence[Reach]],
    words: Words | None = None,
) -> Figure:
    """Draw a row of pictures for each model, a picture for each stage.

    Pixels that cannot reach the token stay grey. The others are coloured: the brighter,
    the stronger, on a logarithmic scale over three decades. Under each picture stands
    the share of pixels that reach the token, which is framed.

    Args:
        image: what the models saw, see `vislearn.show.pixels.to_pixels`.
        reached: name of a model -> what `token_reach` returned.
        words: may hold "title", "stage" (before the number of the column), "strength"
            (under the bar of colours) and the text of a row by its name.

    Raises:
        ValueError: without models or stages, or for an image of another size.
    """
    pixels = to_pixels(image)
    _check(reached, pixels)
    words = words or {}
    columns = max(len(row) for row in reached.values())
    side = (WIDTH - 0.35) / columns
    high = side * pixels.shape[0] / pixels.shape[1] + 0.24  # with the share
    extra = 0.75 + (0.25 if "title" in words else 0.0)  # stages, bar, title
    drawn = figure(WIDTH, len(reached) * high + extra)
    if "title" in words:
        drawn.suptitle(words["title"], fontsize=10)
    places = drawn.add_gridspec(
        len(reached) + 1, columns, height_ratios=[high] * len(reached) + [0.1]
    )
    for line, (name, row) in enumerate(reached.items()):
        for column, one in enumerate(row):
            axis = drawn.add_subplot(places[line, column])
            _paint(axis, pixels, one)
            if column == 0:
                axis.set_ylabel(words.get(name, name), fontsize=9, color=INK)
            if line == 0:
                axis.set_title(f"{words.get('stage', 'stage')} {column + 1}")
    bar = drawn.add_subplot(places[-1, :])
    _colour_bar(bar, words.get("strength", "strength (largest: 1)"))
    return drawn


def _check(reached: Mapping[str, Sequence[Reach]], pixels: np.ndarray) -> None:
    if not reached or not all(reached.values()):
        raise ValueError("there is nothing that reaches a token to draw")
    for name, row in reached.items():
        for one in row:
            if tuple(one.strength.shape) != pixels.shape[:2]:
                raise ValueError(
                    f"{name!r} was measured on {tuple(one.strength.shape)} pixels, "
                    f"the image has {pixels.shape[:2]}"
                )


def _colour_bar(axis: Any, text: str) -> None:
    """All strengths side by side, on the grey of a photograph."""
    strengths = torch.logspace(-_DECADES, 0, 200)[None]
    ends = (-_DECADES, 0, 0, 1)
    axis.set_facecolor("#999999")
    axis.imshow(colours(strengths), extent=ends, aspect="auto")
    ticks = range(-_DECADES, 1)
    axis.set_xticks(ticks, [f"{10.0**tick:g}" for tick in ticks])
    axis.set_yticks([])
    axis.tick_params(length=2)
    axis.set_xlabel(text, fontsize=9, color=INK, labelpad=2)


def _paint(axis: Any, pixels: np.ndarray, one: Reach) -> None:
    """The photograph in grey, colours where something reaches, the token's frame."""
    height, width = pixels.shape[:2]
    grey = 0.35 + 0.5 * pixels.mean(-1)  # never as dark as the faintest colour
    axis.imshow(grey, cmap="gray", vmin=0, vmax=1)
    axis.imshow(colours(one.strength), interpolation="nearest")
    high, wide = height / one.grid[0], width / one.grid[1]
    corner = (one.token[1] * wide - 0.5, one.token[0] * high - 0.5)
    for ink, thick in (("black", 2.4), ("white", 1.2)):
        axis.add_patch(
            Rectangle(corner, wide, high, fill=False, ec=ink, lw=thick, clip_on=False)
        )
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_xlabel(percent(one.share), fontsize=9, color=INK, labelpad=2)


def colours(strength: Tensor) -> np.ndarray:
    """Red, green, blue and opacity of each pixel; nothing where nothing reaches.

    Shapes:
        strength (H, W), the largest is 1 -> (H, W, 4)
    """
    values = strength.numpy().astype(float)
    steps = np.log10(np.clip(values, 10.0**-_DECADES, 1)) / _DECADES + 1  # 0 to 1
    bright = _FAINTEST + (1 - _FAINTEST) * steps
    painted = colormaps["inferno"](bright)
    painted[..., 3] = np.where(values > 0, 0.35 + 0.5 * bright, 0)
    return painted


def percent(share: float) -> str:
    """A share as text: two digits that count, and never "100 %" for less than all."""
    if 0 < share < 0.01:
        return f"{100 * share:.1g} %"
    if share < 1 and round(100 * share) == 100:
        return "> 99 %"
    return f"{100 * share:.0f} %"
