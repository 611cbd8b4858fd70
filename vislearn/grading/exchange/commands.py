"""`vislearn export` and `vislearn import`.

Who has a mark that did not get where it should is named, and the exit code is 3.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vislearn.grading.exchange.nbgrader_book import BookMarks
    from vislearn.grading.exchange.sheets import Filled
    from vislearn.grading.people.rubric import ManualRow
    from vislearn.grading.term import Term

TARGETS = ("nbgrader", "gradescope", "canvas", "moodle", "junit")
_TABLES = ("canvas", "moodle")
_OPTIONS = {  # of export: where each has an effect
    "table": _TABLES,
    "assignment": _TABLES,
    "rescale": _TABLES,
    "visibility": ("gradescope",),
}
LEFT_OUT = 3


def add_parsers(add: Any) -> None:
    """Add `export` and `import`; `add(name, run, help)` makes a parser."""
    export = add("export", run_export, "give the marks of a class to another system")
    export.add_argument("out", type=Path, help="the --out of a `vislearn grade`")
    export.add_argument("--to", choices=TARGETS, required=True)
    export.add_argument(
        "--into",
        type=Path,
        help="nbgrader: the course folder; else the file to write (default: in OUT)",
    )
    export.add_argument(
        "--table", type=Path, help="canvas, moodle: the table that it exported"
    )
    export.add_argument(
        "--assignment", default="", help="canvas, moodle: whose column is filled"
    )
    export.add_argument(
        "--rescale",
        action="store_true",
        help="canvas, moodle: convert marks where other points are possible there",
    )
    export.add_argument(
        "--visibility",
        default="",
        help="gradescope: when learners see the tests: visible (default), "
        "after_due_date, after_published, hidden",
    )
    _add_term(export)

    load = add("import", run_import, "take over what people gave in another system")
    load.add_argument("out", type=Path, help="the --out of a `vislearn grade`")
    load.add_argument("--from", dest="source", choices=["nbgrader"], required=True)
    load.add_argument(
        "--course", type=Path, required=True, help="nbgrader's course folder"
    )
    _add_term(load)


def _add_term(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--roster", type=Path, help="another roster.csv")
    parser.add_argument("--policy", type=Path, help="another policy.yml")
    parser.add_argument("--lab", help="the lab's folder, if it has moved")


def run_export(arguments: argparse.Namespace) -> int:
    """Exit code 3 if somebody's mark did not get there."""
    from vislearn.grading.exchange.junit import write_junit

    to, out, into = arguments.to, arguments.out, arguments.into
    for option, targets in _OPTIONS.items():
        if getattr(arguments, option) and to not in targets:
            raise ValueError(f"--{option} goes with --to {' or '.join(targets)} only")
    term = _term(arguments)
    if to == "nbgrader":
        return _to_nbgrader(term, into)
    if to == "gradescope":
        return _to_gradescope(term, into or out, arguments.visibility or "visible")
    if to == "junit":
        print(write_junit(term.lab, term.records, into or out / "junit.xml"))
        return 0
    return _to_table(term, arguments)


def _term(arguments: argparse.Namespace) -> Term:
    from vislearn.grading.commands import find_lab, import_quickly
    from vislearn.grading.term import open_term

    import_quickly()
    return open_term(
        arguments.out,
        lab=find_lab(arguments.lab) if arguments.lab else None,
        roster=arguments.roster,
        policy=arguments.policy,
    )


def book_of(course: Path) -> Path:
    """The gradebook of a course folder, or the file itself."""
    from vislearn.grading.exchange.nbgrader_api import FILE

    return course / FILE if course.is_dir() else course


def _to_nbgrader(term: Term, into: Path | None) -> int:
    from vislearn.grading.exchange.nbgrader_book import write_gradebook

    if into is None:
        raise ValueError("--to nbgrader: say --into COURSE, nbgrader's course folder")
    file = book_of(into)
    written = write_gradebook(term.lab, term.marks, file, manual=term.manual)
    print(f"{file}: {len(written.marked)} marks")
    _name("not in the gradebook before, added", written.added)
    _name("without a mark, left for a person", written.ungraded)
    _name("nothing handed in", written.absent)
    theirs = [f"{student} ({cell})" for student, cell in written.overridden]
    _name("a number that a person gave in nbgrader counts, not ours", theirs)
    return LEFT_OUT if theirs else 0


