"""The map of the course: what it names exists, in both languages."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
TOOLS = BOOK / "_ext"


def _load(name: str) -> Any:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TOOLS))


coverage = _load("coverage_table")
TOPICS = coverage.read_topics(BOOK)


@pytest.fixture(scope="module")
def prose() -> dict[str, str]:
    """All chapters' prose, by language."""
    from vislearn.course.source import read

    sources = [read(path) for path in sorted(BOOK.glob("[0-9]*.md"))]
    return {
        language: "\n".join(
            cell.text
            for source in sources
            for cell in source.cells
            if cell.lang == language
        )
        for language in ("ko", "en")
    }


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: str(topic.number))
def test_files_of_the_library_and_of_the_tests_exist(topic) -> None:
    for name in topic.library:
        path = ROOT / "vislearn" / name
        assert path.with_suffix(".py").is_file() or path.is_dir(), name
    for name in topic.tests:
        assert (ROOT / "tests" / name).exists(), name


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: str(topic.number))
def test_sections_stand_in_both_languages(topic, language, prose) -> None:
    for label in topic.sections:
        assert re.search(rf"^\({label}\)=$", prose[language], re.MULTILINE), label


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: str(topic.number))
def test_exercises_stand_in_both_languages_with_a_folded_answer(
    topic, language, prose
) -> None:
    for label in topic.exercises:
        assert re.search(rf"^:label: {label}$", prose[language], re.MULTILINE), label
        answer = rf"{{solution}} {label}\n:class: dropdown$"
        assert re.search(answer, prose[language], re.MULTILINE), label


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: str(topic.number))
def test_lab_questions_exist(topic) -> None:
    for name in topic.labs:
        lab, _, question = name.partition(".")
        rules = yaml.safe_load((ROOT / "labs" / lab / "lab.yml").read_text("utf-8"))
        assert question in rules["questions"], name


def test_every_encoder_and_loss_is_on_the_map() -> None:
    """A new file of the library must be taught somewhere."""
    on_the_map = {name for topic in TOPICS for name in topic.library}
    shared = {"encoders/output", "encoders/sizes"}  # parts of all of them
    files = {
        f"{room}/{path.stem}"
        for room in ("encoders", "losses")
        for path in (ROOT / "vislearn" / room).glob("[a-z]*.py")
    }
    assert files - shared <= on_the_map


def test_lab_questions_of_one_lab_share_a_line() -> None:
    labs = ("lab01_attention.q1", "lab01_attention.q3", "lab02_vit.q2")
    assert coverage.lab_lines(labs, "en") == [
        "lab 1, question 1, 3",
        "lab 2, question 2",
    ]
    assert coverage.lab_lines(labs, "ko") == ["실습 1의 1, 3번", "실습 2의 2번"]


GOOD = {
    "number": 1,
    "ko": "가",
    "en": "a",
    "library": ["layers/mlp"],
    "tests": ["layers"],
    "sections": ["sec-a"],
    "labs": ["lab01_attention.q1"],
}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**GOOD, "tests": []}], "row 1 names no tests"),
        ([{**GOOD, "labs": []}], "row 1 has no exercise and no lab"),
        ([{**GOOD, "more": 1}], "needs number, ko and en"),
        ([{**GOOD, "number": 2}, GOOD], r"must rise, got \[2, 1\]"),
    ],
)
def test_incomplete_rows_are_refused(rows, message: str, tmp_path: Path) -> None:
    (tmp_path / "coverage.yml").write_text(yaml.safe_dump(rows), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        coverage.read_topics(tmp_path)
