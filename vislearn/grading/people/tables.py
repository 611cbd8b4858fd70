"""Tables that people keep: CSV as Excel and learning platforms write it."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class Row:
    """One row; values are NFC and without margins.

    `line` is where it ends in the file, `number` what a spreadsheet calls it.
    """

    line: int
    number: int
    values: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True)
class Table:
    """A table whose first row names the columns."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(file: Path) -> Table:
    """Read a CSV file: UTF-8 with or without BOM, UTF-16 with BOM, or cp949.

    Columns may be separated by commas, semicolons or tabs. Empty rows are left out.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no text, has no header, or two columns of one name.
    """
    if (size := file.stat().st_size) > MAX_BYTES:
        raise ValueError(f"{file.name}: {size} bytes, expected {MAX_BYTES} at most")
    text = decode(file.read_bytes(), file.name)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    filled = []
    try:
        for number, values in enumerate(reader, 1):
            if any(row := [clean(value) for value in values]):
                filled.append((reader.line_num, number, row))
    except csv.Error as error:
        raise ValueError(f"{file.name}: line {reader.line_num}: {error}") from None
    if not filled:
        raise ValueError(f"{file.name}: empty, expected a row with column names")
    columns = filled[0][2]
    for name in sorted({name for name in columns if name and columns.count(name) > 1}):
        raise ValueError(f"{file.name}: two columns are called {name!r}")
    rows = (
        Row(line, number, dict(zip(columns, row, strict=False)))
        for line, number, row in filled[1:]
    )
    return Table(file.name, tuple(columns), tuple(rows))


def decode(raw: bytes, name: str) -> str:
    """The text of a file in one of the encodings that spreadsheets write."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        codecs: tuple[str, ...] = ("utf-16",)
    else:
        codecs = ("utf-8-sig", "cp949")
    for codec in codecs:
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{name}: neither UTF-8 nor cp949 text, save it as CSV (UTF-8)")


def clean(value: str) -> str:
    """NFC, without margins, as one line that is safe in reports and terminals."""
    text = unicodedata.normalize("NFC", value.encode("utf-8", "replace").decode())
    kept = (c if c.isprintable() else " " for c in text)
    return "".join(kept).strip()


def column(table: Table, names: Iterable[str]) -> str:
    """The first of `names` that heads a column, whatever its case and separators."""
    heads = {plain(head): head for head in reversed(table.columns)}
    return next((heads[plain(name)] for name in names if plain(name) in heads), "")


def plain(head: str) -> str:
    """A column's name without case, spaces, - and _."""
    return "".join(c for c in head.casefold() if c not in " -_")


def refuse(problems: Sequence[str]) -> None:
    """Raise all problems at once, one a line, if there are any."""
    if problems:
        raise ValueError("\n".join(problems))
