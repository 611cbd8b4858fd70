"""Emitted values as the grader sees them: decoded from untrusted JSON, compared.

Nothing here trusts the sender: a payload with a wrong shape, foreign types or too many
numbers is malformed, and a malformed payload is a wrong answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vislearn.grading.emit import MAX_DEPTH, MAX_NUMBERS, MAX_TEXT

Payload = Mapping[str, Any]
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Leaf:
    """One array, text or None inside a value, with the path that leads to it."""

    path: str
    value: Any  # float64 array, bool array, str or None


@dataclass(frozen=True)
class Difference:
    """The first place where two values differ.

    `reason` is wrong_shape, wrong_value, wrong_text or not_finite; `place`, `expected`
    and `got` describe it for people.
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
        return {"type": str(data["type"]), "family": [str(n) for n in data["family"]]}
    if dtype == "dict":
        return {str(k): _decode(v, left, depth + 1) for k, v in data.items()}
    if dtype == "list":
        return [_decode(item, left, depth + 1) for item in data]
    left[0] -= len(data)
    if not isinstance(data, list) or left[0] < 0:
        raise ValueError("malformed value: too large")
    numbers = np.array([_number(entry) for entry in data], dtype=np.float64)
    if dtype == "bool":
        numbers = numbers != 0
    return numbers.reshape([int(size) for size in shape])


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


def difference(
    expected: Any, got: Any, *, rtol: float, atol: float, nan_equal: bool
) -> Difference | None:
    """The first difference beyond tolerance between decoded values, or None."""
    wanted, given = list(leaves(expected)), list(leaves(got))
    if [_form(leaf) for leaf in wanted] != [_form(leaf) for leaf in given]:
        return Difference("wrong_shape", "", _forms(wanted), _forms(given))
    for left, right in zip(wanted, given, strict=True):
        if isinstance(left.value, np.ndarray):
            found = _array_difference(left, right.value, rtol, atol, nan_equal)
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


def _array_difference(
    left: Leaf, got: np.ndarray, rtol: float, atol: float, nan_equal: bool
) -> Difference | None:
    expected = np.asarray(left.value, dtype=np.float64)
    got = np.asarray(got, dtype=np.float64)
    bad_finite = ~np.isfinite(got)
    if nan_equal:
        same = (np.isnan(expected) & np.isnan(got)) | (expected == got)
        bad_finite &= ~same
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(got - expected) <= atol + rtol * np.abs(expected)
    wrong = ~(close & np.isfinite(got))
    if nan_equal:
        wrong &= ~same
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Difference(
        "not_finite" if bad_finite.any() else "wrong_value",
        left.path + (f"[{', '.join(map(str, first))}]" if first else ""),
        f"{float(expected[first]):.6g}",
        f"{float(got[first]):.6g}",
    )
