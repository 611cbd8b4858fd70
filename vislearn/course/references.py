"""The rule that everything a page refers to exists: terms, facts, labels, files."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it.token import Token

from vislearn.course import facts, glossary
from vislearn.course.inline import Span, span_of
from vislearn.course.library import find_source
from vislearn.course.markdown import FENCES, Directive, directive, walk
from vislearn.course.problem import Finding
from vislearn.course.site import Course, labels
from vislearn.course.source import LANGUAGES, Document

LABEL_ROLES = ("ref", "numref", "prf:ref", "eq")


def references(document: Document, course: Course) -> Iterator[Finding]:
    """Whatever is named and does not exist, and labels that are not unique."""
    own = {label for _, label in labels(document)}
    for cell in document.cells:
        if cell.kind != "markdown":
            continue
        for line, token in walk(cell.text, cell.line):
            for problem in _of_token(token, cell.lang or "ko", document, course, own):
                yield line, "reference", problem
    yield from _twice(document, course)


def _of_token(
    token: Token, lang: str, document: Document, course: Course, own: set[str]
) -> Iterator[str]:
    for child in token.children or []:
        if child.type == "myst_role":
            yield from _unknown(span_of(child), lang, document, course, own)
        elif child.type == "image":
            yield from _missing(str(child.attrs["src"]), document, course)
    if token.type in FENCES and (found := directive(token)):
        yield from _of_directive(found, document, course, own)


def _of_directive(
    found: Directive, document: Document, course: Course, own: set[str]
) -> Iterator[str]:
    if found.name == "solution" and found.argument not in own:
        yield f"a solution to {found.argument!r}, which is no exercise of this page"
    elif found.name in ("figure", "image"):
        yield from _missing(found.argument, document, course)
    elif found.name == "vl-source":
        part = found.options.get("part")
        try:
            find_source(course.root, f"{found.argument}{f'.{part}' if part else ''}")
        except ValueError as error:
            yield str(error)
    elif found.options.get("link-type") == "doc":
        page = found.options.get("link", "")
        if course.docname(page, document) is None:
            yield f"unknown page {page!r}"


def _unknown(
    span: Span, lang: str, document: Document, course: Course, own: set[str]
) -> Iterator[str]:
    """What is wrong with one role's target."""
    try:
        if span.name == "fact":
            facts.fact(span.target, lang, course.root)
        elif span.name == "term":
            glossary.find_term(span.target, lang, course.root)
    except ValueError as error:
        yield str(error)
    if span.name.startswith("cite"):
        keys = [key.strip() for key in span.target.split(",")]
        yield from (
            f"unknown citation {k!r}" for k in keys if k not in course.citations
        )
    elif span.name in LABEL_ROLES:
        if span.target not in course.labels and span.target not in own:
            yield f"unknown label {span.target!r}"
    elif span.name == "doc" and course.docname(span.target, document) is None:
        yield f"unknown page {span.target!r}"


def _missing(address: str, document: Document, course: Course) -> Iterator[str]:
    if "://" in address or address.startswith("data:"):
        yield f"the picture {address} is not in the repository"
    elif not course.file(address, document).is_file():
        yield f"no picture {address}"


def _twice(document: Document, course: Course) -> Iterator[Finding]:
    """Labels that this page defines twice in a language, or that another page has."""
    for lang in LANGUAGES:
        seen: set[str] = set()
        for line, label in labels(document, lang):
            if label in seen:
                yield line, "labels", f"{label!r} is defined twice"
            seen.add(label)
            page = course.labels.get(label, document.docname)
            if page != document.docname and lang == "ko":
                yield line, "labels", f"{label!r} is also a label of {page}"
