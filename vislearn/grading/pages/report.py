"""What people get to see: a page per learner, a summary, tables of marks.

Pages hold no text that a submission chose except its file name, which is escaped, and
no value that was computed from hidden inputs. Cells of the tables that a spreadsheet
would take for a formula are disarmed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason
from vislearn.grading.pages.learner_page import Cases, feedback_lines, learner_page
from vislearn.grading.pages.render import (
    harmless,
    other_language,
    report_name,
    write_whole,
)
from vislearn.grading.pages.similarity import Similarity
from vislearn.grading.pages.similarity_page import FILE as SIMILARITY
from vislearn.grading.pages.similarity_page import write_similarity
from vislearn.grading.pages.summary import FILE as SUMMARY
from vislearn.grading.pages.summary import Batch, summary_page
from vislearn.grading.pages.words import texts
from vislearn.grading.people.policy import Mark
from vislearn.grading.people.rubric import ManualRow

__all__ = [
    "feedback_lines",
    "grades_csv",
    "harmless",
    "learner_page",
    "report_name",
    "submissions_csv",
    "write_reports",
]


def write_reports(
    lab: Lab,
    records: Sequence[Record],
    out: Path,
    walls: str,
    *,
    marks: Sequence[Mark] | None = None,
    similarity: Similarity | None = None,
    cases: Cases | None = None,
    manual: Sequence[ManualRow] | None = None,
    rubric_file: str = "",
    about: Mapping[str, Any] | None = None,
    hide_names: bool = False,
) -> None:
    """Write the tables, the summary and a page per file into `out`.

    Args:
        walls: how the kernels were walled off (`sandbox.WALLS`).
        marks: final marks; without them every file stands for itself.
        similarity: also writes similarity.html and links it.
        cases: the lines of counter-examples by misconception and language.
        manual: what a person gave and wrote, for labs with a rubric.
        rubric_file: the marking sheet's place, relative to `out`, for a link.
        about: what the journal notes about the batch, its limits above all.
        hide_names: numbers instead of names in the similarity report.
    """
    out.mkdir(parents=True, exist_ok=True)
    grades = grades_csv(lab, records, walls, marks)
    write_whole(out / "grades.csv", grades, "utf-8-sig")
    table = submissions_csv(lab, records, walls)
    write_whole(out / "submissions.csv", table, "utf-8-sig")
    if similarity is not None:
        write_similarity(lab, similarity, out, hide_names=hide_names)
    batch = Batch(
        records,
        walls,
        marks,
        about,
        _links(similarity, rubric_file),
        _notes(lab, marks),
    )
    for lang, file in (("ko", SUMMARY), other_language(SUMMARY, "ko")):
        write_whole(out / file, summary_page(lab, batch, lang))
    by_student = {mark.student: mark for mark in marks or ()}
    folder = out / "reports"
    folder.mkdir(exist_ok=True)
    for record in records:
        mark = by_student.get(record.student)
        page = learner_page(lab, record, walls, mark=mark, cases=cases, manual=manual)
        write_whole(folder / report_name(record), page)


def _links(
    similarity: Similarity | None, rubric_file: str
) -> list[tuple[str, Mapping[str, str]]]:
    """Other files of the folder, and what they are, in both languages."""
    said = texts()["pages"]
    links = [
        ("grades.csv", said["grades_file"]),
        ("submissions.csv", said["submissions_file"]),
    ]
    if similarity is not None:
        count = len(similarity.pairs)
        about = said["similarity_file"]
        named = {lang: text.format(count=count) for lang, text in about.items()}
        links.append((SIMILARITY, named))
    if rubric_file:
        links.append((rubric_file, said["rubric_link"]))
    return links


def _notes(lab: Lab, marks: Sequence[Mark] | None) -> list[Mapping[str, str]]:
    """That all manual marks are there, where a person marks and has finished."""
    handed_in = [mark for mark in marks or () if mark.record is not None]
    if not lab.rubric or not handed_in or any(m.manual is None for m in handed_in):
        return []
    return [texts()["pages"]["rubric_done"]]


def grades_csv(
    lab: Lab,
    records: Iterable[Record],
    walls: str,
    marks: Sequence[Mark] | None = None,
) -> str:
    """One row per student with the final mark; never zero for what has no mark.

    Without `marks` every file stands for a student, as in `submissions_csv`.
    """
    if marks is None:
        return submissions_csv(lab, records, walls)
    extra = ["name", "email", "auto", "manual", "penalty", "late_days", "attempts"]
    rows = []
    for mark in marks:
        record = mark.record
        row = _row(lab, record, walls)
        row |= {
            "student": mark.student,
            "name": mark.name,
            "email": mark.email,
            "points": _points(mark.points),
            "max_points": _points(mark.max_points),
            "auto": _points(mark.auto),
            "manual": _points(mark.manual),
            "penalty": _points(mark.penalty),
            "late_days": _points(round(mark.late_days, 4)),
            "attempts": str(mark.attempts),
            "handed_in": mark.handed_in,
        }
        notes = [reason(note, _lang(record)) for note in mark.notes]
        said = filter(None, [row["message"], *notes])
        row["message"] = " ".join(dict.fromkeys(said))  # a reason may be a note, too
        rows.append(row)
    return _table([*_columns(lab)[:5], *extra, *_columns(lab)[5:]], rows)


def submissions_csv(lab: Lab, records: Iterable[Record], walls: str) -> str:
    """One row per file; an ungraded one has empty points, never zero."""
    rows = [_row(lab, record, walls) for record in records]
    return _table(_columns(lab), rows)


def _columns(lab: Lab) -> list[str]:
    fixed = ["student", "file", "state", "points", "max_points"]
    return [*fixed, "handed_in", *lab.questions, "message", "sandbox"]


def _row(lab: Lab, record: Record | None, walls: str) -> dict[str, str]:
    row = dict.fromkeys(_columns(lab), "")
    row["max_points"] = _points(lab.points)
    row["sandbox"] = walls
    if record is None:
        return {**row, "state": "missing"}
    for name, result in record.results.items():
        if name in row and result.state == "graded":
            row[name] = _points(result.points)
    return {
        **row,
        "student": record.student,
        "file": record.key,
        "state": record.state,
        "points": _points(record.points),
        "handed_in": getattr(record, "handed_in", ""),
        "message": reason(record.reason, record.lang) if record.reason else "",
    }


def _lang(record: Record | None) -> str:
    return record.lang if record else "ko"


def _points(value: float | None) -> str:
    return "" if value is None else f"{round(value, 6):g}"


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(row[column]) for column in columns])
    return table.getvalue()
