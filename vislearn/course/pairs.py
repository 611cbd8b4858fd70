"""Twins: the Korean and the English cell that say the same, and how to compare them.

What must be equal is everything that is not language: the order of headings, lists,
tables and directives; labels, citations, links, code and formulas; and every number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from vislearn.course.inline import Span, spans, without_spans
from vislearn.course.render import Directive
from vislearn.course.source import Cell, Document

_NUMBER = re.compile(
    r"(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<unit>만|억|조|thousand|million|billion|trillion)(?![a-z]))?"
)
_UNITS = {
    "만": 10**4,
    "억": 10**8,
    "조": 10**12,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_WORDLESS_OPTIONS = ("label", "name", "class", "filter", "part", "nodoc")


@dataclass(frozen=True)
class Pair:
    """Two cells that say the same."""

    ko: Cell
    en: Cell


@dataclass(frozen=True)
class Unpaired:
    """A prose cell without its twin."""

    cell: Cell
    reason: str


def pairs(document: Document) -> Iterator[Pair | Unpaired]:
    """Match each Korean prose cell with the English one right behind it."""
    waiting: Cell | None = None
    for cell in document.cells:
        if waiting is not None:
            if cell.lang == "en" and _purpose(cell) == _purpose(waiting):
                yield Pair(waiting, cell)
                waiting = None
                continue
            yield Unpaired(waiting, "the ko cell is not followed by its en twin")
            waiting = None
        if cell.lang == "ko":
            waiting = cell
        elif cell.lang == "en":
            yield Unpaired(cell, "the en cell does not follow its ko twin")
    if waiting is not None:
        yield Unpaired(waiting, "the ko cell is not followed by its en twin")


def _purpose(cell: Cell) -> tuple[object, ...]:
    return cell.role, cell.question, cell.level


@dataclass
class Shape:
    """What a piece of prose holds besides its words."""

    structure: list[str]
    labels: Counter[str]
    citations: Counter[str]
    references: Counter[str]
    links: Counter[str]
    code: Counter[str]
    math: Counter[str]
    numbers: Counter[str]

    @classmethod
    def of(cls, text: str) -> Shape:
        shape = cls([], *(Counter[str]() for _ in range(7)))
        shape.add(text)
        return shape

    def add(self, text: str) -> None:
        """Take in a text and, directive by directive, what is nested in it."""
        for token in block_tokens(text):
            if token.type == "heading_open":
                self.structure.append(f"heading {token.tag[1]}")
            elif token.type in ("list_item_open", "tr_open", "blockquote_open"):
                self.structure.append(token.type.removesuffix("_open"))
            elif token.type == "myst_target":
                self.labels[token.content] += 1
            elif token.type in ("fence", "colon_fence"):
                self._fence(token)
            elif token.type == "inline":
                self._inline(token)

    def _fence(self, token: Token) -> None:
        if not token.info.strip().startswith("{"):
            self.structure.append(f"fence {token.info.strip()}")
            self.code[token.content.strip()] += 1
            return
        directive = Directive.read(token)
        self.structure.append(f"{{{directive.name}}}")
        for key in ("label", "name"):
            if key in directive.options:
                self.labels[directive.options[key]] += 1
        for key in _WORDLESS_OPTIONS:
            if key in directive.options:
                self.structure.append(f"{key} {directive.options[key]}")
        if directive.name in ("math", "code", "vl-source"):
            self.code[f"{directive.argument}{directive.body}"] += 1
        elif directive.name == "mermaid":
            self._mermaid(directive.body)
        elif directive.name in ("solution", "figure", "image", "bibliography"):
            self.references[f"{directive.name} {directive.argument}"] += 1
            self.add(directive.body)
        elif directive.name == "quiz":
            for line in directive.body.splitlines():
                if match := re.match(r"[-*] \[([ xX])\]", line):
                    self.structure.append(f"choice {match[1].lower()}")
            self.add(directive.body)
        else:
            self._words(directive.argument)
            self.add(directive.body)

    def _mermaid(self, body: str) -> None:
        """Nodes and arrows must be the same; what is written on them is language."""
        for line in body.splitlines():
            if line.strip().startswith(("accTitle", "accDescr")):
                self.structure.append(line.strip().split(":")[0])
            else:
                bare = re.sub(r'"[^"]*"|\|[^|]*\|', '""', line.strip())
                self.structure.append(bare)
                self._words(" ".join(re.findall(r'"([^"]*)"', line)))

    def _inline(self, token: Token) -> None:
        for child in token.children or []:
            if child.type == "link_open":
                self.links[str(child.attrs["href"])] += 1
            elif child.type == "image":
                self.links[str(child.attrs["src"])] += 1
                self.structure.append("image")
        self._words(token.content)

    def _words(self, text: str) -> None:
        for span in spans(text):
            if span.kind == "code":
                self.code[span.content] += 1
            elif span.kind == "math":
                self.math["".join(span.content.split())] += 1
            else:
                self._role(span)
        self.numbers.update(numbers(without_links(without_spans(text))))

    def _role(self, span: Span) -> None:
        if span.name.startswith("cite"):
            self.citations.update(key.strip() for key in span.target.split(","))
        elif span.name not in ("term", "lang", "abbr"):
            self.references[f"{span.name} {span.target}"] += 1


FIELDS = {
    "structure": "headings, lists, tables and directives",
    "labels": "label",
    "citations": "citation",
    "references": "reference",
    "links": "link",
    "code": "code",
    "math": "formula",
    "numbers": "number",
}


def differences(pair: Pair) -> Iterator[tuple[str, str]]:
    """(field, sentence) for everything in which the twins differ."""
    ko, en = Shape.of(pair.ko.text), Shape.of(pair.en.text)
    if ko.structure != en.structure:
        yield "structure", _first_difference(ko.structure, en.structure)
    for name, noun in FIELDS.items():
        if name == "structure":
            continue
        left: Counter[str] = getattr(ko, name)
        right: Counter[str] = getattr(en, name)
        for missing, side in ((left - right, "en"), (right - left, "ko")):
            for value in missing:
                yield name, f"the {side} twin lacks the {noun} {value!r}"


def block_tokens(text: str) -> list[Token]:
    """All tokens of a piece of prose, with the plugins that MyST uses, and tables."""
    reader = MarkdownIt("commonmark").enable("table")
    for plugin in (myst_block_plugin, colon_fence_plugin):
        reader = reader.use(plugin)
    return reader.parse(text)


def numbers(text: str) -> Iterator[str]:
    """Every number, in one spelling: 1,000 and 1000, 4억 and 400 million are equal."""
    for match in _NUMBER.finditer(text):
        try:
            value = Decimal(match["digits"].replace(",", ""))
        except InvalidOperation:  # pragma: no cover - the pattern only takes numbers
            continue
        if match["unit"]:
            value *= _UNITS[match["unit"]]
        yield f"{value.normalize():f}"


def without_links(text: str) -> str:
    """Drop the addresses of links: they are compared as links, not as numbers."""
    return re.sub(r"\]\([^)]*\)|<https?://[^>]*>", "]", text)


def _first_difference(left: list[str], right: list[str]) -> str:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return f"part {index + 1} is {one!r} in ko and {other!r} in en"
    side, longer = ("ko", left) if len(left) > len(right) else ("en", right)
    return f"only {side} has {longer[min(len(left), len(right))]!r}"
