"""Emitted values as the grader sees them: decoded from untrusted JSON, compared.

Nothing here trusts the sender: a payload with a wrong shape, foreign types or too many
numbers is malformed, and a malformed payload is a wrong answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vislearn.grading.checks.encoding import MAX_DEPTH, MAX_NUMBERS, MAX_TEXT

Payload = Mapping[str, Any]
MAX_FAMILY = 50  # classes between an exception's own and Exception
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# Of arrays; how the numbers of a type are called when only their kind matters.
_NUMBER_TYPE = re.compile(
    r"(bool)|(u?int)(?:8|16|32|64)|b?(float)(?:16|32|64|8_\w{1,12})"
    r"|(complex)(?:32|64|128)"
)


@dataclass(frozen=True)
class Rules:
    """How two values are compared.

    `dtype` is "any" (a number is a number), "kind" (truth values, whole numbers,
    floats and complex numbers differ) or "exact" (as named by numpy and torch);
    `shape` is "exact" or "broadcast" (axes of length 1 may be missing or be extra,
    and a row may stand for equal rows).
    """

    rtol: float
    atol: float
    nan_equal: bool = False
    dtype: str = "any"
    shape: str = "exact"


@dataclass(frozen=True)
class Leaf:
    """One array, text or None inside a value, with the path that leads to it."""

    path: str
    value: Any  # float64, complex128 or bool array, str or None


@dataclass(frozen=True)
class Difference:
    """The first place where two values differ.

    `reason` is a key of `messages`; `place`, `expected` and `got` describe it for
    people.
    """

    reason: str
    place: str = ""
    expected: str = ""
    got: str = ""


def decode(payload: Payload) -> Any:
    """An array, a text, None, a list or a dict of these.

    Raises:
        ValueError: if the payload is not what `emit` sends.
    """
    try:
        return _decode(payload, [2 * MAX_NUMBERS], 0)
    except (
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise ValueError(f"malformed value: {error!r}") from None


def _decode(payload: Payload, left: list[int], depth: int) -> Any:
    dtype, shape, data = payload["dtype"], payload["shape"], payload["data"]
    left[0] -= 1
    if depth > MAX_DEPTH + 1 or left[0] < 0:
        raise ValueError("malformed value: too large")
    if dtype == "none":
        return None
    if dtype == "text":
        return str(data)[: MAX_TEXT + 1]
    if dtype == "error":
        family = data["family"]
        if not isinstance(family, list) or len(family) > MAX_FAMILY:
            raise ValueError("malformed value: no family of an error")
        return {"type": str(data["type"]), "family": [str(n) for n in family]}
    if dtype == "dict":
        return {str(k): _decode(v, left, depth + 1) for k, v in data.items()}
    if dtype == "list":
        return [_decode(item, left, depth + 1) for item in data]
    kind = number_kind(dtype)
    left[0] -= len(data)
    if not isinstance(data, list) or left[0] < 0:
        raise ValueError("malformed value: too large")
    numbers = np.array([_number(entry) for entry in data], dtype=np.float64)
    if kind == "bool":
        numbers = numbers != 0
    if kind == "complex":
        numbers = numbers.view(np.complex128)
    return numbers.reshape([int(size) for size in shape])


def number_kind(dtype: object) -> str:
    """bool, int, float or complex.

    Raises:
        ValueError: if no array has numbers of such a type.
    """
    match = _NUMBER_TYPE.fullmatch(dtype) if isinstance(dtype, str) else None
    if match is None:
        raise ValueError("malformed value: an unknown type of numbers")
    found = next(name for name in match.groups() if name)
    return "int" if found == "uint" else str(found)


def _number(entry: object) -> float:
    if isinstance(entry, str):
        return _SPECIAL[entry]
    if isinstance(entry, (bool, int, float)):
        return float(entry)
    raise ValueError(f"malformed value: {type(entry).__name__} among numbers")


def leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    """The arrays and texts of a decoded value, depth first."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key], f"{path}[{key!r}]")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield Leaf(path, value)


