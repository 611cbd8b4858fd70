"""The pieces that a text is cut into, one box for each token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextPath

from vislearn.show.look import (
    FAINT,
    FONT_FILE,
    INK,
    WIDTH,
    Words,
    figure,
    plain,
    styled,
)
from vislearn.show.wrapping import wrap

_SIZE = 10  # points of the pieces
_ROW = 0.27  # inches
_GAP = 0.045
_LETTERS = 52  # of a text in one line
_WHOLE, _PART = "#e8f1f8", "#fdf0e2"


class Tokenizer(Protocol):
    """`vislearn.tokenizers.BPE`, `CLIPTokenizer`, or anything that can do the same."""

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""

    def token_bytes(self, token: int) -> bytes:
        """What an id stands for."""


class Piece(NamedTuple):
    """What is written into one box."""

    text: str
    whole: bool  # characters; otherwise bytes, because no font can show them


@styled
def text_tokens(
    texts: str | Sequence[str],
    tokenizers: Mapping[str, Tokenizer],
    words: Words | None = None,
) -> Figure:
    """Draw each text as each tokenizer cuts it.

    The text stands above its tokens. A space is drawn as a dot. A token that is a part
    of a character (or a character that the course's font does not have) shows its bytes
    as hexadecimal numbers in a dashed box.

    Args:
        texts: one or several.
        tokenizers: name -> tokenizer.
        words: may hold "title", "tokens" (after the number of tokens; default
            "tokens") and a text for each name.

    Raises:
        ValueError: without texts, tokenizers or tokens.
    """
    listed = [texts] if isinstance(texts, str) else list(texts)
    if not listed or not tokenizers:
        raise ValueError(f"{len(listed)} texts, {len(tokenizers)} tokenizers: no boxes")
    words = words or {}
    # Each row: a line of text and its size, or boxes with their left edges.
    rows: list[tuple[str, int] | list[tuple[float, Piece]]] = []
    for text in listed:
        rows += [(plain(line), _SIZE) for line in wrap(f"“{_shown(text)}”", _LETTERS)]
        for name, tokenizer in tokenizers.items():
            shown = pieces(tokenizer, text)
            if not shown:
                raise ValueError(f"{text!r} has no tokens")
            count = f"{len(shown)} {words.get('tokens', 'tokens')}"
            rows += [(f"{words.get(name, name)}: {count}", _SIZE - 1), *_lines(shown)]
    height = _ROW * len(rows) + 0.1
    drawn = figure(WIDTH, height + (0.3 if "title" in words else 0))
    axis = drawn.subplots()
    axis.set_axis_off()
    axis.set(xlim=(-0.03, WIDTH - 0.1), ylim=(height, 0))
    if "title" in words:
        axis.set_title(words["title"])
    for place, row in enumerate(rows):
        top = 0.05 + place * _ROW
        if isinstance(row, tuple):
            line, size = row
            axis.text(0, top + _ROW / 2, line, va="center", fontsize=size, color=INK)
            continue
        for left, piece in row:
            _box(axis, left, top, piece)
    return drawn


def pieces(tokenizer: Tokenizer, text: str) -> list[Piece]:
    """What each token of a text shows."""
    found = []
    for token in tokenizer.encode(text):
        data = tokenizer.token_bytes(token)
        shown = data.decode(errors="replace").replace(" ", "·")
        whole = all(_drawable(letter) for letter in shown)
        found.append(Piece(shown if whole else data.hex(" ").upper(), whole))
    return found


def _shown(text: str) -> str:
    """The text, with a square for each letter that the font does not have."""
    return "".join(letter if _drawable(letter) else "□" for letter in text)


def _lines(shown: list[Piece]) -> list[list[tuple[float, Piece]]]:
    """Break a row of boxes where the figure ends: (left edge, piece) by line."""
    lines: list[list[tuple[float, Piece]]] = [[]]
    left = 0.0
    for piece in shown:
        wide = _width(piece)
        if left + wide > WIDTH - 0.15 and lines[-1]:
            lines.append([])
            left = 0.0
        lines[-1].append((left, piece))
        left += wide + _GAP
    return lines


def _box(axis: Any, left: float, top: float, piece: Piece) -> None:
    wide = _width(piece)
    axis.add_patch(
        FancyBboxPatch(
            (left + 0.03, top + 0.05), wide - 0.06, _ROW - 0.1,
            boxstyle="round,pad=0.03", lw=0.9, ec=FAINT,
            fc=_WHOLE if piece.whole else _PART, ls="-" if piece.whole else (0, (2, 1)),
        )
    )  # fmt: skip
    axis.text(
        left + wide / 2, top + _ROW / 2, plain(piece.text), ha="center",
        va="center_baseline", fontsize=_SIZE if piece.whole else _SIZE - 3, color=INK,
    )  # fmt: skip


def _width(piece: Piece) -> float:
    """Inches of a box: its text and a margin."""
    size = _SIZE if piece.whole else _SIZE - 3
    path = TextPath((0, 0), plain(piece.text), size=size, prop=_font())
    return max(path.get_extents().width / 72, 0.05) + 0.13


@cache
def _font() -> FontProperties:
    return FontProperties(fname=str(FONT_FILE))


@cache
def _drawable(letter: str) -> bool:
    return letter.isprintable() and letter != "\ufffd" and ord(letter) in _letters()


@cache
def _letters() -> frozenset[int]:
    return frozenset(FT2Font(str(FONT_FILE)).get_charmap())
