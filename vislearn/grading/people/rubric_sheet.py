"""The spreadsheet in which a person marks a lab's rubric.

One row per student: who it is, a link to the learner's page and the autograded points
(locked), then for every item a column for points and one for a comment (open). A
second sheet explains it in both languages. A hidden third one holds the lab's id and
the hash of the submission that each row is about, so that an import can notice when a
student has handed in anew since.

A column is known by the key in brackets at the end of its head (`[analysis]`), so that
columns and rows may be moved, and a file saved as CSV reads the same.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import word
from vislearn.grading.pages.report import report_name
from vislearn.grading.people.policy import Mark
from vislearn.grading.people.rubric import ManualRow, RubricItem
from vislearn.grading.people.tables import clean

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

HIDDEN = "_vislearn"
FORMAT = 1
FIRST_ROW = 2
_WIDTHS = {"student": 16, "name": 16, "page": 12, "auto": 11, "manual": 11, "total": 12}
_COMMENT = 40
_EXPLANATION: dict[str, tuple[str, ...]] = {
    "ko": (
        "한 줄이 학습자 한 명입니다. 흰 칸에만 쓰고, 회색 칸은 고치지 마십시오.",
        "빈칸은 '아직 매기지 않음'입니다. 0점을 주려면 0을 쓰십시오.",
        "점수 칸은 정해진 범위나 단계의 점수만 받습니다. 의견은 학습자에게 보입니다.",
        "합계는 모든 항목을 매겨야 나타나며, 지각 감점을 하기 전의 점수입니다.",
        "줄과 열의 순서를 바꾸거나 나누어 매긴 파일 여럿을 함께 가져와도 됩니다.",
        "제목 끝의 대괄호 안 이름으로 열을 알아보므로 그 부분은 지우지 마십시오.",
        "가져오기: vislearn rubric import 채점폴더 이파일.xlsx",
    ),
    "en": (
        "Each row is one learner. Write into white cells only; leave the grey ones.",
        "A blank cell means 'not marked yet'. To give no points, write 0.",
        "Points must be within the range, or one of the levels. "
        "Comments are shown to the learner.",
        "Totals appear once every item is marked; they are before any late penalty.",
        "Rows and columns may be moved, and the files of several markers imported "
        "together.",
        "A column is known by the name in brackets in its head: keep that part.",
        "To import: vislearn rubric import OUT THIS-FILE.xlsx",
    ),
}


def write_sheet(
    lab: Lab,
    marks: Sequence[Mark],
    path: Path,
    lang: str,
    *,
    given: Iterable[ManualRow] = (),
    pages: Path | None = None,
) -> None:
    """Write the sheet for a class.

    Args:
        marks: who is in it, in this order.
        lang: of the heads and of the first sheet's title, ko or en.
        given: marks given so far, to be shown in their cells.
        pages: the folder of the learners' pages, for the links.

    Raises:
        ValueError: if the lab has no rubric.
    """
    from openpyxl import Workbook

    if not lab.rubric:
        raise ValueError(f"lab {lab.id} has no rubric in its lab.yml, nothing to mark")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = word("sheet_marks", lang)
    hidden = book.create_sheet(HIDDEN)
    _head(sheet, columns := _columns(lab, lang))
    rows = {(row.student, row.item): row for row in given}
    for number, mark in enumerate(marks, FIRST_ROW):
        _row(sheet, number, lab, mark, list(columns), rows)
        if pages is not None and mark.record is not None:
            _link(sheet.cell(number, 3), pages, mark.record, path, lang)
    _validate(sheet, hidden, lab, list(columns), FIRST_ROW + len(marks) - 1, lang)
    _remember(hidden, lab, marks)
    _protect(sheet, hidden, len(columns))
    _explain(book.create_sheet(word("sheet_help", lang), 1), lab, lang)
    _save(book, path)


def _save(book: Workbook, path: Path) -> None:
    """Write a workbook whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    book.save(part)
    part.replace(path)


