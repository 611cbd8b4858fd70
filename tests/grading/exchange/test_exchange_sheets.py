"""Tables of Canvas and Moodle, filled in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading.exchange.canvas import fill_canvas
from vislearn.grading.exchange.moodle import fill_moodle
from vislearn.grading.exchange.sheets import read_sheet
from vislearn.grading.lab import Lab
from vislearn.grading.people.policy import Mark

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (1001),Lab 2 (1002),Total
,,,,,Manual Posting,,
    Points Possible,,,,,10.00,5,(read only)
"김, 철수",11,2026-001,kim@example.com,분반 1,3.5,5,8.5
"이, 영희",12,2026-002,lee,분반 1,7,,7
"Lovelace, Ada",13,2026-003,ada@example.com,"A and B",,2,2
"Nobody, Known",14,2026-999,nobody,B,1,1,2
"Student, Test",15,,7f3a,B,,,
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 101,김철수,Kim@example.com,Submitted for grading,,10.00,Yes,\
"Monday, 2 November 2026, 9:30 AM",-,
Participant 102,이영희,lee@example.com,Submitted for grading,7.00,10.00,Yes,\
"Monday, 2 November 2026, 9:30 AM",-,Good
Participant 103,Ada Lovelace,ada@example.com,Submitted for grading,4.00,10.00,No,\
"Monday, 2 November 2026, 9:30 AM",-,
"""
BOOK = """\
First name,Last name,ID number,Email address,Assignment: Lab 1 (Real),\
Assignment: Lab 1 (Percentage),Assignment: Lab 2 (Real),Course total (Real)
철수,김,2026-001,kim@example.com,-,-,5.00,5.00
영희,이,2026-002,lee@example.com,7.00,70.00 %,-,7.00
"""


@pytest.fixture
def marks(
    minilab: Lab, record_of: Callable[..., Any], mark_of: Callable[..., Mark]
) -> list[Mark]:
    lost = record_of(minilab, "2026-001", {"q1": ("large",)})
    waits = record_of(minilab, "2026-002", state="ungraded")
    full = record_of(minilab, "2026-003")
    gone = record_of(minilab, "2026-004")
    return [
        mark_of(minilab, "2026-001", lost, email="kim@example.com", penalty=0.25),
        mark_of(minilab, "2026-002", waits, email="lee@example.com"),
        mark_of(minilab, "2026-003", full, email="ada@example.com"),
        mark_of(minilab, "2026-004", gone, email="gone@example.com"),
    ]


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, encoding: str = "utf-8") -> Path:
        file = tmp_path / "export.csv"
        file.write_text(text, encoding=encoding, newline="")
        return file

    return write


def rows(file: Path, delimiter: str = ",") -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines, delimiter=delimiter))


def test_canvas_gets_its_columns_and_rows_back_with_our_marks(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    filled = fill_canvas(export(CANVAS), "Lab 1", marks, tmp_path / "out.csv")
    assert rows(filled.file) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1 (1001)"],
        ["", "", "", "", "", "Manual Posting"],
        ["    Points Possible", "", "", "", "", "10.00"],
        ["김, 철수", "11", "2026-001", "kim@example.com", "분반 1", "8.75"],
        ["이, 영희", "12", "2026-002", "lee", "분반 1", "7"],
        ["Lovelace, Ada", "13", "2026-003", "ada@example.com", "A and B", "10"],
        ["Nobody, Known", "14", "2026-999", "nobody", "B", "1"],
        ["Student, Test", "15", "", "7f3a", "B", ""],
    ]


