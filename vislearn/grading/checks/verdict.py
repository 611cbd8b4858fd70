"""Points: the emitted values of one question against the reference, check by check.

A check that nothing was compared for is lost; the reason says why, in words from a
closed list, so that nothing of the hidden inputs gets into a report.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from vislearn.grading.checks.matching import set_difference
from vislearn.grading.checks.pictures import decode_image, image_difference
from vislearn.grading.checks.values import Difference, Rules, decode, payload_difference
from vislearn.grading.lab import Check, Lab, Question
from vislearn.grading.messages import word
from vislearn.grading.running import Measured

Values = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class CheckResult:
    """One check: points got, points possible, and the reason if they differ.

    `expected`, `got` and `place` may show what was compared: only for public seeds.
    """

    name: str
    points: float
    max_points: float
    reason: str = ""
    place: str = ""
    expected: str = ""
    got: str = ""

    @property
    def passed(self) -> bool:
        return self.points == self.max_points


@dataclass(frozen=True)
class QuestionResult:
    """One question of one submission.

    `state` is graded or ungraded (our failure; then the points mean nothing);
    `reason` says what happened to the whole run (ok, error, timeout, …);
    `blocked_by` names needed questions whose wrong answers may be why this one is, too
    (see `with_blocked`).
    """

    question: str
    state: str
    points: float
    max_points: float
    checks: tuple[CheckResult, ...]
    reason: str = "ok"
    error: str = ""
    misconception: str = ""
    seconds: float = 0.0
    blocked_by: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> QuestionResult:
        checks = tuple(CheckResult(**check) for check in raw["checks"])
        blocked = tuple(raw.get("blocked_by", ()))
        return cls(**{**raw, "checks": checks, "blocked_by": blocked})


def judge(
    check: Check,
    expected: Values,
    measured: Measured,
    lab_path: Path,
) -> CheckResult:
    """Compare one check's values with the reference's."""
    wanted, given = expected.get(check.name, []), measured.values.get(check.name, [])
    lost = functools.partial(CheckResult, check.name, 0.0, check.points)
    if not wanted:
        return lost("no_reference")
    if not given:
        state = measured.state
        return lost("no_value" if state in ("ok", "setup_failed") else state)
    if len(given) > len(wanted) or (len(given) < len(wanted) and not check.partial):
        return lost("wrong_count")
    if check.over == "all":
        found = [_compare_all(check, wanted, given, lab_path)]
    else:
        found = [
            _compare_or_malformed(check, left, right, lab_path)
            for left, right in zip(wanted, given, strict=False)
        ]
    missing = len(wanted) - len(given) if check.partial else 0
    found += [Difference("wrong_count")] * missing
    first = next((difference for difference in found if difference), None)
    if first is None:
        return CheckResult(check.name, check.points, check.points)
    points = part_of(check, found.count(None), len(found)) if check.partial else 0.0
    return CheckResult(
        *(check.name, points, check.points, first.reason),
        *(first.place, first.expected, first.got),
    )


def part_of(check: Check, right: int, count: int) -> float:
    """The share of a check's points, rounded down to its step."""
    steps = check.points * right / count / check.step
    return round(math.floor(steps + 1e-9) * check.step, 9)


def _compare_or_malformed(
    check: Check, expected: Mapping[str, Any], got: Mapping[str, Any], lab_path: Path
) -> Difference | None:
    try:
        return compare(check, expected, got, lab_path)
    except ValueError:
        return Difference("malformed")


def compare(
    check: Check, expected: Mapping[str, Any], got: Mapping[str, Any], lab_path: Path
) -> Difference | None:
    """One emitted value against one of the reference, as the check's kind says.

    Raises:
        ValueError: if the learner's payload is malformed.
    """
    if check.kind == "error":
        return _compare_error(check, expected, got)
    if check.kind == "image":
        return image_difference(expected, got, check.distance, check.limit)
    if check.kind == "set":
        return set_difference(decode(expected), decode(got), rules_of(check))
    if check.kind == "predicate":
        accepted = _accepts(check, decoded(got), decoded(expected), lab_path)
        return None if accepted else Difference("rejected")
    return payload_difference(expected, got, rules_of(check))


def decoded(payload: Mapping[str, Any]) -> Any:
    """A value as predicates see it: a picture is an array (h, w, c) of 0..255.

    Raises:
        ValueError: if the payload is malformed.
    """
    is_picture = payload.get("dtype") == "image"
    return decode_image(payload)[0] if is_picture else decode(payload)