def _to_gradescope(term: Term, into: Path, visibility: str) -> int:
    from vislearn.grading.exchange.gradescope_results import results_zip

    print(results_zip(term.lab, term.records, into, visibility=visibility))
    waiting = [record.key for record in term.records if record.points is None]
    _name("without a mark", waiting)
    return 0


def _to_table(term: Term, arguments: argparse.Namespace) -> int:
    """Fill a copy of a platform's table."""
    from vislearn.grading.exchange.canvas import fill_canvas
    from vislearn.grading.exchange.moodle import fill_moodle

    to, table = arguments.to, arguments.table
    if table is None:
        raise ValueError(f"--to {to}: say --table FILE, a table that {to} exported")
    if not table.is_file():
        raise FileNotFoundError(f"{table}: no such file")
    into = arguments.into or arguments.out / f"{to}.csv"
    if into.resolve() == table.resolve():
        raise ValueError(f"--into {into}: would overwrite the exported table")
    name, marks = arguments.assignment, term.marks
    if to == "canvas":
        if not name:
            raise ValueError("--to canvas: say --assignment NAME, a column's head")
        filled = fill_canvas(table, name, marks, into, rescale=arguments.rescale)
    else:
        filled = fill_moodle(
            table, marks, into, assignment=name, rescale=arguments.rescale
        )
    return _tell(filled, {m.student for m in marks if m.points is not None})


def _tell(filled: Filled, with_mark: set[str]) -> int:
    print(f"{filled.file}: {len(filled.marked)} marks in column {filled.column!r}")
    lost = [student for student in filled.not_in_export if student in with_mark]
    _name("not in the table", filled.not_in_export)
    _name("cannot be filled in", [f"{who} ({why})" for who, why in filled.problems])
    _name("without a mark, left as it is", filled.ungraded)
    _name("in the table but not in the class", filled.without_mark)
    return LEFT_OUT if lost or filled.problems else 0


def _name(what: str, names: Iterable[str]) -> None:
    """Who it is, as text that cannot steer a terminal."""
    shown = [
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
        for name in names
    ]
    if shown:
        print(f"{what}: {', '.join(shown)}")


def run_import(arguments: argparse.Namespace) -> int:
    """Exit code 3 if a person gave something that is not taken over."""
    from vislearn.grading.exchange.nbgrader_book import read_gradebook
    from vislearn.grading.people.rubric_commands import differences

    term, file = _term(arguments), book_of(arguments.course)
    found = read_gradebook(term.lab, file)
    students = {mark.student for mark in term.marks}
    rows = fresh(term.manual, [row for row in found.rows if row.student in students])
    term.journal.store_manual(rows)
    for line in differences(term.manual, rows):
        print(line)
    count = len({row.student for row in rows})
    print(f"{file}: {len(rows)} new marks of {count} students imported")
    return _tell_left(found, students)


def fresh(known: Iterable[ManualRow], found: Iterable[ManualRow]) -> list[ManualRow]:
    """What a gradebook says that we do not know.

    A blank there takes no mark back: the mark may be newer than the last export.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    old = {(row.student, row.item): row for row in known}
    rows = []
    for row in found:
        was = old.get((row.student, row.item))
        points = was.points if was and row.points is None else row.points
        comment = row.comment or (was.comment if was else "")
        if was is None or (points, comment) != (was.points, was.comment):
            rows.append(
                type(row)(row.student, row.item, points, comment, row.marker, now)
            )
    return rows


def _tell_left(found: BookMarks, students: set[str]) -> int:
    strangers = sorted({row.student for row in found.rows} - students)
    _name("in the gradebook but not in the class, not imported", strangers)
    given = [
        f"{o.student} {o.question}: {o.given:g}"
        + ("" if o.auto is None else f" instead of {o.auto:g}")
        for o in found.overrides
    ]
    _name("given for a question that is graded here, not imported", given)
    return LEFT_OUT if strangers or given else 0
