"""Tables that the appendix prints from the library and from measurements.

`{vl-table} models`     every preset with its size, counted on the meta device
`{vl-table} data`       the cards of the data sets
`{vl-table} parity`     agreement with reference implementations, `book/parity.json`
`{vl-table} execution`  how long each page's code ran, and whether it succeeded
`{vl-table} coverage`   every topic with its code, section, practice and tests

and the tables of the instructors' page, see `grading_tables`.

The prose around them is ordinary, bilingual and checked; only rows are generated.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import coverage_table
import grading_tables
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

Rows = list[list[Any]]
_NUMBER = re.compile(r"[\d,.]*(e[+-]\d+)?")  # empty cells do not count
WORDS: dict[str, dict[str, Any]] = {
    "ko": {
        "models": ["이름", "계열", "입력(픽셀)", "토큰 수", "너비", "매개변수"],
        "data": ["출처", "라이선스", "크기", "분할", "알려진 결함"],
        "parity": ["모델", "기준 구현", "비교한 값", "최대 차이", "허용"],
        "execution": ["쪽", "실행 시각(UTC)", "걸린 시간(초)", "결과"],
        "good": "성공",
        "bad": "실패",
        "empty": "아직 없습니다.",
        "total": "합계",
    },
    "en": {
        "models": ["name", "family", "input (px)", "tokens", "width", "parameters"],
        "data": ["Source", "Licence", "Size", "Splits", "Known flaws"],
        "parity": ["model", "reference", "quantity", "largest difference", "allowed"],
        "execution": ["page", "ran at (UTC)", "seconds", "result"],
        "good": "succeeded",
        "bad": "failed",
        "empty": "None yet.",
        "total": "total",
    },
}


def model_rows(cache: Path) -> Rows:
    """One row for each name of `list_models`.

    Counting needs torch, so the rows are kept in the folder of this library's outputs.
    """
    kept = cache / "models.json"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        own = kept.with_suffix(f".{os.getpid()}")  # both languages may be at it
        own.write_text(json.dumps(_count_models()), encoding="utf-8")
        own.replace(kept)
    return json.loads(kept.read_text(encoding="utf-8"))


def _count_models() -> Rows:
    import torch

    from vislearn.budget.parameters import count_parameters
    from vislearn.registry import create_model, find_preset, list_models

    rows: Rows = []
    for name in list_models():
        preset = find_preset(name)
        model = create_model(name, device="meta")
        side = preset.config.img_size
        with torch.no_grad():
            tokens = model(torch.empty(1, 3, side, side, device="meta")).tokens
        parameters = f"{count_parameters(model):,}"
        rows.append([name, preset.family, side, *tokens.shape[1:], parameters])
    return rows


def card_sections(words: dict[str, Any], language: str) -> list[nodes.Node]:
    """One section for each data card: cards hold sentences, too long for a table."""
    from vislearn.data import cards

    sections: list[nodes.Node] = []
    for card in cards().values():
        section = nodes.section(ids=[f"data-{card.name}"], names=[f"data-{card.name}"])
        section += nodes.title("", card.title[language])
        fields = nodes.field_list()
        values = (
            card.source,
            card.licence,
            card.size[language],
            card.splits[language],
            card.flaws[language],
        )
        for head, value in zip(words["data"], values, strict=True):
            body = nodes.field_body("", nodes.paragraph("", value))
            fields += nodes.field("", nodes.field_name("", head), body)
        section += fields
        sections.append(section)
    return sections


def parity_rows(path: Path) -> Rows:
    """One row for each comparison that `make parity` wrote."""
    if not path.exists():
        return []
    report = json.loads(path.read_text(encoding="utf-8"))
    return [
        [
            row["system"],
            row["reference"],
            row["quantity"],
            f"{row['error']:.1e}",
            f"{row['tolerance']:.0e}",
        ]
        for row in report["rows"]
    ]


def execution_rows(
    executed: dict[str, dict[str, Any]], titles: dict[str, Any], words: dict[str, Any]
) -> Rows:
    """One row for each executed page, and a sum."""
    rows: Rows = []
    for docname, data in sorted(executed.items()):
        when = datetime.fromtimestamp(data["mtime"], timezone.utc)
        rows.append(
            [
                (docname, titles[docname].astext()),
                when.strftime("%Y-%m-%d %H:%M"),
                f"{data['runtime'] or 0:.1f}",
                words["good"] if data["succeeded"] else words["bad"],
            ]
        )
    total = sum(data["runtime"] or 0 for data in executed.values())
    return [*rows, [words["total"], "", f"{total:.1f}", ""]] if rows else rows


def table(head: list[str], rows: Rows, docname: str) -> nodes.table:
    """A table; a pair in a cell is a link to a page: (docname, text).

    Columns of numbers are aligned at the right.
    """
    numbers = [
        all(_NUMBER.fullmatch(_text(cell)) for cell in column)
        for column in zip(*rows, strict=True)
    ]
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head, docname, numbers))
    group += nodes.tbody("", *[_row(row, docname, numbers) for row in rows])
    return nodes.table("", group, classes=["colwidths-auto", "vl-table"])


def _text(cell: Any) -> str:
    return cell.astext() if isinstance(cell, nodes.Node) else str(cell)


def _row(cells: Iterable[Any], docname: str, numbers: list[bool]) -> nodes.row:
    row = nodes.row()
    for cell, number in zip(cells, numbers, strict=True):
        classes = ["vl-number"] if number else []
        if isinstance(cell, tuple):
            target, text = cell
            link = addnodes.pending_xref(
                "",
                nodes.inline("", text),
                refdomain="std",
                reftype="doc",
                reftarget=f"/{target}",
                refexplicit=True,
                refwarn=True,
                refdoc=docname,
            )
            row += nodes.entry("", nodes.paragraph("", "", link))
        else:
            inner = cell if isinstance(cell, nodes.Node) else nodes.Text(str(cell))
            row += nodes.entry("", nodes.paragraph("", "", inner), classes=classes)
    return row


def _remarks(remarks: Iterable[tuple[str, str]]) -> nodes.bullet_list:
    listing = nodes.bullet_list(classes=["vl-table-note"])
    for name, text in remarks:
        line = nodes.paragraph("", "", nodes.strong("", name), nodes.Text(f": {text}"))
        listing += nodes.list_item("", line)
    return listing


class execution_status(nodes.General, nodes.Element):
    """Stands for the table until all pages are executed."""


class VlTable(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        words = WORDS[self.config.language]
        if kind == "execution":
            # MyST-NB writes pages with this mark anew when a page was executed.
            NbMetadataCollector.set_doc_data(
                self.env, self.env.docname, "has_exec_table", True
            )
            return [execution_status()]
        if kind in grading_tables.KINDS:
            return self._grading(kind)
        if kind == "coverage":
            return self._coverage()
        if kind == "data":
            return card_sections(words, self.config.language)
        if kind == "models":
            rows = model_rows(Path(self.config.nb_execution_cache_path))
        elif kind == "parity":
            report = Path(self.env.srcdir) / "book" / "parity.json"
            if report.exists():  # a missing file would count as changed every time
                self.env.note_dependency(str(report))
            rows = parity_rows(report)
        else:
            raise self.error(f"vl-table {kind!r}: no such table")
        if not rows:
            return [nodes.paragraph("", words["empty"])]
        return [table(words[kind], rows, self.env.docname)]

    def _coverage(self) -> list[nodes.Node]:
        book = Path(self.env.srcdir) / "book"
        self.env.note_dependency(str(book / coverage_table.FILE))
        try:
            return coverage_table.coverage_sections(
                book, self.config.language, self.env.docname
            )
        except ValueError as error:
            raise self.error(str(error)) from error

    def _grading(self, kind: str) -> list[nodes.Node]:
        book = Path(self.env.srcdir) / "book"
        try:
            found = grading_tables.grading_table(kind, self.config.language, book)
        except ValueError as error:
            raise self.error(str(error)) from error
        if kind in grading_tables.FILES:
            self.env.note_dependency(str(book / grading_tables.FILES[kind]))
        shown = table(found.head, found.rows, self.env.docname)
        if kind != "grading-speed":  # whose columns are figures
            shown["classes"].append("vl-wrap")
        below: list[nodes.Node] = []
        if found.note:
            below.append(nodes.paragraph("", found.note, classes=["vl-table-note"]))
        if found.remarks:
            below.append(_remarks(found.remarks))
        return [shown, *below]


class FillExecutionStatus(SphinxPostTransform):
    default_priority = 8  # before references are resolved

    def run(self, **kwargs: Any) -> None:
        words = WORDS[self.config.language]
        for node in list(self.document.findall(execution_status)):
            kept = NbMetadataCollector.get_doc_data(self.env)
            executed = {
                name: data["exec_data"]
                for name, data in kept.items()
                if data.get("exec_data")
            }
            rows = execution_rows(executed, self.env.titles, words)
            if rows:
                node.replace_self(table(words["execution"], rows, self.env.docname))
            else:
                node.replace_self(nodes.paragraph("", words["empty"]))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("vl-table", VlTable)
    app.add_node(execution_status)
    app.add_post_transform(FillExecutionStatus)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
