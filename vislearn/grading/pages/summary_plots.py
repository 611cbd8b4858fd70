"""The summary's figures: inline SVG in the page's own colours, with a text for each.

Matplotlib draws with the course's font; its colours are then exchanged for the page's
variables, so that one drawing suits light mode, dark mode and paper.
"""

from __future__ import annotations

import functools
import io
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vislearn
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages.items import Statistics
from vislearn.grading.pages.render import Markup, decimal, escape, percent
from vislearn.grading.pages.words import Say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = Path(vislearn.__file__).parent / "show" / "fonts" / "Pretendard-Regular.otf"
WIDTH = 4.8  # inches: ten-point text can still be read on a phone
HEAT_LIMIT = 60  # submissions in the grid; of more nobody reads a row
MOST_WRONG = 12  # bars of misconceptions
# Colours that stand for variables of style.css.
INK, FAINT, BLUE, ORANGE = "#010203", "#040506", "#070809", "#0a0b0c"
_VARIABLES = {INK: "--ink", FAINT: "--faint", BLUE: "--blue", ORANGE: "--orange"}


@functools.cache
def _register_font() -> None:
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(FONT))


def _settings() -> dict[str, Any]:
    return {
        "font.family": ["Pretendard", "DejaVu Sans"],
        "font.size": 10,
        "text.color": INK,
        "text.parse_math": False,  # a learner's name may hold dollars
        "axes.labelcolor": INK,
        "axes.edgecolor": FAINT,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "vislearn",
    }


def _drawn(name: str, height: float, draw: Any, alt: str) -> Markup:
    """Draw into a new figure (never pyplot's) and return it as inline SVG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    _register_font()
    with warnings.catch_warnings(), rc_context(_settings()):  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", "Glyph")  # an emoji in a learner's name
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        return _inline(figure, name, alt)


def _inline(figure: Figure, name: str, alt: str) -> Markup:
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Several figures share a page: their ids must differ.
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    label = f'<svg role="img" aria-label="{escape(alt)}" '
    return Markup(re.sub(r"\s*\n\s*", "\n", svg.replace("<svg ", label, 1)))


def marks(stats: Statistics, say: Say) -> Markup:
    """How many submissions have how many points."""
    edges = _edges(stats.points)
    counts = [0] * (len(edges) - 1)
    for score in stats.scores:
        place = next((n for n, e in enumerate(edges[1:]) if score < e), len(counts) - 1)
        counts[place] += 1

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        widths = [0.94 * (right - left) for left, right in pairwise(edges)]
        bars = axes.bar(edges[:-1], counts, widths, align="edge", color=BLUE)
        axes.bar_label(bars, [str(count or "") for count in counts], color=INK)
        axes.set(xlabel=say("plot_marks_x"), ylabel=say("plot_marks_y"))
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, max([1, *counts]) * 1.15)
        axes.locator_params(axis="y", integer=True)

    ranges = zip(pairwise(edges), counts, strict=True)
    bars = ", ".join(f"{a:g}–{b:g}: {count}" for (a, b), count in ranges)
    return _drawn("marks", 2.8, draw, say("plot_marks_alt", bars=bars))


def _edges(points: float) -> list[float]:
    """About ten ranges of whole points where that is possible."""
    step = max(1, round(points / 10)) if points >= 10 else points / 10
    count = int(-(-points // step))
    return [min(n * step, points) for n in range(count + 1)]


def questions(stats: Statistics, say: Say) -> Markup:
    """Difficulty and discrimination, one row per question."""
    items = stats.questions
    names = [item.question for item in items]
    hard = [item.difficulty for item in items]
    tells = [item.discrimination for item in items]

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        _bars(left, names, hard, BLUE, [percent(value) for value in hard])
        _bars(right, names, tells, ORANGE, [decimal(value) for value in tells])
        left.set_title(say("difficulty"), fontsize=10, color=INK)
        right.set_title(say("discrimination"), fontsize=10, color=INK)
        left.set_xlim(0, 1.3)
        left.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        low = min([0.0, *(value for value in tells if value is not None)])
        right.set_xlim(low * 1.35, 1.3)
        right.set_xticks([*([round(low, 1)] if low <= -0.1 else []), 0, 0.5, 1])
        right.axvline(0, color=FAINT, linewidth=0.8)
        left.invert_yaxis()

    bars = "; ".join(
        say(
            "plot_question",
            question=item.question,
            difficulty=percent(item.difficulty),
            discrimination=decimal(item.discrimination),
        )
        for item in items
    )
    height = 1.0 + 0.32 * max(4, len(items))
    return _drawn("items", height, draw, say("plot_questions_alt", bars=bars))


def _bars(
    axes: Axes,
    names: Sequence[str],
    values: Sequence[float | None],
    colour: str,
    labels: Sequence[str],
) -> None:
    places = range(len(names))
    bars = axes.barh(places, [value or 0.0 for value in values], 0.62, color=colour)
    axes.bar_label(bars, labels, padding=3, color=INK, fontsize=9)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0)


def misconceptions(found: Sequence[tuple[str, int]], say: Say) -> Markup:
    """The commonest misconceptions, most frequent first."""
    shown = found[:MOST_WRONG]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        names = [name for name, _ in shown]
        counts = [float(count) for _, count in shown]
        _bars(axes, names, counts, ORANGE, [f"{count:g}" for count in counts])
        axes.invert_yaxis()
        axes.set_xlim(0, max(counts) * 1.12)
        axes.locator_params(axis="x", integer=True)

    bars = ", ".join(f"{name}: {count}" for name, count in shown)
    height = 0.7 + 0.26 * len(shown)
    return _drawn("wrong", height, draw, say("plot_wrong_alt", bars=bars))


def heat(lab: Lab, rows: Sequence[tuple[str, Record]], say: Say) -> Markup | None:
    """Shares of the points by submission and question, best first; None if too many."""
    kept = [(name, record) for name, record in rows if record.state == "graded"]
    if not 0 < len(kept) <= HEAT_LIMIT:
        return None
    kept.sort(key=lambda row: (-(row[1].points or 0), row[0]))

    def draw(figure: Figure) -> None:
        from matplotlib.patches import Rectangle

        axes = figure.add_subplot()
        for y, (_, record) in enumerate(kept):
            for x, result in enumerate(record.results.values()):
                share = result.points / result.max_points if result.max_points else 0
                box = Rectangle((x, y), 0.96, 0.92, linewidth=0, facecolor=BLUE)
                box.set_alpha(0.04 + 0.5 * share)
                axes.add_patch(box)
                axes.text(
                    *(x + 0.48, y + 0.48, f"{result.points:g}"),
                    ha="center", va="center", fontsize=8,
                )  # fmt: skip
        axes.set(xlim=(0, len(lab.questions)), ylim=(len(kept), 0))
        axes.set_xticks([n + 0.48 for n in range(len(lab.questions))], lab.questions)
        axes.set_yticks([n + 0.46 for n in range(len(kept))], _short(kept), fontsize=8)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    alt = say("plot_heat_alt", count=len(kept))
    return _drawn("heat", 0.6 + 0.2 * len(kept), draw, alt)


def _short(rows: Sequence[tuple[str, Record]]) -> list[str]:
    """Names that fit beside a row; of one person's files the place is told, too."""
    often = Counter(name for name, _ in rows)
    return [
        name if len(name) <= 18 and often[name] == 1 else f"{name[:17]}…"
        for name, _ in rows
    ]
