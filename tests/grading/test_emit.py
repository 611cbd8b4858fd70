"""Values travel as strict JSON and nothing is lost on the way."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vislearn.grading import emit as emitting


def test_arrays_lie_flat_with_their_shape() -> None:
    encoded = emitting.encode(np.arange(6, dtype=np.float32).reshape(2, 3))
    assert encoded == {"shape": [2, 3], "dtype": "float32", "data": [0, 1, 2, 3, 4, 5]}


def test_nan_and_infinities_become_text_so_that_json_stays_strict() -> None:
    encoded = emitting.encode(np.array([np.nan, np.inf, -np.inf, 1.0]))
    assert encoded["data"] == ["nan", "inf", "-inf", 1.0]
    json.dumps(encoded, allow_nan=False)


@pytest.mark.parametrize(
    "value", [True, 3, 2.5, np.float32(1), [1, 2], (1.0, [2]), None]
)
def test_plain_values_are_accepted(value: object) -> None:
    json.dumps(emitting.encode(value), allow_nan=False)


def test_ragged_lists_and_dicts_keep_their_structure() -> None:
    encoded = emitting.encode({"a": [[1.0], [1.0, 2.0]], "b": "text"})
    assert encoded["data"]["a"]["dtype"] == "list"
    assert encoded["data"]["b"]["data"] == "text"


def test_torch_tensors_are_accepted_also_in_half_precision() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.ones(2, 2, requires_grad=True).to(torch.bfloat16)
    assert emitting.encode(tensor)["data"] == [1.0] * 4


def test_too_many_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        emitting.encode([np.zeros(15_000), np.zeros(15_000)])


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot emit a object"):
        emitting.encode(object())


def test_endless_nesting_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested"):
        emitting.encode([endless, "x"])


def test_case_seed_is_public_unless_the_runner_sets_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(emitting.SEEDS_VARIABLE, raising=False)
    public = emitting.case_seed("q1")
    assert public == emitting.derive_seed(emitting.PUBLIC_SECRET, "q1")
    monkeypatch.setenv(emitting.SEEDS_VARIABLE, '{"q1": 5}')
    assert emitting.case_seed("q1") == 5
    assert emitting.case_seed("q2") != public


def test_expect_speaks_the_learners_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(emitting.LANGUAGE_VARIABLE, "ko")
    with pytest.raises(AssertionError, match=r"^틀림$"):
        emitting.expect(np.bool_(False), ko="틀림", en="wrong")
    emitting.expect(True, ko="틀림", en="wrong")
