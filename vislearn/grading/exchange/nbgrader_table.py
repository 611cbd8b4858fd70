"""`nbgrader export` without invented zeros: an exporter for nbgrader_config.py.

The columns are nbgrader's own. Where a student handed in nothing, or a score is still
missing, the cells are empty (nbgrader itself writes 0.0), and every cell is quoted.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from vislearn.grading.pages.report import harmless
from vislearn.grading.people.policy import tidy

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name"),
    *("email", "raw_score", "late_submission_penalty", "score", "max_score"),
)


class MarksTable(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Writes grades.csv, or the file that `--to` names."""

    def export(self, gradebook: Gradebook) -> None:
        target = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", target)
        wanted = {str(name) for name in self.assignment}
        students = {str(name) for name in self.student}
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                if wanted and assignment.name not in wanted:
                    continue
                for student in gradebook.students:
                    if not students or student.id in students:
                        row = _row(gradebook, assignment, student)
                        writer.writerow([harmless(text) for text in row])


def _row(book: Gradebook, assignment: Any, student: Any) -> list[str]:
    about = [assignment.name, assignment.duedate, "", student.id]
    about += [student.last_name, student.first_name, student.email]
    points: list[float | None] = [None, None, None]
    try:
        submission = book.find_submission(assignment.name, student.id)
    except MissingEntry:
        pass
    else:
        about[2] = submission.timestamp
        if not _is_open(submission):
            penalty = submission.late_submission_penalty
            points = [
                submission.score,
                penalty,
                tidy(max(0.0, submission.score - penalty)),
            ]
    values = [*about, *points, assignment.max_score]
    return ["" if value is None else str(value) for value in values]


def _is_open(submission: Any) -> bool:
    """Whether a cell has no score yet."""
    return any(
        grade.auto_score is None and grade.manual_score is None
        for notebook in submission.notebooks
        for grade in notebook.grades
    )
