"""Marks that people gave, kept in the journal's file beside the results.

They belong to students and not to runs of the grader: grading anew leaves them alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from vislearn.grading.people.rubric import ManualRow

_SCHEMA = """
create table if not exists manual (
    student text, item text, points real, comment text, marker text, at text, sha text,
    primary key (student, item)
)
"""
_COLUMNS = "student, item, points, comment, marker, at, sha"


def store_manual(file: Path, rows: Iterable[ManualRow]) -> None:
    """Keep marks, all of them or none; a later mark replaces an earlier one."""
    values = [
        (r.student, r.item, r.points, r.comment, r.marker, r.at, r.sha) for r in rows
    ]
    with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
        connection.execute(_SCHEMA)
        connection.executemany(
            f"insert or replace into manual ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)",
            values,
        )


def load_manual(file: Path) -> list[ManualRow]:
    """All marks, sorted by student and item."""
    with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
        connection.execute(_SCHEMA)
        rows = connection.execute(
            f"select {_COLUMNS} from manual order by student, item"
        ).fetchall()
    return [ManualRow(*row) for row in rows]
