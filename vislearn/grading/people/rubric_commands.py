"""`vislearn rubric export` and `vislearn rubric import`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vislearn.grading.journal import Record
    from vislearn.grading.people.roster import Roster
    from vislearn.grading.people.rubric import ManualRow
    from vislearn.grading.term import Term


def add_parsers(add: Any) -> None:
    """Add `rubric` with its two subcommands; `add(name, run, help)` makes a parser."""
    rubric = add("rubric", None, "mark what a person marks, in a spreadsheet")
    subcommands = rubric.add_subparsers(dest="rubric_command", required=True)

    export = subcommands.add_parser("export", help="write the sheet of a graded class")
    export.set_defaults(run=run_export)
    export.add_argument("out", type=Path, help="the --out of a `vislearn grade`")
    export.add_argument("--to", type=Path, required=True, help="the .xlsx to write")
    export.add_argument("--lang", choices=["ko", "en"], default="ko")
    export.add_argument("--roster", type=Path, help="another roster.csv")
    export.add_argument("--policy", type=Path, help="another policy.yml")
    export.add_argument("--lab", help="a lab's folder, if it has moved")

    load = subcommands.add_parser("import", help="read filled-in sheets back")
    load.set_defaults(run=run_import)
    load.add_argument("out", type=Path, help="the --out of a `vislearn grade`")
    load.add_argument("sheets", type=Path, nargs="+", help=".xlsx or .csv files")
    load.add_argument("--marker", default="", help="who marked (default: file names)")
    load.add_argument("--roster", type=Path, help="another roster.csv")
    load.add_argument(
        "--replace", action="store_true", help="blank cells take earlier marks back"
    )
    load.add_argument(
        "--accept-changed",
        action="store_true",
        help="also take marks of students who have handed in anew since the export",
    )
    load.add_argument("--lab", help="a lab's folder, if it has moved")


def run_export(arguments: argparse.Namespace) -> int:
    from vislearn.grading.people.rubric_sheet import write_sheet

    term = _term(arguments, policy=arguments.policy)
    rows = term.marks
    write_sheet(
        term.lab,
        rows,
        arguments.to,
        arguments.lang,
        given=term.manual,
        pages=arguments.out / "reports",
    )
    print(f"{arguments.to}: {len(rows)} students")
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    """Exit code 1, and nothing stored, if anything is wrong with any sheet."""
    from vislearn.grading.people.rubric import changed_since, merge
    from vislearn.grading.people.rubric_import import read_sheet

    term = _term(arguments)
    shas = _shas(term.records, term.roster)
    sheets, problems = [], []
    for path in arguments.sheets:
        options = {"marker": arguments.marker, "blanks": arguments.replace}
        try:
            sheets.append(read_sheet(path, term.lab, students=set(shas), **options))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))
    merged = merge(sheets)
    stale = changed_since(merged, shas)
    if stale and not arguments.accept_changed:
        raise ValueError(
            "handed in anew since the export: "
            + ", ".join(stale)
            + "; nothing is imported. Export again, or use --accept-changed"
        )
    term.journal.store_manual(merged)
    for line in differences(term.manual, merged):
        print(line)
    students = len({row.student for row in merged})
    print(f"{len(merged)} marks of {students} students imported")
    return 0


def _term(arguments: argparse.Namespace, policy: Path | None = None) -> Term:
    """The graded class, with the roster and the policy of the run unless others."""
    from vislearn.grading.commands import find_lab, import_quickly
    from vislearn.grading.term import open_term

    import_quickly()
    lab = find_lab(arguments.lab) if arguments.lab else None
    return open_term(arguments.out, lab=lab, roster=arguments.roster, policy=policy)


def _shas(records: Sequence[Record], roster: Roster | None) -> dict[str, list[str]]:
    """All submissions of every student, under the id that marks have."""
    found: dict[str, list[str]] = {}
    if roster is not None:
        found = {student.id: [] for student in roster.students}
    for record in records:
        known = roster.match(record.student) if roster is not None else None
        student = known.id if known else record.student
        found.setdefault(student, []).append(record.sha)
    return found


def differences(before: Sequence[ManualRow], after: Sequence[ManualRow]) -> list[str]:
    """What an import changed of marks that were there already."""
    old = {(row.student, row.item): row for row in before}
    lines = []
    for row in after:
        was = old.get((row.student, row.item))
        if was is None or was.points is None or was.points == row.points:
            continue
        now = "not marked" if row.points is None else f"{row.points:g}"
        lines.append(
            f"{row.student}, {row.item}: {was.points:g} ({was.marker}) is now {now}"
        )
    return lines
