"""What lab notebooks use: emit measured values, draw seeds, state expectations.

A probe cell calls the learner's function on inputs drawn from `case_seed` and hands
the result to `emit`. It never contains an expected value: the comparison happens in
the grader's process, which is not this one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MIME = "application/vnd.vislearn.value+json"
SEEDS_VARIABLE = "VISLEARN_CASE_SEEDS"
LANGUAGE_VARIABLE = "VISLEARN_LANG"
PUBLIC_SECRET = "vislearn-public"
MAX_NUMBERS = 20_000  # per emitted value
MAX_TEXT = 20_000  # characters per emitted text
MAX_DEPTH = 8


def emit(name: str, value: Any) -> None:
    """Show one measured value to the grader under the name of a check in lab.yml.

    Args:
        name: the check's name.
        value: a tensor, an array, a number, a bool, a string, None, or lists,
            tuples and dicts of these (at most 20,000 numbers in all).

    Raises:
        ValueError: if the value is of another kind or too large.
    """
    publish({"name": str(name), **encode(value)})


def emit_error(name: str, function: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Emit which exception `function(*args, **kw)` raises: its type and message.

    A call that returns instead emits the type "no error".
    """
    try:
        function(*args, **kw)
    except Exception as error:
        family = [kind.__name__ for kind in type(error).__mro__[:-2]]
        data = {"type": type(error).__name__, "family": family, "message": str(error)}
    else:
        data = {"type": "no error", "family": [], "message": ""}
    data["message"] = str(data["message"])[:MAX_TEXT]
    publish({"name": str(name), "dtype": "error", "shape": [], "data": data})


def case_seed(question: str) -> int:
    """The seed from which a probe draws its inputs, an int below 2**31.

    The grader sets a secret one per question; on a learner's own machine it is the
    public one.
    """
    given = json.loads(os.environ.get(SEEDS_VARIABLE, "{}"))
    if question in given:
        return int(given[question])
    return derive_seed(PUBLIC_SECRET, question)


def derive_seed(secret: str, question: str) -> int:
    """The seed of one question under a course's secret, an int below 2**31."""
    digest = hashlib.sha256(f"{secret}\0{question}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def expect(condition: Any, *, ko: str, en: str) -> None:
    """Check one claim in the notebook, with a message in the learner's language.

    Raises:
        AssertionError: if `condition` is false; the message is the text of the
            language in VISLEARN_LANG, or both where none is set.
    """
    if bool(condition):
        return
    language = os.environ.get(LANGUAGE_VARIABLE, "")
    raise AssertionError({"ko": ko, "en": en}.get(language, f"{ko} / {en}"))


def encode(value: Any) -> dict[str, Any]:
    """Turn a value into {"shape", "dtype", "data"} of plain JSON.

    Numbers lie flat in C order; nan and infinities become the strings "nan", "inf"
    and "-inf", so that the JSON stays strict.

    Raises:
        ValueError: if the value is of an unknown kind or too large.
    """
    return _encode(value, [MAX_NUMBERS], 0)


def publish(payload: Mapping[str, Any]) -> None:
    """Send a payload as one display output of the running cell, or print it."""
    shown = _preview(payload)
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import publish_display_data
    except ImportError:
        print(shown)
        return
    if get_ipython() is None:
        print(shown)
        return
    publish_display_data({MIME: dict(payload), "text/plain": shown})


def _preview(payload: Mapping[str, Any]) -> str:
    if payload["dtype"] == "error":
        return f"{payload['name']}: {payload['data']['type']}"
    return f"{payload['name']}: {payload['dtype']} {tuple(payload['shape'])}"


def _encode(value: Any, left: list[int], depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise ValueError(
            f"value nested deeper than {MAX_DEPTH}; emit something flatter"
        )
    if value is None:
        return {"shape": [], "dtype": "none", "data": None}
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise ValueError(f"text of {len(value)} characters; at most {MAX_TEXT}")
        return {"shape": [], "dtype": "text", "data": value}
    if isinstance(value, Mapping):
        items = {str(k): _encode(v, left, depth + 1) for k, v in value.items()}
        return {"shape": [len(items)], "dtype": "dict", "data": items}
    array = _as_array(value)
    if array is not None:
        return _encode_array(array, left)
    if isinstance(value, (list, tuple)):
        items_list = [_encode(v, left, depth + 1) for v in value]
        return {"shape": [len(items_list)], "dtype": "list", "data": items_list}
    kind = type(value).__name__
    raise ValueError(f"cannot emit a {kind}; expected tensors, numbers, text or lists")


def _as_array(value: Any) -> np.ndarray | None:
    """A numeric array for tensors, arrays, numbers and regular lists of numbers."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a torch tensor
        value = value.detach().cpu()
        if str(getattr(value, "dtype", "")) in ("torch.bfloat16", "torch.float16"):
            value = value.float()
        value = value.numpy()
    elif isinstance(value, (list, tuple)):
        if not value or not all(
            isinstance(v, (int, float, list, tuple)) for v in value
        ):
            return None
        try:
            value = np.asarray(value)
        except (ValueError, OverflowError):  # ragged, or an int beyond 64 bits
            return None
    elif not isinstance(value, (bool, int, float, np.generic, np.ndarray)):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "biuf" else None


def _encode_array(array: np.ndarray, left: list[int]) -> dict[str, Any]:
    left[0] -= max(1, array.size)
    if left[0] < 0:
        raise ValueError(
            f"value of shape {array.shape} is too large; emit at most {MAX_NUMBERS} "
            "numbers, for example a fixed sample of the entries"
        )
    data: list[Any] = array.ravel().tolist()
    if array.dtype.kind == "f":
        finite = np.isfinite(array.ravel())
        data = [
            number if good else str(number)
            for number, good in zip(data, finite.tolist(), strict=True)
        ]
    return {"shape": list(array.shape), "dtype": array.dtype.name, "data": data}
