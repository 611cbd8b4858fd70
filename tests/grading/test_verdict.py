"""Values are compared as numbers, and nothing that a kernel sends can surprise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vislearn.grading import messages, notebook_file, submission
from vislearn.grading.checks import values, verdict
from vislearn.grading.checks.verdict import judge
from vislearn.grading.emit import encode
from vislearn.grading.lab import Check
from vislearn.grading.running import Measured
from vislearn.grading.walls import listen

NOWHERE = Path(__file__).parent / "minilab"


def verdict_on(expected: Any, got: Any, **settings: Any) -> str:
    check = Check("x", 2.0, **settings)
    measured = Measured(values={"x": [encode(got)]})
    result = judge(check, {"x": [encode(expected)]}, measured, NOWHERE)
    assert result.points == (0 if result.reason else 2)
    return result.reason


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        (np.array([1.0, 2.0]), ""),
        (np.array([1.0, 2.00001]), ""),
        (np.array([1.0, 2.001]), "wrong_value"),
        (np.array([[1.0, 2.0]]), "wrong_shape"),
        (np.array([1.0]), "wrong_shape"),
        (np.array([1.0, np.nan]), "not_finite"),
        (np.array([1.0, np.inf]), "not_finite"),
        ([1, 2], ""),
        (1.0, "wrong_shape"),
        ("1, 2", "wrong_shape"),
        (None, "wrong_shape"),
        ({"a": [1.0, 2.0]}, "wrong_shape"),
    ],
)
def test_numbers_are_compared_with_tolerance_and_shape(got: Any, reason: str) -> None:
    assert verdict_on(np.array([1.0, 2.0]), got) == reason


def test_nan_is_equal_to_nan_only_where_the_lab_says_so() -> None:
    value = np.array([1.0, np.nan, -np.inf])
    assert verdict_on(value, value) == "not_finite"
    assert verdict_on(value, value, nan="equal") == ""
    assert verdict_on(value, -value, nan="equal") == "not_finite"


def test_structures_are_compared_leaf_by_leaf() -> None:
    value = {"a": [[1.0], [1.0, 2.0]], "b": "text"}
    assert verdict_on(value, value) == ""
    assert verdict_on(value, {**value, "b": "txt"}) == "wrong_text"
    assert verdict_on(value, {**value, "c": 1}) == "wrong_shape"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"dtype": "float64"},
        {"dtype": "float64", "shape": [3], "data": [1.0]},
        {"dtype": "float64", "shape": [-1], "data": [1.0, 2.0, None]},
        {"dtype": "float64", "shape": ["a"], "data": [1.0]},
        {"dtype": "float64", "shape": [1], "data": {"0": 1.0}},
        {"dtype": "float64", "shape": [1], "data": 3},
        {"dtype": "float64", "shape": [1], "data": ["1e5"]},
        {"dtype": "float64", "shape": [1], "data": [10**400]},
        {"dtype": "float64", "shape": [50_000], "data": [0] * 50_000},
        {"dtype": "list", "shape": [], "data": 3},
        {"dtype": "dict", "shape": [], "data": [1]},
        {"dtype": "error", "shape": [], "data": "ValueError"},
    ],
)
@pytest.mark.parametrize("kind", ["values", "error"])
def test_malformed_payloads_are_wrong_answers(
    payload: dict[str, Any], kind: str
) -> None:
    error = {"type": "ValueError", "family": [], "message": ""}
    expected = {"dtype": "error", "shape": [], "data": error}
    wanted = encode(np.ones(1)) if kind == "values" else expected
    check = Check("x", 1.0, kind=kind)
    result = judge(check, {"x": [wanted]}, Measured({"x": [payload]}), NOWHERE)
    assert (result.points, result.reason) in [
        (0, "malformed"),
        (0, "wrong_shape"),
        (0, "no_error"),
    ]


def test_endless_nesting_is_malformed() -> None:
    payload: dict[str, Any] = {"dtype": "list", "shape": [], "data": []}
    for _ in range(5000):
        payload = {"dtype": "list", "shape": [1], "data": [payload]}
    with pytest.raises(ValueError, match="malformed"):
        values.decode(payload)


def test_more_or_fewer_values_than_asked_for_are_wrong() -> None:
    one = encode(np.ones(3))
    for count, reason in ((0, "no_value"), (1, ""), (2, "wrong_count")):
        given = {"x": [one] * count} if count else {}
        result = judge(Check("x", 1.0), {"x": [one]}, Measured(given), NOWHERE)
        assert result.reason == reason


def test_a_check_that_was_never_compared_is_lost() -> None:
    measured = Measured({"x": [encode(np.ones(3))]})
    result = judge(Check("x", 1.0), {}, measured, NOWHERE)
    assert (result.points, result.reason) == (0, "no_reference")


def error(kind: str, family: list[str], message: str = "") -> dict[str, Any]:
    data = {"type": kind, "family": family, "message": message}
    return {"name": "x", "dtype": "error", "shape": [], "data": data}


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        (error("ValueError", ["ValueError"], "width 3"), ""),
        (error("MyError", ["MyError", "ValueError"], "width 3"), ""),
        (error("ValueError", ["ValueError"], "hm"), "wrong_message"),
        (error("TypeError", ["TypeError"], "width 3"), "wrong_error"),
        (error("no error", []), "no_error"),
    ],
)
def test_errors_are_compared_by_kind_and_message(
    got: dict[str, Any], reason: str
) -> None:
    check = Check("x", 1.0, kind="error", match="width")
    expected = {"x": [error("ValueError", ["ValueError"], "width 5")]}
    assert judge(check, expected, Measured({"x": [got]}), NOWHERE).reason == reason


def test_a_predicate_judges_what_has_no_single_answer() -> None:
    check = {"kind": "predicate", "predicate": "predicates:is_random_mask"}
    good = [np.random.default_rng(n).permutation(64) < 48 for n in range(4)]
    assert verdict_on(good, good, **check) == ""
    assert verdict_on(good, good[:1] * 4, **check) == "rejected"
    assert verdict_on(good, "nonsense", **check) == "rejected"


def test_names_of_errors_cannot_carry_messages() -> None:
    assert verdict.error_type("ZeroDivisionError") == "ZeroDivisionError"
    assert verdict.error_type("The hidden input is 3") == "Exception"


def test_every_reason_has_words_in_both_languages() -> None:
    code = "".join(
        Path(module.__file__ or "").read_text("utf-8")
        for module in (listen, notebook_file, submission, values, verdict)
    )
    patterns = (r'(?:Error|Difference|lost)\(\s*"([a-z_]+)"', r'"([a-z]+_[a-z]+)" if ')
    used = {name for pattern in patterns for name in re.findall(pattern, code)}
    used |= set(re.findall(r'return "([a-z]+_[a-z]+)"', code))
    assert {"wrong_value", "not_json", "memory_limit", "rejected"} <= used | {
        "wrong_value"
    }
    assert used <= set(messages.REASONS), used - set(messages.REASONS)
    for texts in (*messages.REASONS.values(), *messages.WORDS.values()):
        assert set(texts) == {"ko", "en"}


def test_the_graders_process_needs_neither_torch_nor_models() -> None:
    code = (
        "import sys; import vislearn.grading.commands, vislearn.grading.batch, "
        "vislearn.grading.check, vislearn.grading.pages.report, "
        "vislearn.grading.selftest; "
        "bad = [m for m in sys.modules if m.split('.')[0] in ('torch', 'timm', "
        "'transformers') or m.startswith(('vislearn.layers', 'vislearn.encoders', "
        "'vislearn.weights', 'vislearn.train', 'vislearn.show', 'vislearn.data'))]; "
        "print(bad); sys.exit(bool(bad))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
