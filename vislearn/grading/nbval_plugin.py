"""nbval, hardened into a grader: one pytest session grades many submissions.

Every question of every submission is a notebook of its own that `batch` has written
from canonical cells and the learner's code. Its cells are pytest items, as in nbval,
and so are its checks, which compare emitted values with the reference here, in the
grader's process. What differs from nbval:

* the kernel comes from `kernel` (walls, deadlines, budgets), never from the notebook;
* comments such as NBVAL_SKIP and tags in a learner's cell decide nothing;
* stored outputs are never read, and a check that was never compared is a failure;
* a dead kernel ends its own question only, and the result is in the journal at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from vislearn.grading.journal import Journal
from vislearn.grading.kernel import GuardedKernel, KernelStartError
from vislearn.grading.lab import Check, Lab, load_lab
from vislearn.grading.misconceptions import recognise
from vislearn.grading.reference import Reference
from vislearn.grading.running import Measured, Recorder, Step, kernel_settings
from vislearn.grading.verdict import QuestionResult, judge, judge_question

START_TRIES = 2


@dataclass
class BatchSettings:
    """What a session needs to know; read from the batch file."""

    lab_path: str
    secret: str
    sandboxed: bool
    journal: str
    fingerprint: str
    reference: str  # a file of expected values; no kernel ever sees it

    @cached_property
    def lab(self) -> Lab:
        return load_lab(self.lab_path)

    @cached_property
    def known(self) -> Reference:
        raw = Path(self.reference).read_text(encoding="utf-8")
        return Reference.from_json(json.loads(raw))

    @cached_property
    def book(self) -> Journal:
        return Journal(Path(self.journal))


_SETTINGS = pytest.StashKey[BatchSettings]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--vislearn-batch", help="a batch file written by vislearn grade")


def pytest_configure(config: pytest.Config) -> None:
    if path := config.getoption("--vislearn-batch"):
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        config.stash[_SETTINGS] = BatchSettings(**raw)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Any:
    if _SETTINGS in parent.config.stash and file_path.suffix == ".ipynb":
        return GradeFile.from_parent(parent, path=file_path)
    return None


class GradeFile(IPyNbFile):  # type: ignore[misc]
    """One question of one submission: a kernel of its own, then a result."""

    def collect(self) -> Iterator[pytest.Item]:
        self.settings = self.config.stash[_SETTINGS]
        self.nb = nbformat.read(str(self.path), as_version=4)
        about = self.nb.metadata["vislearn"]
        self.submission, self.sha = str(about["submission"]), str(about["sha"])
        self.lang = str(about["lang"])
        self.question = self.settings.lab.questions[about["question"]]
        self.recorder = Recorder(self.settings.lab.question_timeout_s)
        for number, cell in enumerate(self.nb.cells):
            stage = str(cell.metadata["vislearn"]["stage"])
            yield GradeCell.from_parent(
                self,
                name=f"{stage} {number}",
                cell_num=number,
                cell=cell,
                options=defaultdict(bool),
            )
        for check in self.question.checks:
            yield GradeCheck.from_parent(self, name=check.name, check=check)

    def setup(self) -> None:
        """Start the kernel; one that does not start is our failure."""
        settings = kernel_settings(
            self.settings.lab,
            self.settings.secret,
            sandboxed=self.settings.sandboxed,
            language=self.lang,
            question=self.question.id,
        )
        for attempt in range(START_TRIES):
            try:
                self.kernel = GuardedKernel(settings)
                return
            except KernelStartError as error:
                if attempt + 1 == START_TRIES:
                    self.recorder.measured.state = "setup_failed"
                    self.recorder.measured.error_text = str(error)

    def teardown(self) -> None:
        if self.kernel is not None:
            self.kernel.stop()
        result = self.result()
        self.settings.book.store(
            self.submission, self.sha, self.settings.fingerprint, result
        )

    def result(self) -> QuestionResult:
        """The verdict on what has been measured."""
        lab, known = self.settings.lab, self.settings.known
        measured: Measured = self.recorder.measured
        expected = known.solutions[self.question.id].values
        result = judge_question(self.question, expected, measured, lab.path)
        found = recognise(
            self.question,
            lab.mutants_of(self.question.id),
            known.mutants,
            expected,
            measured,
            result,
            lab.path,
        )
        return without_values(result, found)


def without_values(result: QuestionResult, misconception: str) -> QuestionResult:
    """A result for keeping: with no number that was computed from hidden inputs."""
    raw = result.to_json()
    raw["misconception"] = misconception
    for check in raw["checks"]:
        check.update(place="", expected="", got="")
    return QuestionResult.from_json(raw)


class GradeCell(IPyNbCell):  # type: ignore[misc]
    """One cell that runs; it fails if the cell does, which costs nothing by itself."""

    parent: GradeFile

    def setup(self) -> None:
        """nbval expects cells after a timeout to fail; here they are judged."""

    def runtest(self) -> None:
        file = self.parent
        if file.recorder.over or file.kernel is None:
            pytest.skip(f"not run: {file.recorder.measured.state}")
        step = Step(str(self.cell.metadata["vislearn"]["stage"]), self.cell.source)
        run = file.kernel.run_cell(step.source, file.recorder.seconds_for(step))
        file.recorder.take(step, run)
        if run.state != "ok":
            raise NbCellError(self.cell_num, f"{run.state} {run.error_name}", "")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return str(excinfo.value)


class GradeCheck(pytest.Item):
    """One check: passes if the emitted values were compared and agree."""

    parent: GradeFile

    def __init__(self, name: str, parent: GradeFile, check: Check) -> None:
        super().__init__(name, parent)
        self.check = check

    def runtest(self) -> None:
        file = self.parent
        measured = file.recorder.measured
        if measured.state == "setup_failed":
            pytest.skip(f"ungraded: {measured.error_name} {measured.error_text}")
        expected = file.settings.known.solutions[file.question.id].values
        result = judge(self.check, expected, measured, file.settings.lab.path)
        self.user_properties += [
            ("points", result.points),
            ("max_points", result.max_points),
        ]
        if not result.passed:
            pytest.fail(result.reason, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.parent.question.id}: {self.name}"
