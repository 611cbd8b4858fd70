"""Points: the emitted values of one question against the reference, check by check.

A check that nothing was compared for is lost; the reason says why, in words from a
closed list, so that nothing of the hidden inputs gets into a report.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from vislearn.grading.lab import Check, Question
from vislearn.grading.running import Measured
from vislearn.grading.values import Difference, decode, difference

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
    `reason` says what happened to the whole run (ok, error, timeout, …).
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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> QuestionResult:
        checks = tuple(CheckResult(**check) for check in raw["checks"])
        return cls(**{**raw, "checks": checks})


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
    if len(given) != len(wanted):
        return lost("wrong_count")
    for left, right in zip(wanted, given, strict=True):
        try:
            found = compare(check, left, right, lab_path)
        except ValueError:
            return lost("malformed")
        if found:
            return lost(found.reason, found.place, found.expected, found.got)
    return CheckResult(check.name, check.points, check.points)


def compare(
    check: Check, expected: Mapping[str, Any], got: Mapping[str, Any], lab_path: Path
) -> Difference | None:
    """One emitted value against one of the reference, as the check's kind says.

    Raises:
        ValueError: if the learner's payload is malformed.
    """
    if check.kind == "error":
        return _compare_error(check, expected, got)
    value = decode(got)
    if check.kind == "predicate":
        judge_value = predicate(lab_path, check.predicate)
        try:
            accepted = bool(judge_value(value, decode(expected)))
        except Exception:  # the predicate met something it does not know
            accepted = False
        return None if accepted else Difference("rejected")
    return difference(
        decode(expected),
        value,
        rtol=check.rtol,
        atol=check.atol,
        nan_equal=check.nan == "equal",
    )


def _compare_error(
    check: Check, expected: Mapping[str, Any], got: Mapping[str, Any]
) -> Difference | None:
    wanted = str(expected["data"]["type"])
    if got.get("dtype") != "error":
        return Difference("malformed")
    decoded = decode(got)
    kind, message = decoded["type"], str(got["data"].get("message", ""))
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
