"""Reading back a sheet of marks, as filled in by a person: xlsx or CSV.

Everything that is wrong is reported at once, each problem with its cell. No formula is
ever computed or believed; a blank cell means "not marked yet".
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from vislearn.grading.lab import Lab
from vislearn.grading.people.rubric import (
    RESERVED,
    Manual,
    ManualRow,
    RubricItem,
)
from vislearn.grading.people.rubric_sheet import HIDDEN
from vislearn.grading.people.tables import MAX_BYTES, read_table, refuse
from vislearn.grading.people.times import UTC, iso

MAX_UNPACKED = 64 << 20
MAX_ROWS = 20_000
MAX_COLUMNS = 500
MAX_COMMENT = 10_000  # characters
_KEY = re.compile(r"\[([^\[\]]+)\]\s*$")
_ENDS = ("xlsx", "csv", "tsv", "txt")


@dataclass(frozen=True)
class _Cell:
    """A filled cell: its name, and its value or what kind of thing stands there."""

    name: str
    value: object
    problem: str = ""

    @property
    def text(self) -> str:
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return unicodedata.normalize("NFC", str(self.value)).strip()


@dataclass(frozen=True)
class _Sheet:
    """A sheet of either format: heads by column number, rows of filled cells."""

    heads: Mapping[int, _Cell]
    rows: Sequence[Mapping[int, _Cell]]
    lab: str = ""
    shas: Mapping[str, str] = field(default_factory=dict)


def read_sheet(
    path: Path,
    lab: Lab,
    *,
    students: Collection[str] = (),
    marker: str = "",
    at: str = "",
    blanks: bool = False,
) -> Manual:
    """The marks in a sheet.

    Args:
        students: who may be in it; empty: whoever the sheet was written for.
        marker: who marked, by default the file's name.
        at: when, ISO 8601, by default now.
        blanks: also return cells without anything in them, as rows without points.

    Raises:
        OSError: if it cannot be read.
        ValueError: with one line per problem, each naming the cell.
    """
    if not lab.rubric:
        raise ValueError(f"lab {lab.id} has no rubric in its lab.yml")
    end = path.suffix.lower().lstrip(".")
    if end not in _ENDS:
        raise ValueError(f"{path.name}: expected a file of {', '.join(_ENDS)}")
    sheet = _read_book(path) if end == "xlsx" else _read_csv(path)
    reader = _Reader(lab, sheet, students, blanks)
    reader.read(marker or path.name, at or iso(datetime.now(UTC)))
    refuse([f"{path.name}: {problem}" for problem in reader.problems])
    return Manual(path.name, tuple(reader.rows), reader.places)


class _Reader:
    """Checks a sheet cell by cell and collects rows, places and problems."""

    def __init__(
        self, lab: Lab, sheet: _Sheet, students: Collection[str], blanks: bool
    ) -> None:
        self.sheet, self.blanks = sheet, blanks
        self.known = set(students) or set(sheet.shas)
        self.items = {item.id: item for item in lab.rubric}
        self.problems: list[str] = []
        self.rows: list[ManualRow] = []
        self.places: dict[tuple[str, str], str] = {}
        if sheet.lab and sheet.lab != lab.id:
            self.problems.append(f"exported for lab {sheet.lab!r}, not {lab.id!r}")

    def read(self, marker: str, at: str) -> None:
        columns = self._columns()
        if "student" not in columns:
            self.problems.append("no column [student]")
            return
        if not any(item in columns for item in self.items):
            wanted = ", ".join(f"[{item}]" for item in self.items)
            self.problems.append(f"no column for points, expected {wanted}")
        seen: dict[str, str] = {}
        for row in self.sheet.rows:
            cells = {key: row[n] for key, n in columns.items() if n in row}
            given = [key for key in cells if key.partition(".")[0] in self.items]
            student = self._student(cells.get("student"), cells, given)
            if not student:
                continue
            if given and student in seen:
                self.problems.append(
                    f"{cells['student'].name}: {student!r} is already in "
                    f"{seen[student]}"
                )
                continue
            if given:
                seen[student] = cells["student"].name
            for item in self.items.values():
                if {item.id, f"{item.id}.comment"} & set(columns):
                    self._mark(student, item, cells, marker, at)

    def _columns(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, cell in self.sheet.heads.items():
            key = _KEY.search(cell.text)
            name = key[1].strip() if key else cell.text
            item = name.removesuffix(".comment")
            if item not in self.items and (item != name or name not in RESERVED):
                if key:
                    self.problems.append(
                        f"{cell.name}: {name!r} is no item of this lab's rubric "
                        f"({', '.join(self.items)})"
                    )
                elif near := difflib.get_close_matches(name, self.items, 1, 0.75):
                    self.problems.append(f"{cell.name}: {name!r}, is it {near[0]!r}?")
                continue  # a column of the marker's own
            if name in found:
                self.problems.append(f"{cell.name}: a second column [{name}]")
            found[name] = number
        return found

    def _student(
        self, cell: _Cell | None, cells: Mapping[str, _Cell], given: Sequence[str]
    ) -> str:
        """The student of a row, or nothing if it holds no marks or is wrong."""
        if cell is None:
            if given:
                self.problems.append(f"{cells[given[0]].name}: a mark without student")
            return ""
        text = cell.text
        if cell.problem and given:
            self.problems.append(f"{cell.name}: {cell.problem}")
            return ""
        if not self.known or text in self.known:
            return text
        # Spreadsheets turn 007 into 7.
        same = [name for name in self.known if name.lstrip("0") == text.lstrip("0")]
        if len(same) == 1 and text.isdecimal():
            return same[0]
        if given:
            self.problems.append(f"{cell.name}: {text!r} is no student of this class")
        return ""

    def _mark(
        self,
        student: str,
        item: RubricItem,
        cells: Mapping[str, _Cell],
        marker: str,
        at: str,
    ) -> None:
        cell, remark = cells.get(item.id), cells.get(f"{item.id}.comment")
        points = self._points(cell, item) if cell else None
        comment = self._comment(remark) if remark else ""
        if points is None and not comment and not self.blanks:
            return
        sha = self.sheet.shas.get(student, "")
        self.rows.append(ManualRow(student, item.id, points, comment, marker, at, sha))
        if place := cell or remark:
            self.places[student, item.id] = place.name

    def _points(self, cell: _Cell, item: RubricItem) -> float | None:
        """Points as a number or as text, or the name of a level."""
        for level in item.levels:
            if cell.text in level.label.values():
                return level.points
        wrong = cell.problem or None
        number = _number(cell.value)
        if wrong is None and number is None:
            wrong = f"{cell.text[:40]!r} is no number"
        elif wrong is None and number is not None:
            wrong = _outside(number, item)
        if wrong:
            self.problems.append(f"{cell.name}: {wrong}")
        return None if wrong else number

    def _comment(self, cell: _Cell) -> str:
        if cell.problem:
            self.problems.append(f"{cell.name}: {cell.problem}")
            return ""
        if len(cell.text) > MAX_COMMENT:
            self.problems.append(
                f"{cell.name}: {len(cell.text)} characters, at most {MAX_COMMENT}"
            )
            return ""
        lines = re.split(r"\r\n|\r|\n", cell.text)
        kept = ("".join(c if c.isprintable() else " " for c in x) for x in lines)
        return "\n".join(line.rstrip() for line in kept).strip()


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text):
            return None
        value = float(text)
    if isinstance(value, (int, float)) and math.isfinite(value):
        return round(float(value), 6) + 0.0
    return None


def _outside(points: float, item: RubricItem) -> str:
    """What is wrong with points for an item, or nothing."""
    if points < 0:
        return f"{points:g} is below 0"
    if points > item.points:
        return f'{points:g} is above the {item.points:g} points of "{item.id}"'
    allowed = [level.points for level in item.levels]
    if allowed and points not in allowed:
        names = ", ".join(f"{value:g}" for value in allowed)
        return f'{points:g} is none of the levels of "{item.id}" ({names})'
    return ""


def _read_book(path: Path) -> _Sheet:
    from openpyxl import load_workbook

    _check_size(path)
    try:
        book = load_workbook(path, data_only=False, keep_links=False)
        marks = next(s for s in book.worksheets if s.title != HIDDEN)
    except OSError:
        raise
    except Exception as error:  # whatever a damaged file does to the parser
        raise ValueError(
            f"{path.name}: no workbook that can be read ({type(error).__name__})"
        ) from None
    rows: list[dict[int, _Cell]] = []
    if marks.max_row > MAX_ROWS or marks.max_column > MAX_COLUMNS:
        raise ValueError(
            f"{path.name}: {marks.max_row} rows and {marks.max_column} columns, "
            f"expected at most {MAX_ROWS} and {MAX_COLUMNS}"
        )
    for row in marks.iter_rows():
        rows.append({n: _of_book(c) for n, c in enumerate(row) if _is_filled(c.value)})
    lab, shas = "", {}
    if HIDDEN in book.sheetnames:
        hidden = book[HIDDEN]
        lab = str(hidden["A2"].value or "")
        for name, sha in hidden.iter_rows(min_col=2, max_col=3, values_only=True):
            if name is not None:
                shas[unicodedata.normalize("NFC", str(name))] = str(sha or "")
    return _Sheet(rows[0] if rows else {}, rows[1:], lab, shas)


def _check_size(path: Path) -> None:
    """A workbook is a zip file, and a zip file may unpack to anything."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError):
        raise ValueError(f"{path.name}: no xlsx workbook") from None
    if path.stat().st_size > MAX_BYTES or size > MAX_UNPACKED:
        raise ValueError(f"{path.name}: too large ({size} bytes unpacked)")


