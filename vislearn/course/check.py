"""`vislearn course check`: do the two languages still say the same, and properly?

Each rule is one short function that yields problems; a problem names file and line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vislearn.course import facts, glossary, lock
from vislearn.course.inline import spans, without_spans
from vislearn.course.pairs import Pair, block_tokens, differences, pairs
from vislearn.course.render import Directive
from vislearn.course.site import Course
from vislearn.course.source import LANGUAGES, Cell, Document, read

HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]+")
_LANG_SPAN = re.compile(r"<span lang=\"ko\">.*?</span>", flags=re.DOTALL)
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
UNTRANSLATED_WORDS = 8


@dataclass(frozen=True)
class Problem:
    """Something to mend."""

    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


Finding = tuple[int, str, str]  # line, rule, message


def check_course(course: Course, files: Iterable[Path] = ()) -> list[Problem]:
    """Check the named files, or every chapter, lab, the toc, glossary and facts."""
    chosen = list(files)
    try:
        documents = [read(path) for path in chosen]
        documents = documents or [*course.pages, *course.labs]
    except ValueError as error:
        path, _, rest = str(error).partition(":")
        line, _, message = rest.partition(":")
        return [Problem(Path(path), int(line or 0), "source", message.strip())]
    found = [problem for doc in documents for problem in check_document(doc, course)]
    return found if chosen else [*found, *_check_toc(course)]


def check_document(document: Document, course: Course) -> list[Problem]:
    """Everything that is wrong with one chapter or lab."""
    findings: list[Finding] = []
    for rule in (
        _twins,
        _accepted,
        _banned_words,
        _language,
        _alternative_texts,
        _headings,
    ):
        findings += rule(document, course)
    findings += _references(document, course)
    where = _shown(document.path, course.root)
    return [Problem(where, *finding) for finding in sorted(findings)]


def _twins(document: Document, course: Course) -> Iterator[Finding]:
    for pair in pairs(document):
        if not isinstance(pair, Pair):
            yield pair.cell.line, "unpaired", pair.reason
            continue
        for field, sentence in differences(pair):
            yield pair.en.line, field, sentence


def _accepted(document: Document, course: Course) -> Iterator[Finding]:
    for line, sentence in lock.drifts(document, course.root):
        yield line, "accept", sentence


def _banned_words(document: Document, course: Course) -> Iterator[Finding]:
    terms = glossary.load_terms(course.root).values()
    banned = {word: term for term in terms for word in term.banned}
    for cell in _prose(document):
        for number, line in enumerate(cell.text.splitlines()):
            text = without_spans(line)
            for word, term in banned.items():
                if word in text:
                    good = term.name(cell.lang or "en")
                    message = f"{word!r} is banned; the glossary says {good!r}"
                    yield cell.line + number, "word", message


def _language(document: Document, course: Course) -> Iterator[Finding]:
    """Hangul in English, and Korean cells with paragraphs left in English."""
    for cell in _prose(document):
        for line, text in _paragraphs(cell):
            if cell.lang == "en":
                foreign = HANGUL.search(_LANG_SPAN.sub("", without_spans(text)))
                if foreign:
                    yield line, "language", f"Hangul in English prose: {foreign[0]!r}"
            elif cell.lang == "ko" and not HANGUL.search(text):
                words = _LATIN_WORD.findall(without_spans(text))
                if len(words) > UNTRANSLATED_WORDS:
                    start = " ".join(words[:5])
                    yield line, "language", f"not translated: {start!r} …"


def _alternative_texts(document: Document, course: Course) -> Iterator[Finding]:
    for cell in document.cells:
        if cell.kind == "code":
            yield from _label_calls(cell)
            continue
        for line, token in _tokens(cell.text, cell.line):
            for child in token.children or []:
                if child.type == "image" and not child.content.strip():
                    source = child.attrs["src"]
                    yield line, "alt", f"the image {source} has no alternative text"
            if token.type not in ("fence", "colon_fence"):
                continue
            directive = Directive.read(token)
            if directive.name in ("figure", "image") and not directive.options.get(
                "alt"
            ):
                yield line, "alt", f"{directive.argument} has no :alt:"
            if directive.name == "mermaid" or token.info.strip() == "mermaid":
                for key in ("accTitle:", "accDescr:"):
                    if key not in token.content:
                        yield line, "alt", f"the diagram has no {key}"


def _label_calls(cell: Cell) -> Iterator[Finding]:
    """`show.label` needs alternative texts in both languages."""
    try:
        tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "pass", cell.text))
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1) - 1
        yield line, "code", f"not Python: {error.msg}"
        return
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "label"):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "show"):
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        for name in ("alt_ko", "alt_en"):
            value = given.get(name)
            empty = isinstance(value, ast.Constant) and not str(value.value).strip()
            if value is None or empty:
                yield cell.line + call.lineno - 1, "alt", f"show.label without {name}"


def _headings(document: Document, course: Course) -> Iterator[Finding]:
    for lang in LANGUAGES:
        last = 0
        for cell in document.in_language(lang):
            if cell.kind != "markdown":
                continue
            for line, token in _tokens(cell.text, cell.line):
                if token.type == "heading_open":
                    level = int(token.tag[1])
                    if level > last + 1:
                        message = f"{lang}: heading level {level} follows level {last}"
                        yield line, "heading", message
                    last = level


def _references(document: Document, course: Course) -> Iterator[Finding]:
    """Every term, fact, citation, page and label that is named must exist."""
    for cell in document.cells:
        if cell.kind != "markdown":
            continue
        for number, text in enumerate(cell.text.splitlines()):
            for span in spans(text):
                problem = _unknown(span.name, span.target, cell.lang or "ko", course)
                if span.kind == "role" and problem:
                    yield cell.line + number, "reference", problem


def _unknown(role: str, target: str, lang: str, course: Course) -> str:
    """What is wrong with one role's target; empty if nothing is."""
    try:
        if role == "fact":
            facts.fact(target, lang, course.root)
        elif role == "term":
            glossary.find_term(target, lang, course.root)
    except ValueError as error:
        return str(error)
    if role.startswith("cite"):
        keys = [key.strip() for key in target.split(",")]
        unknown = [key for key in keys if key not in course.citations]
        return f"unknown citation {unknown[0]!r}" if unknown else ""
    if role in ("ref", "numref", "prf:ref", "eq") and target not in course.labels:
        return f"unknown label {target!r}"
    if role == "doc" and not _page_exists(target, course):
        return f"unknown page {target!r}"
    return ""


