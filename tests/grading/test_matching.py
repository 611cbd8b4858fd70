"""Collections in any order: equal if and only if a perfect matching exists."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest

from vislearn.grading.checks.encoding import encode
from vislearn.grading.checks.matching import MAX_ITEMS, perfect_matching, set_difference
from vislearn.grading.checks.values import Rules, decode, difference

RULES = Rules(rtol=0.0, atol=0.1)


def reason(expected: Any, got: Any, rules: Rules = RULES) -> str:
    values = decode(encode(expected)), decode(encode(got))
    found = set_difference(*values, rules)
    return found.reason if found else ""


@pytest.mark.parametrize(
    ("expected", "got", "why"),
    [
        ([1.0, 2.0, 2.0], [2.0, 1.0, 2.0], ""),
        ([1.0, 2.0, 2.0], [2.0, 1.0, 1.0], "wrong_member"),
        ([1.0, 2.0], [2.0, 1.0, 1.0], "wrong_size"),
        ([1.0, 2.0], 3.0, "wrong_shape"),
        ([1.0, 2.0], "12", "wrong_shape"),
        ([1.0, np.nan], [np.nan, 1.0], "wrong_member"),
        ([[1.0, 2.0], [3.0]], [[3.0], [1.0, 2.0]], ""),
        ([[1.0, 2.0], [3.0]], [[3.0], [2.0, 1.0]], "wrong_member"),
        (["a", "b"], ["b", "a"], ""),
        (["a", "b"], ["b", "b"], "wrong_member"),
        ({"x": [1.0], "y": [2.0]}, {"u": [2.0], "v": [1.0]}, ""),
        ({"x": [1.0], "y": [2.0]}, [[2.0], [1.0]], ""),
        (np.eye(3), np.eye(3)[[2, 0, 1]], ""),
        (np.eye(3), -np.eye(3)[[2, 0, 1]], "wrong_member"),
        (np.eye(3), np.eye(4)[:3], "wrong_member"),
        (np.array([1j, 2.0]), np.array([2.0, 1j]), ""),
        ([], [], ""),
    ],
)
def test_order_does_not_matter_but_counts_do(expected: Any, got: Any, why: str) -> None:
    assert reason(expected, got) == why


def test_nan_members_are_equal_where_the_lab_says_so() -> None:
    rules = Rules(0.0, 0.1, nan_equal=True)
    assert reason([1.0, np.nan], [np.nan, 1.0], rules) == ""
    assert reason([1.0, np.inf], [1.0, -np.inf], rules) == "wrong_member"


def test_members_that_cross_within_tolerance_are_still_paired() -> None:
    expected = np.array([[0.00, 5.0], [0.05, 1.0]])
    got = np.array([[0.06, 5.0], [0.01, 1.0]])  # sorted, the rows cross
    in_order = got[np.argsort(got[:, 0])]
    assert difference(expected, in_order, RULES) is not None
    assert reason(expected, got) == ""
    # 0.1 is close to all three, but 0.0 and 0.2 are close to one each
    assert reason([0.1, 0.0, 0.2], [0.15, 0.05, 0.1]) == ""
    assert reason([0.1, 0.0, 0.2], [0.1, 0.1, 0.31]) == "wrong_member"


def test_a_matching_is_found_exactly_where_some_permutation_fits() -> None:
    random = np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        size = int(random.integers(1, 6))
        expected = random.integers(0, 8, (size, 1)) * 0.06
        got = expected[random.permutation(size)] + random.uniform(
            -0.12, 0.12, (size, 1)
        )
        fits = any(
            (np.abs(expected - got[list(order)]) <= 0.1).all()
            for order in itertools.permutations(range(size))
        )
        assert (reason(expected, got) == "") == fits
        outcomes.add(fits)
    assert outcomes == {True, False}


def test_every_graph_is_matched_quickly() -> None:
    """A chain in which every greedy choice has to be undone, at full size."""
    chain = [(1 << n) | (1 << (n + 1)) for n in range(MAX_ITEMS - 1)] + [1]
    everything = [(1 << MAX_ITEMS) - 1] * MAX_ITEMS
    nothing = [1] * MAX_ITEMS
    begin = time.process_time()
    assert sorted(perfect_matching(chain)) == list(range(MAX_ITEMS))
    assert sorted(perfect_matching(everything)) == list(range(MAX_ITEMS))
    assert perfect_matching(nothing).count(-1) == MAX_ITEMS - 1
    assert time.process_time() - begin < 5


def test_too_many_members_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 512"):
        set_difference(np.arange(513.0), np.arange(513.0), RULES)
    assert reason(np.arange(2.0), np.arange(513.0)) == "wrong_shape"


def test_the_lonely_members_are_named() -> None:
    found = set_difference(np.array([[1.0, 2.0], [3.0, 4.0]]), np.eye(2), RULES)
    assert found is not None
    assert (found.expected, found.got) == ("[1, 2]", "[1, 0]")
