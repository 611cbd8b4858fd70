"""What CLIP does to a text before it is cut into words.

Source: openai/CLIP `clip/simple_tokenizer.py`: the package ftfy repairs the text, HTML
entities are resolved, white space is collapsed, letters become small.

Kept, written anew without ftfy (`tidy`): HTML entities before the first "<" are
resolved; C1 control characters are read as Windows-1252; ligatures of Latin letters are
taken apart; full- and half-width forms become plain (ＬＯＵＤ → LOUD), curly quotation
marks straight (don’t → don't); halves of surrogate pairs are joined or replaced;
terminal escapes and control characters go; and letters are composed (NFC), without
which Korean from a Mac's file names would be other tokens.

Left out: ftfy's guess that a text was decoded with the wrong encoding, and its repair
(ftfy's `fix_encoding`: "sÃ³" → "só"); HTML entities in capital letters (&EACUTE;),
which no standard has. Where neither occurs, `tidy` is `ftfy.fix_text` up to white space
(tests/parity, on random texts). For the rest pass `repair=ftfy.fix_text` to the
tokenizer.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import cache

_ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,24};")
_TERMINAL = re.compile("\x1b\\[[\\d;]*[a-zA-Z]")
_CONTROL = re.compile(
    "[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]"  # not tab, CR, LF, FF
)
_LIGATURES = "ĲĳŉǱǲǳǄǅǆǇǈǉǊǋǌﬀﬁﬂﬃﬄﬅﬆ"
_SINGLE, _DOUBLE = "\u02bc\u2018\u2019\u201a\u201b", "\u201c\u201d\u201e\u201f"


def clean(text: str, repair: Callable[[str], str] | None = None) -> str:
    """The text as CLIP's tokenizer reads it.

    Args:
        text: any text.
        repair: what to use in place of `tidy`, for example `ftfy.fix_text`.
    """
    text = tidy(text) if repair is None else repair(text)
    # Twice, because alternative texts on the web are often escaped twice.
    text = html.unescape(html.unescape(text))
    return " ".join(text.split()).lower()


def tidy(text: str) -> str:
    """Repair what is broken in a text beyond doubt; see the header of this file."""
    # Where there are tags, an entity may be meant: lines from there on keep theirs.
    tag = text.find("<")
    plain = len(text) if tag < 0 else text.rfind("\n", 0, tag) + 1
    return _settle(text[:plain], unescape=True) + _settle(text[plain:], unescape=False)


def _settle(text: str, unescape: bool) -> str:
    """Repair until nothing changes: one repair may bring another to light."""
    before = None
    while text != before:
        before = text
        if unescape:
            text = _ENTITY.sub(_entity, text)
        text = text.translate(_characters())
        # Two halves become one character, a single half U+FFFD.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = _CONTROL.sub("", _TERMINAL.sub("", text))
        text = unicodedata.normalize("NFC", text)
    return text


def _entity(match: re.Match[str]) -> str:
    """&amp; → &, but only if the semicolon belongs to it: &notit; stays."""
    resolved = html.unescape(match.group())
    return match.group() if ";" in resolved and match.group() != "&semi;" else resolved


@cache
def _characters() -> dict[int, str]:
    """Every character that is replaced by others, wherever it stands."""
    table = {0x3000: " "}
    for code in range(0xFF01, 0xFFF0):  # full- and half-width forms
        table[code] = unicodedata.normalize("NFKC", chr(code))
    for ligature in _LIGATURES:
        parts = unicodedata.decomposition(ligature).split()[1:]  # after "<compat>"
        table[ord(ligature)] = "".join(chr(int(part, 16)) for part in parts)
    for code in range(0x80, 0xA0):
        # Five of these bytes mean nothing in Windows-1252 either.
        table[code] = bytes([code]).decode("cp1252", "ignore") or chr(code)
    table |= dict.fromkeys(map(ord, _SINGLE), "'")
    table |= dict.fromkeys(map(ord, _DOUBLE), '"')
    return table
