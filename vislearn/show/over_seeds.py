"""What several seeds gave, as dots beside each other: one row for each condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from vislearn.show.look import (
    FAINT,
    INK,
    MARKERS,
    PALETTE,
    WIDTH,
    Words,
    figure,
    styled,
)

Row = Mapping[str, Sequence[float]]  # name of a dot's colour -> one value for each seed


@styled
def seed_ranges(
    rows: Mapping[str, Row],
    live: Mapping[str, Mapping[str, float]] | None = None,
    chance: float | None = None,
    words: Words | None = None,
    x_range: tuple[float, float] = (0.0, 1.03),
) -> Figure:
    """Draw one row for each condition, in it a dot for every seed of every series.

    A line joins the worst and the best seed. Series keep their colour and marker in all
    rows, and lie one below the other inside of a row.

    Args:
        rows: condition -> series -> one value for each seed; a row may lack a series.
        live: the same nesting with one value each, drawn as stars.
        chance: place of a dotted line.
        words: may hold "x", "live", "chance" and a text for each condition and series.
        x_range: ends of the axis.

    Raises:
        ValueError: without rows or values, or if `live` names something not drawn.
    """
    live, words = live or {}, words or {}
    series = list(dict.fromkeys(name for row in rows.values() for name in row))
    _check(rows, live)
    drawn = figure(WIDTH, 0.9 + 0.17 * len(rows) * (1 + len(series)))
    axis = drawn.subplots()
    if chance is not None:
        axis.axvline(chance, color=FAINT, lw=1, ls=":")
    for place, (name, row) in enumerate(rows.items()):
        for one, values in row.items():
            index = series.index(one)
            height = place + 0.7 * ((index + 0.5) / len(series) - 0.5)
            colour = PALETTE[index % len(PALETTE)]
            axis.hlines(height, min(values), max(values), color=colour, lw=2, alpha=0.5)
            axis.plot(
                values, [height] * len(values), ls="", color=colour, ms=4.5,
                marker=MARKERS[index % len(MARKERS)],
            )  # fmt: skip
            if one in live.get(name, {}):
                axis.plot(
                    [live[name][one]], [height], "*", ms=11, mec="white", mew=0.8,
                    color=colour, zorder=5,
                )  # fmt: skip
    _finish(axis, rows, words, x_range)
    if len(series) > 1 or live or chance is not None:
        handles, names = _legend(series, bool(live), chance is not None, words)
        drawn.legend(
            handles, names, loc="outside upper center", frameon=False, handlelength=1.4,
            ncols=2 if len(names) == 4 else 3,
        )  # fmt: skip
    return drawn


def _finish(
    axis: Any, rows: Mapping[str, Row], words: Words, x_range: tuple[float, float]
) -> None:
    axis.set_yticks(range(len(rows)), [words.get(name, name) for name in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)  # the first row on top
    axis.set_xlim(*x_range)
    axis.set_xlabel(words.get("x", ""))
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=True, axis="x", color="#e4e4e4", lw=0.7)
    axis.set_axisbelow(True)


def _legend(
    series: list[str], live: bool, chance: bool, words: Words
) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=PALETTE[index % len(PALETTE)], lw=2, ms=5, alpha=0.9,
               marker=MARKERS[index % len(MARKERS)])
        for index in range(len(series))
    ]  # fmt: skip
    names = [words.get(name, name) for name in series]
    if live:
        handles.append(Line2D([], [], ls="", marker="*", ms=10, color=INK))
        names.append(words.get("live", "live"))
    if chance:
        handles.append(Line2D([], [], color=FAINT, lw=1, ls=":"))
        names.append(words.get("chance", "chance"))
    return handles, names


def _check(rows: Mapping[str, Row], live: Mapping[str, Mapping[str, float]]) -> None:
    if not any(rows.values()):
        raise ValueError("there is no row to draw")
    for name, row in rows.items():
        for one, values in row.items():
            if len(values) == 0:
                raise ValueError(f"{name!r}, {one!r}: no value to draw")
    for name, row_live in live.items():
        for one in row_live:
            if one not in rows.get(name, {}):
                raise ValueError(f"live value of {name!r}, {one!r}, which is not drawn")
