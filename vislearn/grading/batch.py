"""Grading a folder of submissions: known answers first, then everybody, resumable.

The work is cut into chunks, which workers grade (`spread`, `shard`); every result goes
into one journal the moment it is known. Whatever happens to a process, the journal
keeps what was finished, and the rest is ungraded, which is not zero.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from vislearn.grading import shard, spread
from vislearn.grading.checks.counterexamples import write_cases
from vislearn.grading.checks.verdict import QuestionResult, with_blocked
from vislearn.grading.journal import Journal, Record, open_journal
from vislearn.grading.lab import Lab
from vislearn.grading.people.layouts import identify
from vislearn.grading.people.roster import Roster
from vislearn.grading.reference import Reference, cache_key, reference
from vislearn.grading.running import answers_of, steps, stubs_of
from vislearn.grading.secret import course_secret
from vislearn.grading.secret import mark as secret_mark
from vislearn.grading.shard import BatchRefusedError, Job, Row
from vislearn.grading.submission import (
    Submission,
    find_submissions,
    read_submission,
)
from vislearn.grading.walls import cgroups, sandbox

KNOWN = {"known/solution": answers_of, "known/release": stubs_of}
# How a question ends through no fault of its values; --only-failed takes these up.
FAILED = (
    *("timeout", "kernel_died", "memory_limit", "disk_limit", "output_limit"),
    "setup_failed",
)


@dataclass(frozen=True)
class Outcome:
    """What a batch did: all records of the folder, how it was walled, what it took."""

    records: list[Record]
    walls: str
    graded_now: int


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes:
        jobs: workers at a time, where no cluster is given.
        scheduler: address of a Dask scheduler; empty for a cluster in this process.
        walls: bwrap, user (a throw-away container's) or none (trusted notebooks).
        seed_file: a file whose text is the secret of the course (`secret`).
        only_failed: take up only what ended in a time-out, a crash or a limit, and what
            has no result.
        roster: who is in the class; confirms whose a file is.
        zone: of the times that do not say theirs, by default this machine's.
        regrade: patterns of submissions (by file or student) to grade anew.
        say: told what happens; progress: told how many of how many questions are done.
    """

    jobs: int = 1
    scheduler: str = ""
    walls: str = "bwrap"
    seed_file: Path | None = None
    only_failed: bool = False
    roster: Roster | None = None
    zone: tzinfo | None = None
    regrade: Sequence[str] = ()
    say: Callable[[str], None] = lambda _line: None
    progress: Callable[[int, int], None] = lambda _done, _all: None


@dataclass(frozen=True)
class _Task:
    """One question of one submission that has no result yet."""

    submission: Submission
    question: str


def grade(lab: Lab, folder: Path, out: Path, **options: Any) -> Outcome:
    """Grade every notebook under `folder`; results go to the journal in `out`.

    Args:
        options: see `Options`.

    Raises:
        ValueError: if the sandbox is wanted but not there, if the lab is refused, or
            if the known answers do not get their marks.
    """
    how = Options(**options)
    _refuse(how, lab)
    shard.sweep()
    cgroups.sweep()
    entries = read_class(lab, folder, how.roster, how.zone)
    journal = open_journal(out, create=True)
    secret = course_secret(how.seed_file, lab.path)
    journal.set_fact("secret_mark", secret_mark(secret))
    known = reference(lab, secret)
    write_cases(lab, out)
    mark = fingerprint(lab, secret, how.walls)
    journal.set_fact("fingerprint", mark)
    journal.set_fact("lab_path", str(lab.path))
    journal.set_fact("submissions", str(folder.resolve()))
    journal.set_fact("zone", str(how.zone or ""))
    found = _enter(journal, entries)
    _forget(journal, found, lab, mark, how)
    tasks = _missing(lab, found, journal, mark)
    how.say(f"{len(found)} notebooks, {len(tasks)} questions to grade")
    if tasks:
        batch = journal.begin(_about(lab, how))
        _grade_tasks(lab, tasks, known, journal, mark, secret, how)
        journal.end(batch)
    return Outcome(records_of(journal, lab), how.walls, len(tasks))


