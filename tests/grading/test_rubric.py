"""What a person marks: items of lab.yml, the spreadsheet there and back, commands."""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from vislearn.grading.journal import Journal, Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages.report import report_name
from vislearn.grading.people import rubric_commands
from vislearn.grading.people.manual_store import load_manual, store_manual
from vislearn.grading.people.policy import Mark, Policy, marks
from vislearn.grading.people.rubric import (
    Level,
    Manual,
    ManualRow,
    changed_since,
    merge,
    rubric_lines,
    rubric_of,
)
from vislearn.grading.people.rubric_import import read_sheet
from vislearn.grading.people.rubric_sheet import HIDDEN, write_sheet
from vislearn.grading.submission import Submission
from vislearn.grading.term import remember

openpyxl = pytest.importorskip("openpyxl")

# Assignment 4 of the course: 40/25/15/10/10.
RUBRIC = yaml.safe_load(
    """
analysis:
  title: {ko: 분석, en: Analysis}
  points: 40
  look_at: {ko: 실패한 예를 3개 이상 보였는가, en: "Are there at least 3 failures?"}
design:
  title: {ko: 실험 설계, en: Design of the experiment}
  points: 25
code:
  title: {ko: 코드, en: Code}
  points: 15
  levels:
    - {points: 0, label: {ko: 없습니다, en: Missing}}
    - {points: 15, label: {ko: 깔끔합니다, en: Tidy}}
    - {points: 7.5, label: {ko: 읽기 어렵습니다, en: Hard to read}}
writing:
  title: {ko: 글, en: Writing}
  points: 10
questions:
  title: {ko: 질문, en: Questions}
  points: 10
"""
)
AT = "2026-11-05T09:00:00+09:00"


@pytest.fixture(scope="module")
def lab(minilab: Lab) -> Lab:
    problems: list[str] = []
    items = rubric_of(RUBRIC, problems)
    assert not problems
    return replace(minilab, rubric=items)


def mark(lab: Lab, student: str, name: str = "", auto: float | None = 6.0) -> Mark:
    state = "ungraded" if auto is None else "graded"
    file = f"{student}.ipynb"
    record = Record(file, student, f"sha-{student}", state, "ko", "", (), {})
    rest = (1, "", auto, None, 0.0, None, lab.points + 100, 0.0)
    return Mark(student, name, "", record, *rest)


@pytest.fixture
def class_of_three(lab: Lab) -> list[Mark]:
    return [
        mark(lab, "0012", "김철수"),
        mark(lab, "이영희", "=HYPERLINK(1)"),
        mark(lab, "park", "박지우", auto=None),
    ]


def place(sheet: Any, student: str, key: str) -> Any:
    """The cell of a student and a column, wherever they stand."""
    column = next(c.column for c in sheet[1] if str(c.value).endswith(f"[{key}]"))
    ids = next(c.column for c in sheet[1] if str(c.value).endswith("[student]"))
    row = next(r for r in range(2, 99) if sheet.cell(r, ids).value == student)
    return sheet.cell(row, column)


Fill = Callable[..., Path]


@pytest.fixture
def fill(lab: Lab, class_of_three: list[Mark], tmp_path: Path) -> Fill:
    """fill({("0012", "analysis"): 35}): an exported sheet, filled in and saved."""

    def made(
        values: Mapping[tuple[str, str], Any],
        name: str = "marks.xlsx",
        edit: Callable[[Any], None] = lambda _book: None,
    ) -> Path:
        file = tmp_path / name
        write_sheet(lab, class_of_three, file, "ko")
        book = openpyxl.load_workbook(file)
        for (student, key), value in values.items():
            place(book.worksheets[0], student, key).value = value
        edit(book)
        book.save(file)
        return file

    return made


def points_of(manual: Manual) -> dict[tuple[str, str], float | None]:
    return {(row.student, row.item): row.points for row in manual.rows}


def test_the_items_of_assignment_4_are_read(lab):
    assert [item.points for item in lab.rubric] == [40, 25, 15, 10, 10]
    assert lab.rubric[2].levels[0] == Level(15, {"ko": "깔끔합니다", "en": "Tidy"})
    assert [level.points for level in lab.rubric[2].levels] == [15, 7.5, 0]
    assert rubric_of(None, []) == ()


