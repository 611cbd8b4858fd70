"""The shapes in which one and the same attack is handed in: a release, filled in.

Every grading tool gives its learners a notebook of its own shape. An attack on the file
is written once, against this interface; `OwnForm` is the release of this course, the
peers' forms are beside the benchmark that compares us with them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from vislearn.course.notebooks import build_notebook
from vislearn.course.site import Course
from vislearn.course.source import read

MINILAB = Path(__file__).parent.parent / "minilab"
QUESTIONS = ("q1", "q2", "q3")

RIGHT_ATTENTION = """\
def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v"""
# None of these is the lab's own text: some attacks search for that.
RIGHT = {
    "q1": """\
def softmax(scores):
    powers = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)""",
    "q2": RIGHT_ATTENTION,
    "q3": """\
def random_mask(count, ratio):
    hidden = np.arange(count) < round(count * ratio)
    return np.random.default_rng().permutation(hidden)""",
}
ZEROS = "def attention(q, k, v):\n    return np.zeros((len(q), v.shape[1]))"


class Form(Protocol):
    """A release of one tool."""

    def notebook(self, **answers: str) -> Any:
        """The release with these answers; a question without one keeps its stub."""

    def solution(self, notebook: Any, question: str) -> Any:
        """The cell that holds an answer."""

    def tests(self, notebook: Any) -> Sequence[Any]:
        """The cells of the release that check something."""


def right_but(q2: str) -> dict[str, str]:
    """Three answers: the first and the third are right."""
    return {**RIGHT, "q2": q2}


class OwnForm:
    """The release of this course."""

    def __init__(self, lang: str = "ko") -> None:
        self.lang = lang

    @cached_property
    def _release(self) -> Any:
        document = read(MINILAB / "lab.md")
        return build_notebook(document, self.lang, "student", Course(MINILAB))

    def notebook(self, **answers: str) -> Any:
        notebook = copy.deepcopy(self._release)
        for question, source in answers.items():
            self.solution(notebook, question).source = source
        return notebook

    def solution(self, notebook: Any, question: str) -> Any:
        return next(c for c in notebook.cells if c.id == f"{question}-solution")

    def tests(self, notebook: Any) -> Sequence[Any]:
        roles = ("visible", "probe")
        return [
            cell
            for cell in notebook.cells
            if cell.metadata.get("vislearn", {}).get("role") in roles
        ]