def records_of(journal: Journal, lab: Lab) -> list[Record]:
    """All records of a journal, each result with what may have spoilt it."""
    records = journal.records(list(lab.questions), journal.fact("fingerprint"))
    return [
        replace(record, results=with_blocked(lab, record.results)) for record in records
    ]


def _refuse(how: Options, lab: Lab) -> None:
    if how.jobs < 1:
        raise ValueError(f"jobs is {how.jobs}, expected 1 or more")
    if how.walls not in sandbox.WALLS:
        raise ValueError(f"walls is {how.walls!r}, expected one of {sandbox.WALLS}")
    if how.walls == "bwrap" and not (state := sandbox.probe()).available:
        raise ValueError(
            f"no sandbox: {state.reason}. Untrusted notebooks are not run without it; "
            "--no-sandbox grades notebooks that you trust"
        )
    if how.walls == "user":
        sandbox.prepare_user_walls(lab.masked_modules, [lab.path])


def distinct(found: Sequence[Submission], folder: Path) -> list[Submission]:
    """The same submissions, with keys of which no two are alike.

    Names that differ only in what cannot be shown (their Unicode form, control
    characters) get a mark of the raw path.
    """
    count = Counter(submission.key for submission in found)
    return [
        submission
        if count[submission.key] == 1
        else replace(
            submission, key=f"{submission.key}~{_mark(submission.path, folder)}"
        )
        for submission in found
    ]


def _mark(path: Path, folder: Path) -> str:
    raw = os.fsencode(os.path.relpath(path, folder))
    return hashlib.sha256(raw).hexdigest()[:8]


@dataclass(frozen=True)
class Entry:
    """A submission with whose it is: what the file itself does not say."""

    submission: Submission
    handed_in: str
    attempt: int


def read_class(
    lab: Lab, folder: Path, roster: Roster | None, zone: tzinfo | None = None
) -> list[Entry]:
    """Read every notebook under a folder.

    Args:
        zone: of the times that do not say theirs (file names, tables), by default
            this machine's.

    Raises:
        ValueError: if there is none.
    """
    files = find_submissions(folder)
    read = [read_submission(file, lab, folder) for file in files]
    entries = []
    for submission in distinct(read, folder):
        whose = identify(submission.path, folder, roster, zone)
        notes = (*submission.notes, *whose.notes)
        named = replace(submission, student=whose.student, notes=notes)
        entries.append(Entry(named, whose.handed_in, whose.attempt))
    return entries


def _enter(journal: Journal, entries: Sequence[Entry]) -> list[Submission]:
    """Enter all submissions into the journal; those that are gone leave it."""
    journal.keep_only([entry.submission.key for entry in entries])
    for entry in entries:
        journal.add(entry.submission, entry.handed_in, entry.attempt)
    return [entry.submission for entry in entries]


def _about(lab: Lab, how: Options) -> dict[str, Any]:
    """What reports say about how a batch was graded."""
    return {
        "walls": how.walls,
        "jobs": how.jobs,
        "scheduler": how.scheduler,
        "hard_memory_limit": how.walls == "bwrap" and cgroups.available(),
        "limits": asdict(sandbox.Limits(memory_mb=lab.memory_budget_mb)),
    }


def _forget(
    journal: Journal,
    found: Sequence[Submission],
    lab: Lab,
    mark: str,
    how: Options,
) -> None:
    """Drop the results that are to be made anew.

    Raises:
        ValueError: if a pattern of --regrade fits no submission.
    """
    for pattern in how.regrade:
        fits = [
            submission.key
            for submission in found
            if fnmatch.fnmatchcase(submission.key, pattern)
            or fnmatch.fnmatchcase(submission.student, pattern)
        ]
        if not fits:
            raise ValueError(f"--regrade {pattern!r} fits no submission")
        journal.forget(fits, lab.questions)
    if how.only_failed:
        for key, results in journal.results(mark).items():
            failed = [name for name, r in results.items() if r.reason in FAILED]
            journal.forget([key], failed)