def rules_of(check: Check) -> Rules:
    """How a check's numbers are compared."""
    nan_equal = check.nan == "equal"
    return Rules(check.rtol, check.atol, nan_equal, check.dtype, check.shape)


def _compare_all(
    check: Check,
    expected: Sequence[Mapping[str, Any]],
    got: Sequence[Mapping[str, Any]],
    lab_path: Path,
) -> Difference | None:
    """All values of a check at once, for a predicate that looks at their spread."""
    try:
        values = [decoded(payload) for payload in got]
    except ValueError:
        return Difference("malformed")
    known = [decoded(payload) for payload in expected]
    return None if _accepts(check, values, known, lab_path) else Difference("rejected")


def _accepts(check: Check, value: Any, known: Any, lab_path: Path) -> bool:
    judge_value = predicate(lab_path, check.predicate)
    try:
        return bool(judge_value(value, known))
    except Exception:  # the predicate met something it does not know
        return False


def _compare_error(
    check: Check, expected: Mapping[str, Any], got: Mapping[str, Any]
) -> Difference | None:
    wanted = str(expected["data"]["type"])
    if got.get("dtype") != "error":
        return Difference("malformed")
    decoded = decode(got)
    kind, message = decoded["type"], str(got["data"].get("message", ""))
    if wanted == "no error":
        calm = kind == "no error"
        return None if calm else Difference("an_error", expected=wanted, got=kind)
    if kind == "no error":
        return Difference("no_error", expected=wanted, got="no error")
    if kind != wanted and wanted not in decoded["family"]:
        return Difference("wrong_error", expected=wanted, got=kind)
    if check.match and not re.search(check.match, message[:2000]):
        return Difference("wrong_message", expected=check.match, got=message[:200])
    return None


def predicate(lab_path: Path, name: str) -> Callable[..., Any]:
    """A function that lab.yml or a mutant names, from a file of the lab's folder.

    Raises:
        ValueError: if there is no such file or function.
    """
    module_name, _, function = name.partition(":")
    file = lab_path / f"{module_name}.py"
    if not file.is_file():
        raise ValueError(f"{name!r}: {file} does not exist")
    found = getattr(_module(file, file.stat().st_mtime_ns), function, None)
    if not callable(found):
        raise ValueError(f"{name!r}: {file.name} has no function {function!r}")
    return found


@functools.cache
def _module(file: Path, _changed: int) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_lab_{file.parent.name}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judge_question(
    question: Question,
    expected: Values,
    measured: Measured,
    lab_path: Path,
) -> QuestionResult:
    """All checks of one question; a failed set-up makes it ungraded."""
    checks = tuple(judge(c, expected, measured, lab_path) for c in question.checks)
    return QuestionResult(
        question=question.id,
        state="ungraded" if measured.state == "setup_failed" else "graded",
        points=sum(check.points for check in checks),
        max_points=question.points,
        checks=checks,
        reason=measured.state,
        error=error_type(measured.error_name),
        seconds=measured.seconds,
    )


def with_blocked(
    lab: Lab, results: Mapping[str, QuestionResult]
) -> dict[str, QuestionResult]:
    """The same results, saying where an earlier wrong answer may be the reason.

    A question that lost points was graded with the learner's answers to the questions
    that it needs; those of them that lost points, too, come first. Where the lab puts
    its own answers in their place (`needs_from: reference`), nothing is blocked.
    """
    return {
        name: replace(result, blocked_by=_blocked_by(lab, result, results))
        for name, result in results.items()
    }


def blocked_line(result: QuestionResult, lang: str) -> str:
    """Which questions to look at first, in words; empty if there is none."""
    names = ", ".join(result.blocked_by)
    return word("blocked", lang).format(questions=names) if names else ""


def _blocked_by(
    lab: Lab, result: QuestionResult, results: Mapping[str, QuestionResult]
) -> tuple[str, ...]:
    question = lab.questions.get(result.question)
    if question is None or question.needs_from == "reference" or not _lost(result):
        return ()
    return tuple(
        need
        for need in lab.closure(result.question)
        if need in results and _lost(results[need])
    )


def _lost(result: QuestionResult) -> bool:
    return result.state == "graded" and result.points < result.max_points


_KNOWN_ERRORS = frozenset(
    name
    for name, kind in vars(__import__("builtins")).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
)


def error_type(name: str) -> str:
    """An exception's type if it is one of Python's own; a made-up name could talk."""
    if not name:
        return ""
    return name if name in _KNOWN_ERRORS else "Exception"
