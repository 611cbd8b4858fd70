"""The rule that every picture says in both languages what it shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it.token import Token

from vislearn.course.markdown import FENCES, directive, walk
from vislearn.course.problem import Finding
from vislearn.course.pycode import calls, string_value
from vislearn.course.site import Course
from vislearn.course.source import Cell, Document

_ONE_LANGUAGE = (
    "stands in a shared cell, so that its description is in one language only; "
    "put it into the twins"
)


def alternative_texts(document: Document, course: Course) -> Iterator[Finding]:
    """Pictures without a description, in prose and in code."""
    for cell in document.cells:
        if cell.kind == "code":
            yield from _labels(cell)
            continue
        for line, token in walk(cell.text, cell.line):
            for what, described in _pictures(token):
                if not described:
                    yield line, "alt", f"{what} has no alternative text"
                elif cell.lang is None:
                    yield line, "alt", f"{what} {_ONE_LANGUAGE}"


def _pictures(token: Token) -> Iterator[tuple[str, bool]]:
    """(name, whether it is described) of the pictures that a token holds."""
    for child in token.children or []:
        if child.type == "image":
            yield f"the image {child.attrs['src']}", bool(child.content.strip())
        elif child.type == "html_inline":
            yield from _html_images(child.content)
    if token.type == "html_block":
        yield from _html_images(token.content)
    if token.type not in FENCES or (found := directive(token)) is None:
        return
    if found.name in ("figure", "image", "glue:figure"):
        yield f"the figure {found.argument}", bool(found.options.get("alt"))
    elif found.name == "mermaid":
        rows = [row.strip() for row in found.body.split("\n")]
        for key in ("accTitle", "accDescr"):
            said = [row.removeprefix(key) for row in rows if row.startswith(key)]
            if not any(text.strip(" :") for text in said):
                yield f"the diagram (its {key})", False
        yield "the diagram", True


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            given = dict(attrs)
            described = bool((given.get("alt") or "").strip())
            self.found.append((f"the image {given.get('src')}", described))


def _html_images(html: str) -> list[tuple[str, bool]]:
    reader = _Images()
    reader.feed(html)
    return reader.found


def _labels(cell: Cell) -> Iterator[Finding]:
    """`show.label` needs a description in each language."""
    for line, call in calls(cell):
        if not _is_label(call.func):
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        for name in ("alt_ko", "alt_en"):
            value = given.get(name)
            text = None if value is None else string_value(value)
            if value is None or (text is not None and not text.strip()):
                yield line, "alt", f"show.label without {name}"


def _is_label(function: ast.expr) -> bool:
    """`show.label` or `vislearn.show.label`."""
    if not isinstance(function, ast.Attribute) or function.attr != "label":
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name == "show"
