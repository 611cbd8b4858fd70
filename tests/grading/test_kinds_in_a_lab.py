"""The kinds of checks in a whole lab: emitted in a kernel, judged, recognised."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from vislearn.grading.checks.verdict import judge_question
from vislearn.grading.emit import PUBLIC_SECRET
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.reference import reference
from vislearn.grading.running import TrustedRunner, answers_of
from vislearn.grading.selftest import check_lab

MINILAB = Path(__file__).parent / "minilab"
CHANGES = {
    "lab.yml": {
        "- name: rows\n        points: 2\n": (
            "- name: rows\n        points: 2\n        kind: set\n"
            "        partial: values\n        step: 0.5\n"
        ),
        "{name: large, points: 1}": (
            "{name: large, points: 1, kind: image, distance: max, limit: 2}"
        ),
        "kind: error}": "kind: error, match: {ko: 너비, en: width}}",
        '"predicates:is_random_mask"}': '"judges:all_differ", over: all}',
    },
    "lab.md": {
        "import case_seed, emit,": "import case_seed, emit, emit_image,",
        'emit("rows", softmax(_random.normal(size=(5, 7))))': (
            'for _ in range(4):\n    emit("rows", softmax(_random.normal(size=(5, 7))))'
        ),
        'emit("large", softmax(_random.normal(size=(3, 4)) + 5000))': (
            'emit_image("large", softmax(9 * _random.normal(size=(9, 9)) + 5000))'
        ),
        'emit("mask", [random_mask(64, 0.75) for _ in range(4)])': (
            'for _ in range(4):\n    emit("mask", random_mask(64, 0.75))'
        ),
    },
    "predicates.py": {
        'masks = np.asarray(values["mask"][0])': 'masks = np.asarray(values["mask"])'
    },
}
JUDGES = """
import numpy as np


def all_differ(values, _known):
    masks = np.asarray(values)
    right = masks.dtype == bool and (masks.sum(1) == 48).all()
    return bool(right) and len(np.unique(masks, axis=0)) == len(values)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("kinds") / "minilab"
    shutil.copytree(MINILAB, folder)
    for file, changes in CHANGES.items():
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (folder / file).write_text(text, encoding="utf-8")
    (folder / "judges.py").write_text(JUDGES, encoding="utf-8")
    return load_lab(folder)


@pytest.fixture(scope="module")
def runner(lab: Lab) -> Iterator[TrustedRunner]:
    with TrustedRunner(lab, PUBLIC_SECRET) as kernel:
        yield kernel


def test_solution_stub_and_misconceptions_get_their_marks(lab: Lab) -> None:
    findings = check_lab(lab, min_mutants=1)
    assert [finding for finding in findings if finding.problem] == []


@pytest.mark.parametrize(
    ("change", "points"),
    [
        (("", ""), {"rows": 2, "large": 1}),
        (("", "[::-1]"), {"rows": 2, "large": 0}),  # rows in another order, a mirror
        (("scores = scores + 0\n    ", ".astype(np.float16)"), {"rows": 0, "large": 1}),
        (
            ("calls.append(1)\n    ", " + (len(calls) == 4)"),
            {"rows": 1.5, "large": 1},
        ),
    ],
    ids=["right", "rows in another order", "half precision", "one value is wrong"],
)
def test_a_changed_answer_keeps_what_is_right(
    lab: Lab,
    runner: TrustedRunner,
    change: tuple[str, str],
    points: dict[str, float],
) -> None:
    before, after = change
    source = (
        "calls = []\n\n\ndef softmax(scores):\n"
        f"    {before}raised = np.exp(scores - scores.max(axis=-1, keepdims=True))\n"
        f"    return (raised / raised.sum(axis=-1, keepdims=True)){after}\n"
    )
    expected = reference(lab, PUBLIC_SECRET).solutions["q1"].values
    measured = runner.run("q1", {**answers_of(lab), "q1": (source,)})
    result = judge_question(lab.questions["q1"], expected, measured, lab.path)
    assert {check.name: check.points for check in result.checks} == points