def _columns(lab: Lab, lang: str) -> dict[str, str]:
    """Heads by key, in order."""
    heads = {
        key: word(f"sheet_{key}", lang) for key in ("student", "name", "page", "auto")
    }
    heads["auto"] += f" (/{lab.points:g})"
    for item in lab.rubric:
        heads[item.id] = f"{item.title[lang]} ({_range(item)})"
        heads[f"{item.id}.comment"] = (
            f"{item.title[lang]}: {word('sheet_comment', lang)}"
        )
    possible = sum(item.points for item in lab.rubric)
    heads["manual"] = f"{word('sheet_manual', lang)} (/{possible:g})"
    heads["total"] = f"{word('sheet_total', lang)} (/{lab.points + possible:g})"
    return {key: f"{head} [{key}]" for key, head in heads.items()}


def _range(item: RubricItem) -> str:
    if item.levels:
        return " · ".join(f"{level.points:g}" for level in item.levels)
    return f"0–{item.points:g}"


def _head(sheet: Worksheet, columns: Mapping[str, str]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    lines = 2
    for number, (key, head) in enumerate(columns.items(), 1):
        cell = sheet.cell(1, number)
        _text(cell, head)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        cell.fill = _grey()
        width = _COMMENT if key.endswith(".comment") else _WIDTHS.get(key, 14)
        sheet.column_dimensions[get_column_letter(number)].width = width
        lines = max(lines, 1 + _width(head) // (width - 3))
    sheet.row_dimensions[1].height = 15 * min(lines, 8)
    sheet.freeze_panes = "C2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes, each one wide
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _width(text: str) -> int:
    """In Latin letters, in which columns are measured; Korean ones take two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _grey() -> Any:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", start_color="E7E9ED")


def _text(cell: Any, text: str) -> None:
    """Text that stays text: never a formula, whatever a name begins with."""
    cell.value = clean(text)
    cell.data_type = "s"
    cell.number_format = "@"
    if cell.value.startswith(("=", "+", "-", "@")):
        cell.quotePrefix = True


def _row(
    sheet: Worksheet,
    number: int,
    lab: Lab,
    mark: Mark,
    columns: list[str],
    given: Mapping[tuple[str, str], ManualRow],
) -> None:
    from openpyxl.styles import Alignment, Border, Side

    _text(sheet.cell(number, 1), mark.student)
    _text(sheet.cell(number, 2), mark.name)
    place = {key: f"{_letter(n)}{number}" for n, key in enumerate(columns, 1)}
    items = [place[item.id] for item in lab.rubric]
    done = f"COUNT({','.join(items)})={len(items)}"
    # Only these two cells of a row are formulas.
    sheet[place["manual"]] = f'=IF({done},SUM({",".join(items)}),"")'
    both = f"COUNT({place['auto']},{place['manual']})=2"
    sheet[place["total"]] = f'=IF({both},{place["auto"]}+{place["manual"]},"")'
    sheet[place["auto"]] = mark.auto
    for key in ("student", "name", "page", "auto", "manual", "total"):
        sheet[place[key]].fill = _grey()
        sheet[place[key]].alignment = Alignment(vertical="top")
    for item in lab.rubric:
        row = given.get((mark.student, item.id))
        _open(sheet, place[item.id], place[f"{item.id}.comment"], row)
    thin = Side(style="thin", color="C4C8D0")
    for cell in place.values():
        sheet[cell].border = Border(bottom=thin, right=thin)


def _open(sheet: Worksheet, points: str, comment: str, row: ManualRow | None) -> None:
    """The two cells of an item, unlocked, with what was given so far."""
    from openpyxl.styles import Alignment, Protection

    for name in (points, comment):
        sheet[name].protection = Protection(locked=False)
    sheet[points].alignment = Alignment(horizontal="center", vertical="top")
    sheet[comment].alignment = Alignment(wrap_text=True, vertical="top")
    sheet[comment].number_format = "@"
    if row is None:
        return
    sheet[points] = row.points
    if row.comment:
        lines = [clean(line) for line in row.comment.splitlines()]
        sheet[comment] = "\n".join(lines)
        sheet[comment].data_type = "s"  # whatever it begins with
        tall = sum(1 + _width(line) // _COMMENT for line in lines)
        about = sheet.row_dimensions[sheet[comment].row]
        about.height = max(about.height or 15, 15 * min(tall, 12))


def _letter(number: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(number)


def _link(cell: Any, pages: Path, record: Record, book: Path, lang: str) -> None:
    """To a learner's page, relative to the workbook where that is possible."""
    from openpyxl.styles import Font

    target = pages.resolve() / report_name(record)
    try:
        relative = Path(os.path.relpath(target, book.resolve().parent))
        address = quote(relative.as_posix())
    except ValueError:  # on another drive
        address = target.as_uri()
    cell.value = word("sheet_page", lang)
    cell.hyperlink = address
    cell.font = Font(color="0B57D0", underline="single")


def _validate(
    sheet: Worksheet,
    hidden: Worksheet,
    lab: Lab,
    columns: list[str],
    last: int,
    lang: str,
) -> None:
    """Excel's own check while typing; the import does not rely on it."""
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, item in enumerate(lab.rubric, 4):  # columns D and on hold levels
        column = _letter(number)
        for row, level in enumerate(item.levels, 1):
            hidden[f"{column}{row}"] = level.points
        if item.levels:
            area = f"'{HIDDEN}'!${column}$1:${column}${len(item.levels)}"
            rule = DataValidation("list", area, allow_blank=True)
        else:
            rule = DataValidation(
                "decimal", "0", f"{item.points:g}", True, operator="between"
            )
        rule.errorStyle = "stop"
        rule.errorTitle = rule.promptTitle = item.title[lang][:32]
        rule.error = f"{word('sheet_allowed', lang)}: {_range(item)}"[:225]
        rule.prompt = _prompt(item, lang)[:255]
        rule.showErrorMessage = rule.showInputMessage = True
        sheet.add_data_validation(rule)
        letter = _letter(columns.index(item.id) + 1)
        rule.add(f"{letter}{FIRST_ROW}:{letter}{max(last, FIRST_ROW)}")


def _prompt(item: RubricItem, lang: str) -> str:
    lines = [f"{level.points:g}: {level.label[lang]}" for level in item.levels]
    return "\n".join(lines or [_range(item), item.look_at.get(lang, "")]).strip()


def _remember(hidden: Worksheet, lab: Lab, marks: Sequence[Mark]) -> None:
    """Column A: what this is; B and C: students and what they had handed in."""
    hidden["A1"], hidden["A3"] = "vislearn rubric", FORMAT
    _text(hidden["A2"], lab.id)
    for number, mark in enumerate(marks, 1):
        _text(hidden.cell(number, 2), mark.student)
        _text(hidden.cell(number, 3), mark.record.sha if mark.record else "")
    hidden.sheet_state = "veryHidden"


def _protect(sheet: Worksheet, hidden: Worksheet, columns: int) -> None:
    """Against slips, not against people: there is no password."""
    sheet.auto_filter.ref = f"A1:{_letter(columns)}{max(sheet.max_row, FIRST_ROW)}"
    for allowed in ("autoFilter", "sort", "formatColumns", "formatRows"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden
    sheet.protection.sheet = hidden.protection.sheet = True


def _explain(sheet: Worksheet, lab: Lab, lang: str) -> None:
    """How to use it and what to look at, this language first."""
    from openpyxl.styles import Alignment, Font

    sheet.column_dimensions["A"].width = 100
    lines: list[tuple[str, bool]] = []
    for each in (lang, *(other for other in _EXPLANATION if other != lang)):
        lines.append((f"{lab.title[each]} · {word('sheet_help', each)}", True))
        lines += [(f"• {line}", False) for line in _EXPLANATION[each]]
        for item in lab.rubric:
            lines.append((f"{item.title[each]} [{item.id}] ({_range(item)})", True))
            if item.look_at:
                lines.append((item.look_at[each], False))
            lines += [(f"{x.points:g}: {x.label[each]}", False) for x in item.levels]
        lines.append(("", False))
    for number, (line, bold) in enumerate(lines, 1):
        cell = sheet.cell(number, 1)
        _text(cell, line)
        cell.font = Font(bold=bold)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[number].height = 16 * max(1, -(-_width(line) // 95))
