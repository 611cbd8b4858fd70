"""What all pages share: the look, safe text, numbers, files written whole.

Templates escape everything by default. A page allows itself no connection, no foreign
script and no form (its content security policy says so), so that even text that got
past the escaping could do nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from vislearn.grading.journal import Record
from vislearn.grading.pages.words import name_of, speaker

FOLDER = Path(__file__).parent / "templates"
NOTHING = "–"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, percent=percent, inline=inline)
    return environment


def render(template: str, lang: str, **values: Any) -> str:
    """A page from a template; `say` speaks the page's language."""
    script = (FOLDER / "table.js").read_text(encoding="utf-8")
    digest = hashlib.sha256(script.encode()).digest()
    return (
        _environment()
        .get_template(template)
        .render(
            lang=lang,
            say=speaker(lang),
            style=Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=base64.b64encode(digest).decode(),
            **values,
        )
    )


def write_whole(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding=encoding, newline="")
    part.replace(path)


def report_name(record: Record) -> str:
    """A file name for a learner's page: readable, safe, and different for each."""
    readable = re.sub(r"[^\w\-]+", "_", record.key.removesuffix(".ipynb"))[:60]
    return f"{readable}-{hashlib.sha256(record.key.encode()).hexdigest()[:8]}.html"


def number(value: float | None) -> str:
    """Points as people write them; a dash where there are none."""
    return NOTHING if value is None else f"{round(value, 6):g}"


def percent(value: float | None) -> str:
    """A share in whole percent."""
    return NOTHING if value is None else f"{100 * value:.0f} %"


def decimal(value: float | None) -> str:
    """A correlation with two digits."""
    return NOTHING if value is None else f"{value:.2f}".replace("-0.00", "0.00")


_INLINE = re.compile(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*")


def inline(text: str) -> Markup:
    """The authors' `code` and **stress** in a text that is escaped otherwise."""
    done, place = Markup(), 0
    for match in _INLINE.finditer(text):
        done += escape(text[place : match.start()])
        code, strong = match.groups()
        tag = "code" if code else "strong"
        done += Markup("<{0}>{1}</{0}>").format(Markup(tag), code or strong)
        place = match.end()
    return done + escape(text[place:])


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    if text.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "|")):
        return f"'{text}"
    return text


def limit_rows(limits: Mapping[str, Any] | None, lang: str) -> list[tuple[str, str]]:
    """The sandbox's limits, named and formatted."""
    return [
        (
            name_of("limits", name, lang),
            f"{value:,}" if isinstance(value, int) else str(value),
        )
        for name, value in (limits or {}).items()
    ]


def other_language(file: str, lang: str) -> tuple[str, str]:
    """(language, file) of a page's twin: summary.html has summary.en.html."""
    twin = file.replace(".html", ".en.html")
    return ("en", twin) if lang == "ko" else ("ko", file)