GOOD = {"title": {"ko": "글", "en": "Text"}, "points": 10}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([GOOD], "rubric: .* is no mapping of items"),
        ({"a": 10}, "rubric.a: expected a mapping"),
        ({"글": GOOD}, "rubric.글: the id may hold letters"),
        ({"total": GOOD}, "rubric.total: the id may hold .* be none of"),
        ({"a": {**GOOD, "point": 1}}, "rubric.a: unknown key 'point'"),
        ({"a": {**GOOD, "points": 0}}, "rubric.a: points must be above 0"),
        ({"a": {**GOOD, "points": "x"}}, "rubric.a: points: 'x' is no number from 0"),
        ({"a": {**GOOD, "points": True}}, "rubric.a: points: True is no number"),
        (
            {"a": {**GOOD, "title": "글"}},
            "rubric.a: title: the text in 'ko' is mis",
        ),
        ({"a": {**GOOD, "look_at": {"ko": "글"}}}, "look_at: the text in 'en' is miss"),
        ({"a": {**GOOD, "levels": [GOOD]}}, "rubric.a: level 1: unknown key 'title'"),
        ({"a": {**GOOD, "levels": "high"}}, "rubric.a: levels: expected a list"),
    ],
)
def test_a_bad_rubric_is_refused_with_its_place(raw, message):
    problems: list[str] = []
    rubric_of(raw, problems)
    with pytest.raises(ValueError, match=message):
        raise ValueError("\n".join(problems))


def level(points: float, label: str) -> dict[str, Any]:
    return {"points": points, "label": {"ko": label, "en": label}}


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ([level(9, "a"), level(0, "b")], "the best level has 9 points, the item 10"),
        ([level(10, "a")], "one level leaves no choice"),
        ([level(10, "a"), level(10, "b")], "two levels have the same points"),
        ([level(10, "a"), level(0, "a")], "two levels have the same ko"),
    ],
)
def test_levels_must_offer_a_choice(levels, message):
    problems: list[str] = []
    rubric_of({"a": {**GOOD, "levels": levels}}, problems)
    assert any(message in problem for problem in problems)


def test_what_is_filled_in_comes_back(lab, fill):
    file = fill(
        {
            ("0012", "analysis"): 35,
            ("0012", "analysis.comment"): "근거가 좋습니다.\n예를 더 드십시오.",
            ("0012", "code"): 7.5,
            ("이영희", "writing.comment"): "아직 점수는 없습니다.",
            ("park", "writing"): 0,
        }
    )
    manual = read_sheet(file, lab, marker="조교", at=AT)
    comment = "근거가 좋습니다.\n예를 더 드십시오."
    assert manual.rows == (
        ManualRow("0012", "analysis", 35.0, comment, "조교", AT, "sha-0012"),
        ManualRow("0012", "code", 7.5, "", "조교", AT, "sha-0012"),
        ManualRow(
            *("이영희", "writing", None, "아직 점수는 없습니다."),
            *("조교", AT, "sha-이영희"),
        ),
        ManualRow("park", "writing", 0.0, "", "조교", AT, "sha-park"),
    )


def test_an_untouched_sheet_marks_nobody(lab, fill):
    assert read_sheet(fill({}), lab).rows == ()
    blanks = read_sheet(fill({}), lab, blanks=True).rows
    assert len(blanks) == 3 * 5
    assert all(row.points is None for row in blanks)


def test_marks_given_so_far_are_exported_and_come_back(lab, class_of_three, tmp_path):
    given = [
        ManualRow("0012", "analysis", 12.5, "=1+1"),
        ManualRow("park", "code", 15.0),
    ]
    file = tmp_path / "marks.xlsx"
    write_sheet(lab, class_of_three, file, "en", given=given)
    rows = read_sheet(file, lab).rows
    assert [(r.student, r.item, r.points, r.comment) for r in rows] == [
        ("0012", "analysis", 12.5, "=1+1"),
        ("park", "code", 15.0, ""),
    ]


