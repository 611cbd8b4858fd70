"""The checks of a question, as lab.yml states them: read, and refused with reasons."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vislearn.grading.checks.pictures import LIMITS
from vislearn.grading.emit import CASE

LANGUAGES = ("ko", "en")
KINDS = ("values", "small", "set", "image", "error", "text", "predicate")
NUMERIC = ("values", "small", "set")  # kinds that compare numbers within tolerance
RTOL, ATOL = 1e-4, 1e-5
STEP = 0.5  # of points, where a check gives part of them

_CHOICES = {
    "nan": ("never", "equal"),
    "dtype": ("any", "kind", "exact"),
    "shape": ("exact", "broadcast"),
    "over": ("each", "all"),
    "partial": ("", "values"),
    "distance": tuple(LIMITS),
}
# Which kinds an option makes sense for; elsewhere it would silently do nothing.
_ONLY_FOR = {
    "rtol": NUMERIC,
    "atol": NUMERIC,
    "nan": NUMERIC,
    "dtype": ("values", "small"),
    "shape": ("values", "small"),
    "distance": ("image",),
    "limit": ("image",),
    "match": ("error",),
    "over": ("predicate",),
    "predicate": ("predicate",),
}


class Problems(list[str]):
    """Collected reasons, so that an author sees all of them in one go."""

    def need(self, condition: object, message: str) -> bool:
        if not condition:
            self.append(message)
        return bool(condition)


@dataclass(frozen=True)
class Check:
    """One compared value of a question, or several under one name.

    `kind` is "values" (numbers within rtol and atol; at least eight of them, not
    guessable), "small" (the same, where the author accepts few or whole numbers),
    "set" (like values, but rows, items or the values of a dict in any order), "image",
    "error" (the call must raise), "text" or "predicate" ("module:function").
    `nan` is "never" (every number finite) or "equal" (as in the reference); `dtype` and
    `shape` are those of `values.Rules`; `distance` and `limit` those of `pictures`.
    `over` says whether a predicate sees each emitted value or all of them at once.
    `partial: values` gives the share of the emitted values that are right, rounded down
    to a multiple of `step` points; without it a check is all or nothing.
    """

    name: str
    points: float
    kind: str = "values"
    rtol: float = RTOL
    atol: float = ATOL
    nan: str = "never"
    dtype: str = "any"
    shape: str = "exact"
    distance: str = "block"
    limit: float = LIMITS["block"]
    match: str = ""
    predicate: str = ""
    over: str = "each"
    partial: str = ""
    step: float = STEP
    feedback: Mapping[str, str] = field(default_factory=dict)


KEYS = frozenset(Check.__dataclass_fields__)


def both_languages(texts: object, place: str, problems: Problems) -> None:
    """A text that people read exists in Korean and in English."""
    for language in LANGUAGES:
        good = isinstance(texts, Mapping) and str(texts.get(language) or "").strip()
        problems.need(good, f"{place}: the text in {language!r} is missing")


def read_checks(raw: object, place: str, problems: Problems) -> tuple[Check, ...]:
    """The checks of one question; what is wrong is added to `problems`."""
    if not problems.need(isinstance(raw, list) and raw, f"{place}: checks are missing"):
        return ()
    assert isinstance(raw, list)
    checks = [_check(content, place, problems) for content in raw]
    names = [check.name for check in checks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"{place}: check {name!r} is declared twice")
    return tuple(checks)


def _check(content: object, place: str, problems: Problems) -> Check:
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        problems.append(f"{place}: a check needs a name (found {content!r})")
        return Check("?", 0)
    place = f"{place}.{content['name']}"
    for key in sorted(set(content) - KEYS):
        problems.append(f"{place}: unknown key {key!r}")
    values = {key: content[key] for key in content if key in KEYS}
    _numbers(values, place, problems)
    values["match"] = _pattern(values.get("match"), place, problems)
    check = Check(**values)
    problems.need(
        check.kind in KINDS, f"{place}: kind {check.kind!r} is not in {KINDS}"
    )
    problems.need(
        not check.name.startswith(CASE), f"{place}: a name may not begin with {CASE!r}"
    )
    _options(check, content, place, problems)
    if check.feedback:
        both_languages(check.feedback, f"{place}: feedback", problems)
    return check


def _numbers(values: dict[str, Any], place: str, problems: Problems) -> None:
    """Turn the numbers of a check into numbers, and see that they make sense."""
    limit = LIMITS.get(str(values.get("distance", "block")), 0.0)
    defaults = {"points": None, "rtol": RTOL, "atol": ATOL, "step": STEP}
    for key, default in {**defaults, "limit": limit}.items():
        number: Any = values.get(key, default)
        try:
            values[key] = float(number)  # "1e-5" without a dot is text in YAML
        except (TypeError, ValueError):
            problems.append(f"{place}: {key} is {number!r}, expected a number")
            values[key] = 1.0 if key == "step" else 0.0
    problems.need(values["points"] > 0, f"{place}: points must be above 0")
    problems.need(
        0 <= values["rtol"] < 1 and values["atol"] >= 0,
        f"{place}: tolerances must be 0 <= rtol < 1 and atol >= 0",
    )
    problems.need(values["limit"] >= 0, f"{place}: limit must not be below 0")
    problems.need(values["step"] > 0, f"{place}: step must be above 0")


def _pattern(raw: object, place: str, problems: Problems) -> str:
    """One regular expression; of two, for messages in two languages, either will do."""
    texts = [str(t) for t in raw.values()] if isinstance(raw, Mapping) else [raw or ""]
    for text in texts:
        try:
            re.compile(str(text))
        except re.error as error:
            problems.append(f"{place}: match {text!r} is no pattern ({error})")
            return ""
    return (
        "|".join(f"(?:{text})" for text in texts) if len(texts) > 1 else str(texts[0])
    )


def _options(
    check: Check, content: Mapping[str, Any], place: str, problems: Problems
) -> None:
    for key, choices in _CHOICES.items():
        value = getattr(check, key)
        problems.need(
            value in choices,
            f"{place}: {key} is {value!r}, expected one of "
            + ", ".join(choice or "nothing" for choice in choices),
        )
    for key, kinds in _ONLY_FOR.items():
        if key in content and check.kind in KINDS:
            problems.need(
                check.kind in kinds or key == "predicate",
                f"{place}: {key} has no effect on a check of kind {check.kind}",
            )
    problems.need(
        (check.kind == "predicate") == bool(check.predicate),
        f"{place}: kind predicate and `predicate: module:function` go together",
    )
    problems.need(
        not (check.partial and check.over == "all"),
        f"{place}: a predicate over all values cannot give part of the points",
    )
    steps = check.points / check.step if check.step else 0.0
    problems.need(
        not check.partial or abs(steps - round(steps)) < 1e-9,
        f"{place}: {check.points:g} points are no multiple of the step {check.step:g}",
    )


def check_predicates(
    path: Path, named: Iterable[tuple[str, str]], problems: Problems
) -> None:
    """Every (place, "module:function") is a function in a file of the lab's folder."""
    for place, name in named:
        if not name:
            continue
        module, _, function = name.partition(":")
        file = path / f"{module}.py"
        problems.need(
            module.isidentifier() and function in _functions(file, problems),
            f"{place}: {name!r}: no function {function!r} in {file.name}",
        )


def _functions(file: Path, problems: Problems) -> set[str]:
    if not file.is_file():
        return set()
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        text = f"{file.name}: {error}"
        if text not in problems:  # several checks may name the same file
            problems.append(text)
        return set()
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
