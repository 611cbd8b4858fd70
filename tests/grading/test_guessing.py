"""A check that could be passed without an answer is refused, of whatever kind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vislearn.grading.checks.encoding import encode, encode_image
from vislearn.grading.checks.guessing import guessable
from vislearn.grading.lab import Check, Lab, load_lab
from vislearn.grading.reference import reference

MINILAB = Path(__file__).parent / "minilab"
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(4, 3))
PICTURE = RANDOM.integers(0, 256, (32, 32, 3), dtype=np.uint8)


def why(check: Check, lab: Lab, *values: Any) -> str:
    return guessable(check, [encode(value) for value in values], lab)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (ROWS, ""),
        (list(ROWS), ""),
        ({"a": ROWS[0], "b": ROWS[1], "c": ROWS[2]}, ""),
        (ROWS[:1], "1 members"),
        (3.0, "no set"),
        (np.eye(4), "different numbers"),
        (np.arange(12.0).reshape(4, 3), "whole numbers only"),
        (np.full((4, 3), np.nan), "not finite"),
    ],
)
def test_a_set_must_be_hard_to_guess(minilab: Lab, value: Any, reason: str) -> None:
    problem = why(Check("x", 1.0, "set"), minilab, value)
    assert (reason in problem) if reason else not problem
    assert "small" not in problem  # which is of no help here


def test_complex_numbers_count_as_two(minilab: Lab) -> None:
    few = RANDOM.normal(size=4) + 1j * RANDOM.normal(size=4)
    assert why(Check("x", 1.0), minilab, few) == ""
    assert "6 numbers" in why(Check("x", 1.0), minilab, few[:3])


@pytest.mark.parametrize(
    ("picture", "settings", "reason"),
    [
        (PICTURE, {}, ""),
        (PICTURE, {"distance": "psnr", "limit": 30.0}, ""),
        (PICTURE, {"limit": 200.0}, "white picture would pass"),
        (PICTURE, {"distance": "psnr", "limit": 3.0}, "would pass"),
        (np.full((32, 32, 3), 255), {}, "a white picture would pass"),
        (np.zeros((32, 32, 3)), {}, "a black picture would pass"),
        (np.full((32, 32, 3), 90), {}, "one colour all over would pass"),
    ],
)
def test_a_picture_that_a_blank_one_matches_is_refused(
    minilab: Lab, picture: Any, settings: dict[str, Any], reason: str
) -> None:
    check = Check("x", 1.0, "image", **settings)
    problem = guessable(check, [encode_image(picture)], minilab)
    assert (reason in problem) if reason else not problem


def test_a_picture_has_to_be_emitted_as_one(minilab: Lab) -> None:
    assert "use emit_image" in why(Check("x", 1.0, "image"), minilab, PICTURE)


def test_every_part_that_earns_points_must_be_hard_to_guess(minilab: Lab) -> None:
    check = Check("x", 2.0, partial="values")
    good = RANDOM.normal(size=8)
    assert why(check, minilab, good, good + 1) == ""
    assert "whole numbers" in why(check, minilab, good, np.arange(8.0))
    assert why(Check("x", 2.0), minilab, good, np.arange(8.0)) == ""
    assert "a single value has no parts" in why(check, minilab, good)


def test_a_text_must_say_something(minilab: Lab) -> None:
    assert why(Check("x", 1.0, "text"), minilab, ["softmax", "conv"]) == ""
    assert "no text" in why(Check("x", 1.0, "text"), minilab, " ")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return value.std() > 0.1", ""),
        ("return True", "accepts None instead of an answer"),
        ("return value.shape == known.shape", "accepts zeros instead of an answer"),
        ("return bool((value > 0.5).all())", "rejects the reference"),
        ("return value.std() == 0 or value.std() > 0.1", "accepts zeros"),
        ("return value.min() == value.max() == 1 or value.std() > 0.1", "accepts ones"),
    ],
)
def test_a_predicate_must_reject_what_anybody_could_send(
    minilab: Lab, tmp_path: Path, body: str, reason: str
) -> None:
    folder = tmp_path / "minilab"
    shutil.copytree(MINILAB, folder)
    (folder / "judges.py").write_text(f"def judge(value, known):\n    {body}\n")
    check = Check("x", 1.0, "predicate", predicate="judges:judge")
    problem = why(check, load_lab(folder), RANDOM.normal(size=8))
    assert (reason in problem) if reason else not problem


@pytest.mark.parametrize(
    ("kind", "emitted"),
    [
        ("set", 'emit("rows", np.random.default_rng(0).normal(size=(5, 7)))'),
        ("image", 'emit_image("rows", np.random.default_rng(0).random((9, 9)))'),
    ],
)
def test_what_does_not_depend_on_the_seed_is_refused(
    tmp_path: Path, kind: str, emitted: str
) -> None:
    folder = tmp_path / "minilab"
    shutil.copytree(MINILAB, folder)
    for file, old, new in (
        ("lab.yml", "points: 2\n", f"points: 2\n        kind: {kind}\n"),
        ("lab.md", 'emit("rows", softmax(_random.normal(size=(5, 7))))', emitted),
        ("lab.md", "import case_seed, emit,", "import case_seed, emit, emit_image,"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match="do not depend on case_seed"):
        reference(load_lab(folder), "some secret")
