"""How every figure of the course looks: font, colours, size.

A figure is 4.8 inches wide unless it says otherwise. Shown on a phone that is
390 px wide this makes 10-point text about 10 px tall, which can still be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec

from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure

FONT_FILE = Path(__file__).parent / "fonts" / "Pretendard-Regular.otf"
WIDTH = 4.8  # inches
DPI = 160

# Okabe and Ito's eight colours that colour-blind readers can tell apart
# (https://jfly.uni-koeln.de/color/), yellow left out: too pale on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#222222")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
INK = "#222222"
FAINT = "#8a8a8a"

Words = Mapping[str, str]  # the texts of a figure in one language
Arguments = ParamSpec("Arguments")


@cache
def _register_font() -> None:
    font_manager.fontManager.addfont(str(FONT_FILE))


@contextmanager
def style() -> Iterator[None]:
    """Draw with the course's settings inside this context, the caller's outside."""
    _register_font()
    settings: dict[str, Any] = {
        "font.family": ["Pretendard", "DejaVu Sans"],
        "font.size": 10,
        "axes.titlesize": 10,
        "axes.labelsize": 10,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9,
        "axes.unicode_minus": True,
        "mathtext.fontset": "dejavusans",
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.facecolor": "white",
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.dpi": DPI,
        "savefig.dpi": DPI,
        "image.interpolation": "nearest",
    }
    with rc_context(settings):  # type: ignore[arg-type]
        yield


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Make a figure function draw in the course's style, wherever it is called."""

    @wraps(draw)
    def drawn_in_style(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with style():
            return draw(*args, **kwargs)

    return drawn_in_style


def plain(text: str) -> str:
    """A text whose dollars stay dollars; matplotlib reads $…$ as a formula."""
    return text.replace("$", r"\$")


def figure(width: float = WIDTH, height: float = 3.0) -> Figure:
    """Open an empty figure in the course's style.

    It is not registered with pyplot: nothing is shown twice and nothing leaks.

    Args:
        width, height: in inches; keep the width at 4.8 or below for phones.
    """
    with style():
        return Figure(figsize=(width, height), layout="constrained")
