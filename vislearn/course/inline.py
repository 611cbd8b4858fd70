"""Roles, code spans and maths inside a line of prose.

markdown-it knows *that* a line holds a role but not *where*, and both the notebooks
(which replace roles) and the checker (which compares them) need the place. So this is
a scanner for the three spans that matter: it walks from backtick to backtick as
CommonMark does, and from dollar to dollar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_OPENING = re.compile(r"(?:\{(?P<role>[\w:.-]+)\})?(?P<ticks>`+)|(?P<dollars>\$\$?)")
_TARGET = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", flags=re.DOTALL)


@dataclass(frozen=True)
class Span:
    """A role, a code span or a formula, and where it stands in the text."""

    kind: str  # "role", "code" or "math"
    name: str  # the role's name, else ""
    content: str
    start: int
    end: int

    @property
    def target(self) -> str:
        """What a role points to: the part in angle brackets, or all of it."""
        match = _TARGET.match(self.content)
        return match["target"] if match else self.content

    @property
    def words(self) -> str | None:
        """The text before the angle brackets, if the role was given one."""
        match = _TARGET.match(self.content)
        return match["text"] if match else None


def spans(text: str) -> Iterator[Span]:
    """Every role, code span and formula of one block of prose, from left to right."""
    position = 0
    while match := _OPENING.search(text, position):
        fence = match["ticks"] or match["dollars"]
        start = match.start()
        escaped = text[max(start - 1, 0) : start] == "\\"
        end = -1 if escaped else _closing(text, match.end(), fence)
        if end < 0:
            position = match.end()
            continue
        kind = "role" if match["role"] else "code" if match["ticks"] else "math"
        content = text[match.end() : end]
        position = end + len(fence)
        yield Span(kind, match["role"] or "", content, start, position)


def replace_spans(text: str, new: Callable[[Span], str | None]) -> str:
    """Rewrite the text span by span; None leaves a span as it is."""
    parts, position = [], 0
    for span in spans(text):
        replacement = new(span)
        if replacement is not None:
            parts += [text[position : span.start], replacement]
            position = span.end
    return "".join([*parts, text[position:]])


def without_spans(text: str) -> str:
    """The prose alone, each span replaced by one space."""
    return replace_spans(text, lambda span: " ")


def _closing(text: str, position: int, fence: str) -> int:
    """Where a run of exactly as many backticks or dollars follows, or -1."""
    run = re.compile(re.escape(fence[0]) + "+")
    for match in run.finditer(text, position):
        if match.group() == fence:
            blank = text.find("\n\n", position, match.start())
            return -1 if blank >= 0 else match.start()
    return -1
