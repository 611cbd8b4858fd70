"""What people get to see: a page per learner, a summary, a table of marks.

Pages hold no text that a submission chose except its file name, which is escaped, and
no value that was computed from hidden inputs. Cells of the table that a spreadsheet
would take for a formula are disarmed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason, word
from vislearn.grading.verdict import QuestionResult

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, "Noto Sans KR", sans-serif; margin: 2rem auto;
       max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: .4rem .6rem; text-align: left;
         vertical-align: top; }
td.points { white-space: nowrap; font-variant-numeric: tabular-nums; }
.lost { font-weight: 600; }
.note { border-left: .25rem solid #b26a00; padding-left: .8rem; }
"""


def write_reports(lab: Lab, records: list[Record], out: Path, sandboxed: bool) -> None:
    """Write grades.csv, summary.html and reports/*.html into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "grades.csv", grades_csv(lab, records, sandboxed), "utf-8-sig")
    _write(out / "summary.html", summary_page(lab, records, sandboxed))
    folder = out / "reports"
    folder.mkdir(exist_ok=True)
    for record in records:
        page = learner_page(lab, record, sandboxed)
        _write(folder / report_name(record), page)


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding=encoding, newline="")
    part.replace(path)


def report_name(record: Record) -> str:
    """A file name for a learner's page: readable, safe, and different for each."""
    readable = re.sub(r"[^\w\-]+", "_", record.key.removesuffix(".ipynb"))[:60]
    return f"{readable}-{hashlib.sha256(record.key.encode()).hexdigest()[:8]}.html"


def grades_csv(lab: Lab, records: Iterable[Record], sandboxed: bool) -> str:
    """The marks as a table; an ungraded submission has empty points, never zero."""
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    questions = list(lab.questions)
    fixed = ["student", "file", "state", "points", "max_points"]
    writer.writerow([*fixed, *questions, "message", "sandbox"])
    mode = "bwrap" if sandboxed else "none"
    for record in records:
        points = "" if record.points is None else f"{record.points:g}"
        each = [
            f"{record.results[name].points:g}"
            if name in record.results and record.results[name].state == "graded"
            else ""
            for name in questions
        ]
        message = reason(record.reason, record.lang) if record.reason else ""
        row = [record.student, record.key, record.state, points, f"{lab.points:g}"]
        writer.writerow([harmless(text) for text in (*row, *each, message, mode)])
    return table.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    if text.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "|")):
        return f"'{text}"
    return text


def learner_page(lab: Lab, record: Record, sandboxed: bool) -> str:
    """One learner's page, in the language of the notebook."""
    lang = record.lang
    rows = [
        _question_rows(lab, name, record.results.get(name), lang)
        for name in lab.questions
        if record.state != "unreadable"
    ]
    points = "–" if record.points is None else f"{record.points:g}"
    notes = [key for key in (record.reason, *record.notes) if key]
    return _page(
        lang,
        f"{lab.title[lang]} · {word('report', lang)}",
        [
            f"<h1>{escape(lab.title[lang])}</h1>",
            _facts(
                {
                    word("learner", lang): record.student,
                    word("state", lang): word(record.state, lang),
                    word("total", lang): f"{points} / {lab.points:g}",
                    word("sandbox", lang): _mode(sandboxed, lang),
                }
            ),
            *(f'<p class="note">{escape(reason(key, lang))}</p>' for key in notes),
            _table(lang, rows) if rows else "",
        ],
    )


def _question_rows(
    lab: Lab, name: str, result: QuestionResult | None, lang: str
) -> str:
    question = lab.questions[name]
    title = f"{name} · {question.title[lang]}"
    if result is None or result.state != "graded":
        return _row(title, f"– / {question.points:g}", [reason("ungraded", lang)])
    return _row(
        title,
        f"{result.points:g} / {result.max_points:g}",
        feedback_lines(lab, result, lang),
    )


def feedback_lines(lab: Lab, result: QuestionResult, lang: str) -> list[str]:
    """What a learner should know about one question, most helpful line first."""
    if result.points == result.max_points:
        return [word("right", lang)]
    lines = []
    for mutant in lab.mutants:
        if mutant.name == result.misconception:
            lines.append(mutant.messages[lang])
    if result.reason not in ("ok", "error"):
        lines.append(reason(result.reason, lang))
    elif result.error:
        lines.append(f"{reason('error', lang)} ({result.error})")
    checks = {check.name: check for check in lab.questions[result.question].checks}
    for check in result.checks:
        # Where nothing came out to compare, advice about the value would mislead.
        if check.passed or check.reason in ("no_value", result.reason):
            continue
        text = checks[check.name].feedback.get(lang, "")
        said = f"{text} {reason(check.reason, lang)}".strip()
        lines.append(f"{check.name}: {said}")
    return lines or [reason(result.reason, lang)]


def summary_page(lab: Lab, records: list[Record], sandboxed: bool) -> str:
    """All submissions on one page, in both languages at once where words are needed."""
    head = "".join(f"<th>{escape(name)}</th>" for name in lab.questions)
    rows = []
    for record in records:
        cells = "".join(
            _summary_cell(record.results.get(name)) for name in lab.questions
        )
        points = "–" if record.points is None else f"{record.points:g}"
        link = f"reports/{report_name(record)}"
        rows.append(
            f'<tr><td><a href="{escape(link)}">{escape(record.student)}</a></td>'
            f"<td>{escape(record.key)}</td><td>{record.state}</td>"
            f'<td class="points">{points} / {lab.points:g}</td>{cells}</tr>'
        )
    counts = {
        state: sum(record.state == state for record in records)
        for state in ("graded", "unreadable", "ungraded")
    }
    facts = {word(state, "en"): str(count) for state, count in counts.items()}
    facts[word("sandbox", "en")] = _mode(sandboxed, "en")
    body = [
        f"<h1>{escape(lab.title['ko'])} · {escape(lab.title['en'])}</h1>",
        _facts(facts),
        f"<table><thead><tr><th>Learner</th><th>File</th><th>State</th>"
        f"<th>Points</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
    ]
    return _page("en", f"{lab.title['en']} · summary", body)


def _summary_cell(result: QuestionResult | None) -> str:
    if result is None or result.state != "graded":
        return '<td class="points">–</td>'
    why = "" if result.reason == "ok" else f" {escape(result.reason)}"
    if result.misconception:
        why = f" {escape(result.misconception)}"
    return f'<td class="points">{result.points:g}{why}</td>'


def _mode(sandboxed: bool, lang: str) -> str:
    return word("mode_bwrap" if sandboxed else "mode_none", lang)


def _facts(facts: Mapping[str, str]) -> str:
    rows = (
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in facts.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _table(lang: str, rows: list[str]) -> str:
    head = "".join(
        f"<th>{escape(word(name, lang))}</th>"
        for name in ("question", "points", "message")
    )
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _row(title: str, points: str, lines: list[str]) -> str:
    text = "<br>".join(escape(line) for line in lines)
    return (
        f"<tr><td>{escape(title)}</td>"
        f'<td class="points">{escape(points)}</td><td>{text}</td></tr>'
    )


def _page(lang: str, title: str, body: list[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(part for part in body if part)
        + "</body></html>\n"
    )
