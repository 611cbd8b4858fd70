"""A table exported by a learning platform, with one column to be filled with marks.

Delimiter, rows and their order stay. Of the columns those are kept that the platform
needs to know its students again: to import the others would undo what was changed
there since the export. A row for which we have no mark keeps what stands there, and is
named.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vislearn.grading.pages.render import harmless, write_whole
from vislearn.grading.people.policy import Mark, tidy
from vislearn.grading.people.tables import MAX_BYTES, decode


@dataclass(frozen=True)
class Filled:
    """What was filled in, and what was not.

    Attributes:
        file: the table that was written.
        column: the column that was filled.
        marked: students whose mark was written.
        ungraded: students in the table who have no mark; their cells are as before.
        not_in_export: students with a mark who are not in the table.
        without_mark: rows of the table that fit no student of ours, as shown there.
        problems: (student or row, why) where more than one fits, or the platform says
            that the mark cannot be changed.
    """

    file: Path
    column: str
    marked: tuple[str, ...]
    ungraded: tuple[str, ...]
    not_in_export: tuple[str, ...]
    without_mark: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]


@dataclass
class Sheet:
    """Rows of text as they stand in a file; the first one is the head."""

    name: str
    delimiter: str
    rows: list[list[str]]

    @property
    def head(self) -> list[str]:
        return self.rows[0]

    def column(self, *names: str) -> int:
        """The place of the first of these names that heads a column, or -1."""
        heads = [fold(head) for head in self.head]
        for name in names:
            if heads.count(fold(name)) == 1:
                return heads.index(fold(name))
        return -1


def fold(text: str) -> str:
    """Text as it is compared: NFC, no margins, no case."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def read_sheet(file: Path) -> Sheet:
    """Read an exported table.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is too large, no text, empty, or not CSV.
    """
    if (size := file.stat().st_size) > MAX_BYTES:
        raise ValueError(f"{file.name}: {size} bytes, expected {MAX_BYTES} at most")
    text = decode(file.read_bytes(), file.name)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"{file.name}: not a table: {error}") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError(f"{file.name}: empty, expected a row with column names")
    width = len(rows[0])
    for number, row in enumerate(rows[1:], 2):
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            raise ValueError(
                f"{file.name}: row {number} has {len(row)} cells, expected {width}"
            )
    padded = [(row + [""] * width)[:width] for row in rows]
    return Sheet(file.name, delimiter, padded)


def number(points: float, sheet: Sheet) -> str:
    """Points as the table writes numbers (where `;` separates, `,` is the point)."""
    text = f"{tidy(points):.6f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if sheet.delimiter == ";" else text


def value(cell: str) -> float | None:
    """A number of the table, or None if it is none."""
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return None


def write_sheet(
    sheet: Sheet,
    out: Path,
    *,
    columns: Sequence[int],
    plain: Iterable[int],
    bom: bool,
) -> None:
    """Write some columns of a table, every cell quoted and disarmed.

    Args:
        columns: those that are written.
        plain: columns of identifiers and numbers; there only what could be more than
            an identifier is disarmed, because the platform has to find it again.
    """
    ids = set(plain)
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=sheet.delimiter,
        quoting=csv.QUOTE_ALL,
        lineterminator="\r\n",
    )
    for row in sheet.rows:
        cells = ((row[place], place in ids) for place in columns)
        writer.writerow(
            cell if cell == "-" or (is_id and _is_identifier(cell)) else harmless(cell)
            for cell, is_id in cells
        )
    write_whole(out, text.getvalue(), "utf-8-sig" if bom else "utf-8")


def _is_identifier(cell: str) -> bool:
    """Letters, digits and `.@+-_,` only: no call, no reference to other cells."""
    return bool(cell) and all(c.isalnum() or c in ".@+-_," for c in cell)


@dataclass(frozen=True)
class Target:
    """Where marks go: a column, the rows of students, and how students are known.

    Attributes:
        by: columns that identify a student, and with what: "id", "email" or "login"
            (an id, an email, or an email's first part).
        locked: rows whose mark may not be changed, and why.
        scale: by what points are multiplied.
    """

    column: int
    rows: Sequence[int]
    by: Mapping[int, str]
    locked: Mapping[int, str]
    scale: float


def fill(sheet: Sheet, to: Target, marks: Sequence[Mark], out: Path) -> Filled:
    """Write marks into a column of the sheet; `out` is where it will be kept."""
    found, problems = _match(sheet, to, marks)
    named = {name for name, _ in problems}
    marked, ungraded, without = [], [], []
    for place in to.rows:
        row, mark = sheet.rows[place], found.get(place)
        if mark is None:
            without += [shown(row)] if shown(row) not in named else []
        elif mark.points is None:
            ungraded.append(mark.student)
        elif place in to.locked:
            problems.append((mark.student, to.locked[place]))
        else:
            row[to.column] = number(mark.points * to.scale, sheet)
            marked.append(mark.student)
    seen = {mark.student for mark in found.values()} | named
    return Filled(
        file=out,
        column=sheet.head[to.column],
        marked=tuple(marked),
        ungraded=tuple(ungraded),
        not_in_export=tuple(m.student for m in marks if m.student not in seen),
        without_mark=tuple(without),
        problems=tuple(problems),
    )


def _match(
    sheet: Sheet, to: Target, marks: Sequence[Mark]
) -> tuple[dict[int, Mark], list[tuple[str, str]]]:
    """Which row is whose, and what fits more than once (then nobody gets it)."""
    keys = {kind: _index(marks, kind) for kind in set(to.by.values())}
    found: dict[int, Mark] = {}
    problems = []
    for place in to.rows:
        row = sheet.rows[place]
        fits = {
            mark.student: mark
            for column, kind in to.by.items()
            for mark in keys[kind].get(fold(row[column]), [])
        }
        if len(fits) == 1:
            found[place] = next(iter(fits.values()))
        elif fits:
            problems.append((shown(row), f"fits {', '.join(sorted(fits))}"))
    for student in sorted({mark.student for mark in found.values()}):
        own = [place for place, mark in found.items() if mark.student == student]
        if len(own) > 1:
            rows = ", ".join(str(place + 1) for place in own)
            problems.append((student, f"stands in the export more than once: {rows}"))
            problems += [(shown(sheet.rows[place]), f"see {student}") for place in own]
            found = {place: mark for place, mark in found.items() if place not in own}
    return found, problems


def _index(marks: Sequence[Mark], kind: str) -> dict[str, list[Mark]]:
    """Marks by what may identify a student; the empty text identifies nobody."""
    index: dict[str, list[Mark]] = {}
    for mark in marks:
        names = {mark.email} if kind == "email" else {mark.student}
        if kind == "login":
            names |= {mark.email, mark.email.partition("@")[0]}
        for name in {fold(name) for name in names} - {""}:
            index.setdefault(name, []).append(mark)
    return index


def shown(row: Sequence[str]) -> str:
    """A row by its first cell with text."""
    return next((cell.strip() for cell in row if cell.strip()), "")


def scale_of(
    name: str, column: str, possible: float | None, marks: Sequence[Mark], rescale: bool
) -> float:
    """By what to multiply, where the platform counts other points than the lab.

    Raises:
        ValueError: if they differ and it was not asked for.
    """
    ours = max((mark.max_points for mark in marks), default=0.0)
    if possible is None or not ours or possible == ours:
        return 1.0
    if not rescale:
        raise ValueError(
            f"{name}: column {column!r} is worth {possible:g} points there and "
            f"{ours:g} here; change it there, or convert the marks with --rescale"
        )
    return possible / ours
