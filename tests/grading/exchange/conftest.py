"""Marks as `policy.marks` makes them, without running anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from vislearn.grading.checks.verdict import CheckResult, QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.people.policy import Mark, tidy
from vislearn.grading.people.rubric import RubricItem, items_of


@pytest.fixture(scope="session")
def rubric_lab(minilab: Lab) -> Lab:
    """The small lab with two items that a person marks."""
    items = (
        RubricItem("analysis", {"ko": "분석", "en": "Analysis"}, 4.0),
        RubricItem("clarity", {"ko": "명료함", "en": "Clarity"}, 1.0),
    )
    return dataclasses.replace(minilab, rubric=items)


def result_of(lab: Lab, question: str, lost: tuple[str, ...] = ()) -> QuestionResult:
    """A question's result in which the named checks are lost."""
    checks = tuple(
        CheckResult(c.name, 0.0, c.points, "wrong_value")
        if c.name in lost
        else CheckResult(c.name, c.points, c.points)
        for c in lab.questions[question].checks
    )
    points = sum(check.points for check in checks)
    possible = lab.questions[question].points
    return QuestionResult(question, "graded", points, possible, checks, seconds=1.25)


@pytest.fixture(scope="session")
def record_of() -> Callable[..., Record]:
    """record_of(lab, student, lost={"q1": ("rows",)}, state="graded", ...)."""

    def make(
        lab: Lab,
        student: str,
        lost: dict[str, tuple[str, ...]] | None = None,
        state: str = "graded",
        lang: str = "ko",
        reason: str = "",
        handed_in: str = "2026-11-02T09:30:00+09:00",
    ) -> Record:
        results = {
            name: result_of(lab, name, (lost or {}).get(name, ()))
            for name in lab.questions
            if state == "graded"
        }
        key = f"{student}/{lab.id}.ipynb"
        return Record(
            key, student, "a" * 64, state, lang, reason, (), results, handed_in
        )

    return make


@pytest.fixture(scope="session")
def mark_of() -> Callable[..., Mark]:
    """mark_of(lab, student, record, ...): the mark that belongs to a record."""

    def make(
        lab: Lab,
        student: str,
        record: Record | None,
        *,
        name: str = "",
        email: str = "",
        manual: float | None = 0.0,
        penalty: float = 0.0,
    ) -> Mark:
        auto = record.points if record else None
        known = auto is not None and manual is not None
        points = tidy((auto or 0) + (manual or 0) - penalty) if known else None
        possible = lab.points + sum(item.points for item in items_of(lab))
        return Mark(
            student=student,
            name=name,
            email=email,
            record=record,
            attempts=1 if record else 0,
            handed_in=record.handed_in if record else "",
            auto=auto,
            manual=manual,
            penalty=penalty,
            points=points,
            max_points=possible,
            late_days=0.0,
        )

    return make
