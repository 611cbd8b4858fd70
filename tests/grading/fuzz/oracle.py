"""What has to hold of every file, whatever is in it."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from vislearn.grading.batch import question_notebook
from vislearn.grading.lab import LANGUAGES, Lab
from vislearn.grading.messages import REASONS
from vislearn.grading.submission import Submission, read_submission

SECONDS = 2.0  # of processor time, to read one file


@dataclass(frozen=True)
class Seen:
    """One file: what it was found to be, and how long that took."""

    state: str
    reason: str
    notes: tuple[str, ...]
    seconds: float


def examine(path: Path, lab: Lab, folder: Path) -> Seen:
    """Read a file twice and look at everything that comes of it.

    Raises:
        AssertionError: if something does not hold, with what.
    """
    start = time.process_time()
    found = read_submission(path, lab, folder)
    seconds = time.process_time() - start
    assert seconds < SECONDS, f"took {seconds:.2f} s"
    _well_formed(found, lab)
    assert read_submission(path, lab, folder) == found, "differs from time to time"
    if found.state == "readable":
        many = sum(len(cells) for cells in found.answers.values()) > 100
        for question in list(lab.questions)[-1:] if many else lab.questions:
            text = nbformat.writes(question_notebook(lab, found, question))
            text.encode("utf-8")
    return Seen(found.state, found.reason, found.notes, seconds)


def _well_formed(found: Submission, lab: Lab) -> None:
    readable = found.state == "readable"
    assert found.state in ("readable", "unreadable"), found.state
    assert found.reason in (("",) if readable else REASONS), found.reason
    assert set(found.notes) <= set(REASONS), found.notes
    assert found.lang in LANGUAGES, found.lang
    for name in (found.key, found.student):
        assert name, "a name is empty"
        assert name.isprintable(), ascii(name)
        assert len(name) <= 200, len(name)
    expected = set(lab.questions) if readable else set()
    assert set(found.answers) == expected, found.answers.keys()
    assert set(found.context) <= expected, found.context.keys()
    for text in _texts(found):
        assert isinstance(text, str), type(text)
        text.encode("utf-8")
    for text in found.context.values():
        ast.parse(text)  # one broken definition must not cost the others


def _texts(found: Submission) -> Iterable[str]:
    yield from (found.key, found.student, found.sha, found.reason, found.lang)
    yield from found.notes
    yield from found.context.values()
    for cells in found.answers.values():
        assert isinstance(cells, tuple), type(cells)
        assert cells, "a question without a cell"
        yield from cells
