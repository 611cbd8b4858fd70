"""Made-up classes: records and marks as a batch would leave them, without kernels."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from vislearn.grading.checks.verdict import CheckResult, QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab, Question, load_lab
from vislearn.grading.people.policy import Mark
from vislearn.grading.submission import Submission

OWN_WORDS = Path(__file__).parent / "own_words"
LAB01 = Path(__file__).parents[3] / "labs" / "lab01_attention"


@pytest.fixture(scope="session")
def lab01() -> Lab:
    return load_lab(LAB01)


def answer(
    question: Question, passed: list[bool], reason: str = "ok", misconception: str = ""
) -> QuestionResult:
    """A question's result from what happened to its checks."""
    checks = tuple(
        CheckResult(
            check.name,
            check.points if good else 0.0,
            check.points,
            "" if good else ("wrong_value" if reason == "ok" else reason),
        )
        for check, good in zip(question.checks, passed, strict=True)
    )
    points = sum(check.points for check in checks)
    error = "TypeError" if reason == "error" else ""
    return QuestionResult(
        *(question.id, "graded", points, question.points, checks),
        reason=reason,
        error=error,
        misconception=misconception,
    )


def invented(lab: Lab, number: int, dice: random.Random, state: str) -> Record:
    """A learner of some ability; abler ones lose fewer checks."""
    ability = dice.gauss(0.8, 1.2)
    results = {}
    for question in lab.questions.values():
        chance = 1 / (1 + math.exp(question.difficulty - 2.5 - ability))
        passed = [dice.random() < chance for _ in question.checks]
        reason = "ok"
        if not any(passed):
            reason = dice.choice(["ok", "ok", "error", "timeout", "kernel_died"])
        known = [mutant.name for mutant in lab.mutants_of(question.id)]
        named = "" if all(passed) or reason != "ok" else dice.choice(["", *known])
        results[question.id] = answer(question, passed, reason, named)
    lang = "en" if number % 3 == 0 else "ko"
    student = dice.choice("김이박최정") + dice.choice(["민준", "서연", "도윤", "하은"])
    student = f"{student}{number:03d}"
    key = f"{student}/{lab.id}.ipynb"
    if state == "graded":
        return Record(key, student, f"{number:064d}", state, lang, "", (), results)
    reason = "not_json" if state == "unreadable" else "ungraded"
    return Record(key, student, f"{number:064d}", state, lang, reason, (), {})


@pytest.fixture(scope="session")
def class_of() -> Callable[..., list[Record]]:
    """class_of(lab, size, seed=0): one in ten unreadable, one in twenty ungraded."""

    def make(lab: Lab, size: int, seed: int = 0) -> list[Record]:
        dice = random.Random(seed)
        states = {7: "unreadable", 17: "unreadable", 13: "ungraded"}
        return [
            invented(lab, number, dice, states.get(number % 20, "graded"))
            for number in range(size)
        ]

    return make


@pytest.fixture(scope="session")
def answered() -> Callable[..., QuestionResult]:
    return answer


def marks(lab: Lab, records: list[Record]) -> list[Mark]:
    return [
        Mark(
            student=record.student,
            name=f"이름 {number}",
            email="",
            record=record,
            attempts=1 + number % 3,
            handed_in="",
            auto=record.points,
            manual=None if number == 4 else 3.0,
            penalty=0.0,
            points=None if record.points is None or number == 4 else record.points + 3,
            max_points=lab.points + 3,
            late_days=0.0,
        )
        for number, record in enumerate(records)
    ]


@pytest.fixture(scope="session")
def marks_for() -> Callable[..., list[Mark]]:
    """marks_for(lab, records): three points by hand; one learner's are still open."""
    return marks


@pytest.fixture(scope="session")
def alike() -> list[Submission]:
    """Two copies with a hostile comment, and somebody else."""
    texts = [f.read_text("utf-8") for f in sorted(OWN_WORDS.glob("q5_*.txt"))]
    evil = "# </code></mark><script>alert(1)</script> <b onclick=x>\n"
    answers = [evil + texts[0], evil + texts[0].replace("omega", "w"), texts[1]]
    return [
        Submission(
            key=f"{name}/lab.ipynb",
            student=name,
            path=Path("lab.ipynb"),
            sha=name,
            state="readable",
            answers={"q5": (answer,)},
        )
        for name, answer in zip(("kim", "lee", "choi"), answers, strict=True)
    ]
