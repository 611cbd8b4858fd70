"""Reading a bilingual source file: its cells, their languages and their purposes.

A chapter or a lab is one MyST text notebook. `+++ {"lang": "ko"}` opens a Korean prose
cell and its English twin follows at once; code, equations and tables of numbers stand
in cells without a language. The file is read as markdown-it block tokens, so that a
`+++` inside a fence is text and not a cell break.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from markdown_it.token import Token

from vislearn.course.markdown import FENCES, is_closed, parse_file

LANGUAGES = ("ko", "en")
OF_A_QUESTION = ("solution", "visible", "cases", "probe", "hint")
ROLES = ("setup", "demo", *OF_A_QUESTION, "expected-output")
PROSE_KEYS = {"lang", "role", "question", "level"}
CODE_KEYS = {"role", "question", "audience"}  # under `vislearn`


@dataclass(frozen=True)
class Cell:
    """One cell of a source file.

    `text` is prose, or code without its fence and metadata block; `line` is the number
    of its first line in the file, counted from 1.
    """

    kind: str  # "markdown" or "code"
    text: str
    line: int
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def lang(self) -> str | None:
        """`ko`, `en`, or None for a cell that both languages share."""
        return self.metadata.get("lang")

    @property
    def vislearn(self) -> dict[str, Any]:
        """Our own metadata: in a code cell under `vislearn`, in prose beside `lang`."""
        return self.metadata.get("vislearn", self.metadata)

    @property
    def role(self) -> str | None:
        return self.vislearn.get("role")

    @property
    def question(self) -> str | None:
        return self.vislearn.get("question")

    @property
    def level(self) -> int | None:
        return self.vislearn.get("level")

    @property
    def tags(self) -> list[str]:
        return list(self.metadata.get("tags", []))


@dataclass(frozen=True)
class Document:
    """A source file, read."""

    path: Path
    header: dict[str, Any]
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """File name without its ending, or the folder's name for a lab."""
        return self.path.parent.name if self.path.stem == "lab" else self.path.stem

    @property
    def docname(self) -> str:
        """How the book calls the page: `book/03_vit`, `book/appendix/glossary`."""
        parts = self.path.with_suffix("").parts
        start = max((i for i, part in enumerate(parts) if part == "book"), default=-1)
        return "/".join(parts[start:]) if start >= 0 else self.name

    @property
    def is_lab(self) -> bool:
        return self.path.stem == "lab"

    def in_language(self, lang: str) -> tuple[Cell, ...]:
        """The cells that a reader of one language sees, in order."""
        check_language(lang)
        return tuple(cell for cell in self.cells if cell.lang in (None, lang))


def check_language(lang: str) -> None:
    if lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}; expected 'ko' or 'en'")


def read(path: str | Path) -> Document:
    """Read a chapter or lab source.

    Raises:
        ValueError: `file:line: …` for text that is not UTF-8, a cell break that is not
            JSON or stands inside a list, an unknown language, role or key, a bad
            metadata block, a nested code cell, or a fence that is never closed.
        FileNotFoundError: if there is no such file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}:{line}: not UTF-8 ({error.reason})") from None
    return parse(text, path)


def parse(text: str, path: str | Path = "<text>") -> Document:
    """Read source text; `path` only serves for messages and the document's name."""
    path, text = Path(path), _plain_lines(text)
    lines = text.split("\n")
    header: dict[str, Any] = {}
    cells: list[Cell] = []
    start, metadata = 0, dict[str, Any]()  # where the open prose cell began

    def close(end: int) -> None:
        cell = _prose(lines, start, end, metadata)
        if cell is not None:
            cells.append(cell)

    for token in _blocks(text, path):
        begin, end = token.map or (0, 0)
        if token.type == "front_matter":
            header, start = _yaml(token.content, path, begin + 1), end
        elif token.type == "myst_block_break":
            close(begin)
            start, metadata = end, _break(token, path, begin + 1)
        elif _is_code(token):
            close(begin)
            cells.append(_code(token, path))
            start, metadata = end, {}
    close(len(lines))
    return Document(path, header, tuple(cells))


def select_language(text: str, lang: str, path: str | Path = "<text>") -> str:
    """Blank every line that belongs to the other language or to no page at all.

    Lines are blanked, not removed, so that the line numbers in warnings stay right.
    """
    check_language(lang)
    path, text = Path(path), _plain_lines(text)
    lines = text.removesuffix("\n").split("\n")
    drop, start = False, 0

    def blank(end: int) -> None:
        if drop:
            lines[start:end] = [""] * (end - start)

    for token in _blocks(text, path):
        begin, end = token.map or (0, 0)
        if token.type == "myst_block_break":
            blank(begin)
            metadata = _break(token, path, begin + 1)
            other = metadata.get("lang") not in (None, lang)
            drop, start = other or metadata.get("role") == "expected-output", begin
        elif _is_code(token):
            blank(begin)
            drop, start = False, end
    blank(len(lines))
    return "\n".join(lines) + "\n"


