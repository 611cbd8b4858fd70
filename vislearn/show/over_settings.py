"""A measure against one setting, such as the temperature, with the range over seeds."""

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

Values = Mapping[float, Sequence[float]]  # setting -> one value for each seed


@styled
def sweep(
    panels: Mapping[str, Mapping[str, Values]],
    marked: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]] | None = None,
    words: Words | None = None,
    chance: Mapping[str, float] | None = None,
    y_range: tuple[float, float] | None = (0.0, 1.03),
) -> Figure:
    """Draw a panel for each measure and in it a curve for each series.

    A curve is the mean over seeds inside a band from the worst to the best. The
    horizontal axis is logarithmic and has a tick at every setting.

    Args:
        panels: measure -> series -> setting (above 0) -> one value for each seed.
        marked: measure -> name -> points (setting, value) drawn as stars: runs that
            chose the setting themselves, or a live run.
        words: may hold "x", and a text for each measure, series and marked name.
        chance: measure -> height of a dotted line.
        y_range: ends of the vertical axis of all panels, None to leave them free.

    Raises:
        ValueError: without curves or values, for a setting that is not above 0, or for
            a star of a measure that is not drawn.
    """
    marked, words, chance = marked or {}, words or {}, chance or {}
    _check(panels, marked)
    drawn = figure(WIDTH, 3.2)
    axes = drawn.subplots(1, len(panels), sharey=y_range is not None, squeeze=False)[0]
    series = list(dict.fromkeys(name for rows in panels.values() for name in rows))
    stars = list(dict.fromkeys(name for rows in marked.values() for name in rows))
    for axis, (measure, rows) in zip(axes, panels.items(), strict=True):
        for name, values in rows.items():
            _curve(axis, values, series.index(name))
        for name, points in marked.get(measure, {}).items():
            axis.plot(
                *zip(*points, strict=True), ls="", marker="*", ms=11, mec="white",
                mew=0.8, color=_colour(len(series) + stars.index(name)), zorder=5,
            )  # fmt: skip
        if measure in chance:
            axis.axhline(chance[measure], color=FAINT, lw=1, ls=":")
        _finish(axis, sorted({x for values in rows.values() for x in values}))
        axis.set(title=words.get(measure, measure), xlabel=words.get("x", ""))
        if y_range is not None:
            axis.set_ylim(*y_range)
    if len(series) + len(stars) > 1:
        drawn.legend(
            *_legend(series, stars, words),
            loc="outside upper center", ncols=2, frameon=False, handlelength=2.4,
        )  # fmt: skip
    return drawn


def _colour(index: int) -> str:
    return PALETTE[index % len(PALETTE)]


def _curve(axis: Any, values: Values, index: int) -> None:
    places = sorted(values)
    runs = [np.asarray(values[place], dtype=float) for place in places]
    low, high = [run.min() for run in runs], [run.max() for run in runs]
    axis.fill_between(places, low, high, color=_colour(index), alpha=0.22, lw=0)
    axis.plot(
        places, [run.mean() for run in runs], color=_colour(index), lw=1.6, ms=4.5,
        ls=LINES[index % len(LINES)], marker=MARKERS[index % len(MARKERS)],
    )  # fmt: skip


def _finish(axis: Any, places: list[float]) -> None:
    axis.set_xscale("log")
    axis.minorticks_off()
    axis.set_xticks(places, [f"{place:g}" for place in places])
    axis.grid(visible=True, color="#e4e4e4", lw=0.7)
    axis.set_axisbelow(True)


def _legend(
    series: list[str], stars: list[str], words: Words
) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D([], [], color=_colour(index), lw=1.6, ms=4.5,
               ls=LINES[index % len(LINES)], marker=MARKERS[index % len(MARKERS)])
        for index in range(len(series))
    ]  # fmt: skip
    handles += [
        Line2D([], [], ls="", marker="*", ms=10, mec=INK, mew=0.3,
               color=_colour(len(series) + index))
        for index in range(len(stars))
    ]  # fmt: skip
    return handles, [words.get(name, name) for name in [*series, *stars]]


def _check(
    panels: Mapping[str, Mapping[str, Values]],
    marked: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]],
) -> None:
    if not panels or not all(panels.values()):
        raise ValueError("there is no curve to draw")
    for measure, stars in marked.items():
        if measure not in panels:
            raise ValueError(f"marked {measure!r}, which is not drawn")
        for name, points in stars.items():
            for place, _ in points:
                _check_setting(measure, name, place)
    for measure, rows in panels.items():
        for name, values in rows.items():
            if not values:
                raise ValueError(f"{measure}, {name}: no value to draw")
            for place, runs in values.items():
                _check_setting(measure, name, place)
                if len(runs) == 0:
                    raise ValueError(f"{measure}, {name}, {place}: no value to draw")


def _check_setting(measure: str, name: str, place: float) -> None:
    if not place > 0:
        raise ValueError(f"{measure}, {name}: setting {place}, expected above 0")