def test_numbers_as_text_and_names_of_levels_are_understood(lab, fill):
    file = fill(
        {
            ("0012", "analysis"): " 35 ",
            ("0012", "design"): "１２.５",
            ("0012", "code"): "깔끔합니다",
            ("이영희", "code"): "Hard to read",
            ("이영희", "writing"): "   ",
        }
    )
    assert points_of(read_sheet(file, lab)) == {
        ("0012", "analysis"): 35,
        ("0012", "design"): 12.5,
        ("0012", "code"): 15,
        ("이영희", "code"): 7.5,
    }


def test_all_problems_are_reported_at_once_with_their_cells(lab, fill):
    file = fill(
        {
            ("0012", "analysis"): 45,
            ("0012", "design"): -1,
            ("0012", "code"): 8,
            ("이영희", "analysis"): "good",
            ("이영희", "design"): "=20+5",
            ("이영희", "writing"): True,
            ("park", "analysis"): "nan",
            ("park", "design"): date(2026, 4, 3),
        }
    )
    with pytest.raises(ValueError, match="analysis") as caught:
        read_sheet(file, lab)
    assert str(caught.value).splitlines() == [
        'marks.xlsx: E2: 45 is above the 40 points of "analysis"',
        "marks.xlsx: G2: -1 is below 0",
        'marks.xlsx: I2: 8 is none of the levels of "code" (15, 7.5, 0)',
        "marks.xlsx: E3: 'good' is no number",
        "marks.xlsx: G3: a formula, expected what it should show",
        "marks.xlsx: K3: True is no number",
        "marks.xlsx: E4: 'nan' is no number",
        "marks.xlsx: G4: 2026-04-03 00:00:00 is a date or a time, expected points",
    ]


def test_moved_rows_and_columns_change_nothing(lab, fill):
    values = {
        ("0012", "analysis"): 35,
        ("이영희", "design"): 20,
        ("park", "questions"): 3,
    }

    def reverse(book: Any) -> None:
        old = book.worksheets[0]
        rows = [[cell.value for cell in row][::-1] for row in old.iter_rows()]
        new = book.create_sheet("moved", 0)
        for row in (rows[0], *reversed(rows[1:])):
            new.append(row)
        book.remove(old)

    plain = read_sheet(fill(values), lab)
    moved = read_sheet(fill(values, "moved.xlsx", reverse), lab)
    assert points_of(moved) == points_of(plain) == values
    assert {row.sha for row in moved.rows} == {"sha-0012", "sha-이영희", "sha-park"}


def test_an_id_that_a_spreadsheet_made_a_number_is_found_again(lab, fill):
    def to_number(book: Any) -> None:
        place(book.worksheets[0], "0012", "student").value = 12

    file = fill({("0012", "analysis"): 35}, edit=to_number)
    assert points_of(read_sheet(file, lab)) == {("0012", "analysis"): 35}


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ("A2", "somebody", "A2: 'somebody' is no student of this class"),
        ("A2", None, "E2: a mark without student"),
        ("A3", "0012", "A3: '0012' is already in A2"),
        ("E1", "분석 [analysi]", "E1: 'analysi' is no item of this lab's rubric"),
        ("G1", "분석 [analysis]", "G1: a second column .analysis."),
        ("A1", "학번", "no column .student."),
    ],
)
def test_a_damaged_frame_is_refused(lab, fill, cell, value, message):
    def damage(book: Any) -> None:
        book.worksheets[0][cell].value = value

    file = fill({("0012", "analysis"): 1, ("이영희", "analysis"): 2}, edit=damage)
    with pytest.raises(ValueError, match=message):
        read_sheet(file, lab)


def test_a_sheet_of_another_lab_is_refused(lab, fill):
    def other(book: Any) -> None:
        book[HIDDEN]["A2"].value = "lab09"

    with pytest.raises(ValueError, match="exported for lab 'lab09', not 'minilab'"):
        read_sheet(fill({}, edit=other), lab)


