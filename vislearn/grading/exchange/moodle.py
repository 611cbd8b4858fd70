"""Marks into a table of Moodle: an offline grading worksheet, or a gradebook export.

A worksheet (of one assignment) is known by its columns Identifier, Grade and Last
modified (grade), which Moodle needs to read it back; a gradebook export has a column
per assignment and is imported with "Map from" email address or ID number. Feedback
and online text are left out: Moodle takes over whatever stands there, and a disarmed
formula is no longer the text that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vislearn.grading.exchange.sheets import (
    Filled,
    Sheet,
    Target,
    fill,
    fold,
    read_sheet,
    scale_of,
    value,
    write_sheet,
)
from vislearn.grading.people.policy import Mark

WORKSHEET = ("Identifier", "Grade", "Last modified (grade)")
IDENTITY = {"ID number": "id", "Username": "login", "Email address": "email"}
KEPT = (
    *("Identifier", "Full name", "First name", "Last name", "Surname", "Status"),
    *("Maximum Grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)"),
)
_REAL = " (real)"  # how a gradebook export marks points, next to percentages


def fill_moodle(
    export: Path,
    marks: Sequence[Mark],
    out: Path,
    *,
    assignment: str = "",
    rescale: bool = False,
    bom: bool = False,
) -> Filled:
    """Fill the marks of one assignment into a table of Moodle.

    Args:
        assignment: for a gradebook export, the column's head or the assignment's name.
        rescale: convert where the assignment is worth other points than the lab (only
            a worksheet says what it is worth).
        bom: begin with a byte-order mark, for Excel; Moodle takes it either way.

    Raises:
        ValueError: if the columns are not those of Moodle's English tables, no or
            several columns fit, students cannot be identified, or the assignment is
            worth other points and `rescale` is not set.
    """
    sheet = read_sheet(export)
    by = _identity(sheet)
    worksheet = all(sheet.column(name) >= 0 for name in WORKSHEET)
    column = sheet.column("Grade") if worksheet else _column(sheet, assignment)
    possible = _maximum(sheet) if worksheet else None
    scale = scale_of(export.name, sheet.head[column], possible, marks, rescale)
    rows = range(1, len(sheet.rows))
    target = Target(column, rows, by, _locked(sheet), scale)
    filled = fill(sheet, target, marks, out)
    known = {place for name in KEPT if (place := sheet.column(name)) >= 0}
    columns = sorted({*known, *by, column})
    write_sheet(sheet, out, columns=columns, plain={*by, column}, bom=bom)
    return filled


def _identity(sheet: Sheet) -> dict[int, str]:
    """By which columns students are known.

    Raises:
        ValueError: if there is none.
    """
    by = {
        place: kind
        for name, kind in IDENTITY.items()
        if (place := sheet.column(name)) >= 0
    }
    if not by:
        raise ValueError(
            f"{sheet.name}: no column {' or '.join(map(repr, IDENTITY))} to know "
            "students by; export it with the language set to English and with emails"
        )
    return by


def _maximum(sheet: Sheet) -> float | None:
    """What a worksheet's assignment is worth.

    Raises:
        ValueError: if it is graded by a scale of words.
    """
    place = sheet.column("Maximum Grade")
    if place < 0:
        return None
    numbers = {value(row[place]) for row in sheet.rows[1:] if row[place].strip()}
    if None in numbers:
        raise ValueError(
            f"{sheet.name}: the assignment is graded by a scale, expected points"
        )
    return max((n for n in numbers if n is not None), default=None)


def _locked(sheet: Sheet) -> dict[int, str]:
    """Rows that Moodle would skip: the mark was fixed in its gradebook."""
    place = sheet.column("Grade can be changed")
    if place < 0:
        return {}
    return {
        number: "Moodle does not let the grade be changed"
        for number, row in enumerate(sheet.rows)
        if number and fold(row[place]) == "no"
    }


def _column(sheet: Sheet, assignment: str) -> int:
    """The column of an assignment in a gradebook export.

    Raises:
        ValueError: if none or several fit, or none was named.
    """
    wanted = fold(assignment)
    heads = {place: fold(head) for place, head in enumerate(sheet.head)}
    exact = [place for place, head in heads.items() if wanted and head == wanted]
    named = [
        place
        for place, head in heads.items()
        if wanted
        and head.removesuffix(_REAL) in (wanted, f"assignment: {wanted}")
        and not any(head.endswith(f"({kind})") for kind in ("percentage", "letter"))
    ]
    found = exact or named
    if len(found) == 1:
        return found[0]
    shown = ", ".join(repr(head[:60]) for head in sheet.head[:12])
    if not assignment:
        raise ValueError(
            f"{sheet.name}: not a grading worksheet; name the assignment of a "
            f"gradebook export (columns {shown})"
        )
    raise ValueError(
        f"{sheet.name}: {assignment!r} fits {len(found)} columns, expected one "
        f"(columns {shown})"
    )
