"""The journal of a grading run: one SQLite file that survives every crash.

A question's result is written the moment it is known, in one transaction. A later run
into the same folder grades only what is missing; results of an older lab, library or
secret do not count, and results of a changed submission go.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.people import manual_store
from vislearn.grading.people.rubric import ManualRow
from vislearn.grading.submission import Submission

FILE = "journal.sqlite"
_SCHEMA = """
create table if not exists facts (name text primary key, value text not null);
create table if not exists submissions (
    key text primary key, student text, sha text, state text, lang text,
    reason text, notes text, handed_in text, attempt integer
);
create table if not exists results (
    key text, question text, sha text, fingerprint text, result text,
    primary key (key, question)
);
create table if not exists batches (
    number integer primary key, begun text, ended text, about text
);
"""


@dataclass(frozen=True)
class Record:
    """One submission as the journal knows it; `results` by question."""

    key: str
    student: str
    sha: str
    state: str  # graded, unreadable or ungraded
    lang: str
    reason: str
    notes: tuple[str, ...]
    results: Mapping[str, QuestionResult]
    handed_in: str = ""  # ISO 8601 with offset; empty if unknown
    attempt: int = 0  # 0 where nothing says it

    @property
    def points(self) -> float | None:
        """The sum, or None where there is no mark."""
        if self.state == "ungraded":
            return None
        return sum(result.points for result in self.results.values())


class Journal:
    """The journal of one output folder."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)  # it holds everybody's marks
        with self._connection() as connection:
            connection.execute("pragma journal_mode=wal")
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction; several processes may write."""
        connection = sqlite3.connect(self.file, timeout=60)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def fact(self, name: str) -> str:
        """A fact about the whole folder, or an empty text."""
        with self._connection() as connection:
            row = connection.execute(
                "select value from facts where name = ?", (name,)
            ).fetchone()
        return str(row[0]) if row else ""

    def set_fact(self, name: str, value: str) -> None:
        with self._connection() as connection:
            connection.execute(
                "insert or replace into facts values (?, ?)", (name, value)
            )

    def begin(self, about: Mapping[str, Any]) -> int:
        """Note that a batch starts, and under which conditions."""
        with self._connection() as connection:
            cursor = connection.execute(
                "insert into batches (begun, about) values (datetime('now'), ?)",
                (json.dumps(dict(about)),),
            )
            return int(cursor.lastrowid or 0)

    def end(self, batch: int) -> None:
        with self._connection() as connection:
            connection.execute(
                "update batches set ended = datetime('now') where number = ?", (batch,)
            )

    def keep_only(self, keys: list[str]) -> None:
        """Forget submissions whose files are no longer there."""
        with self._connection() as connection:
            known = connection.execute("select key from submissions").fetchall()
            gone = [row for row in known if row[0] not in set(keys)]
            connection.executemany("delete from submissions where key = ?", gone)

    def forget(self, keys: Iterable[str], questions: Iterable[str]) -> None:
        """Drop the results of some questions of some submissions."""
        pairs = [(key, question) for key in keys for question in questions]
        with self._connection() as connection:
            connection.executemany(
                "delete from results where key = ? and question = ?", pairs
            )

    def add(
        self, submission: Submission, handed_in: str = "", attempt: int = 0
    ) -> None:
        """Enter a submission; if its file has changed, its old results go."""
        row = (
            submission.key,
            submission.student,
            submission.sha,
            submission.state,
            submission.lang,
            submission.reason,
            json.dumps(list(submission.notes)),
            handed_in,
            attempt,
        )
        with self._connection() as connection:
            connection.execute(
                "delete from results where key = ? and sha != ?",
                (submission.key, submission.sha),
            )
            connection.execute(
                "insert or replace into submissions values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def store(
        self, key: str, sha: str, fingerprint: str, result: QuestionResult
    ) -> None:
        """Keep the result of one question."""
        text = json.dumps(asdict(result))
        with self._connection() as connection:
            connection.execute(
                "insert or replace into results values (?, ?, ?, ?, ?)",
                (key, result.question, sha, fingerprint, text),
            )

    def results(self, fingerprint: str) -> dict[str, dict[str, QuestionResult]]:
        """All valid results, by submission and question."""
        with self._connection() as connection:
            rows = connection.execute(
                "select key, question, result from results where fingerprint = ?",
                (fingerprint,),
            ).fetchall()
        found: dict[str, dict[str, QuestionResult]] = {}
        for key, question, text in rows:
            result = QuestionResult.from_json(json.loads(text))
            found.setdefault(key, {})[question] = result
        return found

    def records(self, questions: list[str], fingerprint: str) -> list[Record]:
        """Every submission with its state; a missing question makes it ungraded."""
        with self._connection() as connection:
            rows = connection.execute(
                "select key, student, sha, state, lang, reason, notes, handed_in, "
                "attempt from submissions order by key"
            ).fetchall()
        results = self.results(fingerprint)
        return [_record(row, results.get(row[0], {}), questions) for row in rows]

    def store_manual(self, rows: Iterable[ManualRow]) -> None:
        """Keep marks that people gave; a later one replaces an earlier one."""
        manual_store.store_manual(self.file, rows)

    def manual(self) -> list[ManualRow]:
        """All marks that people gave."""
        return manual_store.load_manual(self.file)

    def last_batch(self) -> dict[str, Any]:
        """What was noted about the latest batch."""
        with self._connection() as connection:
            row = connection.execute(
                "select about from batches order by number desc limit 1"
            ).fetchone()
        return dict(json.loads(row[0])) if row else {}


def _record(
    row: tuple[Any, ...], results: dict[str, QuestionResult], questions: list[str]
) -> Record:
    key, student, sha, state, lang, reason, notes, handed_in, attempt = row
    if state == "readable":
        done = all(
            name in results and results[name].state == "graded" for name in questions
        )
        state = "graded" if done else "ungraded"
        reason = "" if done else "ungraded"
    ordered = {name: results[name] for name in questions if name in results}
    kept = tuple(json.loads(notes))
    about = (reason, kept, ordered, handed_in, attempt)
    return Record(key, student, sha, state, lang, *about)


def open_journal(folder: Path, *, create: bool) -> Journal:
    """The journal of an output folder.

    Raises:
        FileNotFoundError: if it is not there and may not be made.
    """
    file = folder / FILE
    if not create and not os.path.exists(file):
        raise FileNotFoundError(
            f"{folder}: no {FILE} there; run `vislearn grade` first"
        )
    return Journal(file)
