"""The peers get labs as good as ours when seconds are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import contest
import pytest
import translate

from vislearn.grading.lab import Lab, load_lab

ROOT = Path(__file__).parents[3]
LABS = {
    "minilab": ROOT / "tests" / "grading" / "minilab",
    "lab01_attention": ROOT / "labs" / "lab01_attention",
}


@pytest.fixture(scope="module", params=LABS)
def lab(request: pytest.FixtureRequest) -> Lab:
    return load_lab(LABS[request.param])


@pytest.fixture(scope="module")
def translated(lab: Lab) -> Any:
    return translate.nbgrader_source(lab)


def points_of(lab: Lab, source: Any, answers: contest.Answers) -> float:
    """What the cells of nbgrader's notebook give, each run as a learner's kernel would.

    A test cell that raises costs its points, as in nbgrader.
    """
    world: dict[str, Any] = {}
    translate.fill(source, lab, answers)
    points = 0.0
    for cell in source.cells:
        if cell.cell_type != "code":
            continue
        about = cell.metadata.get("nbgrader", {})
        try:
            exec(cell.source, world)
        except Exception:
            continue
        points += about.get("points", 0.0)
    return points


def test_right_answers_get_everything_in_a_translated_lab(
    lab: Lab, translated: Any
) -> None:
    right = {name: q.solution for name, q in lab.questions.items()}
    assert points_of(lab, translated, right) == lab.points


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a mutant overflows
def test_wrong_answers_lose_points_in_a_translated_lab(
    lab: Lab, translated: Any
) -> None:
    given = contest.class_of(lab, 12)
    found = [points_of(lab, translated, answers) for answers in given]
    assert found[0::2] == [lab.points] * 6
    assert all(points < lab.points for points in found[1::2])


def test_otters_tests_are_python_with_the_points_of_ours(lab: Lab) -> None:
    for question, text in contest.otter_tests(lab).items():
        compile(text, question, "exec")
    if lab.id != "minilab":  # that one's points are looked at in test_peers
        points = sum(
            float(line.partition("points=")[2].partition(",")[0])
            for text in contest.otter_tests(lab).values()
            for line in text.splitlines()
            if line.startswith("@test_case(")
        )
        assert points == lab.points


def test_every_mark_of_ours_is_gone_from_the_instructors_notebook(lab: Lab) -> None:
    made = contest.nbgrader_source(lab)
    for cell in made.cells:
        begins = cell.source.count("BEGIN SOLUTION")
        assert begins == cell.source.count("END SOLUTION")
        assert begins == bool(cell.metadata.get("nbgrader", {}).get("solution"))


def test_half_of_a_class_is_right_and_the_rest_has_one_mutant_each(lab: Lab) -> None:
    given = contest.class_of(lab, 12)
    right = {name: q.solution for name, q in lab.questions.items()}
    assert [answers == right for answers in given] == [True, False] * 6
    sources = {mutant.source for mutant in lab.mutants}
    for answers in given[1::2]:
        (changed,) = [name for name in right if answers[name] != right[name]]
        assert answers[changed][0] in sources
