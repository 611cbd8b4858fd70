"""An earlier mistake: named where it may be the reason, or kept from costing twice."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from vislearn.grading.checks.verdict import (
    QuestionResult,
    blocked_line,
    judge_question,
    with_blocked,
)
from vislearn.grading.emit import PUBLIC_SECRET
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.reference import reference
from vislearn.grading.running import TrustedRunner, answers_of, steps, stubs_of

MINILAB = Path(__file__).parent / "minilab"
WRONG = "def softmax(scores):\n    return scores\n"


def result(question: str, points: float, state: str = "graded") -> QuestionResult:
    return QuestionResult(question, state, points, 3.0, ())


@pytest.fixture
def fair(tmp_path: Path) -> Lab:
    """The small lab, whose second question gets the lab's own softmax."""
    folder = tmp_path / "minilab"
    shutil.copytree(MINILAB, folder)
    text = (folder / "lab.yml").read_text(encoding="utf-8")
    assert "needs: [q1]\n" in text
    text = text.replace("needs: [q1]\n", "needs: [q1]\n    needs_from: reference\n")
    (folder / "lab.yml").write_text(text, encoding="utf-8")
    return load_lab(folder)


def test_a_lost_question_names_the_lost_ones_that_it_needs(minilab: Lab) -> None:
    for q1, q2, blocked in (
        (result("q1", 1), result("q2", 0), ("q1",)),
        (result("q1", 3), result("q2", 0), ()),
        (result("q1", 1), result("q2", 3), ()),
        (result("q1", 1, "ungraded"), result("q2", 0), ()),
        (result("q1", 1), result("q2", 0, "ungraded"), ()),
    ):
        found = with_blocked(minilab, {"q1": q1, "q2": q2, "q3": result("q3", 0)})
        assert found["q2"].blocked_by == blocked
        assert found["q1"].blocked_by == found["q3"].blocked_by == ()
        assert found["q2"] == replace(q2, blocked_by=blocked)


def test_it_is_said_in_both_languages_and_survives_the_journal() -> None:
    blocked = replace(result("q3", 0), blocked_by=("q1", "q2"))
    assert "q1, q2" in blocked_line(blocked, "ko")
    assert blocked_line(blocked, "en") == (
        "Look at q1, q2 first: this question uses that answer."
    )
    assert blocked_line(result("q3", 0), "en") == ""
    assert QuestionResult.from_json(json.loads(json.dumps(blocked.to_json()))) == (
        blocked
    )
    old = result("q3", 0).to_json()
    del old["blocked_by"]  # written before there was such a field
    assert QuestionResult.from_json(old).blocked_by == ()


def test_the_labs_own_answer_stands_in_where_the_lab_says_so(
    minilab: Lab, fair: Lab
) -> None:
    answers = {**answers_of(fair), "q1": (WRONG,)}
    own = [
        step.source for step in steps(minilab, "q2", answers) if step.stage == "needs"
    ]
    fair_steps = [s.source for s in steps(fair, "q2", answers) if s.stage == "needs"]
    assert own == [WRONG]
    assert fair_steps == list(fair.questions["q1"].solution)
    graded = [step.source for step in steps(fair, "q1", answers)]
    assert WRONG in graded  # the question itself is always the learner's
    assert (
        with_blocked(fair, {"q1": result("q1", 0), "q2": result("q2", 0)})[
            "q2"
        ].blocked_by
        == ()
    )


def test_a_mistake_in_one_question_costs_nothing_in_the_next(
    minilab: Lab, fair: Lab
) -> None:
    points = []
    for lab, answers in (
        (minilab, {**answers_of(minilab), "q1": (WRONG,)}),
        (fair, {**answers_of(fair), "q1": (WRONG,)}),
        (fair, {**stubs_of(fair), "q1": (WRONG,)}),
    ):
        expected = reference(lab, PUBLIC_SECRET).solutions["q2"].values
        with TrustedRunner(lab, PUBLIC_SECRET) as runner:
            measured = runner.run("q2", answers)
        judged = judge_question(lab.questions["q2"], expected, measured, lab.path)
        points.append(judged.points)
    assert points == [1.0, 4.0, 0.0]


def test_whose_answers_a_question_gets_must_be_known(fair: Lab) -> None:
    file = fair.path / "lab.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("from: reference", "from: teacher"), encoding="utf-8")
    with pytest.raises(
        ValueError, match="needs_from is 'teacher', expected learner or"
    ):
        load_lab(fair.path)