def types_of(payload: Payload, path: str = "") -> Iterator[tuple[str, str]]:
    """The name of the type of every array of a payload, in the order of `leaves`."""
    data = payload["data"]
    if payload["dtype"] == "dict":
        for key in sorted(data):
            yield from types_of(data[key], f"{path}[{key!r}]")
    elif payload["dtype"] == "list":
        for index, item in enumerate(data):
            yield from types_of(item, f"{path}[{index}]")
    elif payload["dtype"] not in ("none", "text", "error"):
        yield path, str(payload["dtype"])


def payload_difference(
    expected: Payload, got: Payload, rules: Rules
) -> Difference | None:
    """The first difference between two payloads, or None.

    Raises:
        ValueError: if the second payload is malformed.
    """
    value = decode(got)
    found = difference(decode(expected), value, rules)
    if found or rules.dtype == "any":
        return found
    for (path, wanted), (_, given) in zip(
        types_of(expected), types_of(got), strict=True
    ):
        exact = rules.dtype == "exact"
        same = wanted == given if exact else number_kind(wanted) == number_kind(given)
        if not same:
            return Difference("wrong_dtype", path, wanted, given)
    return None


def difference(expected: Any, got: Any, rules: Rules) -> Difference | None:
    """The first difference beyond tolerance between decoded values, or None."""
    wanted, given = list(leaves(expected)), list(leaves(got))
    forms = [_form(leaf) for leaf in wanted], [_form(leaf) for leaf in given]
    if forms[0] != forms[1] and not _broadcast(wanted, given, rules):
        return Difference("wrong_shape", "", _forms(wanted), _forms(given))
    for left, right in zip(wanted, given, strict=True):
        if isinstance(left.value, np.ndarray):
            found = _array_difference(left, right.value, rules)
            if found:
                return found
        elif left.value != right.value:
            reason = "wrong_text" if isinstance(left.value, str) else "wrong_value"
            return Difference(reason, left.path, repr(left.value), repr(right.value))
    return None


def _form(leaf: Leaf) -> tuple[str, Any]:
    if isinstance(leaf.value, np.ndarray):
        return leaf.path, leaf.value.shape
    return leaf.path, type(leaf.value).__name__


def _forms(all_leaves: list[Leaf]) -> str:
    texts = [
        f"{path}{form}".replace(",)", ")") for path, form in map(_form, all_leaves)
    ]
    return ", ".join(texts[:4]) + (" …" if len(texts) > 4 else "")


def _broadcast(wanted: list[Leaf], given: list[Leaf], rules: Rules) -> bool:
    """Whether the shapes differ only in ways that the rules allow."""
    if rules.shape != "broadcast" or len(wanted) != len(given):
        return False
    return all(
        left.path == right.path and _fits(left.value, right.value)
        for left, right in zip(wanted, given, strict=True)
    )


def _fits(expected: Any, got: Any) -> bool:
    """Whether broadcasting makes no number out of nothing: (1, N) fits (N,)."""
    if not isinstance(expected, np.ndarray) or not isinstance(got, np.ndarray):
        return type(expected) is type(got)
    try:
        common = np.broadcast_shapes(expected.shape, got.shape)
    except ValueError:
        return False
    return math.prod(common) == expected.size and got.size > 0


def _array_difference(left: Leaf, got: np.ndarray, rules: Rules) -> Difference | None:
    expected, got = np.broadcast_arrays(_numeric(left.value), _numeric(got))
    finite = np.isfinite(got)
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(got - expected) <= rules.atol + rules.rtol * np.abs(expected)
    right, allowed = close & finite, finite
    if rules.nan_equal:
        same = (np.isnan(expected) & np.isnan(got)) | (expected == got)
        right, allowed = right | same, finite | same
    if right.all():
        return None
    first = tuple(int(i) for i in np.argwhere(~right)[0])
    return Difference(
        "wrong_value" if allowed.all() else "not_finite",
        left.path + (f"[{', '.join(map(str, first))}]" if first else ""),
        number_text(expected[first]),
        number_text(got[first]),
    )


def _numeric(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind == "c" else array.astype(np.float64)


def number_text(number: Any, digits: int = 6) -> str:
    """A number for people."""
    if np.iscomplexobj(number):
        return f"{complex(number):.{digits}g}"
    return f"{float(number):.{digits}g}"
