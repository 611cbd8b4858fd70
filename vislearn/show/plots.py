"""Curves and bars: how training went, and how runs compare."""

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

Values = Any  # a sequence of numbers, or of runs of equal length


@styled
def curves(
    series: Mapping[str, Values],
    x: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    words: Words | None = None,
    level: float | None = None,
    y_range: tuple[float | None, float | None] | None = None,
) -> Figure:
    """Draw one curve per entry; several runs become their mean inside a band.

    Each curve has its own colour, line style and marker.

    Args:
        series: name -> (S,) numbers of one run, or (runs, S); the band runs from the
            smallest to the largest run.
        x: the S places, for all curves or by name; 0, 1, 2, ... by default.
        words: may hold "title", "x", "y", "level" (text at the level line) and, for
            each name in `series`, the text of the legend (default: the name).
        level: height of a dashed line, such as chance.
        y_range: ends of the y axis, None to leave one free.

    Raises:
        ValueError: without curves, or when numbers and places do not match.
    """
    if not series:
        raise ValueError("there is no curve to draw")
    words = words or {}
    drawn = figure(WIDTH, 3.1)
    axis = drawn.subplots()
    for index, (name, values) in enumerate(series.items()):
        places, runs = _places_and_runs(name, values, x)
        colour = PALETTE[index % len(PALETTE)]
        if len(runs) > 1:
            low, high = runs.min(0), runs.max(0)
            axis.fill_between(places, low, high, color=colour, alpha=0.2, lw=0)
        axis.plot(
            places, runs.mean(0), color=colour, lw=1.8, label=words.get(name, name),
            ls=LINES[index % len(LINES)], marker=MARKERS[index % len(MARKERS)],
            ms=4.5, markevery=max(1, len(places) // 8),
        )  # fmt: skip
    if level is not None:
        axis.axhline(level, color=FAINT, lw=1, ls=(0, (3, 3)))
        axis.annotate(
            words.get("level", ""), (1, level), xycoords=("axes fraction", "data"),
            xytext=(-2, 2), textcoords="offset points", ha="right", va="bottom",
            color=INK, fontsize=9,
        )  # fmt: skip
    if y_range is not None:
        axis.set_ylim(*y_range)
    _name_axes(axis, words)
    if len(series) > 1 or next(iter(series)) in words:
        axis.legend(frameon=False, handlelength=2.6)
    return drawn


@styled
def bars(
    series: Mapping[str, Sequence[float]],
    groups: Sequence[str],
    words: Words | None = None,
    digits: int = 2,
) -> Figure:
    """Draw groups of bars with their values written above them.

    Each entry of `series` has its own colour and hatching.

    Args:
        series: name -> one value per group.
        groups: the texts under the groups.
        words: may hold "title", "x", "y" and legend texts by name.
        digits: decimals of the values.

    Raises:
        ValueError: without bars or with another number of values than groups.
    """
    if not series or not groups:
        raise ValueError("there is no bar to draw")
    words = words or {}
    drawn = figure(WIDTH, 2.9)
    axis = drawn.subplots()
    thick = 0.8 / len(series)
    hatches = ("", "//", "..", "xx", "\\\\", "--", "++")
    for index, (name, values) in enumerate(series.items()):
        if len(values) != len(groups):
            raise ValueError(f"{name!r}: {len(values)} values for {len(groups)} groups")
        places = np.arange(len(groups)) + (index - (len(series) - 1) / 2) * thick
        drawn_bars = axis.bar(
            places, values, thick * 0.92, label=words.get(name, name),
            color=PALETTE[index % len(PALETTE)], hatch=hatches[index % len(hatches)],
            edgecolor="white",
        )  # fmt: skip
        axis.bar_label(drawn_bars, fmt=f"%.{digits}f", fontsize=9, padding=1)
    axis.set_xticks(range(len(groups)), groups)
    axis.margins(y=0.12)
    _name_axes(axis, words)
    axis.grid(visible=False, axis="x")
    if len(series) > 1:
        # Outside of the axes: a legend must not lie on a bar.
        drawn.legend(loc="outside upper center", ncols=len(series), frameon=False)
    return drawn


def _places_and_runs(name: str, values: Values, x: Any) -> tuple[Any, np.ndarray]:
    runs = np.atleast_2d(np.asarray(values, dtype=float))
    if runs.ndim != 2 or runs.shape[1] == 0:
        raise ValueError(f"{name!r}: expected (S,) or (runs, S), got {runs.shape}")
    places = x.get(name) if isinstance(x, Mapping) else x
    if places is None:
        places = np.arange(runs.shape[1])
    if len(places) != runs.shape[1]:
        raise ValueError(f"{name!r}: {runs.shape[1]} values at {len(places)} places")
    return places, runs


def _name_axes(axis: Any, words: Words) -> None:
    axis.set_xlabel(words.get("x", ""))
    axis.set_ylabel(words.get("y", ""))
    if "title" in words:
        axis.set_title(words["title"])
    axis.grid(visible=True, color="#e4e4e4", lw=0.7)
    axis.set_axisbelow(True)
