"""A starter repository for GitHub Classroom, and what its workflow reports.

The workflow runs in the learner's own repository with public inputs, so what it shows
is a self-check and not the mark: the mark is made by `vislearn grade` from the pushed
notebooks, with inputs that nobody has seen.

Classroom's reporter counts passed tests for the table that it prints and adds up scores
for the points that it sends. So that both agree, a question is a runner of its own and
its tests are all worth the same: a check of 2 points beside one of 3 is two tests
beside three.
"""

from __future__ import annotations

import base64
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vislearn.grading import check
from vislearn.grading.checks.verdict import CheckResult, QuestionResult, with_blocked
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason
from vislearn.grading.submission import read_submission

VERSION = 3
_PARTS = 12  # the finest partial credit of a check that is shown


@dataclass(frozen=True)
class SelfCheck:
    """What was found for one notebook: results by runner, and a table for people."""

    notebook: Path
    points: float
    results: Mapping[str, Mapping[str, Any]]
    table: str

    @property
    def outputs(self) -> dict[str, str]:
        """Outputs of a workflow's step: base64 of each result, by runner."""
        return {
            runner: base64.b64encode(
                json.dumps(result, ensure_ascii=False).encode()
            ).decode()
            for runner, result in self.results.items()
        }


def runners_of(questions: Iterable[str]) -> dict[str, str]:
    """Names of runners by question: letters and digits, different in capitals, too."""
    names: dict[str, str] = {}
    for question in questions:
        base = re.sub(r"[^A-Za-z0-9]", "", question) or "q"
        name, number = base, 1
        while name.upper() in (taken.upper() for taken in names.values()):
            number += 1
            name = f"{base}n{number}"
        names[question] = name
    return names


def question_result(result: QuestionResult, title: str) -> dict[str, Any]:
    """One question in the form of Classroom's runners, version 3."""
    unit = _unit(result.checks)
    tests = [
        test
        for checked in result.checks
        for test in _tests(checked, f"{result.question} {title} · {checked.name}", unit)
    ]
    passed = all(test["status"] == "pass" for test in tests)
    points = [checked.max_points for checked in result.checks]
    return {
        "version": VERSION,
        "status": "pass" if passed else "fail",
        "max_score": _number(sum(map(_exact, points), Fraction())),
        "tests": tests,
    }


def _unit(checks: Sequence[CheckResult]) -> Fraction:
    """The largest number of points that all checks are made of."""
    amounts = [a for c in checks for a in (_exact(c.max_points), _share(c)) if a]
    if not amounts:
        return Fraction(1)
    below = math.lcm(*(amount.denominator for amount in amounts))
    return Fraction(math.gcd(*(int(amount * below) for amount in amounts)), below)


def _exact(points: float) -> Fraction:
    return Fraction(points).limit_denominator(100)


def _share(checked: CheckResult) -> Fraction:
    """Points of a check, to the twelfth part of it."""
    if not checked.max_points:
        return Fraction(0)
    part = Fraction(checked.points / checked.max_points).limit_denominator(_PARTS)
    return part * _exact(checked.max_points)


def _tests(checked: CheckResult, name: str, unit: Fraction) -> list[dict[str, Any]]:
    count, passed = int(_exact(checked.max_points) / unit), int(_share(checked) / unit)
    return [
        _test(
            name if count == 1 else f"{name} ({number + 1}/{count})",
            "pass" if number < passed else "fail",
            unit if number < passed else Fraction(0),
        )
        for number in range(count)
    ]


def _test(name: str, status: str, score: Fraction, message: str = "") -> dict[str, Any]:
    """One test; line 0 and no code: there is no place in a file to point at."""
    return {
        "name": name,
        "status": status,
        "message": message,
        "score": _number(score),
        "filename": "",
        "line_no": 0,
        "test_code": "",
    }


def _number(value: Fraction) -> float | int:
    return int(value) if value.denominator == 1 else float(value)


def unreadable(lab: Lab, message: str) -> dict[str, dict[str, Any]]:
    """Results of a notebook that could not be read: an error for every question."""
    return {
        runner: {
            "version": VERSION,
            "status": "error",
            "max_score": _number(_exact(lab.questions[name].points)),
            "tests": [_test(name, "error", Fraction(0), message)],
        }
        for name, runner in runners_of(lab.questions).items()
    }


def self_check(
    place: Path, say: Callable[[str], None] = lambda _line: None
) -> SelfCheck:
    """Check a notebook, or those of a folder, of which the best one counts.

    Raises:
        FileNotFoundError: if there is no notebook, or no lab that it belongs to.
    """
    files = [place] if place.is_file() else sorted(place.glob("*.ipynb"))
    if not files:
        raise FileNotFoundError(f"{place}: no notebook (*.ipynb) there")
    checked = [_check(file, say) for file in files]
    return max(checked, key=lambda found: found.points)


def _check(file: Path, say: Callable[[str], None]) -> SelfCheck:
    """One notebook, through the very functions of `vislearn check`."""
    with check.lab_of(file, say) as (lab, known):
        submission = read_submission(file, lab)
        lang = submission.lang
        if submission.state == "unreadable":
            message = reason(submission.reason, lang)
            said = f"{file.name}: {message}"
            return SelfCheck(file, -1.0, unreadable(lab, message), said)
        tried = check.try_all(lab, known, submission)
        results = with_blocked(lab, {name: found for name, (found, _) in tried.items()})
        lines = [
            check.line_of(lab, known, results[name], measured, lang)
            for name, (_, measured) in tried.items()
        ]
    runners = runners_of(lab.questions)
    titles = {name: question.title[lang] for name, question in lab.questions.items()}
    return SelfCheck(
        notebook=file,
        points=sum(result.points for result in results.values()),
        results={
            runners[name]: question_result(result, titles[name])
            for name, result in results.items()
        },
        table=f"{file.name}\n{check.table(lines, lang)}",
    )


def report(found: SelfCheck) -> str:
    """Give the results to the workflow, if this runs in one; the text for the log.

    GitHub names the files for outputs and for the summary in GITHUB_OUTPUT and
    GITHUB_STEP_SUMMARY; without them the outputs are part of the text.
    """
    outputs = "".join(f"{name}={text}\n" for name, text in found.outputs.items())
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        fenced = found.table.replace("```", "'''")
        with open(file, "a", encoding="utf-8") as summary:
            summary.write(f"```text\n{fenced}\n```\n")
    if file := os.environ.get("GITHUB_OUTPUT"):
        with open(file, "a", encoding="utf-8") as step:
            step.write(outputs)
        return found.table
    return f"{found.table}\n{outputs}".rstrip()
