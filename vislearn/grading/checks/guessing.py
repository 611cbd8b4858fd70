"""Which checks a learner could pass without an answer: those are no checks.

Only the values show it, so that this runs when the reference is computed. Whoever
weakens a check on purpose says so in lab.yml (`kind: small`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vislearn.grading.checks.encoding import encode
from vislearn.grading.checks.matching import items_of
from vislearn.grading.checks.pictures import decode_image, image_distance
from vislearn.grading.checks.values import decode, leaves
from vislearn.grading.checks.verdict import decoded, judge
from vislearn.grading.lab import Check, Lab
from vislearn.grading.running import Measured

MIN_NUMBERS = 8
MIN_DISTINCT = 4
MIN_MEMBERS = 2
MIN_OF_EACH = 2  # calls that raise, calls that do not
Payloads = Sequence[Mapping[str, Any]]


def guessable(check: Check, payloads: Payloads, lab: Lab) -> str:
    """Why a check could be passed by guessing, or an empty text.

    Args:
        payloads: what the solution emitted under the check's name.
        lab: whose folder holds the files of predicates.
    """
    if check.partial and len(payloads) < 2:
        return "a single value has no parts; emit several or leave out `partial`"
    test = {
        "error": _error,
        "image": _images,
        "set": _sets,
        "text": _texts,
        "values": _values,
    }.get(check.kind)
    if check.kind == "predicate":
        return _predicate(check, payloads, lab.path)
    if test is None:
        return ""
    # Where a part of the values earns a part of the points, each must be hard to guess.
    groups = [[payload] for payload in payloads] if check.partial else [payloads]
    return next((problem for group in groups if (problem := test(check, group))), "")


def _error(_check: Check, payloads: Payloads) -> str:
    """Some calls must raise and some must not, or raising always would do."""
    kinds = [str(payload["data"]["type"]) for payload in payloads]
    if bad := {"NotImplementedError", "NameError"} & set(kinds):
        return f"the reference raises {bad.pop()}"
    calm = kinds.count("no error")
    if min(calm, len(kinds) - calm) < MIN_OF_EACH:
        return (
            f"{len(kinds) - calm} calls raise and {calm} do not; emit {MIN_OF_EACH} or "
            "more of each, and draw which from case_seed"
        )
    return ""


def _texts(_check: Check, payloads: Payloads) -> str:
    texts = [leaf.value for p in payloads for leaf in leaves(decode(p))]
    if not any(isinstance(text, str) and text.strip() for text in texts):
        return "the reference emits no text"
    return ""


def _values(check: Check, payloads: Payloads) -> str:
    numbers = _numbers(payloads)
    finite = numbers[np.isfinite(numbers)]
    if check.nan == "never" and finite.size < numbers.size:
        return "the reference is not finite; say `nan: equal` if that is meant"
    if finite.size < MIN_NUMBERS:
        return f"{finite.size} numbers; emit {MIN_NUMBERS} or say `kind: small`"
    if len(np.unique(np.round(finite, 9))) < MIN_DISTINCT:
        return f"fewer than {MIN_DISTINCT} different numbers; or say `kind: small`"
    if (finite == np.round(finite)).all():
        return "whole numbers only; or say `kind: small`"
    return ""


def _numbers(payloads: Payloads) -> np.ndarray:
    """All numbers but truth values; a complex one as its two parts."""
    arrays = [
        leaf.value.ravel().astype(np.complex128).view(np.float64)
        if leaf.value.dtype.kind == "c"
        else leaf.value.ravel()
        for payload in payloads
        for leaf in leaves(decode(payload))
        if isinstance(leaf.value, np.ndarray) and leaf.value.dtype != bool
    ]
    return np.concatenate([np.empty(0), *arrays])


def _sets(check: Check, payloads: Payloads) -> str:
    for payload in payloads:
        try:
            items = items_of(decode(payload))
        except ValueError as error:
            return f"the reference is no set ({error})"
        if len(items) < MIN_MEMBERS:
            return f"{len(items)} members; emit {MIN_MEMBERS} or more"
    return _values(check, payloads).replace("; or say `kind: small`", "")


def _images(check: Check, payloads: Payloads) -> str:
    for payload in payloads:
        try:
            pixels, _ = decode_image(payload)
        except ValueError:
            return "the reference emits no picture; use emit_image"
        for name, plain in _plain_pictures(pixels):
            found = image_distance(pixels, plain, check.distance)
            near = found >= check.limit
            if near if check.distance == "psnr" else found <= check.limit:
                return f"{name} would pass: the {check.distance} is {found:.3g}"
    return ""


def _plain_pictures(pixels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """What somebody hands in who has drawn nothing."""
    yield "a white picture", np.full_like(pixels, 255.0)
    yield "a black picture", np.zeros_like(pixels)
    mean = pixels.mean(axis=(0, 1), keepdims=True)
    yield "one colour all over", np.broadcast_to(mean, pixels.shape)


def _predicate(check: Check, payloads: Payloads, lab_path: Path) -> str:
    """A predicate that takes nothing, zeros or ones for an answer judges nothing."""
    if not judge(check, {check.name: payloads}, _as(check, payloads), lab_path).passed:
        return "the predicate rejects the reference"
    for name, blank in (("None", None), ("zeros", 0), ("ones", 1)):
        plain = [encode(_filled(decoded(payload), blank)) for payload in payloads]
        result = judge(check, {check.name: payloads}, _as(check, plain), lab_path)
        if result.points:
            return f"the predicate accepts {name} instead of an answer"
    return ""


def _as(check: Check, payloads: Payloads) -> Measured:
    return Measured({check.name: [dict(payload) for payload in payloads]})


def _filled(value: Any, blank: int | None) -> Any:
    """A value of the same form that holds one number only, or None in its place."""
    if blank is None:
        return None
    if isinstance(value, dict):
        return {key: _filled(item, blank) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, blank) for item in value]
    return np.full_like(value, blank) if isinstance(value, np.ndarray) else value
