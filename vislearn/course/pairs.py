"""Twins: the Korean and the English cell that say the same, and how to compare them.

What must be equal is everything that is not language: the order of headings, lists,
tables and directives; labels, citations, links, code and formulas; and every number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from markdown_it.token import Token

from vislearn.course.inline import Span, span_of
from vislearn.course.markdown import FENCES, Directive, directive, parse, words
from vislearn.course.source import Cell, Document

_NUMBER = re.compile(
    r"(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<unit>만(?!큼)|억|조(?![각건])|(?:thousand|million|billion|trillion)\b))?"
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
_HANGUL = re.compile(r"[가-힣]")
PROSE_OPTIONS = ("alt", "caption", "title", "figcaption")
_NAMING_OPTIONS = ("label", "name")
_POINTING_OPTIONS = ("link", "target")
# Directives whose argument names a thing; the argument of the others is a title.
_POINTING = ("solution", "figure", "image", "glue:figure", "vl-table", "include")
_SHOWN_CODE = ("math", "code", "code-block", "vl-source", "raw")


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


def _counter() -> Counter[str]:
    return Counter()


@dataclass
class Shape:
    """What a piece of prose holds besides its words."""

    structure: list[str] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=_counter)
    citations: Counter[str] = field(default_factory=_counter)
    references: Counter[str] = field(default_factory=_counter)
    links: Counter[str] = field(default_factory=_counter)
    code: Counter[str] = field(default_factory=_counter)
    math: Counter[str] = field(default_factory=_counter)
    numbers: Counter[str] = field(default_factory=_counter)

    @classmethod
    def of(cls, text: str) -> Shape:
        shape = cls()
        shape.add(text)
        return shape

    def add(self, text: str) -> None:
        """Take in a text and, directive by directive, what is nested in it."""
        for token in parse(text):
            if token.type == "heading_open":
                self.structure.append(f"heading {token.tag[1]}")
            elif token.type in ("list_item_open", "tr_open", "blockquote_open"):
                self.structure.append(token.type.removesuffix("_open"))
            elif token.type == "myst_target":
                self.labels[token.content] += 1
            elif token.type in ("math_block", "math_block_label", "amsmath"):
                self.math[_squeezed(token.content)] += 1
                if token.type == "math_block_label":
                    self.labels[token.info] += 1
            elif token.type in FENCES:
                self._fence(token)
            elif token.type == "code_block":
                self.code[token.content.strip()] += 1
            elif token.type == "inline":
                self._inline(token)

    def _fence(self, token: Token) -> None:
        found = directive(token)
        if found is not None:
            self._directive(found)
            return
        self.structure.append(f"fence {token.info.strip()}")
        if _HANGUL.search(token.content) or token.info.strip() in ("", "text"):
            # A drawing in letters, or pseudo-code: its words may be translated.
            self.numbers.update(numbers(token.content))
        else:
            self.code[token.content.strip()] += 1

    def _directive(self, found: Directive) -> None:
        self.structure.append(f"{{{found.name}}}")
        self._options(found)
        if found.name == "math":
            self.math[_squeezed(found.body)] += 1
        elif found.name in _SHOWN_CODE:
            self.code[f"{found.argument}\n{found.body}".strip()] += 1
        elif found.name == "mermaid":
            self._mermaid(found.body)
        elif found.name in _POINTING:
            self.references[f"{found.name} {found.argument}"] += 1
        else:
            self.add(found.argument)
        if found.has_prose:
            if found.name == "quiz":
                self._answers(found.body)
            self.add(found.body)

    def _options(self, found: Directive) -> None:
        for key, value in found.options.items():
            if key in PROSE_OPTIONS:
                self.numbers.update(numbers(value))
            elif key in _NAMING_OPTIONS:
                self.labels[value] += 1
            elif key in _POINTING_OPTIONS:
                self.references[f"{key} {value}"] += 1
            else:
                self.structure.append(f":{key}: {value}".strip())

    def _answers(self, body: str) -> None:
        """Which choices of a quiz are right, in order."""
        for row in body.split("\n"):
            mark = row[:5].lower()
            if mark in ("- [x]", "* [x]", "- [ ]", "* [ ]"):
                self.structure.append("right choice" if "x" in mark else "wrong choice")

    def _mermaid(self, body: str) -> None:
        """Nodes and arrows must be the same; what is written on them is language."""
        for row in body.split("\n"):
            row = row.strip()
            if row.startswith(("accTitle", "accDescr")):
                self.structure.append(row.split(":")[0].rstrip(" {"))
                self.numbers.update(numbers(row))
            elif row:
                self.structure.append(re.sub(r'"[^"]*"|\|[^|]*\|', '""', row))
                for text in re.findall(r'"[^"]*"|\|[^|]*\|', row):
                    self.numbers.update(numbers(text))

    def _inline(self, token: Token) -> None:
        self.numbers.update(numbers(words(token)))
        for child in token.children or []:
            if child.type == "link_open":
                self.links[str(child.attrs["href"])] += 1
            elif child.type == "footnote_ref":
                self.references[f"footnote {child.meta['label']}"] += 1
            elif child.type == "image":
                self.links[str(child.attrs["src"])] += 1
                self.numbers.update(numbers(child.content))
            elif child.type == "code_inline":
                self.code[child.content] += 1
            elif child.type.startswith("math_inline"):
                self.math[_squeezed(child.content)] += 1
            elif child.type == "myst_role":
                self._role(span_of(child))

    def _role(self, span: Span) -> None:
        self.numbers.update(numbers(span.words or ""))
        if span.name.startswith("cite"):
            self.citations.update(key.strip() for key in span.target.split(","))
        elif span.name == "math":
            self.math[_squeezed(span.content)] += 1
        elif span.name not in ("term", "abbr"):  # a term may be said once more or less
            self.references[f"{span.name} {span.target}"] += 1


def _squeezed(formula: str) -> str:
    return " ".join(formula.split())


FIELDS = {
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
    yield from text_differences(pair.ko.text, pair.en.text)


def text_differences(korean: str, english: str) -> Iterator[tuple[str, str]]:
    """The same for two texts."""
    ko, en = Shape.of(korean), Shape.of(english)
    if ko.structure != en.structure:
        yield "structure", _first_difference(ko.structure, en.structure)
    for name, noun in FIELDS.items():
        left: Counter[str] = getattr(ko, name)
        right: Counter[str] = getattr(en, name)
        only_ko, only_en = left - right, right - left
        if name == "numbers":
            forgive_only(only_ko, only_en)
        for missing, side in ((only_ko, "en"), (only_en, "ko")):
            for value in missing:
                yield name, f"the {side} twin lacks the {noun} {_short(value)}"


def forgive_only(ko: Counter[str], en: Counter[str]) -> None:
    """`1만` is ten thousand, or "only 1": take it as the English twin does."""
    for value in list(ko):
        small, rest = divmod(Decimal(value), 10**4)
        plain = f"{small.normalize():f}"
        if not rest and en[plain] > 0 and not en[value]:
            times = min(ko[value], en[plain])
            ko[value] -= times
            en[plain] -= times
    for counter in (ko, en):
        for value in [value for value, count in counter.items() if count <= 0]:
            del counter[value]


def numbers(text: str) -> Iterator[str]:
    """Every number, in one spelling: 1,000 and 1000, 4억 and 400 million are equal."""
    for match in _NUMBER.finditer(text):
        value = Decimal(match["digits"].replace(",", ""))
        if match["unit"]:
            value *= _UNITS[match["unit"]]
        yield f"{value.normalize():f}"


def _short(value: str) -> str:
    first, newline, _ = value.partition("\n")
    return f"{first} …" if newline else first


def _first_difference(left: list[str], right: list[str]) -> str:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return f"part {index + 1} is {one!r} in ko and {other!r} in en"
    side, longer = ("ko", left) if len(left) > len(right) else ("en", right)
    return f"only {side} has {longer[min(len(left), len(right))]!r}"