def _grade_tasks(
    lab: Lab,
    tasks: list[_Task],
    known: Reference,
    journal: Journal,
    mark: str,
    secret: str,
    how: Options,
) -> None:
    """Everything that has no result; once more what got none."""
    job = make_job(lab, known, mark, secret, how.walls)
    found = list({task.submission.key: task.submission for task in tasks}.values())
    done: set[tuple[str, str]] = set()

    def take(row: Row) -> None:
        result = QuestionResult.from_json(row["result"])
        journal.store(row["key"], row["sha"], row["fingerprint"], result)
        if result.state == "graded":
            done.add((row["key"], result.question))
        how.progress(len(done), len(tasks))

    with spread.cluster(how.jobs, how.scheduler) as client:
        for attempt in (1, 2):
            left = _missing(lab, found, journal, mark)
            if attempt == 2 and left:
                how.say(f"{len(left)} questions without a result; trying them again")
            if left:
                texts = [
                    notebook_text(lab, task.submission, task.question) for task in left
                ]
                for problem in spread.run(client, job, texts, take):
                    how.say(problem)
    if left := _missing(lab, found, journal, mark):
        how.say(f"{len(left)} questions stay ungraded")


def make_job(lab: Lab, known: Reference, mark: str, secret: str, walls: str) -> Job:
    """What a worker needs to grade questions of this lab."""
    notebooks, points = [], {}
    for key, answers in KNOWN.items():
        path = lab.path
        submission = Submission(
            key, key, path, "known", "readable", answers=dict(answers(lab))
        )
        for question in lab.questions.values():
            notebooks.append(notebook_text(lab, submission, question.id))
            full = question.points if key == "known/solution" else 0.0
            points[f"{key} {question.id}"] = full
    return Job(
        id=f"vislearn-{secrets.token_hex(8)}",
        lab_id=lab.id,
        archive=shard.pack(lab.path),
        secret=secret,
        walls=walls,
        fingerprint=mark,
        environment=shard.environment_key(),
        reference=json.dumps(known.to_json()),
        known=tuple(notebooks),
        known_points=points,
        seconds=shard.kernel_seconds(lab.question_timeout_s),
    )


def fingerprint(lab: Lab, secret: str, walls: str) -> str:
    """What results depend on; results of another fingerprint do not count."""
    return f"{cache_key(lab, secret, False)}-{walls}"


def _missing(
    lab: Lab, found: Iterable[Submission], journal: Journal, mark: str
) -> list[_Task]:
    results = journal.results(mark)
    return [
        _Task(submission, question)
        for submission in found
        if submission.state == "readable"
        for question in lab.questions
        if not _is_done(results.get(submission.key, {}).get(question))
    ]


def _is_done(result: QuestionResult | None) -> bool:
    return result is not None and result.state == "graded"


def notebook_text(lab: Lab, submission: Submission, question: str) -> str:
    """The notebook of one question as it travels to a worker."""
    return str(nbformat.writes(question_notebook(lab, submission, question)))


def question_notebook(lab: Lab, submission: Submission, question: str) -> Any:
    """Canonical cells around the learner's code, as a notebook for the plugin."""
    plan = steps(
        lab,
        question,
        submission.answers,
        context=submission.context.get(question, ""),
    )
    cells = [
        new_code_cell(
            step.source,
            id=f"c{number}",
            metadata={"vislearn": {"stage": step.stage}},
        )
        for number, step in enumerate(plan)
    ]
    about = {
        "submission": submission.key,
        "sha": submission.sha,
        "lang": submission.lang,
        "question": question,
    }
    return new_notebook(cells=cells, metadata={"vislearn": about})


__all__ = ["BatchRefusedError", "Options", "Outcome", "fingerprint", "grade"]
