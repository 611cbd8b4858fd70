"""Rules about words: banned terms, and the wrong language in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from vislearn.course import glossary
from vislearn.course.inline import span_of
from vislearn.course.markdown import FENCES, directive, parse, walk, words
from vislearn.course.pairs import PROSE_OPTIONS
from vislearn.course.problem import Finding
from vislearn.course.site import Course
from vislearn.course.source import Cell, Document

HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]+")
UNTRANSLATED_WORDS = 8
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_NAMING = ("solution", "figure", "image", "code-block", "raw", "include", "glue:figure")


def wording(document: Document, course: Course) -> Iterator[Finding]:
    """Banned words and wrong languages in the prose of one document."""
    for cell in document.cells:
        if cell.kind == "markdown" and cell.role != "expected-output":
            for line, text in readable(cell):
                yield from judge(text, cell.lang, line, course.root)
            if cell.lang == "ko":
                yield from _untranslated(cell)


def judge(text: str, lang: str | None, line: int, root: Path) -> Iterator[Finding]:
    """What is wrong with a few words; `lang` None stands for both languages."""
    for pattern, term in _banned(root):
        for match in pattern.finditer(text):
            where = line + text[: match.start()].count("\n")
            good = term.name(lang or "ko")
            message = f"{match[0]!r} is banned; the glossary says {good!r}"
            yield where, "word", message
    if lang == "en" and (foreign := HANGUL.search(text)):
        where = line + text[: foreign.start()].count("\n")
        yield where, "language", f"Hangul in English prose: {foreign[0]!r}"


def readable(cell: Cell) -> Iterator[tuple[int, str]]:
    """(line, words) of everything in a prose cell that somebody reads as language."""
    for line, token in walk(cell.text, cell.line):
        if token.type == "inline":
            yield line, words(token)
            for child in token.children or []:
                if child.type == "image":
                    yield line, child.content
                elif child.type == "myst_role" and span_of(child).words:
                    yield line, span_of(child).words or ""
        elif token.type in FENCES and (found := directive(token)):
            if found.argument and found.name not in _NAMING:
                yield line, " ".join(words(part) for part in parse(found.argument))
            for key in PROSE_OPTIONS:
                if key in found.options:
                    yield line, found.options[key]
            if found.name == "mermaid":
                yield line + found.body_at, found.body


def _untranslated(cell: Cell) -> Iterator[Finding]:
    """Paragraphs of a Korean cell that were left in English."""
    for line, token in walk(cell.text, cell.line):
        if token.type != "inline" or HANGUL.search(token.content):
            continue
        found = _LATIN_WORD.findall(words(token))
        if len(found) > UNTRANSLATED_WORDS:
            yield line, "language", f"not translated: {' '.join(found[:5])!r} …"


@lru_cache
def _banned(root: Path) -> list[tuple[re.Pattern[str], glossary.Term]]:
    terms = glossary.load_terms(root).values()
    return [(_pattern(word), term) for term in terms for word in term.banned]


def _pattern(word: str) -> re.Pattern[str]:
    """A banned word with or without its spaces: Korean writes compounds both ways.

    A short Korean word must begin where a word begins, or it would be found inside
    innocent ones; an English word must stand alone.
    """
    spaced = r"\s*".join(re.escape(part) for part in word.split())
    if not HANGUL.search(word):
        return re.compile(rf"\b{spaced}\b", re.IGNORECASE)
    short = len("".join(word.split())) <= 2
    return re.compile(rf"(?<![가-힣]){spaced}" if short else spaced)
