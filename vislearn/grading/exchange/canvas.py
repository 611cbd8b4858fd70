"""Marks into a gradebook that Canvas exported, to be imported there again.

Columns and the row "Points Possible" are those of the Gradebook's CSV export; an
assignment's column is headed "Name (number)".
"""

from __future__ import annotations

import re
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

IDENTITY = {
    "Student": "",
    "ID": "id",
    "SIS User ID": "id",
    "SIS Login ID": "login",
    "Integration ID": "id",
    "Root Account": "",
    "Section": "",
}
_POSSIBLE = "points possible"
_ASSIGNMENT = re.compile(r"(?P<name>.*\S)\s*\((?P<id>\d+)\)")


def fill_canvas(
    export: Path,
    assignment: str,
    marks: Sequence[Mark],
    out: Path,
    *,
    rescale: bool = False,
    bom: bool = True,
) -> Filled:
    """Fill one assignment's column of a Canvas gradebook.

    Args:
        assignment: its name, its number in Canvas, or the column's whole head,
            "Name (number)".
        rescale: convert where the assignment is worth other points than the lab.
        bom: begin with a byte-order mark, without which Excel garbles Korean names.

    Raises:
        ValueError: if the export has no such column or several, if Canvas computes it
            itself, or if it is worth other points and `rescale` is not set.
    """
    sheet = read_sheet(export)
    by = _identity(sheet)
    column = _column(sheet, assignment)
    possible = _possible(sheet)
    text = sheet.rows[possible][column] if possible else ""
    if "read only" in text.casefold():
        raise ValueError(
            f"{export.name}: column {sheet.head[column]!r} is computed by Canvas"
        )
    scale = scale_of(export.name, sheet.head[column], value(text), marks, rescale)
    rows = [
        place
        for place in range(1, len(sheet.rows))
        if place != possible and any(sheet.rows[place][i].strip() for i in by)
    ]
    filled = fill(sheet, Target(column, rows, by, {}, scale), marks, out)
    known = sorted(place for name in IDENTITY if (place := sheet.column(name)) >= 0)
    write_sheet(sheet, out, columns=[*known, column], plain={*by, column}, bom=bom)
    return filled


def _identity(sheet: Sheet) -> dict[int, str]:
    """By which columns students are known.

    Raises:
        ValueError: if there is none, or no column of names.
    """
    by = {
        place: kind
        for name, kind in IDENTITY.items()
        if (place := sheet.column(name)) >= 0 and kind
    }
    if sheet.column("Student") < 0 or not by:
        raise ValueError(
            f"{sheet.name}: no columns Student and ID, SIS User ID or SIS Login ID; "
            f"expected a gradebook exported by Canvas (found {_some(sheet.head)})"
        )
    return by


def _possible(sheet: Sheet) -> int:
    """The row "Points Possible", or 0: rows above it hold remarks of Canvas."""
    student = sheet.column("Student")
    for place in range(1, min(4, len(sheet.rows))):
        if fold(sheet.rows[place][student]).startswith(_POSSIBLE):
            return place
    return 0


def _column(sheet: Sheet, assignment: str) -> int:
    """The column of an assignment.

    Raises:
        ValueError: if there is none, or more than one.
    """
    wanted = fold(assignment)
    found = []
    for place, head in enumerate(sheet.head):
        match = _ASSIGNMENT.fullmatch(head.strip())
        if match and wanted in (fold(head), fold(match["name"]), match["id"]):
            found.append(place)
    if not found:
        heads = [head for head in sheet.head if _ASSIGNMENT.fullmatch(head.strip())]
        raise ValueError(
            f"{sheet.name}: no column of an assignment {assignment!r} "
            f"(found {_some(heads) or 'none'})"
        )
    if len(found) > 1:
        heads = [sheet.head[place] for place in found]
        raise ValueError(
            f"{sheet.name}: {assignment!r} fits {len(found)} columns, "
            f"{_some(heads)}; name one of them with its number"
        )
    return found[0]


def _some(heads: Sequence[str]) -> str:
    shown = ", ".join(repr(head[:60]) for head in heads[:8])
    return f"{shown}, …" if len(heads) > 8 else shown
