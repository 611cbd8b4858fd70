"""Code made comparable: what is left when looks and names are taken away.

An answer becomes a row of tokens read off its syntax tree. Comments, docstrings, type
hints, prints, brackets and line breaks are gone; imports are gone and their aliases
resolved; equal ways to write a thing (`x += 1`, `a > b`, `-1`, keyword order) look the
same. Own names have no text, only the places where the same name stood before, so that
renaming changes nothing. A fingerprint is a run of RUN such tokens in which a name
says how far back in the run it was used last (B. S. Baker, *Parameterized Pattern
Matching*, 1996); sharing runs is what MOSS compares, too (Schleimer, Wilkerson and
Aiken, *Winnowing*, SIGMOD 2003). Answers are short, so every run is kept instead of a
sample of them.

Code that Python cannot parse is read word by word, with the same treatment of names.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vislearn.grading.pages.similarity_tidy import tidy

RUN = 10  # tokens in a fingerprint; a short statement has about as many
MAX_TOKENS = 20_000  # of one answer; no honest one comes near

_BUILTINS = frozenset(dir(builtins))
_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.MULTILINE)


class Token(NamedTuple):
    """`text` says what it is; an own name has none, only its `name`."""

    text: str
    name: str
    line: int


@dataclass(frozen=True)
class Code:
    """An answer, its fingerprints, and the tokens that each of them covers."""

    text: str
    parsed: bool
    lines: tuple[int, ...] = ()  # of each token
    runs: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def ranges(self, shared: Iterable[int]) -> tuple[tuple[int, int], ...]:
        """The lines (first and last, from 1) that fingerprints cover."""
        covered = {
            self.lines[n]
            for fingerprint in shared
            for begin, end in self.runs.get(fingerprint, ())
            for n in range(begin, end)
        }
        return _ranges(sorted(covered))


def _ranges(lines: list[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for line in lines:
        if found and line <= found[-1][1] + 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return tuple(found)


def read_code(cells: Iterable[str], given: Mapping[str, str], *, words: bool) -> Code:
    """The fingerprints of an answer.

    Args:
        cells: its cells in order; joined they are the `text` of the result.
        given: names that the lab gives, and what they stand for in every answer.
        words: read it word by word, to be compared with code that does not parse.
    """
    texts = [cell.strip("\n") for cell in cells]
    units = None if words else _units(texts, given, _parsed)
    parsed = units is not None
    if units is None:
        units = _units(texts, given, _words) or []
    lines: list[int] = []
    runs: dict[int, list[tuple[int, int]]] = {}
    for unit in units:
        unit = unit[: MAX_TOKENS - len(lines)]
        for fingerprint, begin, end in fingerprints(unit):
            place = (begin + len(lines), end + len(lines))
            runs.setdefault(fingerprint, []).append(place)
        lines += [token.line for token in unit]
    kept = {fingerprint: tuple(places) for fingerprint, places in runs.items()}
    return Code("\n\n".join(texts), parsed, tuple(lines), kept)


def fingerprints(tokens: list[Token]) -> Iterator[tuple[int, int, int]]:
    """(fingerprint, first token, end) of every run; of all if there are fewer."""
    last: dict[str, int] = {}
    back = []  # how many tokens ago the same name stood, 0 if never
    for place, token in enumerate(tokens):
        back.append(place - last.get(token.name, place) if token.name else 0)
        if token.name:
            last[token.name] = place
    for begin in range(max(1, len(tokens) - RUN + 1) if tokens else 0):
        end = min(begin + RUN, len(tokens))
        said = "\x1f".join(
            tokens[n].text or str(back[n] if back[n] <= n - begin else 0)
            for n in range(begin, end)
        )
        digest = hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8)
        yield int.from_bytes(digest.digest(), "big"), begin, end


_Read = Callable[[str, Mapping[str, str]], "list[list[Token]] | None"]


def _units(
    texts: list[str], given: Mapping[str, str], read: _Read
) -> list[list[Token]] | None:
    """The tokens of all cells, with lines counted through; None if one is refused."""
    found: list[list[Token]] = []
    above = 0
    for text in texts:
        units = read(text, given)
        if units is None:
            return None
        found += [[t._replace(line=t.line + above) for t in unit] for unit in units]
        above += text.count("\n") + 2
    return found


def _parsed(text: str, given: Mapping[str, str]) -> list[list[Token]] | None:
    """Tokens of every function and class, and of what stands between them."""
    try:
        tree, aliases = tidy(ast.parse(_MAGIC.sub("", text)))
        reader = _Reader({**given, **aliases})
        units: list[list[Token]] = [[]]
        for statement in tree.body:
            tokens = list(reader.read(statement))
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                units.append(tokens)
            else:
                units[0] += tokens
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return units


class _Reader:
    """Reads tokens off a syntax tree, parents before children."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given, self.line = given, 1

    def read(self, node: ast.AST) -> Iterator[Token]:
        self.line = getattr(node, "lineno", self.line)
        if isinstance(node, ast.Name):
            yield self.named(node.id)
        elif isinstance(node, ast.arg):
            yield Token("", node.arg, self.line)
        elif isinstance(node, ast.Constant):
            yield Token(constant(node.value), "", self.line)
        elif isinstance(node, ast.JoinedStr):
            yield Token("text", "", self.line)
        elif isinstance(node, ast.expr_context):
            return
        else:
            yield from self.inner(node)

    def inner(self, node: ast.AST) -> Iterator[Token]:
        """A node that has parts; lists of statements are closed with a token."""
        if not isinstance(node, ast.Expr):
            size = f":{len(node.args)}" if isinstance(node, ast.Call) else ""
            yield Token(f"{type(node).__name__}{size}", "", self.line)
        asked = isinstance(node, ast.FunctionDef) and node.name in self.given
        for part_of, value in ast.iter_fields(node):
            if asked and part_of == "args":
                continue  # the signature is the stub's
            if isinstance(value, str):
                defines = isinstance(
                    node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)
                )
                yield self.named(value) if defines else Token(value, "", self.line)
            elif isinstance(value, ast.AST):
                yield from self.read(value)
            elif isinstance(value, list):
                for part in value:
                    if isinstance(part, ast.AST):
                        yield from self.read(part)
                if value and isinstance(value[0], ast.stmt):
                    yield Token("end", "", self.line)

    def named(self, name: str) -> Token:
        known = self.given.get(name, name if name in _BUILTINS else "")
        return Token(known, "" if known else name, self.line)


