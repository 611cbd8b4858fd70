"""The map of the course: every system, and where its code, section and exercise are.

`{vl-table} coverage` prints `book/coverage.yml`. A row names a topic in both languages,
the files of the library, the tests, and the labels of sections and exercises; labels
become links, so that a label that disappeared is a warning of the build, and warnings
are errors. The test of this table looks up the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes

FILE = "coverage.yml"
HEAD = {
    "ko": {
        "sections": "설명",
        "exercises": "연습과 실습",
        "library": "코드",
        "tests": "검사",
    },
    "en": {
        "sections": "explained in",
        "exercises": "practised in",
        "library": "code",
        "tests": "tests",
    },
}
LAB = {"ko": "실습 {lab}의 {questions}번", "en": "lab {lab}, question {questions}"}


@dataclass(frozen=True)
class Topic:
    """One row of the map."""

    number: int
    name: dict[str, str]  # by language
    library: tuple[str, ...]  # files below vislearn/, without .py
    tests: tuple[str, ...]  # files or folders below tests/
    sections: tuple[str, ...]  # labels
    exercises: tuple[str, ...] = ()  # labels
    labs: tuple[str, ...] = ()  # lab and question: lab01_attention.q5


def read_topics(book: Path) -> list[Topic]:
    """All rows of `coverage.yml`, by number.

    Raises:
        ValueError: if a row is incomplete or has an unknown key, or a number is taken.
    """
    rows = yaml.safe_load((book / FILE).read_text("utf-8"))
    topics = [_topic(row) for row in rows]
    numbers = [topic.number for topic in topics]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"{FILE}: the numbers must rise, got {numbers}")
    return topics


def _topic(row: dict[str, Any]) -> Topic:
    lists = ("library", "tests", "sections", "exercises", "labs")
    unknown = set(row) - {"number", "ko", "en", *lists}
    if unknown or not {"number", "ko", "en"} <= row.keys():
        raise ValueError(f"{FILE}: a row needs number, ko and en, got {sorted(row)}")
    topic = Topic(
        row["number"],
        {"ko": row["ko"], "en": row["en"]},
        **{name: tuple(row.get(name, ())) for name in lists},
    )
    for name in ("library", "tests", "sections"):
        if not getattr(topic, name):
            raise ValueError(f"{FILE}: row {topic.number} names no {name}")
    if not topic.exercises and not topic.labs:
        raise ValueError(f"{FILE}: row {topic.number} has no exercise and no lab")
    return topic


def coverage_sections(book: Path, language: str, docname: str) -> list[nodes.Node]:
    """A section for each topic; labels are references for Sphinx to resolve."""
    return [_section(topic, language, docname) for topic in read_topics(book)]


def _section(topic: Topic, language: str, docname: str) -> nodes.section:
    name = f"topic-{topic.number}"
    section = nodes.section(ids=[name], names=[name])
    section += nodes.title("", f"{topic.number}. {topic.name[language]}")
    practice: list[nodes.Node] = [
        _reference(label, docname) for label in topic.exercises
    ]
    practice += [nodes.Text(line) for line in lab_lines(topic.labs, language)]
    values = {
        "sections": [_reference(label, docname) for label in topic.sections],
        "exercises": practice,
        "library": [nodes.literal("", f"vislearn/{name}") for name in topic.library],
        "tests": [nodes.literal("", f"tests/{name}") for name in topic.tests],
    }
    fields = nodes.field_list()
    for key, cells in values.items():
        lines = nodes.line_block()
        lines += [nodes.line("", "", cell) for cell in cells]
        body = nodes.field_body("", lines)
        fields += nodes.field("", nodes.field_name("", HEAD[language][key]), body)
    section += fields
    return section


def lab_lines(labs: tuple[str, ...], language: str) -> list[str]:
    """("lab02_vit.q1", "lab02_vit.q3") -> ["lab 2, question 1, 3"]."""
    questions: dict[int, list[str]] = {}
    for name in labs:
        lab, _, question = name.partition(".")
        number = int(lab.partition("_")[0].removeprefix("lab"))
        questions.setdefault(number, []).append(question.removeprefix("q"))
    return [
        LAB[language].format(lab=number, questions=", ".join(asked))
        for number, asked in questions.items()
    ]


def _reference(label: str, docname: str) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.inline("", label),
        refdomain="std",
        reftype="ref",
        reftarget=label,
        refexplicit=False,
        refwarn=True,
        refdoc=docname,
    )
