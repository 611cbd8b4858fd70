"""Small public cases: a call on inputs that can be followed by hand, and its result.

`emit_case` sends one; here it is read, compared and put into words. Nothing in a case
comes from hidden inputs, so that it may be shown to everybody.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vislearn.grading.checks.values import Rules, decode, difference, leaves
from vislearn.grading.messages import word

RULES = Rules(rtol=1e-4, atol=1e-5, nan_equal=True)
WIDTH = 80  # characters of a line
MAX_LINES = 6  # of a counter-example: input (half of them at most), expected, got
NOT_WRITTEN = "NotImplementedError"  # what a stub raises
DIGITS = (4, 7)  # shown; more where four would look the same
Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One call: arguments with their names, and what came out.

    `error` is the type of an exception; then there is no output. `after` holds the
    arguments as the call left them.
    """

    call: str
    inputs: tuple[tuple[str, Any], ...]
    keywords: tuple[tuple[str, Any], ...]
    output: Any
    error: str
    message: str
    after: tuple[tuple[str, Any], ...]

    @property
    def size(self) -> int:
        """How many numbers the inputs hold: fewer are easier to follow."""
        values = [value for _, value in (*self.inputs, *self.keywords)]
        found = [leaf.value for value in values for leaf in leaves(value)]
        return sum(v.size if isinstance(v, np.ndarray) else 1 for v in found)


def decode_case(payload: Payload) -> Case:
    """A case from what `emit_case` sends.

    Raises:
        ValueError: if it is something else.
    """
    try:
        if payload["dtype"] != "case":
            raise ValueError("malformed case: no case")
        data = payload["data"]
        inputs = tuple((str(n)[:50], decode(v)) for n, v in data["inputs"])
        output, failed = data["output"], data["output"]["dtype"] == "error"
        after = data.get("after")
        return Case(
            call=str(data["call"])[:100],
            inputs=inputs,
            keywords=tuple((str(n)[:50], decode(v)) for n, v in data["keywords"]),
            output=None if failed else decode(output),
            error=str(output["data"]["type"])[:100] if failed else "",
            message=str(output["data"].get("message", ""))[:500] if failed else "",
            after=inputs
            if after is None
            else tuple((n, decode(v)) for (n, _), v in zip(inputs, after, strict=True)),
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"malformed case: {error!r}") from None


def differs(expected: Case, got: Case) -> bool:
    """Whether two runs of one case had different results.

    Two errors of one type are the same: their messages are free.
    """
    if expected.error or got.error:
        return expected.error != got.error
    before = [expected.output, *(value for _, value in expected.after)]
    after = [got.output, *(value for _, value in got.after)]
    return difference(before, after, RULES) is not None


def smallest_difference(
    expected: Sequence[Payload], got: Sequence[Payload]
) -> tuple[Case, Case] | None:
    """The case with the fewest numbers that comes out differently, then the first one.

    Cases that one of the two never came to (its cell died before) are left out, and
    calls of a function that has not been written yet.
    """
    best: tuple[Case, Case] | None = None
    for left, right in zip(expected, got, strict=False):
        try:
            pair = decode_case(left), decode_case(right)
        except ValueError:
            continue
        if pair[0].call != pair[1].call:  # a cell before died: these are two cases
            continue
        if pair[1].error == NOT_WRITTEN:
            continue
        if differs(*pair) and (best is None or pair[0].size < best[0].size):
            best = pair
    return best


def case_lines(expected: Case, got: Case, lang: str) -> list[str]:
    """Input, expected and got, in at most six lines."""
    label, wanted, given = _focus(expected, got, lang)
    digits = DIGITS[0]
    if value_text(wanted, digits) == value_text(given, digits):
        digits = DIGITS[1]
    call = f"{word('input', lang)}: {call_text(expected)}"
    lines = _wrapped(call, MAX_LINES // 2)
    left = (MAX_LINES - len(lines)) // 2
    for name, value in (("expected", wanted), ("got", given)):
        text = f"{word(name, lang)}{label}: {value_text(value, digits)}"
        lines += _wrapped(text, left)
    return lines


def case_text(payload: Payload) -> str:
    """A case as a learner sees it in the notebook: the call, and what it gave."""
    case = decode_case(payload)
    lines = [call_text(case), f"  → {value_text(_result(case))}"]
    for (name, before), (_, after) in zip(case.inputs, case.after, strict=True):
        if difference(before, after, RULES):
            lines.append(f"  ! {name} → {value_text(after)}")
    return "\n".join(lines)


@dataclass(frozen=True)
class _Raised:
    """An exception in the place of a result."""

    text: str


def _result(case: Case) -> Any:
    if not case.error:
        return case.output
    return _Raised(f"{case.error}: {case.message}".rstrip(": "))


def _focus(expected: Case, got: Case, lang: str) -> tuple[str, Any, Any]:
    """What to show of two results that differ, and where in them it stands."""
    left, right = _result(expected), _result(got)
    if isinstance(left, _Raised) or isinstance(right, _Raised):
        return "", left, right
    if difference(left, right, RULES) is None:  # an argument was changed
        for (name, one), (_, other) in zip(expected.after, got.after, strict=True):
            if difference(one, other, RULES):
                return f" ({word('after', lang).format(name=name)})", one, other
    return _descend(left, right)


def _descend(left: Any, right: Any) -> tuple[str, Any, Any]:
    """The part of two values that differs: an item, or a row of a long array."""
    label = ""
    while True:
        both = isinstance(left, list) and isinstance(right, list)
        if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
            long = len(value_text(left)) > WIDTH - 20
            both = long and left.ndim > 1 and left.shape == right.shape
        if not both or len(left) != len(right):
            return f" {label}" if label else "", left, right
        pairs = enumerate(zip(left, right, strict=True))
        index = next(n for n, (a, b) in pairs if difference(a, b, RULES))
        label, left, right = f"{label}[{index}]", left[index], right[index]


def call_text(case: Case) -> str:
    """The call as one would write it."""
    shown = [
        f"{name}={value_text(value)}" if name else value_text(value)
        for name, value in (*case.inputs, *case.keywords)
    ]
    return f"{case.call}({', '.join(shown)})"


def value_text(value: Any, digits: int = DIGITS[0]) -> str:
    """A decoded value for people: nested lists, whole numbers without a point."""
    if isinstance(value, _Raised):
        return value.text
    if isinstance(value, dict):
        items = (f"{key}: {value_text(item, digits)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "(" + ", ".join(value_text(item, digits) for item in value) + ")"
    if isinstance(value, np.ndarray) and value.ndim:
        return "[" + ", ".join(value_text(row, digits) for row in value) + "]"
    if isinstance(value, (np.ndarray, np.generic)):
        return _number(value.item(), digits)
    return value if isinstance(value, str) and value[:1] == "<" else repr(value)


def _number(number: bool | float | complex, digits: int) -> str:
    if isinstance(number, bool):
        return str(number)
    if isinstance(number, complex):
        return f"{number:.{digits}g}"
    if abs(number) < 1e15 and number == round(number):  # neither nan nor infinity
        return str(int(number))
    return f"{number:.{digits}g}"


def _wrapped(text: str, lines: int) -> list[str]:
    """So many lines at most; what is left out shows as an ellipsis."""
    return textwrap.wrap(
        text.replace("\n", " "),
        WIDTH,
        subsequent_indent="  ",
        max_lines=lines,
        placeholder=" …",
    )
