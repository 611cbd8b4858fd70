"""Breaking texts of both languages into lines of the same width."""

from __future__ import annotations

import textwrap
import unicodedata


def wrap(text: str, letters: int) -> list[str]:
    """Lines as wide as so many Latin letters, or half as many Hangul syllables."""
    share = len(text) / max(wide(text), 1)
    return textwrap.wrap(text, max(6, round(letters * share)))


def wide(text: str) -> int:
    """Width of a text in Latin letters; a Hangul syllable is about two of them."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