def test_what_is_no_workbook_is_refused_in_one_line(lab, tmp_path):
    file = tmp_path / "marks.xlsx"
    file.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValueError, match=r"^marks.xlsx: no xlsx workbook$"):
        read_sheet(file, lab)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ValueError, match=r"no workbook that can be read"):
        read_sheet(file, lab)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", b"0" * (65 << 20))
    with pytest.raises(ValueError, match="too large"):
        read_sheet(file, lab)
    with pytest.raises(ValueError, match="expected a file of xlsx, csv"):
        read_sheet(tmp_path / "marks.ods", lab)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_the_same_columns_are_read_from_csv(lab, tmp_path, encoding):
    file = tmp_path / "marks.csv"
    text = (
        "이름,학번 [student],분석 (0–40) [analysis],의견 [analysis.comment],code,메모\n"
        '김철수,0012,35,"좋습니다, 계속",깔끔합니다,x\n\n이영희,이영희,,,,y\n'
    )
    file.write_bytes(text.replace("–", "~").encode(encoding))
    manual = read_sheet(file, lab, marker="a", at=AT)
    assert manual.rows == (
        ManualRow("0012", "analysis", 35.0, "좋습니다, 계속", "a", AT),
        ManualRow("0012", "code", 15.0, "", "a", AT),
    )


