"""Marks into nbgrader's gradebook and back.

What a person typed in nbgrader is never changed by us; where it differs from our
marks, the student is named. A student without a mark gets no number at all: nbgrader
then holds an empty score that waits for a person (`needs_manual_grade`), and what its
own table would print for that, 0.0, is what `nbgrader_table` is for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vislearn.grading.exchange.nbgrader_api import open_book
from vislearn.grading.exchange.nbgrader_release import task_id
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason
from vislearn.grading.pages.report import feedback_lines
from vislearn.grading.people.policy import Mark, tidy
from vislearn.grading.people.rubric import ManualRow, items_of

MARKER = "nbgrader"


@dataclass(frozen=True)
class Written:
    """What became of each student's mark in the gradebook.

    `added` were not in the gradebook before; `overridden` are (student, cell) where a
    person's number in nbgrader counts and ours does not.
    """

    added: tuple[str, ...]
    marked: tuple[str, ...]
    ungraded: tuple[str, ...]
    absent: tuple[str, ...]
    overridden: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Override:
    """A number that a person typed for a question that we had graded."""

    student: str
    question: str
    auto: float | None
    given: float


@dataclass(frozen=True)
class BookMarks:
    """What a gradebook says about a lab.

    `rows` are the marks for items of the rubric; `overrides` cannot be merged with a
    rubric and are for a person to look at; `scores` are nbgrader's, by student and
    cell, and `penalties` by student.
    """

    rows: tuple[ManualRow, ...]
    overrides: tuple[Override, ...]
    scores: Mapping[str, Mapping[str, float | None]]
    penalties: Mapping[str, float]


def write_gradebook(
    lab: Lab, marks: Sequence[Mark], file: Path, *, manual: Iterable[ManualRow] = ()
) -> Written:
    """Write marks into nbgrader's gradebook.db.

    Args:
        manual: what people gave for the rubric elsewhere; with it a lab with a rubric
            is complete in nbgrader, without it the items wait for a person there.

    Raises:
        ValueError: if nbgrader is not installed, there is no gradebook, or the lab is
            not registered in it with the same cells.
    """
    rows: dict[str, dict[str, ManualRow]] = {}
    for row in manual:
        rows.setdefault(row.student, {})[row.item] = row
    overridden: list[tuple[str, str]] = []
    with open_book(file) as book:
        _check_cells(book, lab, file)
        ids = [student.id for student in book.students]
        known = {_form(name): name for name in ids} | {name: name for name in ids}
        for mark in marks:
            theirs = replace(mark, student=known.get(mark.student, mark.student))
            _enter_student(book, theirs)
            if mark.record is None:
                continue
            lost = _enter_answers(book, lab, theirs)
            lost += _enter_rubric(book, lab, theirs, rows.get(mark.student, {}))
            overridden += [(mark.student, cell) for cell in lost]
        book.db.commit()
    handed_in = [mark for mark in marks if mark.record is not None]
    return Written(
        added=tuple(m.student for m in marks if m.student not in known),
        marked=tuple(m.student for m in handed_in if m.auto is not None),
        ungraded=tuple(m.student for m in handed_in if m.auto is None),
        absent=tuple(m.student for m in marks if m.record is None),
        overridden=tuple(overridden),
    )


def _form(student: str) -> str:
    """An id as our marks have it: a Mac writes folders' names in another form."""
    return unicodedata.normalize("NFC", student)


def _check_cells(book: Any, lab: Lab, file: Path) -> None:
    from nbgrader.api import MissingEntry

    try:
        notebook = book.find_notebook(lab.id, lab.id)
    except MissingEntry:
        raise ValueError(
            f"{file}: the assignment {lab.id} is not in it; make the course folder "
            f"with `vislearn release {lab.id} --nbgrader`"
        ) from None
    known = {cell.name: cell.max_score for cell in notebook.grade_cells}
    known |= {cell.name: cell.max_score for cell in notebook.task_cells}
    wanted = {_cell(lab, name): q.points for name, q in lab.questions.items()}
    wanted |= {task_id(item): item.points for item in items_of(lab)}
    for cell in sorted(set(known) | set(wanted)):
        if known.get(cell) != wanted.get(cell):
            raise ValueError(
                f"{file}: cell {cell!r} is worth {known.get(cell)} there and "
                f"{wanted.get(cell)} in the lab; release the lab again"
            )


def _cell(lab: Lab, question: str) -> str:
    return lab.questions[question].cell_ids[0]


