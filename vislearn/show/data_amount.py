"""Accuracy against the number of training images, with the range over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vislearn.show.look import (
    FAINT,
    INK,
    LINES,
    MARKERS,
    PALETTE,
    WIDTH,
    Words,
    figure,
    styled,
)

Runs = Mapping[int, Sequence[float]]  # number of images -> accuracy of each seed


@styled
def data_curves(
    panels: Mapping[str, Mapping[str, Runs]],
    live: Mapping[str, Mapping[str, Mapping[int, float]]] | None = None,
    chance: Mapping[str, float] | None = None,
    words: Words | None = None,
) -> Figure:
    """Draw a panel for each data set and in it a curve for each model.

    A curve is the mean over seeds inside a band from the worst to the best seed; a
    number of images with one seed has a marker and no band. The horizontal axis is
    logarithmic. A model keeps its colour, line and marker in all panels.

    Args:
        panels: data set -> model -> images -> accuracies in 0..1, one for each seed.
        live: the same nesting with one accuracy each, drawn as stars on top.
        chance: data set -> height of a dotted line.
        words: may hold "x", "y", "live", "chance" and a text for each name.

    Raises:
        ValueError: without panels or curves, for a number of images below 1, without
            accuracies or with one outside of 0..1, or if `live` or `chance` names
            something that is not drawn.
    """
    _check(panels, live or {}, chance or {})
    words = words or {}
    drawn = figure(WIDTH, 3.3)
    axes = drawn.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    models = list(dict.fromkeys(name for rows in panels.values() for name in rows))
    for axis, (data, rows) in zip(axes, panels.items(), strict=True):
        for model, runs in rows.items():
            _curve(axis, runs, models.index(model))
        stars = (live or {}).get(data, {})
        for model, points in stars.items():
            axis.plot(
                list(points), list(points.values()), "*", ms=13, mec="white", mew=0.8,
                color=PALETTE[models.index(model) % len(PALETTE)], zorder=5,
            )  # fmt: skip
        if data in (chance or {}):
            axis.axhline(chance[data], color=FAINT, lw=1, ls=":")  # type: ignore[index]
        _finish(axis, sorted({n for runs in rows.values() for n in runs}))
        axis.set(title=words.get(data, data), xlabel=words.get("x", ""))
    axes[0].set_ylabel(words.get("y", ""))
    drawn.legend(
        *_legend(models, bool(live), bool(chance), words),
        loc="outside upper center", ncols=3, frameon=False, handlelength=2.4,
    )  # fmt: skip
    return drawn


def _curve(axis: Any, runs: Runs, index: int) -> None:
    counts = sorted(runs)
    values = [np.asarray(runs[count], dtype=float) for count in counts]
    colour = PALETTE[index % len(PALETTE)]
    banded = [(n, v.min(), v.max()) for n, v in zip(counts, values, strict=True)]
    if any(len(v) > 1 for v in values):
        places, low, high = zip(*banded, strict=True)
        axis.fill_between(places, low, high, color=colour, alpha=0.22, lw=0)
    axis.plot(
        counts, [v.mean() for v in values], color=colour, lw=1.6, ms=4.5,
        ls=LINES[index % len(LINES)], marker=MARKERS[index % len(MARKERS)],
    )  # fmt: skip


def _finish(axis: Any, counts: list[int]) -> None:
    axis.set_xscale("log")
    axis.minorticks_off()
    axis.set_xticks(counts, [_short(count) for count in counts])
    axis.set_ylim(0, 1.03)
    axis.grid(visible=True, color="#e4e4e4", lw=0.7)
    axis.set_axisbelow(True)


def _short(count: int) -> str:
    """100, 1k, 64k: the axis is narrow."""
    return f"{count // 1000}k" if count % 1000 == 0 else f"{count:,}"


def _legend(
    models: list[str], live: bool, chance: bool, words: Words
) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    handles, names = [], []
    for index, model in enumerate(models):
        handles.append(
            Line2D([], [], color=PALETTE[index % len(PALETTE)], lw=1.6, ms=4.5,
                   ls=LINES[index % len(LINES)], marker=MARKERS[index % len(MARKERS)])
        )  # fmt: skip
        names.append(words.get(model, model))
    if live:
        handles.append(Line2D([], [], ls="", marker="*", ms=10, color=INK))
        names.append(words.get("live", "live"))
    if chance:
        handles.append(Line2D([], [], color=FAINT, lw=1, ls=":"))
        names.append(words.get("chance", "chance"))
    return handles, names


def _check(
    panels: Mapping[str, Mapping[str, Runs]],
    live: Mapping[str, Mapping[str, Any]],
    chance: Mapping[str, float],
) -> None:
    if not panels or not all(panels.values()):
        raise ValueError("there is no curve to draw")
    for data, rows in panels.items():
        for model, runs in rows.items():
            for count, values in runs.items():
                if count < 1:
                    raise ValueError(f"{data}, {model}: {count} training images")
                inside = [0 <= value <= 1 for value in values]
                if not inside or not all(inside):
                    raise ValueError(
                        f"{data}, {model}, {count} images: expected accuracies from "
                        f"0 to 1, got {list(values)}"
                    )
    for data in [*live, *chance]:
        if data not in panels:
            raise ValueError(f"{data!r} is not one of the panels {list(panels)}")
    for data, points in live.items():
        for model in points:
            if model not in panels[data]:
                raise ValueError(f"{model!r} has no curve in the panel {data!r}")