def test_who_is_not_filled_in_is_named(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    filled = fill_canvas(export(CANVAS), "Lab 1", marks, tmp_path / "out.csv")
    assert filled.marked == ("2026-001", "2026-003")
    assert filled.ungraded == ("2026-002",)  # keeps its 7
    assert filled.not_in_export == ("2026-004",)
    assert filled.without_mark == ("Nobody, Known", "Student, Test")
    assert filled.problems == ()


@pytest.mark.parametrize("name", ["lab 1", "1001", "Lab 1 (1001)"])
def test_canvas_columns_are_found_by_name_and_number(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path, name: str
) -> None:
    filled = fill_canvas(export(CANVAS), name, marks, tmp_path / "out.csv")
    assert filled.column == "Lab 1 (1001)"


def test_columns_that_are_unclear_computed_or_missing_are_refused(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    twice = CANVAS.replace("Lab 2 (1002)", "Lab 1 (1002)")
    with pytest.raises(ValueError, match="'Lab 1' fits 2 columns"):
        fill_canvas(export(twice), "Lab 1", marks, out)
    assert fill_canvas(export(twice), "1001", marks, out).column == "Lab 1 (1001)"
    computed = CANVAS.replace("Total", "Total (9)")
    with pytest.raises(ValueError, match="computed by Canvas"):
        fill_canvas(export(computed), "Total", marks, out)
    with pytest.raises(ValueError, match=r"no column of an assignment 'Lab 9' \(found"):
        fill_canvas(export(CANVAS), "Lab 9", marks, out)
    with pytest.raises(ValueError, match="exported by Canvas"):
        fill_canvas(export(BOOK), "Lab 1", marks, out)


def test_other_points_possible_are_refused_or_converted(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    file = export(CANVAS)
    with pytest.raises(ValueError, match="worth 5 points there and 10 here"):
        fill_canvas(file, "Lab 2", marks, tmp_path / "out.csv")
    filled = fill_canvas(file, "Lab 2", marks, tmp_path / "out.csv", rescale=True)
    assert [row[5] for row in rows(filled.file)[3:6]] == ["4.375", "", "5"]


def test_a_student_who_cannot_be_told_apart_gets_nothing(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    double = CANVAS.replace(
        '"Nobody, Known",14,2026-999', '"Nobody, Known",14,2026-001'
    )
    mixed = double.replace("2026-003,ada@", "2026-003,gone@")
    filled = fill_canvas(export(mixed), "Lab 1", marks, tmp_path / "out.csv")
    values = {row[0]: row[5] for row in rows(filled.file)}
    assert values["김, 철수"] == "3.5"
    assert values["Nobody, Known"] == "1"
    assert values["Lovelace, Ada"] == ""
    told = dict(filled.problems)
    assert "more than once: 4, 7" in told["2026-001"]
    assert told["Lovelace, Ada"] == "fits 2026-003, 2026-004"


def test_formulas_are_disarmed_and_identifiers_are_not(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    evil = CANVAS.replace("Nobody, Known", "=HYPERLINK(1)").replace(
        "nobody", "-no.body"
    )
    evil = evil.replace("7f3a", "=1+1")
    filled = fill_canvas(export(evil), "Lab 1", marks, tmp_path / "out.csv")
    row = rows(filled.file)[6]
    assert row[0] == "'=HYPERLINK(1)"
    assert row[3] == "-no.body"
    assert rows(filled.file)[7][3] == "'=1+1"


def test_semicolons_and_a_byte_order_mark_are_kept_up(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    text = "Student;ID;SIS User ID;Section;Lab 1 (1)\nPoints Possible;;;;10,0\n"
    file = export(text + "김;1;2026-001;A;\n", "utf-8-sig")
    filled = fill_canvas(file, "Lab 1", marks, tmp_path / "out.csv")
    assert rows(filled.file, ";")[2][4] == "8,75"
    assert filled.file.read_bytes().startswith(b"\xef\xbb\xbf")
    fill_canvas(file, "Lab 1", marks, filled.file, bom=False)
    assert filled.file.read_bytes().startswith(b'"Student"')


def test_a_worksheet_of_moodle_is_filled_and_nothing_else_changes(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    file = export(WORKSHEET)
    filled = fill_moodle(file, marks, tmp_path / "out.csv")
    before, after = read_sheet(file).rows, read_sheet(filled.file).rows
    assert [row[4] for row in after] == ["Grade", "8.75", "7.00", "4.00"]
    for old, new in zip(before, after, strict=True):
        assert old[:4] + old[5:9] == new[:4] + new[5:]  # without the feedback
    assert filled.marked == ("2026-001",)
    assert filled.ungraded == ("2026-002",)
    assert filled.not_in_export == ("2026-004",)
    assert filled.problems == (
        ("2026-003", "Moodle does not let the grade be changed"),
    )


def test_a_gradebook_of_moodle_needs_the_name_of_the_assignment(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    file, out = export(BOOK), tmp_path / "out.csv"
    filled = fill_moodle(file, marks, out, assignment="Lab 1")
    assert filled.column == "Assignment: Lab 1 (Real)"
    assert [row[4] for row in rows(out)[1:]] == ["8.75", "7.00"]
    assert len(rows(out)[0]) == 5  # nobody else's marks are taken back
    with pytest.raises(ValueError, match="not a grading worksheet; name the"):
        fill_moodle(file, marks, out)
    with pytest.raises(ValueError, match="'Lab 3' fits 0 columns"):
        fill_moodle(file, marks, out, assignment="Lab 3")


def test_tables_that_moodle_could_not_take_back_are_refused(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(ValueError, match="language set to English"):
        fill_moodle(export("식별자,성명\n1,김\n"), marks, out)
    with pytest.raises(ValueError, match="graded by a scale"):
        fill_moodle(export(WORKSHEET.replace("10.00", "Good")), marks, out)
    with pytest.raises(ValueError, match="worth 100 points there and 10 here"):
        fill_moodle(export(WORKSHEET.replace("10.00", "100.00")), marks, out)
    assert not out.exists()


def test_broken_tables_are_refused_by_name(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(ValueError, match=r"export\.csv: empty"):
        fill_moodle(export("\n\n"), marks, out)
    with pytest.raises(ValueError, match="row 2 has 4 cells, expected 3"):
        fill_moodle(export("a,b,c\n1,2,3,4\n"), marks, out)


def test_what_was_filled_in_reads_back_as_the_platforms_own_table(
    export: Callable[..., Path], marks: list[Mark], tmp_path: Path
) -> None:
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    canvas = fill_canvas(export(CANVAS), "Lab 1", marks, first)
    assert fill_canvas(first, "Lab 1", marks, again).marked == canvas.marked
    assert again.read_bytes() == first.read_bytes()
    for text, name in ((WORKSHEET, ""), (BOOK, "Lab 1")):
        moodle = fill_moodle(export(text), marks, first, assignment=name)
        found = fill_moodle(first, marks, again, assignment=name)
        assert (found.marked, found.problems) == (moodle.marked, moodle.problems)
        assert again.read_bytes() == first.read_bytes()