_EQUATION = re.compile(r"[A-Za-z.,\s]+(->[A-Za-z.\s]*)?")


def constant(value: object) -> str:
    """Equal values look equal; a sentence is just text; an equation keeps its form."""
    if isinstance(value, bool) or value is None or value is ...:
        return repr(value)
    if isinstance(value, (int, float)):
        try:
            return repr(float(value))
        except OverflowError:
            return "large"
    if isinstance(value, str):
        if "," in value and " " not in value.strip() and _EQUATION.fullmatch(value):
            letters = dict.fromkeys(re.findall("[A-Za-z]", value))
            named = {ord(c): chr(0x3B1 + n) for n, c in enumerate(letters)}
            return value.translate(named)  # einsum: bij,bjk->bik is αβγ,αγδ->αβδ
        return "text" if re.search(r"\s", value) else f"'{value}'"
    return type(value).__name__


_WORD = re.compile(
    r"""(?P<skip>\#[^\n]*|[ \t\f\r\\]+)
    |(?P<text>[rbfuRBFU]{0,2}(?:'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)
        |'(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?))
    |(?P<newline>\n)
    |(?P<attribute>\.[^\W\d]\w*)
    |(?P<name>[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>->|\*\*|//|[<>=!]=|.)""",
    re.VERBOSE | re.DOTALL,
)


def _words(text: str, given: Mapping[str, str]) -> list[list[Token]]:
    """Words and signs of code that need not parse, without brackets and commas."""
    found: list[Token] = []
    line, place = 1, 0
    while len(found) < MAX_TOKENS and (match := _WORD.match(text, place)):
        kind, said, place = match.lastgroup, match.group(), match.end()
        if kind == "name" and (said in given or keyword.iskeyword(said)):
            found.append(Token(said, "", line))
        elif kind == "name":
            known = said if said in _BUILTINS else ""
            found.append(Token(known, "" if known else said, line))
        elif kind in ("number", "attribute") or (
            kind == "sign" and said not in "(),;:"
        ):
            found.append(Token(said, "", line))
        elif kind == "text" and found and found[-1].line == line:
            found.append(Token("text", "", line))  # alone on its line: a docstring
        line += said.count("\n")
    return [found]