def _is_filled(value: object) -> bool:
    return value is not None and str(value).strip() != ""


def _of_book(cell: object) -> _Cell:
    """A cell of openpyxl's; formulas, errors and dates are kept as problems."""
    name = getattr(cell, "coordinate", "?")
    value, kind = getattr(cell, "value", None), getattr(cell, "data_type", "")
    if kind == "f":
        return _Cell(name, "", "a formula, expected what it should show")
    if kind == "e":
        return _Cell(name, value, f"the error {value}")
    if kind == "d":
        return _Cell(name, value, f"{value} is a date or a time, expected points")
    if kind == "b":
        return _Cell(name, value, f"{value} is no number")
    return _Cell(name, value)


def _read_csv(path: Path) -> _Sheet:
    """The same from CSV; cells are named as a spreadsheet would name them."""
    from openpyxl.utils import get_column_letter

    table = read_table(path)
    letters = {n: get_column_letter(n + 1) for n in range(len(table.columns))}
    heads = {
        n: _Cell(f"{letters[n]}1", head) for n, head in enumerate(table.columns) if head
    }
    rows = [
        {
            n: _Cell(f"{letters[n]}{row.number}", row.get(head))
            for n, head in enumerate(table.columns)
            if row.get(head)
        }
        for row in table.rows
    ]
    return _Sheet(heads, rows)