def test_problems_in_csv_are_named_as_a_spreadsheet_would(lab, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text("student,analysis\nkim,40\n\nlee,45\npark,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match="above") as caught:
        read_sheet(file, lab, students={"kim", "lee"})
    assert str(caught.value).splitlines() == [
        'marks.csv: B4: 45 is above the 40 points of "analysis"',
        "marks.csv: A5: 'park' is no student of this class",
    ]


def test_a_misspelt_column_of_a_table_of_ones_own_is_noticed(lab, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text("student,analysis,desing\nkim,40,3\n", encoding="utf-8")
    with pytest.raises(ValueError, match="C1: 'desing', is it 'design'"):
        read_sheet(file, lab)


def test_identity_is_locked_and_marks_are_checked_while_typing(fill):
    sheet = openpyxl.load_workbook(fill({})).worksheets[0]
    assert sheet.protection.sheet
    assert sheet.freeze_panes == "C2"
    for key in ("student", "name", "page", "auto", "manual", "total"):
        assert place(sheet, "0012", key).protection.locked
    for key in ("analysis", "analysis.comment", "questions"):
        assert not place(sheet, "0012", key).protection.locked
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    free, levels = rules["E2:E4"], rules["I2:I4"]
    assert (free.type, free.formula1, free.formula2) == ("decimal", "0", "40")
    assert levels.type == "list"
    assert "15: 깔끔합니다" in levels.prompt


def test_the_list_of_levels_points_to_their_points(fill):
    book = openpyxl.load_workbook(fill({}))
    rules = book.worksheets[0].data_validations.dataValidation
    rule = next(rule for rule in rules if rule.type == "list")
    name, _, area = rule.formula1.partition("!")
    assert name == f"'{HIDDEN}'"
    cells = book[HIDDEN][area.replace("$", "")]
    assert [cell.value for (cell,) in cells] == [15, 7.5, 0]
    assert book[HIDDEN].sheet_state == "veryHidden"


def test_no_name_becomes_a_formula(fill):
    sheet = openpyxl.load_workbook(fill({})).worksheets[0]
    cell = place(sheet, "이영희", "name")
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_the_help_speaks_both_languages(fill):
    book = openpyxl.load_workbook(fill({}))
    text = "\n".join(str(row[0].value) for row in book.worksheets[1].iter_rows())
    assert "빈칸은" in text
    assert "A blank cell" in text
    assert "실패한 예를 3개 이상 보였는가" in text
    assert "Are there at least 3 failures?" in text
    assert "Hard to read" in text


def test_a_row_links_to_the_learners_page(lab, class_of_three, tmp_path):
    file = tmp_path / "sheets" / "marks.xlsx"
    pages = tmp_path / "out 1" / "reports"
    write_sheet(lab, class_of_three, file, "ko", pages=pages)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    record = class_of_three[0].record
    assert record is not None
    target = place(sheet, "0012", "page").hyperlink.target
    assert target == f"../out%201/reports/{report_name(record)}"


def test_a_lab_without_a_rubric_has_nothing_to_export(minilab, tmp_path):
    with pytest.raises(ValueError, match=r"no rubric in its lab.yml"):
        write_sheet(minilab, [], tmp_path / "marks.xlsx", "ko")


def test_totals_are_computed_by_a_real_spreadsheet(lab, fill, tmp_path):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: totals are not recomputed")
    full = {"analysis": 35, "design": 20, "code": 7.5, "writing": 0, "questions": 9}
    values = {("0012", key): value for key, value in full.items()}
    values |= {("park", key): value for key, value in full.items()}
    values[("이영희", "analysis")] = 35
    file = fill(values)
    command = [office, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):"]
    command[-1] += "44,34,76,1"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    folder = ["--outdir", str(tmp_path), str(file)]
    subprocess.run([*command, profile, *folder], check=True, timeout=120)
    text = file.with_suffix(".csv").read_text(encoding="utf-8")
    head, *rows = csv.reader(io.StringIO(text))
    manual, total = head.index("수동 채점 (/100) [manual]"), len(head) - 1
    got = [(row[manual], row[total]) for row in rows]
    # All marked; one item marked; all marked, but not autograded.
    assert got == [("71.5", "77.5"), ("", ""), ("71.5", "")]


def sheet_of(name: str, *rows: tuple[str, str, float | None, str]) -> Manual:
    made = tuple(ManualRow(s, i, p, c, name, AT) for s, i, p, c in rows)
    return Manual(name, made, {(s, i): "C7" for s, i, _, _ in rows})


def test_partial_sheets_of_several_people_are_merged():
    first = sheet_of("a.xlsx", ("kim", "analysis", 35, ""), ("lee", "code", None, "?"))
    second = sheet_of(
        "b.xlsx", ("kim", "analysis", 35, "good"), ("lee", "code", 7.5, "")
    )
    kim, lee = merge([first, second])
    assert (kim.points, kim.comment, kim.marker) == (35, "good", "a.xlsx, b.xlsx")
    assert (lee.points, lee.comment) == (7.5, "?")
    assert {(r.student, r.points) for r in merge([second, first])} == {
        ("kim", 35),
        ("lee", 7.5),
    }


def test_two_people_who_disagree_are_both_named():
    first = sheet_of("a.xlsx", ("kim", "analysis", 35, ""), ("lee", "code", 15, ""))
    second = sheet_of("b.xlsx", ("kim", "analysis", 30, ""), ("lee", "code", 0, ""))
    with pytest.raises(ValueError, match="kim") as caught:
        merge([first, second])
    assert str(caught.value).splitlines() == [
        "kim, analysis: 35 in a.xlsx C7, 30 in b.xlsx C7",
        "lee, code: 15 in a.xlsx C7, 0 in b.xlsx C7",
    ]


def test_a_submission_changed_since_is_noticed():
    rows = [
        ManualRow("kim", "code", 15.0, sha="old"),
        ManualRow("lee", "code", 15.0, sha="same"),
        ManualRow("park", "code", 15.0),
    ]
    assert changed_since(rows, {"kim": ["new"], "lee": ["x", "same"]}) == ["kim"]


def test_a_learner_sees_the_level_and_the_comment(lab):
    rows = [
        ManualRow("kim", "code", 7.5, "이름을 <b>줄이지</b> 마십시오."),
        ManualRow("lee", "analysis", 40.0),
    ]
    lines = rubric_lines(lab, rows, "kim", "ko")
    assert [line.points for line in lines] == [None, None, 7.5, None, None]
    assert lines[2].level == "읽기 어렵습니다"
    assert lines[2].comment == "이름을 <b>줄이지</b> 마십시오."
    assert rubric_lines(lab, rows, "kim", "en")[2].level == "Hard to read"
    assert rubric_lines(lab, rows, "kim", "en")[0].title == "Analysis"


def test_marks_survive_in_the_journals_file(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    first = ManualRow("김철수", "code", 7.5, "a", "조교", AT, "sha")
    second = ManualRow("이영희", "code", None, "b", "조교", AT)
    store_manual(journal.file, [second, first])
    assert load_manual(journal.file) == [first, second]
    better = ManualRow("김철수", "code", 15.0, "", "교수", AT, "sha")
    store_manual(journal.file, [better])
    assert load_manual(journal.file) == [better, second]


@pytest.fixture
def graded(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The output folder of a run over two unreadable notebooks, with a rubric."""
    out = tmp_path / "out"
    journal = Journal(out / "journal.sqlite")
    journal.set_fact("lab_path", str(lab.path))
    for student in ("kim", "lee"):
        journal.add(
            Submission(
                *(f"{student}.ipynb", student, out, f"sha-{student}", "unreadable"),
                reason="not_json",
            )
        )
    monkeypatch.setattr("vislearn.grading.term.load_lab", lambda _path: lab)
    return out


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    subcommands = parser.add_subparsers()

    def add(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        made = subcommands.add_parser(name, help=help)
        made.set_defaults(run=run)
        return made

    rubric_commands.add_parsers(add)
    arguments = parser.parse_args([str(word) for word in words])
    return int(arguments.run(arguments))


def filled(file: Path, values: Mapping[tuple[str, str], Any]) -> Path:
    book = openpyxl.load_workbook(file)
    for (student, key), value in values.items():
        place(book.worksheets[0], student, key).value = value
    book.save(file)
    return file


def test_the_commands_export_and_import(lab, graded, tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\nkim,김철수\nlee,이영희\npark,박지우\n")
    file = tmp_path / "marks.xlsx"
    assert run("rubric", "export", graded, "--to", file, "--roster", roster) == 0
    values = {("kim", item.id): item.points for item in lab.rubric}
    filled(file, {**values, ("park", "writing"): 3})
    assert run("rubric", "import", graded, file, "--roster", roster) == 0
    assert "6 marks of 2 students imported" in capsys.readouterr().out
    stored = load_manual(graded / "journal.sqlite")
    journal = Journal(graded / "journal.sqlite")
    records = journal.records(list(lab.questions), journal.fact("fingerprint"))
    kim, lee = marks(lab, records, Policy(), manual=stored)
    assert (kim.manual, kim.points) == (100, 100)
    assert (lee.manual, lee.points) == (None, None)


def test_an_import_says_what_it_changes_and_can_take_marks_back(
    graded, tmp_path, capsys
):
    file = tmp_path / "marks.xlsx"
    run("rubric", "export", graded, "--to", file)
    run("rubric", "import", graded, filled(file, {("kim", "analysis"): 30}))
    run("rubric", "import", graded, filled(file, {("kim", "analysis"): 35}))
    assert "kim, analysis: 30 (marks.xlsx) is now 35" in capsys.readouterr().out
    blank = filled(file, {("kim", "analysis"): None})
    run("rubric", "import", graded, blank)
    assert [row.points for row in load_manual(graded / "journal.sqlite")] == [35]
    run("rubric", "import", graded, blank, "--replace")
    assert "kim, analysis: 35 (marks.xlsx) is now not marked" in capsys.readouterr().out
    assert all(r.points is None for r in load_manual(graded / "journal.sqlite"))


def test_nothing_is_stored_if_one_sheet_is_wrong(graded, tmp_path):
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    for file in (good, bad):
        run("rubric", "export", graded, "--to", file)
    filled(good, {("kim", "analysis"): 30})
    filled(bad, {("lee", "analysis"): 300})
    with pytest.raises(ValueError, match=r"bad.xlsx: E3: 300 is above the 40 points"):
        run("rubric", "import", graded, good, bad)
    assert load_manual(graded / "journal.sqlite") == []


def test_marks_for_a_version_that_is_gone_need_consent(graded, tmp_path):
    file = tmp_path / "marks.xlsx"
    run("rubric", "export", graded, "--to", file)
    filled(file, {("kim", "analysis"): 30})
    Journal(graded / "journal.sqlite").add(
        Submission("kim.ipynb", "kim", graded, "sha-new", "unreadable")
    )
    with pytest.raises(ValueError, match="handed in anew since the export: kim"):
        run("rubric", "import", graded, file)
    assert load_manual(graded / "journal.sqlite") == []
    assert run("rubric", "import", graded, file, "--accept-changed") == 0
    assert len(load_manual(graded / "journal.sqlite")) == 1


def test_a_folder_that_was_never_graded_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="run `vislearn grade` first"):
        run("rubric", "export", tmp_path, "--to", tmp_path / "marks.xlsx")


def test_the_commands_take_the_roster_that_the_run_was_given(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\nkim,김철수\nlee,이영희\npark,박지우\n")
    remember(graded, roster, None)
    file = tmp_path / "marks.xlsx"
    assert run("rubric", "export", graded, "--to", file) == 0
    assert run("rubric", "import", graded, filled(file, {("park", "writing"): 3})) == 0
    assert [row.student for row in load_manual(graded / "journal.sqlite")] == ["park"]
