"""Known answers of a lab: what is wrong with them is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.reference import reference
from vislearn.grading.selftest import check_lab

MINILAB = Path(__file__).parent / "minilab"
LABS = sorted((Path(__file__).parents[2] / "labs").glob("*/lab.yml"))


def changed(tmp_path: Path, file: str, old: str, new: str) -> Lab:
    folder = tmp_path / "minilab"
    if not folder.exists():
        shutil.copytree(MINILAB, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return load_lab(folder)


def test_the_small_lab_has_no_problems(minilab: Lab) -> None:
    findings = check_lab(minilab, min_mutants=1)
    assert [finding for finding in findings if finding.problem] == []
    assert sum(finding.answer.startswith("mutant") for finding in findings) == 5


def test_bad_known_answers_are_found(tmp_path: Path) -> None:
    """A mutant that is right, an alternative that is wrong, a check that is blind."""
    changed(tmp_path, "mutants/q1_columns.py", "axis=0", "axis=-1")
    changed(tmp_path, "alternatives/q1_log.py", "np.amax(scores", "np.amax(2 * scores")
    lab = changed(
        tmp_path, "lab.md", "np.allclose(softmax(np.zeros((2, 4))), 0.25)", "1"
    )
    problems = {f.answer: f.problem for f in check_lab(lab, min_mutants=1) if f.problem}
    assert problems["mutant q1_columns"] == "survives: it gets full marks"
    assert problems["visible checks"] == "pass with an untouched stub"
    assert problems["alternative q1_log"].startswith("got 2, expected 3 (large not_fin")
    assert problems["small cases"].startswith("alternative q1_log gives other results")
    assert len(problems) == 4


def test_too_few_mutants_are_a_problem(minilab: Lab) -> None:
    problems = [f.problem for f in check_lab(minilab) if f.answer == "mutants"]
    assert problems[0] == "2 mutants, at least 5 are expected"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("size=(5, 7)", "size=(1, 7)", "7 numbers"),
        (
            "_random.normal(size=(5, 7))",
            "np.random.default_rng(0).normal(size=(5, 7))",
            "do not depend on case_seed",
        ),
        (
            'emit("rows", softmax(_random.normal(size=(5, 7))))',
            'emit("rows", softmax(_random.normal(size=(5, 7))) > 0.1)',
            "0 numbers",
        ),
        (
            'emit("rows", softmax(_random.normal(size=(5, 7))))',
            'emit("rows", np.round(9 * softmax(_random.normal(size=(5, 7)))))',
            "whole numbers only",
        ),
        (
            'emit("rows", softmax',
            'emit("row", softmax',
            "'row' is emitted but is no check",
        ),
        ('emit("rows", softmax', "str(softmax", "'rows' is never emitted"),
        ('emit("rows", softmax', "(1 / 0, softmax", "the solution ends in error"),
    ],
)
def test_a_check_that_could_be_guessed_is_refused(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=r"q1") as caught:
        reference(changed(tmp_path, "lab.md", old, new), "some secret")
    assert reason in str(caught.value)


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.parent.name)
def test_every_lab_of_the_course_has_no_problems(path: Path) -> None:
    """Solution full marks, stub none, every mutant killed and recognised."""
    findings = check_lab(load_lab(path.parent))
    assert [finding for finding in findings if finding.problem] == []