def _enter_student(book: Any, mark: Mark) -> None:
    """Add a student; what nbgrader already knows about the person stays.

    A name is not cut up: Korean names of three and four letters can be cut in two
    ways. It is written whole as the last name unless it has a comma.
    """
    from nbgrader.api import MissingEntry

    last, _, first = mark.name.partition(",")
    try:
        student = book.find_student(mark.student)
    except MissingEntry:
        student = book.add_student(mark.student)
    if mark.name and not (student.last_name or student.first_name):
        student.last_name, student.first_name = last.strip(), first.strip()
    if mark.email and not student.email:
        student.email = mark.email


def _enter_answers(book: Any, lab: Lab, mark: Mark) -> list[str]:
    """Write scores and comments of the questions; the cells that a person overrode."""
    assert mark.record is not None
    record, lost = mark.record, []
    time = {"timestamp": mark.handed_in} if mark.handed_in else {}
    book.update_or_create_submission(lab.id, mark.student, **time)
    for name in lab.questions:
        cell = _cell(lab, name)
        place = (cell, lab.id, lab.id, mark.student)
        grade, comment = book.find_grade(*place), book.find_comment(*place)
        result = record.results.get(name)
        if mark.auto is None:
            # A mark from before stays; a blank one waits for a person.
            grade.needs_manual_grade = True
            comment.auto_comment = reason("ungraded", record.lang)
            continue
        grade.auto_score = result.points if result else 0.0
        grade.needs_manual_grade = False
        comment.auto_comment = (
            "\n".join(feedback_lines(lab, result, record.lang))
            if result
            else reason(record.reason or "no_value", record.lang)
        )
        if grade.manual_score is not None or grade.extra_credit:
            lost += [cell] if _given(grade) != grade.auto_score else []
    notebook = book.find_submission_notebook(lab.id, lab.id, mark.student)
    if mark.auto is not None:
        notebook.late_submission_penalty = mark.penalty or None
    return lost


def _enter_rubric(
    book: Any, lab: Lab, mark: Mark, rows: Mapping[str, ManualRow]
) -> list[str]:
    """Fill the items that nobody has marked in nbgrader."""
    lost = []
    for item in items_of(lab):
        place = (task_id(item), lab.id, lab.id, mark.student)
        grade, comment = book.find_grade(*place), book.find_comment(*place)
        row = rows.get(item.id)
        if row and row.points is not None:
            if grade.manual_score is None:
                grade.manual_score = row.points
            elif _given(grade) != row.points:
                lost.append(task_id(item))
        if row and row.comment and not comment.manual_comment:
            comment.manual_comment = row.comment
        grade.needs_manual_grade = grade.manual_score is None
    return lost


def _given(grade: Any) -> float:
    """What a person gave, with the extra credit."""
    base = grade.auto_score if grade.manual_score is None else grade.manual_score
    return tidy((base or 0.0) + (grade.extra_credit or 0.0))


def read_gradebook(lab: Lab, file: Path) -> BookMarks:
    """Read what people gave in nbgrader (formgrader), and the scores as they stand.

    Raises:
        ValueError: as `write_gradebook`.
    """
    items = {task_id(item): item.id for item in items_of(lab)}
    questions = {_cell(lab, name): name for name in lab.questions}
    rows, overrides = [], []
    scores: dict[str, dict[str, float | None]] = {}
    penalties = {}
    with open_book(file) as book:
        _check_cells(book, lab, file)
        for submission in book.assignment_submissions(lab.id):
            theirs = submission.student.id
            student = _form(theirs)
            penalties[student] = float(submission.late_submission_penalty or 0.0)
            for grade in submission.notebooks[0].grades:
                scores.setdefault(student, {})[grade.name] = _score(grade)
                by_person = grade.manual_score is not None or bool(grade.extra_credit)
                if grade.name in items:
                    comment = book.find_comment(grade.name, lab.id, lab.id, theirs)
                    row = _row(student, items[grade.name], grade, comment)
                    rows += [row] if row.points is not None or row.comment else []
                elif grade.name in questions and by_person:
                    name, auto = questions[grade.name], grade.auto_score
                    overrides.append(Override(student, name, auto, _given(grade)))
    return BookMarks(
        tuple(sorted(rows, key=lambda row: (row.student, row.item))),
        tuple(sorted(overrides, key=lambda found: (found.student, found.question))),
        scores,
        penalties,
    )


def _score(grade: Any) -> float | None:
    """nbgrader's score, where there is one: without any number it says 0."""
    if grade.auto_score is None and grade.manual_score is None:
        return None
    return _given(grade)


def _row(student: str, item: str, grade: Any, comment: Any) -> ManualRow:
    points = None if grade.manual_score is None else _given(grade)
    return ManualRow(student, item, points, comment.manual_comment or "", MARKER)
