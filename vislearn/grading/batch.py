"""Grading a folder of submissions: known answers first, then everybody, resumable.

The work is cut into shards; each shard is one pytest session in a process of its own
(`nbval_plugin`), and all of them write into one journal. Whatever happens to a process,
the journal keeps what was finished, and the rest is ungraded, which is not zero.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from vislearn.grading import sandbox
from vislearn.grading.journal import Journal, Record, open_journal
from vislearn.grading.lab import Lab
from vislearn.grading.nbval_plugin import BatchSettings
from vislearn.grading.reference import Reference, cache_key, reference
from vislearn.grading.running import answers_of, steps, stubs_of
from vislearn.grading.submission import (
    Submission,
    find_submissions,
    read_submission,
)
from vislearn.grading.verdict import QuestionResult

PYTEST = (
    "import sys; from vislearn.grading.commands import import_quickly; "
    "import_quickly(); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
)
KNOWN = {"known/solution": answers_of, "known/release": stubs_of}


class BatchRefusedError(ValueError):
    """The known answers got wrong marks: nobody is graded with this environment."""


@dataclass(frozen=True)
class Outcome:
    """What a batch did: all records of the folder, how it was walled, what it took."""

    records: list[Record]
    sandboxed: bool
    graded_now: int


@dataclass(frozen=True)
class _Task:
    """One question of one submission that has no result yet."""

    submission: Submission
    question: str


def grade(
    lab: Lab,
    folder: Path,
    out: Path,
    *,
    jobs: int = 1,
    sandboxed: bool = True,
    seed_file: Path | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Outcome:
    """Grade every notebook under `folder`; results go to the journal in `out`.

    Args:
        jobs: pytest processes at a time.
        sandboxed: without it the code of submissions runs as the grader's user.
        seed_file: a file whose text is the secret of the course; by default `out`
            keeps one of its own.

    Raises:
        ValueError: if the sandbox is wanted but not there, if the lab is refused, or
            if the known answers do not get their marks.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}, expected 1 or more")
    if sandboxed and not (state := sandbox.probe()).available:
        raise ValueError(
            f"no sandbox: {state.reason}. Untrusted notebooks are not run without it; "
            "--no-sandbox grades notebooks that you trust"
        )
    found = [read_submission(p, lab, folder) for p in find_submissions(folder)]
    journal = open_journal(out, create=True)
    secret = _secret(journal, seed_file)
    known = reference(lab, secret)
    mark = fingerprint(lab, secret, sandboxed)
    journal.set_fact("fingerprint", mark)
    journal.set_fact("lab_path", str(lab.path))
    journal.keep_only([submission.key for submission in found])
    for submission in found:
        journal.add(submission)
    tasks = _missing(lab, found, journal, mark)
    say(f"{len(found)} notebooks, {len(tasks)} questions to grade")
    if tasks:
        settings = BatchSettings(
            *(str(lab.path), secret, sandboxed, str(journal.file), mark), reference=""
        )
        about = {
            "sandboxed": sandboxed,
            "jobs": jobs,
            "limits": asdict(sandbox.Limits(memory_mb=lab.memory_budget_mb)),
        }
        batch = journal.begin(about)
        _grade_tasks(lab, tasks, known, settings, jobs, out, say)
        journal.end(batch)
    return Outcome(journal.records(list(lab.questions), mark), sandboxed, len(tasks))


def _grade_tasks(
    lab: Lab,
    tasks: list[_Task],
    known: Reference,
    settings: BatchSettings,
    jobs: int,
    out: Path,
    say: Callable[[str], None],
) -> None:
    """The known answers, then the tasks, then once more what got no result."""
    found = list({task.submission.key: task.submission for task in tasks}.values())
    journal, mark = settings.book, settings.fingerprint
    with _workshop() as shop:
        expected = shop / "reference.json"
        expected.write_text(json.dumps(known.to_json()), encoding="utf-8")
        settings = replace(settings, reference=str(expected))
        _grade_known(lab, shop, settings)
        say("the solution gets full marks, the untouched release nothing")
        _run(lab, shop, settings, tasks, jobs, out)
        if left := _missing(lab, found, journal, mark):
            say(f"{len(left)} questions without a result; trying them once more")
            _run(lab, shop, settings, left, 1, out)
            if _missing(lab, found, journal, mark):
                say(f"some stay ungraded; the last run said:\n{_last_lines(shop)}")


