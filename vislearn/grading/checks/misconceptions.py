"""Which known misconception explains a wrong answer.

Every mutant of a question has been run on the same inputs as the learner's answer. If
the learner's values equal a mutant's wherever the answer is wrong, the mutant's message
is what a teacher would say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vislearn.grading.checks.values import difference, payload_difference
from vislearn.grading.checks.verdict import (
    QuestionResult,
    Values,
    compare,
    decoded,
    judge,
    predicate,
    rules_of,
)
from vislearn.grading.emit import CASE
from vislearn.grading.lab import Check, Question, Variant
from vislearn.grading.running import Measured

_SAYS_NOTHING = ("NotImplementedError", "NameError", "SyntaxError", "IndentationError")


def recognise(
    question: Question,
    mutants: tuple[Variant, ...],
    mutant_values: Mapping[str, Measured],
    expected: Values,
    measured: Measured,
    result: QuestionResult,
    lab_path: Path,
) -> str:
    """The name of the mutant that explains the lost checks, or an empty text."""
    lost = [
        c for c, r in zip(question.checks, result.checks, strict=True) if not r.passed
    ]
    if not lost or result.state != "graded":
        return ""
    best, best_score = "", (0, 0)
    for mutant in mutants:
        if mutant.recognise:
            if _recognised(mutant, measured, lab_path):
                return mutant.name
            continue
        other = mutant_values.get(mutant.name)
        if other is None:
            continue
        score = _score(question, lost, measured, other, expected, lab_path)
        if score > best_score:
            best, best_score = mutant.name, score
    return best


def _recognised(mutant: Variant, measured: Measured, lab_path: Path) -> bool:
    try:
        named = {k: v for k, v in measured.values.items() if not k.startswith(CASE)}
        values = {name: [decoded(p) for p in given] for name, given in named.items()}
        return bool(predicate(lab_path, mutant.recognise)(values))
    except Exception:  # an answer of a form that the predicate does not know
        return False


def _score(
    question: Question,
    lost: list[Check],
    measured: Measured,
    other: Measured,
    expected: Values,
    lab_path: Path,
) -> tuple[int, int]:
    """How well a mutant explains the answer; (0, 0) if it does not.

    Every lost check must look the same, and at least one by its values or by the
    error that it died of. Checks that the mutant loses, too, but the learner does not,
    speak against it.
    """
    same = [_same(check, measured, other, lab_path) for check in lost]
    if not all(same):
        return (0, 0)
    by_value = sum(bool(measured.values.get(check.name)) for check in lost)
    if not by_value and not _same_error(measured, other):
        return (0, 0)
    names = {check.name for check in lost}
    kept = [check for check in question.checks if check.name not in names]
    agree = sum(judge(check, expected, other, lab_path).passed for check in kept)
    return (1 + agree, by_value)


def _same(check: Check, measured: Measured, other: Measured, lab_path: Path) -> bool:
    mine, theirs = measured.values.get(check.name, []), other.values.get(check.name, [])
    if len(mine) != len(theirs):
        return False
    try:
        return all(
            _alike(check, left, right, lab_path)
            for left, right in zip(mine, theirs, strict=True)
        )
    except ValueError:
        return False


def _alike(
    check: Check, mine: Mapping[str, Any], theirs: Mapping[str, Any], lab_path: Path
) -> bool:
    """Whether an answer is the mutant's, by what the check compares."""
    if check.kind in ("image", "set"):
        return compare(replace(check, nan="equal"), theirs, mine, lab_path) is None
    rules = replace(rules_of(check), nan_equal=True)
    if check.kind in ("values", "small"):
        return payload_difference(theirs, mine, rules) is None
    return difference(decoded(theirs), decoded(mine), rules) is None


def _same_error(measured: Measured, other: Measured) -> bool:
    mine = (measured.error_name, measured.error_text.split("\n")[0])
    theirs = (other.error_name, other.error_text.split("\n")[0])
    return bool(mine[0]) and mine[0] not in _SAYS_NOTHING and mine == theirs
