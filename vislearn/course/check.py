"""`vislearn course check`: do the two languages still say the same, and properly?

Each rule is one function that yields findings: a line, the rule's name, a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from vislearn.course import facts, glossary, lock
from vislearn.course.markdown import directive, walk
from vislearn.course.messages import code_cells, lab_files
from vislearn.course.pairs import Pair, differences, pairs
from vislearn.course.pictures import alternative_texts
from vislearn.course.problem import Finding, Problem
from vislearn.course.quiz import parse_quiz
from vislearn.course.references import references
from vislearn.course.site import Course
from vislearn.course.source import LANGUAGES, Document, read
from vislearn.course.wording import wording

Rule = Callable[[Document, Course], Iterator[Finding]]


def check_course(course: Course, files: Iterable[Path] = ()) -> list[Problem]:
    """Check the named files, or every page, lab and the table of contents."""
    chosen = list(files)
    found: list[Problem] = []
    for path in chosen or course.sources:
        try:
            document = read(path)
        except ValueError as error:
            found.append(_of_source(error, path, course))
            continue
        found += check_document(document, course)
    broken = any(problem.rule == "source" for problem in found)
    if not chosen and not broken:
        found += [*_toc(course), *_glossary(course), *_facts(course)]
    return sorted(found)


def check_document(document: Document, course: Course) -> list[Problem]:
    """Everything that is wrong with one page or lab."""
    where = _shown(document.path, course.root)
    broken = list(_broken(document))
    if broken:
        return [Problem(where, *finding) for finding in broken]
    rules: tuple[Rule, ...] = (
        _twins,
        _accepted,
        _headings,
        _quizzes,
        _outputs,
        wording,
        alternative_texts,
        code_cells,
        references,
    )
    found = {Problem(where, *f) for rule in rules for f in rule(document, course)}
    if document.is_lab:
        for path, finding in lab_files(document.path.parent, course.root):
            found.add(Problem(_shown(path, course.root), *finding))
    return sorted(found)


def _broken(document: Document) -> Iterator[Finding]:
    """Fences inside directives that are never closed: no other rule could read on."""
    for cell in document.cells:
        if cell.kind == "markdown":
            try:
                for _ in walk(cell.text, cell.line):
                    pass
            except ValueError as error:
                line, _, message = str(error).partition(": ")
                yield int(line), "source", message


def _of_source(error: ValueError, path: Path, course: Course) -> Problem:
    """A source that cannot be read, as a problem with its line."""
    line, _, message = str(error).removeprefix(f"{path}:").partition(": ")
    shown = _shown(path, course.root)
    return Problem(shown, int(line) if line.isdigit() else 1, "source", message)


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


def _headings(document: Document, course: Course) -> Iterator[Finding]:
    """One title, and no level skipped, in each language."""
    for lang in LANGUAGES:
        last = 0
        for cell in document.in_language(lang):
            if cell.kind != "markdown":
                continue
            for line, token in walk(cell.text, cell.line):
                if token.type != "heading_open":
                    continue
                level = int(token.tag[1])
                if level > last + 1:
                    follows = f"follows level {last}" if last else "comes first"
                    yield line, "heading", f"{lang}: heading level {level} {follows}"
                elif level == 1 and last:
                    yield line, "heading", f"{lang}: a second heading of level 1"
                last = level


def _quizzes(document: Document, course: Course) -> Iterator[Finding]:
    for cell in document.cells:
        if cell.kind != "markdown":
            continue
        for line, token in walk(cell.text, cell.line):
            found = directive(token)
            if found is not None and found.name == "quiz":
                try:
                    parse_quiz(found.body.split("\n"))
                except ValueError as error:
                    yield line, "quiz", str(error).removeprefix("quiz: ")


def _outputs(document: Document, course: Course) -> Iterator[Finding]:
    """nbval compares a checked cell only if its expected output stands behind it."""
    followers = [*document.cells[1:], None]
    checked = False
    for cell, following in zip(document.cells, followers, strict=True):
        if cell.role == "expected-output":
            tokens = [token.type for _, token in walk(cell.text)]
            if not checked:
                message = "an expected output that is not behind a checked cell"
                yield cell.line, "output", message
            elif tokens != ["fence"]:
                message = "an expected output is one fenced block and nothing else"
                yield cell.line, "output", message
        checked = cell.kind == "code" and "nbval-check-output" in cell.tags
        if checked and (following is None or following.role != "expected-output"):
            yield (
                cell.line,
                "output",
                "a checked cell without its expected output; run "
                "`vislearn course accept --outputs`",
            )


def _glossary(course: Course) -> Iterator[Problem]:
    for flaw in glossary.flaws(glossary.load_terms(course.root)):
        yield Problem(glossary.FILE, 1, "glossary", flaw)


def _facts(course: Course) -> Iterator[Problem]:
    for fact in facts.load_facts(course.root).values():
        if fact.cite and fact.cite not in course.citations:
            message = f"{fact.key}: unknown citation {fact.cite!r}"
            yield Problem(facts.FILE, 1, "reference", message)


def _toc(course: Course) -> Iterator[Problem]:
    """The table of contents and the folder hold the same pages."""
    path = Path("_toc.yml")
    content = yaml.safe_load((course.root / path).read_text(encoding="utf-8"))
    listed = {name.removesuffix(".md") for name in _toc_files(content)}
    present = {document.docname for document in course.pages}
    for name in sorted(listed - present):
        yield Problem(path, 1, "toc", f"{name}.md does not exist")
    for name in sorted(present - listed):
        yield Problem(path, 1, "toc", f"{name}.md is not listed")


def _toc_files(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key in ("root", "file"):
            if key in node:
                yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _toc_files(child)


def _shown(path: Path, root: Path) -> Path:
    try:
        return path.resolve().relative_to(root.resolve())
    except ValueError:
        return path
