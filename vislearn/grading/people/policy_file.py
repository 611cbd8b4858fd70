"""policy.yml: the rules of a term as an instructor writes them.

Every key is optional::

    timezone: Asia/Seoul
    deadline: 2026-11-02T23:59
    grace_minutes: 10
    closes: 2026-11-09T23:59          # later than this: 0 points
    late: {percent_per_day: 10, max_percent: 50, per: started_day, of: earned}
    # or steps: late: [{percent: 10}, {after_days: 1, percent: 25}]
    attempts: best                    # or last, first
    max_attempts: 5                   # later ones do not count
    missing: blank                    # or zero: for who handed in nothing
    extensions:
      20231234: 2026-11-05T23:59
    accommodations:
      20231235: {extra_hours: 24, no_penalty: false, max_attempts: 8}

The file is read as text, value by value: YAML itself would turn an id with a leading
zero into another number, and a time without an offset into one of no place.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from pathlib import Path

import yaml

from vislearn.grading.people.policy import (
    ATTEMPTS,
    MISSING,
    OF,
    PER,
    Accommodation,
    Late,
    Policy,
    Step,
)
from vislearn.grading.people.times import read_time, zone_of

_KEYS = (*(field.name for field in fields(Policy)), "timezone")
_RATE_KEYS = ("percent_per_day", "max_percent", "per", "of")
_STEP_KEYS = ("percent", "after_days", "after_hours")
_ACCOMMODATION_KEYS = tuple(field.name for field in fields(Accommodation))
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")
_MANY = 1_000_000.0


@dataclass(frozen=True)
class _Value:
    """A place in the file: `policy.yml:7: late.per`, and what stands there."""

    place: str
    content: str | list[_Value] | dict[str, _Value]


def read_policy(file: Path) -> Policy:
    """The rules in a file.

    Raises:
        OSError: if it cannot be read.
        ValueError: with one line per problem, each naming file, line and key.
    """
    return parse_policy(file.read_text(encoding="utf-8-sig"), file.name)


def parse_policy(text: str, name: str = "policy.yml") -> Policy:
    """The rules in a text; see `read_policy`."""
    problems: list[str] = []
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{name}: not YAML ({' '.join(str(error).split())})") from None
    if node is None:
        return Policy()
    policy = _Reader(problems).policy(_value(node, name, "", problems))
    if problems:
        raise ValueError("\n".join(problems))
    return policy


def _value(node: yaml.Node, file: str, name: str, problems: list[str]) -> _Value:
    place = f"{file}:{node.start_mark.line + 1}: {name}".removesuffix(": ")
    if isinstance(node, yaml.MappingNode):
        content: dict[str, _Value] = {}
        for key, inner in node.value:
            text = unicodedata.normalize("NFC", str(key.value))
            value = _value(inner, file, f"{name}.{text}".lstrip("."), problems)
            if text in content:
                problems.append(f"{value.place}: this key stands there twice")
            content[text] = value
        return _Value(place, content)
    if isinstance(node, yaml.SequenceNode):
        each = [
            _value(inner, file, f"{name}[{number}]", problems)
            for number, inner in enumerate(node.value, 1)
        ]
        return _Value(place, each)
    return _Value(place, str(node.value))


class _Reader:
    """Turns values into rules and collects what is wrong with them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.zone: tzinfo | None = None

    def policy(self, value: _Value) -> Policy:
        found = self._mapping(value, _KEYS)
        if "timezone" in found:
            self.zone = self._zone(found["timezone"])
        default = Policy()
        deadline = self._time(found.get("deadline"))
        policy = Policy(
            deadline=deadline,
            grace_minutes=self._number(found.get("grace_minutes"), 0.0),
            closes=self._time(found.get("closes")),
            late=self._late(found.get("late")),
            attempts=self._choice(found.get("attempts"), ATTEMPTS, default.attempts),
            max_attempts=self._count(found.get("max_attempts")),
            missing=self._choice(found.get("missing"), MISSING, default.missing),
            extensions=self._extensions(found.get("extensions")),
            accommodations=self._accommodations(found.get("accommodations")),
        )
        self._check(policy, found)
        return policy

    def _check(self, policy: Policy, found: dict[str, _Value]) -> None:
        for name in ("late", "grace_minutes", "extensions"):
            if name in found and "deadline" not in found:
                self._bad(found[name], "this needs a deadline")
        deadline, closes = policy.deadline, policy.closes
        if deadline and closes and closes.timestamp() < deadline.timestamp():
            self._bad(found["closes"], "this is before the deadline")

    def _late(self, value: _Value | None) -> Late:
        if value is None:
            return Late()
        if isinstance(value.content, list):
            steps = tuple(self._step(inner) for inner in value.content)
            return Late(steps=tuple(step for step in steps if step))
        found = self._mapping(value, _RATE_KEYS)
        default = Late()
        if found and "percent_per_day" not in found:
            self._bad(value, "percent_per_day is missing")
        return Late(
            percent_per_day=self._number(found.get("percent_per_day"), 0.0, 100.0),
            max_percent=self._number(found.get("max_percent"), 100.0, 100.0),
            per=self._choice(found.get("per"), PER, default.per),
            of=self._choice(found.get("of"), OF, default.of),
        )

    def _step(self, value: _Value) -> Step | None:
        found = self._mapping(value, _STEP_KEYS)
        if "percent" not in found:
            self._bad(value, "percent is missing")
            return None
        return Step(
            percent=self._number(found["percent"], 0.0, 100.0),
            after_days=self._number(found.get("after_days"), 0.0),
            after_hours=self._number(found.get("after_hours"), 0.0),
        )

    def _extensions(self, value: _Value | None) -> dict[str, datetime]:
        each = self._mapping(value, None) if value else {}
        times = {student: self._time(inner) for student, inner in each.items()}
        return {student: time for student, time in times.items() if time}

    def _accommodations(self, value: _Value | None) -> dict[str, Accommodation]:
        each = self._mapping(value, None) if value else {}
        made = {}
        for student, inner in each.items():
            found = self._mapping(inner, _ACCOMMODATION_KEYS)
            made[student] = Accommodation(
                extra_hours=self._number(found.get("extra_hours"), 0.0),
                no_penalty=self._flag(found.get("no_penalty")),
                max_attempts=self._count(found.get("max_attempts")),
            )
        return made

    def _bad(self, value: _Value, message: str) -> None:
        self.problems.append(f"{value.place}: {message}")

    def _mapping(
        self, value: _Value, keys: tuple[str, ...] | None
    ) -> dict[str, _Value]:
        if not isinstance(value.content, dict):
            self._bad(value, f"{value.content!r} is no mapping of keys to values")
            return {}
        for key, inner in value.content.items():
            if keys is not None and key not in keys:
                self._bad(inner, f"unknown key, expected one of {', '.join(keys)}")
        return value.content

    def _text(self, value: _Value) -> str | None:
        if isinstance(value.content, str):
            return value.content.strip()
        self._bad(value, "expected a single value")
        return None

    def _number(
        self, value: _Value | None, default: float, most: float = _MANY
    ) -> float:
        if value is None or (text := self._text(value)) is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number <= most:
            limit = "0 or more" if most == _MANY else f"0 to {most:g}"
            self._bad(value, f"{text!r} is no number from {limit}")
            return default
        return number

    def _count(self, value: _Value | None) -> int | None:
        if value is None or (text := self._text(value)) is None:
            return None
        if not text.isdecimal() or int(text) < 1:
            self._bad(value, f"{text!r} is no whole number from 1")
            return None
        return int(text)

    def _flag(self, value: _Value | None) -> bool:
        if value is None or (text := self._text(value)) is None:
            return False
        if text.lower() not in _YES + _NO:
            self._bad(value, f"{text!r} is neither true nor false")
        return text.lower() in _YES

    def _choice(
        self, value: _Value | None, choices: tuple[str, ...], default: str
    ) -> str:
        if value is None or (text := self._text(value)) is None:
            return default
        if text not in choices:
            self._bad(value, f"{text!r} is not one of {', '.join(choices)}")
            return default
        return text

    def _zone(self, value: _Value) -> tzinfo | None:
        try:
            return zone_of(self._text(value) or "")
        except ValueError as error:
            self._bad(value, str(error))
            return None

    def _time(self, value: _Value | None) -> datetime | None:
        if value is None or (text := self._text(value)) is None:
            return None
        try:
            return read_time(text, self.zone)
        except ValueError as error:
            self._bad(value, str(error))
            return None
