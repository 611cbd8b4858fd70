"""Roles, code spans, formulas and images: where they stand in a text.

markdown-it says which tokens a paragraph holds; `vislearn.course.markdown` makes each
remember its place in the paragraph, and here that becomes a place in the whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from vislearn.course.markdown import parse

KINDS = {"myst_role": "role", "code_inline": "code", "image": "image"}


@dataclass(frozen=True)
class Span:
    """A role, code span, formula or image, and where it stands in the text."""

    kind: str  # "role", "code", "math" or "image"
    name: str  # the role's name, or the image's address
    content: str  # an image's alternative text
    start: int
    end: int

    @property
    def target(self) -> str:
        """What a role points to: the part in angle brackets, or all of it."""
        return _split(self.content)[1]

    @property
    def words(self) -> str | None:
        """The text before the angle brackets, if the role was given one."""
        return _split(self.content)[0]


def _split(content: str) -> tuple[str | None, str]:
    content = content.strip()
    title, bracket, target = content.rpartition("<")
    if bracket and target.endswith(">") and title.strip():
        return title.strip(), target[:-1].strip()
    return None, content


def span_of(token: Token, start: int = 0, end: int = 0) -> Span:
    """A token as a span."""
    kind = KINDS.get(token.type, "math")
    name = token.meta["name"] if kind == "role" else str(token.attrs.get("src", ""))
    return Span(kind, name, token.content, start, end)


def spans(text: str) -> Iterator[Span]:
    """Every span of a text's own paragraphs (not of the directives in it), in order."""
    rows = text.split("\n")
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row) + 1)
    cursor: dict[int, int] = {}  # per line: where the next table cell may begin
    for token in parse(text):
        if token.type != "inline" or token.map is None:
            continue
        places = _places(token, rows, starts, cursor)
        for child in token.children or []:
            if "place" in child.meta:
                begin, end = child.meta["place"]
                yield span_of(child, places[begin], places[end - 1] + 1)


def replace_spans(text: str, new: Callable[[Span], str | None]) -> str:
    """Rewrite the text span by span; None leaves a span as it is."""
    parts, position = [], 0
    for span in spans(text):
        replacement = new(span)
        if replacement is not None:
            parts += [text[position : span.start], replacement]
            position = span.end
    return "".join([*parts, text[position:]])


def _places(
    token: Token, rows: list[str], starts: list[int], cursor: dict[int, int]
) -> list[int]:
    """For every character of a paragraph's text, its place in the whole text.

    A paragraph's line is its line of the file without the marks of the quote, list or
    table around it, so it is found in that line as it is; only a table cell may differ,
    by the backslashes before its bars.
    """
    places: list[int] = []
    number = (token.map or [0, 0])[0]
    for row in token.content.split("\n"):
        line = rows[number]
        column = line.find(row, cursor.get(number, 0))
        if column >= 0:
            columns = list(range(column, column + len(row)))
        else:
            columns = _unescaped(line, row, cursor.get(number, 0))
        cursor[number] = columns[-1] + 1 if columns else cursor.get(number, 0)
        places += [starts[number] + column for column in columns]
        places.append(starts[number] + len(line))  # the line break
        number += 1
    return places


def _unescaped(line: str, row: str, column: int) -> list[int]:
    """Columns of a table cell's characters in a line that writes | as \\|."""
    columns = []
    for character in row:
        found = line.find(character, column)
        column = found if found >= 0 else column
        columns.append(column)
        column += 1
    return columns
