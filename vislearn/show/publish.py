"""One cell draws a figure for both languages; each page shows its own.

`label` calls the drawing function twice, once with Korean and once with English
words, and puts both pictures into one HTML output. The page hides the language
that it does not speak, so the book runs every cell only once.
"""

from __future__ import annotations

import base64
import html
import io
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from vislearn.show.look import DPI, Words, style

LANGUAGES = ("ko", "en")
MAX_BYTES = 150_000  # of one picture: a page with ten figures stays under 3 MB

# Inline, because a notebook outside the book has no stylesheet of ours.
_IMAGE_STYLE = (
    "display:block;max-width:min(100%,34rem);height:auto;margin:0 auto;"
    "background:#fff;border:1px solid #d0d0d0;border-radius:6px;padding:4px"
)
_CAPTION_STYLE = "text-align:center;font-size:.9em"


def label(
    name: str,
    draw: Callable[[Words], Figure],
    ko: Words | None = None,
    en: Words | None = None,
    *,
    alt_ko: str,
    alt_en: str,
    caption_ko: str = "",
    caption_en: str = "",
) -> None:
    """Draw a figure in Korean and in English and show both as one output.

    With the environment variable VISLEARN_LANG set to `ko` or `en` only that
    language is drawn.

    Args:
        name: the figure's anchor: lower-case letters, digits and hyphens.
        draw: receives the words of one language, returns a matplotlib figure.
        ko, en: the words; both must have the same keys.
        alt_ko, alt_en: what the picture shows, for those who cannot see it.
        caption_ko, caption_en: a line under the picture; both or neither.

    Raises:
        ValueError: for a bad name, unequal keys, an empty alternative text, one
            caption without the other, an unknown VISLEARN_LANG, or a `draw`
            that does not return a figure.
    """
    from IPython.display import publish_display_data

    markup = label_html(
        name,
        draw,
        words={"ko": ko or {}, "en": en or {}},
        alts={"ko": alt_ko, "en": alt_en},
        captions={"ko": caption_ko, "en": caption_en},
    )
    spoken = {"ko": alt_ko, "en": alt_en}[page_language() or "en"]
    publish_display_data({"text/html": markup, "text/plain": f"[{name}] {spoken}"})


def label_html(
    name: str,
    draw: Callable[[Words], Figure],
    words: Mapping[str, Words],
    alts: Words,
    captions: Words,
) -> str:
    """Return the `<figure>` element that `label` shows (same arguments by language)."""
    _check(name, words, alts, captions)
    chosen = page_language()
    parts = []
    for language in LANGUAGES if chosen is None else (chosen,):
        picture = base64.b64encode(render_png(draw, words[language])).decode()
        parts.append(
            f'<img class="vl-lang-{language}" lang="{language}" '
            f'alt="{html.escape(alts[language])}" style="{_IMAGE_STYLE}" '
            f'src="data:image/png;base64,{picture}">'
        )
        if captions[language]:
            parts.append(
                f'<figcaption class="vl-lang-{language}" lang="{language}" '
                f'style="{_CAPTION_STYLE}">{html.escape(captions[language])}'
                "</figcaption>"
            )
    inside = "".join(parts)
    return (
        f'<figure class="vl-figure" id="{name}" style="margin:1em 0">{inside}</figure>'
    )


def page_language() -> str | None:
    """Return the language that VISLEARN_LANG asks for, None for both."""
    language = os.environ.get("VISLEARN_LANG", "")
    if language and language not in LANGUAGES:
        raise ValueError(f"VISLEARN_LANG={language!r}: expected 'ko', 'en' or unset")
    return language or None


def render_png(draw: Callable[[Words], Figure], words: Words) -> bytes:
    """Draw once in the course's style, close the figure, return a PNG file."""
    with style():
        drawn = draw(words)
        if not isinstance(drawn, Figure):
            raise ValueError(
                f"draw(words) returned {type(drawn).__name__}, expected a Figure"
            )
        try:
            return _encode(drawn)
        finally:
            plt.close(drawn)


def _encode(drawn: Figure) -> bytes:
    """Save as PNG; if that is too large use 256 colours, then fewer dots."""
    data = b""
    for dpi in (DPI, 130, 100):
        plain = io.BytesIO()
        drawn.savefig(plain, format="png", dpi=dpi, metadata={"Software": None})
        if plain.tell() <= MAX_BYTES:
            return plain.getvalue()
        small = io.BytesIO()
        picture = Image.open(plain).convert("RGB")
        picture.quantize(256, method=Image.Quantize.MEDIANCUT).save(
            small, format="png", optimize=True
        )
        data = small.getvalue()
        if len(data) <= MAX_BYTES:
            break
    return data


def _check(name: str, words: Mapping[str, Any], alts: Words, captions: Words) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise ValueError(
            f"figure name {name!r}: expected lower-case letters, digits and hyphens"
        )
    different = set(words["ko"]) ^ set(words["en"])
    if different:
        raise ValueError(
            f"figure {name!r}: words {sorted(different)} are given in one language only"
        )
    for language in LANGUAGES:
        if not alts[language].strip():
            raise ValueError(f"figure {name!r}: alt_{language} is empty")
    if bool(captions["ko"]) != bool(captions["en"]):
        raise ValueError(f"figure {name!r}: give both captions or neither")
