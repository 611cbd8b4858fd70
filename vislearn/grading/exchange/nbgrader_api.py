"""nbgrader's gradebook, opened; nbgrader is installed only where it is wanted."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

FILE = "gradebook.db"


def book_url(file: Path) -> str:
    """The address of a gradebook as nbgrader wants it."""
    return f"sqlite:///{file.resolve()}"


@contextmanager
def open_book(file: Path, course_id: str = "") -> Iterator[Any]:
    """An nbgrader `Gradebook`.

    Args:
        course_id: makes the gradebook if it is not there; without it the course is the
            one that the gradebook is of.

    Raises:
        ValueError: if nbgrader is not installed, or there is no gradebook and none is
            to be made, or it is another file.
    """
    try:
        from nbgrader.api import Gradebook
    except ModuleNotFoundError:
        raise ValueError(
            f"{file}: nbgrader is not installed, and its gradebook is read and written "
            "through nbgrader only: pip install nbgrader"
        ) from None
    if not course_id and not file.is_file():
        raise ValueError(f"{file}: no gradebook there, expected nbgrader's {FILE}")
    course = course_id or _course_of(file)
    with _tools_in_path(), Gradebook(book_url(file), course) as book:
        yield book


def _course_of(file: Path) -> str:
    """The course of a gradebook; nbgrader would add one of any other name.

    Raises:
        ValueError: if it is no gradebook.
    """
    try:
        with closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        ) as db:
            row = db.execute("select course_id from assignment limit 1").fetchone()
    except sqlite3.DatabaseError:
        raise ValueError(f"{file}: not a gradebook of nbgrader") from None
    return str(row[0]) if row else "default_course"


@contextmanager
def _tools_in_path() -> Iterator[None]:
    """nbgrader starts `alembic`, which may lie only beside this interpreter."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