def _page_exists(target: str, course: Course) -> bool:
    name = target.strip("/").split("/")[-1]
    return (name, "ko") in course.titles or "appendix/" in target


def _check_toc(course: Course) -> Iterator[Problem]:
    """The table of contents and the folder hold the same chapters."""
    path = course.root / "_toc.yml"
    listed = {
        Path(name).name
        for name in _toc_files(yaml.safe_load(path.read_text(encoding="utf-8")))
        if re.match(r"\d\d_", Path(name).name)
    }
    present = {document.name for document in course.chapters}
    for name in sorted(listed - present):
        yield Problem(Path("_toc.yml"), 1, "toc", f"book/{name}.md does not exist")
    for name in sorted(present - listed):
        yield Problem(Path("_toc.yml"), 1, "toc", f"book/{name}.md is not listed")


def _toc_files(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key in ("root", "file"):
            if key in node:
                yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _toc_files(child)


def _prose(document: Document) -> list[Cell]:
    return [cell for cell in document.cells if cell.kind == "markdown" and cell.lang]


def _tokens(text: str, line: int) -> Iterator[tuple[int, Any]]:
    """(line in the file, token) of a text and of the directives nested in it."""
    for token in block_tokens(text):
        begin = line + (token.map or [0, 0])[0]
        yield begin, token
        fence = token.type in ("fence", "colon_fence")
        if fence and token.info.strip().startswith("{"):
            yield from _tokens(token.content, begin + 1)


def _paragraphs(cell: Cell) -> Iterator[tuple[int, str]]:
    """(line, text) of every inline run: paragraphs, headings, table and list cells."""
    for line, token in _tokens(cell.text, cell.line):
        if token.type == "inline":
            yield line, token.content


def _shown(path: Path, root: Path) -> Path:
    try:
        return path.resolve().relative_to(root.resolve())
    except ValueError:
        return path
