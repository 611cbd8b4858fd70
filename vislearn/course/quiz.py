"""The text of a `{quiz}` directive, taken apart; the book and the notebooks share it.

Question, in as many paragraphs as it needs.

- [ ] a choice, on one line
  why it is wrong, shown after answering
- [x] the right one (several `[x]` make check boxes)

What everybody reads after answering.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_CHOICE = re.compile(r"^[-*] \[( |x|X)\] +(\S.*)$")
_FORMULA = re.compile(r"\$[^$]*\$")


@dataclass
class Choice:
    """One answer that can be ticked; the numbers are lines of the directive, from 0."""

    right: bool
    label: str
    line: int
    why: list[str] = field(default_factory=list)


@dataclass
class Quiz:
    """A question with its choices and what is said afterwards."""

    question: list[str]
    choices: list[Choice]
    after: list[str]
    after_line: int

    @property
    def several(self) -> bool:
        """Whether more than one choice is right."""
        return sum(choice.right for choice in self.choices) > 1


def parse_quiz(lines: Sequence[str]) -> Quiz:
    """Take the directive's content apart.

    Raises:
        ValueError: without a question, with fewer than 2 choices, with no right one, or
            with a choice that is only a formula, which a screen reader cannot name.
    """
    quiz = Quiz([], [], [], len(lines))
    for number, line in enumerate(lines):
        found = _CHOICE.match(line)
        if found and not quiz.after:
            right = found.group(1) != " "
            quiz.choices.append(Choice(right, found.group(2), number))
        elif not quiz.choices:
            quiz.question.append(line)
        elif not quiz.after and (not line.strip() or line.startswith("  ")):
            quiz.choices[-1].why.append(line[2:])
        else:
            quiz.after_line = min(quiz.after_line, number)
            quiz.after.append(line)
    _check(quiz)
    return quiz


def _check(quiz: Quiz) -> None:
    if not any(line.strip() for line in quiz.question):
        raise ValueError("quiz: no question before the choices")
    if len(quiz.choices) < 2:
        raise ValueError(f"quiz: {len(quiz.choices)} choices, expected at least 2")
    if not any(choice.right for choice in quiz.choices):
        raise ValueError("quiz: no choice is marked [x]")
    for choice in quiz.choices:
        if not re.search(r"\w", _FORMULA.sub("", choice.label)):
            raise ValueError(f"quiz: {choice.label} is only a formula, add words")