def _plain_lines(text: str) -> str:
    """Lines end in a newline, as markdown-it counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_code(token: Token) -> bool:
    return token.type == "fence" and token.info.strip().startswith("{code-cell}")


def _blocks(text: str, path: Path) -> Iterator[Token]:
    """Block tokens of the outermost level; refuses what may not stand deeper."""
    lines = text.split("\n")
    for token in parse_file(text):
        place = f"{path}:{(token.map or [0])[0] + 1}"
        if token.type in FENCES and not is_closed(token, lines):
            fence = f"{token.markup}{token.info}"
            raise ValueError(f"{place}: the fence {fence} is never closed")
        if token.level == 0:
            yield token
        elif token.type == "myst_block_break":
            raise ValueError(f"{place}: '+++' inside a list or a quote")
        elif _is_code(token):
            raise ValueError(f"{place}: a code cell inside a list or a quote")


def _break(token: Token, path: Path, line: int) -> dict[str, Any]:
    if not token.content.strip():
        return {}
    try:
        metadata = json.loads(token.content)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}:{line}: after '+++' expected a JSON object, "
            f"got {token.content.strip()!r} ({error.msg})"
        ) from None
    if not isinstance(metadata, dict):
        raise ValueError(f"{path}:{line}: after '+++' expected a JSON object")
    _check_metadata(metadata, PROSE_KEYS, f"{path}:{line}")
    return metadata


def _code(token: Token, path: Path) -> Cell:
    """Split the metadata block from the code."""
    begin = (token.map or [0, 0])[0] + 2  # the first line inside the fence, from 1
    language = token.info.strip().removeprefix("{code-cell}").strip()
    if language not in ("python", "ipython3"):
        raise ValueError(
            f"{path}:{begin - 1}: code cell in {language or 'no language'!r}; "
            "expected '{code-cell} python'"
        )
    rows = token.content.split("\n")
    header = 0
    if rows[0].strip() == "---":
        ends = [i for i, row in enumerate(rows) if i and row.strip() == "---"]
        if not ends:
            raise ValueError(
                f"{path}:{begin}: the metadata block of the code cell is never closed"
            )
        header = ends[0] + 1
        metadata = _yaml("\n".join(rows[1 : header - 1]), path, begin)
    else:
        while header < len(rows) and rows[header].startswith(":"):
            header += 1
        options = [row[1:] for row in rows[:header]]
        metadata = _yaml("\n".join(options), path, begin)
    if isinstance(metadata.get("tags"), str):
        metadata["tags"] = [metadata["tags"]]
    own = metadata.get("vislearn", {})
    if not isinstance(own, dict):
        raise ValueError(f"{path}:{begin}: vislearn: expected 'role: …', got {own!r}")
    _check_metadata(own, CODE_KEYS, f"{path}:{begin}")
    code = "\n".join(rows[header:]).strip("\n")
    return Cell("code", code, begin + header, metadata)


def _prose(
    lines: list[str], start: int, end: int, metadata: dict[str, Any]
) -> Cell | None:
    """The prose between two breaks, without empty lines around it."""
    while start < end and not lines[start].strip():
        start += 1
    text = "\n".join(lines[start:end]).rstrip()
    return Cell("markdown", text, start + 1, dict(metadata)) if text else None


def _yaml(text: str, path: Path, line: int) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        reason = str(error).replace("\n", " ")
        raise ValueError(f"{path}:{line}: metadata is not YAML: {reason}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path}:{line}: expected 'key: value' lines, got {text!r}")
    return value


def _check_metadata(metadata: dict[str, Any], keys: set[str], place: str) -> None:
    unknown = sorted(set(metadata) - keys)
    if unknown:
        expected = ", ".join(sorted(keys))
        raise ValueError(f"{place}: unknown key {unknown[0]!r}; expected {expected}")
    lang, role = metadata.get("lang"), metadata.get("role")
    if lang is not None and lang not in LANGUAGES:
        raise ValueError(f"{place}: lang is {lang!r}; expected 'ko' or 'en'")
    if role is not None and role not in ROLES:
        raise ValueError(
            f"{place}: role is {role!r}; expected one of {', '.join(ROLES)}"
        )
    if role in OF_A_QUESTION and not metadata.get("question"):
        raise ValueError(f"{place}: a cell with role {role!r} needs a question")
    level = metadata.get("level")
    if (role == "hint") != (level is not None) or level not in (None, 1, 2, 3):
        raise ValueError(
            f"{place}: level is {level!r}; a hint has level 1, 2 or 3, others none"
        )
