"""What lab notebooks use: emit measured values, draw seeds, state expectations.

A probe cell calls the learner's function on inputs drawn from `case_seed` and hands
the result to `emit`. It never contains an expected value: the comparison happens in
the grader's process, which is not this one.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from vislearn.grading.checks.encoding import (
    MAX_DEPTH,
    MAX_NUMBERS,
    MAX_TEXT,
    encode,
    encode_image,
)

MIME = "application/vnd.vislearn.value+json"
SEEDS_VARIABLE = "VISLEARN_CASE_SEEDS"
LANGUAGE_VARIABLE = "VISLEARN_LANG"
PUBLIC_SECRET = "vislearn-public"
CASE = "case:"  # names of small cases begin so; no check may be called like this
MAX_CASE_NUMBERS = 400  # of all inputs of a small case, and of its output


def emit(name: str, value: Any) -> None:
    """Show one measured value to the grader under the name of a check in lab.yml.

    Args:
        name: the check's name.
        value: a tensor, an array, a number, a bool, a string, None, or lists,
            tuples, sets and dicts of these (at most 20,000 numbers in all).

    Raises:
        ValueError: if the value is of another kind or too large.
    """
    publish({"name": str(name), **encode(value)})


def emit_image(name: str, image: Any) -> None:
    """Show a picture to the grader, for a check of kind image.

    Args:
        name: the check's name.
        image: a PIL image, a matplotlib figure, or an array or tensor of shape (H, W),
            (H, W, C) or (C, H, W): whole numbers 0..255 or floats 0..1.

    Raises:
        ValueError: if this is no picture.
    """
    publish({"name": str(name), **encode_image(image)})


def emit_error(name: str, function: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Emit which exception `function(*args, **kw)` raises: its type and message.

    A call that returns instead emits the type "no error". A check needs several calls,
    of which some must raise and others must not; which ones is drawn from `case_seed`.
    """
    try:
        function(*args, **kw)
    except Exception as error:
        data = _about(error)
    else:
        data = {"type": "no error", "family": [], "message": ""}
    publish({"name": str(name), "dtype": "error", "shape": [], "data": data})


def emit_warning(
    name: str, function: Callable[..., Any], *args: Any, **kw: Any
) -> None:
    """Emit the first warning that `function(*args, **kw)` gives, as an error is.

    A call without a warning emits the type "no error"; one that raises, what it raises.
    """
    data: dict[str, Any] = {"type": "no error", "family": [], "message": ""}
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            function(*args, **kw)
        except Exception as error:
            data = _about(error)
        else:
            if given:
                said = given[0].message
                kept = said if isinstance(said, Warning) else given[0].category(said)
                data = _about(kept)
    publish({"name": str(name), "dtype": "error", "shape": [], "data": data})


def _about(error: BaseException) -> dict[str, Any]:
    family = [kind.__name__ for kind in type(error).__mro__[:-2]]
    message = str(error)[:MAX_TEXT]
    return {"type": type(error).__name__, "family": family, "message": message}


def emit_case(
    question: str, function: Callable[..., Any], *args: Any, **kw: Any
) -> None:
    """Call a function on a small public input and show what comes out.

    In a learner's notebook it prints the call and its result. In the grader it is
    where counter-examples come from, so keep inputs small enough to follow by hand.

    Args:
        question: the question whose answer this is.
        function: what to call; its name and parameters are shown.

    Raises:
        ValueError: if the inputs hold more than 400 numbers.
    """
    names = _parameter_names(function, len(args))
    before = [_case_value(value, strict=True) for value in args]
    keywords = {key: _case_value(value, strict=True) for key, value in kw.items()}
    try:
        output = _case_value(function(*args, **kw))
    except Exception as error:
        output = {"dtype": "error", "shape": [], "data": _about(error)}
    data = {
        "call": getattr(function, "__name__", type(function).__name__)[:100],
        "inputs": [[n, v] for n, v in zip(names, before, strict=True)],
        "keywords": [[key, value] for key, value in keywords.items()],
        "output": output,
    }
    after = [_case_value(value) for value in args]
    if after != before:  # the function changed what it was given
        data["after"] = after
    payload = {"name": f"{CASE}{question}", "dtype": "case", "shape": [], "data": data}
    if SEEDS_VARIABLE in os.environ:
        publish(payload)
    else:
        from vislearn.grading.checks.cases import case_text

        print(case_text(payload))


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """Names of the first positional parameters; empty where there is none."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in kinds][:count]
    return [*names, *[""] * (count - len(names))]


def _case_value(value: Any, strict: bool = False) -> dict[str, Any]:
    """A small value, or in its place a text that says what it is."""
    try:
        return encode(value, MAX_CASE_NUMBERS)
    except ValueError as error:
        if strict and "too large" in str(error):
            raise ValueError(
                f"a small case takes at most {MAX_CASE_NUMBERS} numbers: {error}"
            ) from None
        size = tuple(value.shape) if hasattr(value, "shape") else ""
        return {"shape": [], "dtype": "text", "data": f"<{type(value).__name__}{size}>"}


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


__all__ = [
    "MAX_DEPTH",
    "MAX_NUMBERS",
    "MAX_TEXT",
    "case_seed",
    "derive_seed",
    "emit",
    "emit_case",
    "emit_error",
    "emit_image",
    "emit_warning",
    "encode",
    "expect",
    "publish",
]
