"""The text of a quiz is taken apart, or refused with a reason."""

from __future__ import annotations

import pytest

from vislearn.course.quiz import parse_quiz

ONE = """Which one?

- [ ] this
  because not

  at all
- [x] that

Afterwards.

More.""".splitlines()


def test_question_choices_and_explanations_are_told_apart():
    quiz = parse_quiz(ONE)

    assert [line for line in quiz.question if line] == ["Which one?"]
    assert [(c.right, c.label) for c in quiz.choices] == [
        (False, "this"),
        (True, "that"),
    ]
    assert quiz.choices[0].why == ["because not", "", "at all"]
    assert quiz.after == ["Afterwards.", "", "More."]
    assert quiz.after_line == ONE.index("Afterwards.")
    assert not quiz.several


def test_several_right_answers_are_noticed():
    assert parse_quiz(["Which?", "- [x] a", "- [X] b", "- [ ] c"]).several


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["- [x] a", "- [ ] b"], "no question"),
        (["Which?", "- [x] a"], "1 choices, expected at least 2"),
        (["Which?", "- [ ] a", "- [ ] b"], r"no choice is marked \[x\]"),
        (["Which?", "- [x] $N^2$", "- [ ] two"], r"\$N\^2\$ is only a formula"),
    ],
)
def test_a_quiz_that_cannot_be_answered_is_refused(lines: list[str], reason: str):
    with pytest.raises(ValueError, match=reason):
        parse_quiz(lines)