def fingerprint(lab: Lab, secret: str, sandboxed: bool) -> str:
    """What results depend on; results of another fingerprint do not count."""
    return f"{cache_key(lab, secret, False)}-{'bwrap' if sandboxed else 'none'}"


def _secret(journal: Journal, seed_file: Path | None) -> str:
    if seed_file is not None:
        text = seed_file.read_text(encoding="utf-8").strip()
        if len(text) < 8:
            raise ValueError(f"{seed_file}: expected a secret of 8 characters or more")
        return text
    secret = journal.fact("secret") or secrets.token_hex(16)
    journal.set_fact("secret", secret)
    return secret


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


@contextmanager
def _workshop() -> Iterator[Path]:
    """A private folder for the notebooks of a batch; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="vislearn-grade-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _grade_known(lab: Lab, shop: Path, settings: BatchSettings) -> None:
    """Two known answers through the very same path, into a journal of their own.

    Raises:
        BatchRefusedError: unless the solution gets everything and the stub nothing.
    """
    journal = Journal(shop / "known.sqlite")
    own = BatchSettings(**{**asdict(settings), "journal": str(journal.file)})
    tasks = []
    for key, answers in KNOWN.items():
        submission = Submission(
            key, key, shop, "known", "readable", answers=dict(answers(lab))
        )
        journal.add(submission)
        tasks += [_Task(submission, question) for question in lab.questions]
    _run(lab, shop, own, tasks, 1, None)
    results = journal.results(settings.fingerprint)
    for key in KNOWN:
        for question in lab.questions.values():
            wanted = question.points if key == "known/solution" else 0.0
            result = results.get(key, {}).get(question.id)
            if not _is_done(result) or result is None or result.points != wanted:
                got = f"{result.points:g} ({result.reason})" if result else "no result"
                raise BatchRefusedError(
                    f"nobody is graded: {key}, {question.id} got {got}, expected "
                    f"{wanted:g}. The grading environment is at fault. "
                    + _last_lines(shop)
                )


def _last_lines(shop: Path) -> str:
    logs = sorted(shop.glob("*.log"), key=lambda file: file.stat().st_mtime)
    if not logs:
        return ""
    return "\n".join(logs[-1].read_text(errors="replace").splitlines()[-15:])


def _run(
    lab: Lab,
    shop: Path,
    settings: BatchSettings,
    tasks: list[_Task],
    jobs: int,
    out: Path | None,
) -> None:
    """Write the notebooks of each shard and run one pytest session over it."""
    running = []
    for shard in range(min(jobs, len(tasks))):
        folder = Path(tempfile.mkdtemp(prefix="shard-", dir=shop))
        for number, task in enumerate(tasks[shard::jobs]):
            notebook = question_notebook(lab, task.submission, task.question)
            nbformat.write(notebook, folder / f"{number:06d}-{task.question}.ipynb")
        running.append(_start(shop, folder, settings, out))
    for process in running:
        process.wait()


def _start(
    shop: Path, folder: Path, settings: BatchSettings, out: Path | None
) -> subprocess.Popen[bytes]:
    batch = folder.with_suffix(".json")
    batch.touch(mode=0o600)
    batch.write_text(json.dumps(asdict(settings)), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [
        *(sys.executable, "-c", PYTEST, "-q", "--tb=line", "-p", "no:cacheprovider"),
        *("-p", "nbval.plugin", "-p", "vislearn.grading.nbval_plugin"),
        *("-c", str(folder / "pytest.ini"), "--rootdir", str(folder)),
        *("--vislearn-batch", str(batch), str(folder)),
    ]
    if out is not None:
        reports = out / "junit"
        reports.mkdir(parents=True, exist_ok=True)
        number = len(list(reports.glob("*.xml"))) + 1
        (reports / f"{number:03d}.xml").touch()
        command += [f"--junit-xml={reports / f'{number:03d}.xml'}"]
    environment = {**_environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with folder.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, cwd=shop, env=environment
        )


def _environment() -> Mapping[str, str]:
    dropped = ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_PLUGINS")
    return {name: value for name, value in os.environ.items() if name not in dropped}


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
