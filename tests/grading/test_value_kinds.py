"""Numbers of every kind arrive, and are compared as strictly as the lab says."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vislearn.grading import emit as emitting
from vislearn.grading import messages
from vislearn.grading.checks import matching, pictures, values, verdict
from vislearn.grading.checks.encoding import encode, encode_image
from vislearn.grading.checks.lab_checks import Check, Problems, read_checks
from vislearn.grading.checks.verdict import judge
from vislearn.grading.running import Measured

NOWHERE = Path(__file__).parent / "minilab"


def verdict_on(expected: Any, got: Any, **settings: Any) -> str:
    check = Check("x", 2.0, **settings)
    measured = Measured({"x": [json.loads(json.dumps(encode(got)))]})
    return judge(check, {"x": [encode(expected)]}, measured, NOWHERE).reason


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(emitting, "publish", lambda payload: found.append(payload))
    return found


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0, requires_grad=True).reshape(2, 3),
        torch.arange(6.0, dtype=torch.float64).reshape(2, 3),
        torch.arange(6.0).reshape(2, 3).half(),
        torch.arange(6.0).reshape(2, 3).bfloat16(),
        torch.arange(6.0).reshape(2, 3).to(torch.float8_e4m3fn),
        torch.arange(6).reshape(2, 3),
        torch.arange(6, dtype=torch.uint8).reshape(2, 3),
        torch.arange(6.0).repeat_interleave(2).reshape(2, 6)[:, ::2],  # a view
        torch.arange(6.0).reshape(2, 3).T.contiguous().T,
        torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=np.longdouble).reshape(2, 3),
        np.arange(6, dtype=np.float16).reshape(2, 3),
        [[0, 1, 2], (3.0, 4.0, 5.0)],
    ],
    ids=lambda value: str(getattr(value, "dtype", "list")),
)
def test_the_same_numbers_are_equal_however_they_are_stored(tensor: Any) -> None:
    assert verdict_on(np.arange(6.0).reshape(2, 3), tensor) == ""


def test_views_that_only_pretend_are_resolved() -> None:
    number = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j])
    assert verdict_on(number.numpy().conj(), number.conj()) == ""
    assert verdict_on(-number.imag.numpy(), number.conj().imag) == ""


def test_a_number_equals_a_tensor_without_axes() -> None:
    for value in (3, 3.0, np.float32(3), torch.tensor(3.0), torch.tensor(3)):
        assert verdict_on(3.0, value) == ""
    assert verdict_on(3.0, torch.tensor([3.0])) == "wrong_shape"


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        (np.array([1 + 2j, -1j]), ""),
        (torch.tensor([1 + 2j, -1j]).to(torch.complex64), ""),
        ([1 + 2j, -1j], ""),
        (np.array([1 - 2j, -1j]), "wrong_value"),
        (np.array([1.0, 0.0]), "wrong_value"),
        (np.array([complex(1, np.nan), -1j]), "not_finite"),
    ],
)
def test_complex_numbers_are_compared_in_both_parts(got: Any, reason: str) -> None:
    assert verdict_on(np.array([1 + 2j, -1j]), got) == reason


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch about its own future
@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda: torch.eye(2).to_sparse(), "to_dense"),
        (lambda: torch.eye(2).to_sparse_csr(), "to_dense"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "dequ"),
        (lambda: torch.ones(2, device="meta"), "meta device"),
    ],
)
def test_tensors_without_plain_numbers_say_what_to_do(
    make: Callable[[], torch.Tensor], advice: str
) -> None:
    with pytest.raises(ValueError, match=advice):
        encode(make())


def test_a_python_set_is_written_in_the_same_order_every_time() -> None:
    assert encode({3, 1, 2}) == encode({2, 3, 1})
    assert verdict_on({"b", "a"}, {"a", "b"}) == ""


@pytest.mark.parametrize(
    ("expected", "got", "any_", "kind", "exact"),
    [
        (
            np.array([1, 2], np.float32),
            np.array([1, 2], np.float64),
            "",
            "",
            "wrong_dtype",
        ),
        (
            np.array([1, 2], np.float32),
            np.array([1, 2], np.int64),
            "",
            "wrong_dtype",
            "wrong_dtype",
        ),
        (np.array([1, 2], np.uint8), np.array([1, 2], np.int64), "", "", "wrong_dtype"),
        (np.array([True]), np.array([1]), "", "wrong_dtype", "wrong_dtype"),
        (torch.ones(2).bfloat16(), torch.ones(2), "", "", "wrong_dtype"),
        (torch.ones(2).bfloat16(), torch.ones(2).bfloat16(), "", "", ""),
        (
            np.array([1], np.complex64),
            np.array([1], np.float32),
            "",
            "wrong_dtype",
            "wrong_dtype",
        ),
    ],
)
def test_types_matter_as_much_as_the_lab_says(
    expected: Any, got: Any, any_: str, kind: str, exact: str
) -> None:
    assert verdict_on(expected, got) == any_
    assert verdict_on(expected, got, dtype="kind") == kind
    assert verdict_on(expected, got, dtype="exact") == exact
    inside = {"a": [expected, "text", None]}, {"a": [got, "text", None]}
    assert verdict_on(*inside, dtype="exact") == exact


@pytest.mark.parametrize(
    ("expected", "got", "reason"),
    [
        (np.ones(3), np.ones((1, 3)), ""),
        (np.ones((1, 3)), np.ones(3), ""),
        (np.ones((2, 3)), np.ones(3), ""),
        (np.arange(6.0).reshape(2, 3), np.arange(3.0), "wrong_value"),
        (np.ones(3), np.ones((3, 1)), "wrong_shape"),
        (np.ones(1), np.ones(5), "wrong_shape"),
        (np.ones(3), np.ones((2, 3)), "wrong_shape"),
        (np.ones((2, 3)), np.ones(0), "wrong_shape"),
        (np.ones(3), "text", "wrong_shape"),
    ],
)
def test_broadcasting_makes_no_number_out_of_nothing(
    expected: Any, got: Any, reason: str
) -> None:
    assert verdict_on(expected, got, shape="broadcast") == reason
    if expected.shape != getattr(got, "shape", None):
        assert verdict_on(expected, got) == "wrong_shape"


@pytest.mark.parametrize("dtype", ["float63", "object", "U9", "", None, 3, ["bool"]])
def test_an_unknown_type_of_numbers_is_malformed(dtype: Any) -> None:
    payload = {"dtype": dtype, "shape": [1], "data": [1.0]}
    measured = Measured({"x": [payload]})
    result = judge(Check("x", 1.0), {"x": [encode([1.0])]}, measured, NOWHERE)
    assert result.reason == "malformed"


@pytest.mark.parametrize(
    ("right", "points"), [(4, 3.0), (3, 2.0), (2, 1.5), (1, 0.5), (0, 0.0)]
)
def test_part_of_the_values_gives_part_of_the_points_rounded_down(
    right: int, points: float
) -> None:
    check = Check("x", 3.0, partial="values", step=0.5)
    good = [encode(np.arange(8.0) + n) for n in range(4)]
    given = [*good[:right], *[encode(np.zeros(8))] * (4 - right)]
    result = judge(check, {"x": good}, Measured({"x": given}), NOWHERE)
    assert (result.points, bool(result.reason)) == (points, right < 4)
    whole = judge(Check("x", 3.0), {"x": good}, Measured({"x": given}), NOWHERE)
    assert whole.points == (3.0 if right == 4 else 0.0)


def test_values_that_never_came_cost_their_part_and_extra_ones_everything() -> None:
    check = Check("x", 2.0, partial="values", step=1.0)
    good = [encode(np.arange(8.0) + n) for n in range(2)]
    for given, points, reason in (
        (good[:1], 1.0, "wrong_count"),
        ([*good, good[0]], 0.0, "wrong_count"),
        ([good[0], {"dtype": "float64"}], 1.0, "malformed"),
    ):
        result = judge(check, {"x": good}, Measured({"x": given}), NOWHERE)
        assert (result.points, result.reason) == (points, reason)


def test_a_predicate_may_look_at_all_values_at_once(tmp_path: Path) -> None:
    (tmp_path / "judges.py").write_text(
        "def different(values, known):\n"
        "    return len({v.tobytes() for v in values}) == len(known)\n"
    )
    check = Check("x", 1.0, "predicate", predicate="judges:different", over="all")
    draws = [encode(np.random.default_rng(n).random(4)) for n in range(3)]
    for given, reason in (
        (draws, ""),
        (draws[:1] * 3, "rejected"),
        ([draws[0], draws[1], {"dtype": "?"}], "malformed"),
        (draws[:2], "wrong_count"),
    ):
        result = judge(check, {"x": draws}, Measured({"x": given}), tmp_path)
        assert result.reason == reason


def test_a_predicate_sees_a_picture_as_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "judges.py").write_text(
        "def dark(value, known):\n    return value.shape == known.shape == (4, 5, 3)"
        " and value.mean() < known.mean()\n"
    )
    check = Check("x", 1.0, "predicate", predicate="judges:dark")
    white, grey = (encode_image(np.full((4, 5, 3), n)) for n in (255, 90))
    for got, reason in ((grey, ""), (white, "rejected"), ({"dtype": "image"}, "malf")):
        measured = Measured({"x": [got]})
        found = judge(check, {"x": [white]}, measured, tmp_path).reason
        assert found.startswith(reason)
        assert bool(found) == bool(reason)


def test_an_error_with_an_endless_family_is_malformed() -> None:
    for family in ("Error" * 1000, ["Error"] * 51, None, {"a": 1}):
        data = {"type": "ValueError", "family": family, "message": ""}
        payload = {"dtype": "error", "shape": [], "data": data}
        with pytest.raises(ValueError, match="malformed"):
            values.decode(payload)


class NarrowError(ValueError):
    pass


def raising(error: Exception) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("width 3"), ""),
        (ValueError("너비 3"), ""),
        (NarrowError("너비"), ""),
        (ValueError("hm"), "wrong_message"),
        (LookupError("width"), "wrong_error"),
        (Exception("width"), "wrong_error"),
    ],
)
def test_an_expected_error_may_be_narrower_and_speak_either_language(
    published: list[dict[str, Any]], error: Exception, reason: str
) -> None:
    problems = Problems()
    raw = {"name": "x", "points": 1, "kind": "error"}
    raw["match"] = {"ko": "너비", "en": "[Ww]idth"}
    (check,) = read_checks([raw], "q1", problems)
    assert problems == []
    emitting.emit_error("x", raising(ValueError("width 5")))
    emitting.emit_error("x", raising(error))
    wanted, given = published
    assert judge(check, {"x": [wanted]}, Measured({"x": [given]}), NOWHERE).reason == (
        reason
    )


def test_a_warning_is_expected_like_an_error(published: list[dict[str, Any]]) -> None:
    def warns(kind: type[Warning] | None) -> None:
        if kind is not None:
            warnings.warn("the ratio is 0", kind, stacklevel=2)

    emitting.emit_warning("x", warns, UserWarning)
    emitting.emit_warning("x", warns, UserWarning)  # given again, though not new
    emitting.emit_warning("x", warns, FutureWarning)
    emitting.emit_warning("x", warns, None)
    emitting.emit_warning("x", raising(ValueError("the ratio is 0")))
    check = Check("x", 1.0, "error", match="ratio")
    reasons = [
        judge(check, {"x": published[:1]}, Measured({"x": [got]}), NOWHERE).reason
        for got in published
    ]
    assert reasons == ["", "", "wrong_error", "no_error", "wrong_error"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kind": "image", "rtol": 0.1}, "rtol has no effect on a check of kind image"),
        ({"kind": "error", "dtype": "exact"}, "dtype has no effect"),
        ({"distance": "max"}, "distance has no effect on a check of kind values"),
        ({"kind": "image", "distance": "far"}, "distance is 'far', expected one of"),
        ({"kind": "image", "limit": -1}, "limit must not be below 0"),
        ({"dtype": "same"}, "dtype is 'same', expected one of any, kind, exact"),
        ({"shape": "any"}, "shape is 'any'"),
        ({"over": "all"}, "over has no effect on a check of kind values"),
        ({"partial": "some"}, "partial is 'some'"),
        ({"partial": "values", "step": 0.3}, "2 points are no multiple of the step"),
        ({"partial": "values", "step": 0}, "step must be above 0"),
        ({"kind": "error", "match": "("}, "match '(' is no pattern"),
        ({"name": "case:q1"}, "a name may not begin with 'case:'"),
    ],
)
def test_an_option_that_says_nothing_is_refused(
    settings: dict[str, Any], reason: str
) -> None:
    problems = Problems()
    read_checks([{"name": "x", "points": 2, **settings}], "lab.yml: q1", problems)
    assert len(problems) == 1
    assert reason in problems[0]


def test_every_distance_has_a_limit_of_its_own() -> None:
    problems = Problems()
    raw = [
        {"name": name, "points": 1, "kind": "image", "distance": name}
        for name in pictures.LIMITS
    ]
    checks = read_checks(raw, "q1", problems)
    assert {check.distance: check.limit for check in checks} == pictures.LIMITS
    (own,) = read_checks([{**raw[0], "limit": "3e0"}], "q1", problems)
    assert own.limit == 3
    assert problems == []


def test_every_reason_of_a_comparison_has_words() -> None:
    modules = (matching, pictures, values, verdict)
    code = "".join(Path(m.__file__ or "").read_text("utf-8") for m in modules)
    used = set(re.findall(r'(?:Difference|lost)\(\s*"([a-z_]+)"', code))
    assert {"wrong_member", "wrong_image", "wrong_dtype", "rejected"} <= used
    assert used <= set(messages.REASONS)
