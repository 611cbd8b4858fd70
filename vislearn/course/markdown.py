"""MyST Markdown as tokens: one parser, set up like the book's, for everything here.

Notebooks, checker and labels all walk the same tokens, down into the bodies of
directives. Inline tokens that matter (roles, code, formulas, images) know where they
stand in the text, so that they can be replaced without touching anything around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.field_list import fieldlist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

FENCES = ("fence", "colon_fence")
PLACED = ("myst_role", "code_inline", "math_inline", "math_inline_double", "image")
# Directives whose body is not prose.
VERBATIM = (
    *("code", "code-block", "code-cell", "math", "mermaid", "raw", "toctree"),
    *("vl-source", "vl-table", "vl-glossary", "bibliography"),
)


def parse(text: str) -> list[Token]:
    """Tokens of a piece of prose."""
    return _parser(header=False).parse(text)


def parse_file(text: str) -> list[Token]:
    """Block tokens of a whole source file, its header included."""
    return _parser(header=True).parse(text)


@lru_cache
def _parser(header: bool) -> MarkdownIt:
    """The parser of MyST with the extensions that `_config.yml` switches on."""
    parser = MarkdownIt("commonmark").enable("table")
    for plugin in (
        *(myst_block_plugin, myst_role_plugin, footnote_plugin, dollarmath_plugin),
        *(amsmath_plugin, colon_fence_plugin, deflist_plugin, fieldlist_plugin),
    ):
        parser.use(plugin)
    parser.disable("footnote_inline").disable("footnote_tail")
    if header:
        return parser.use(front_matter_plugin).disable(["inline"])
    for rule in parser.inline.ruler.__rules__:
        parser.inline.ruler.at(rule.name, _placed(rule.fn))
    return parser


def _placed(rule: Any) -> Any:
    """The same inline rule; its token remembers its place in the paragraph's text."""

    def placed(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent and len(state.tokens) > count:
            token = state.tokens[-1]
            if token.type in PLACED and "place" not in token.meta:
                token.meta["place"] = (start, state.pos)
        return found

    return placed


@dataclass(frozen=True)
class Directive:
    """A directive taken apart; `body_at` is the body's distance from its first line."""

    name: str
    argument: str
    body: str
    body_at: int
    options: dict[str, str] = field(default_factory=dict)

    @property
    def has_prose(self) -> bool:
        return self.name not in VERBATIM


def directive(token: Token) -> Directive | None:
    """The directive that a fence is, or None for a fence that shows code.

    A fence ```` ```mermaid ```` is a diagram, as in `_config.yml`.

    Raises:
        ValueError: for options that are neither `:key: value` lines nor YAML.
    """
    info = token.info.strip()
    if token.type not in FENCES or not (info.startswith("{") or info == "mermaid"):
        return None
    name, _, argument = info.partition("}")
    options, used = _options(token.content.split("\n"), name.lstrip("{"))
    rows = token.content.split("\n")[used:]
    while rows and not rows[0].strip():
        rows.pop(0)
        used += 1
    body = "\n".join(rows).rstrip()
    return Directive(name.lstrip("{"), argument.strip(), body, used + 1, options)


def _options(rows: list[str], name: str) -> tuple[dict[str, str], int]:
    """Options at the head of a directive, and how many lines they take."""
    used = 0
    if rows[0].strip() == "---":
        ends = [i for i, row in enumerate(rows) if i and row.strip() == "---"]
        if not ends:
            raise ValueError(f"{{{name}}}: its block of options is never closed")
        try:
            found = yaml.safe_load("\n".join(rows[1 : ends[0]])) or {}
        except yaml.YAMLError as error:
            raise ValueError(f"{{{name}}}: options are not YAML ({error})") from None
        if not isinstance(found, dict):
            raise ValueError(f"{{{name}}}: expected options as 'key: value'")
        return {str(k): str(v) for k, v in found.items()}, ends[0] + 1
    options: dict[str, str] = {}
    while used < len(rows) and rows[used].startswith(":"):
        key, colon, value = rows[used][1:].partition(":")
        if not colon or not key or " " in key:
            break
        options[key] = value.strip()
        used += 1
    return options, used


def walk(text: str, line: int = 1) -> Iterator[tuple[int, Token]]:
    """(line, token) of a text and of every directive in it, outermost first.

    Raises:
        ValueError: `line: …` for a fence that is never closed or has bad options.
    """
    rows = text.split("\n")
    for token in parse(text):
        begin = line + (token.map or [0, 0])[0]
        yield begin, token
        if token.type not in FENCES:
            continue
        if not is_closed(token, rows):
            raise ValueError(
                f"{begin}: the fence {token.markup}{token.info} is never closed"
            )
        try:
            inner = directive(token)
        except ValueError as error:
            raise ValueError(f"{begin}: {error}") from None
        if inner is not None and inner.has_prose:
            yield from walk(inner.body, begin + inner.body_at)


def is_closed(token: Token, rows: list[str]) -> bool:
    """Whether a fence ends in its closing marker and not with the text."""
    begin, end = token.map or (0, 0)
    last = rows[end - 1].strip(" \t>") if end - 1 > begin else ""
    return set(last) == set(token.markup[:1]) and len(last) >= len(token.markup)


def words(token: Token) -> str:
    """What a reader reads of an inline token: no roles, code, formulas or addresses.

    Text inside `<span lang="…">` is left out, too: it is marked as another language.
    """
    parts: list[str] = []
    foreign = 0
    for child in token.children or []:
        if child.type == "html_inline":
            if foreign or child.content.startswith("<span lang="):
                opens = child.content.startswith("<span")
                closes = child.content.startswith("</span")
                foreign += opens - closes
            continue
        if foreign:
            continue
        if child.type == "text":
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type in PLACED:
            parts.append(" ")
    return "".join(parts)
