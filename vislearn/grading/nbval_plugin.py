"""nbval, hardened into a grader: one pytest session grades many submissions.

Every question of every submission is a notebook of its own that `batch` has written
from canonical cells and the learner's code. Its cells are pytest items, as in nbval,
and so are its checks, which compare emitted values with the reference here, in the
grader's process. What differs from nbval:

* the kernel comes from `kernel` (walls, deadlines, budgets), never from the notebook;
* comments such as NBVAL_SKIP and tags in a learner's cell decide nothing;
* stored outputs are never read, and a check that was never compared is a failure;
* a dead kernel ends its own question only, and the result is on the disk at once.
"""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from vislearn.grading import shard
from vislearn.grading.checks.misconceptions import recognise
from vislearn.grading.checks.verdict import QuestionResult, judge, judge_question
from vislearn.grading.lab import Check, load_lab
from vislearn.grading.reference import Reference
from vislearn.grading.running import (
    Measured,
    Recorder,
    Step,
    kernel_settings,
    spoilt,
)
from vislearn.grading.shard import BatchSettings
from vislearn.grading.walls.kernel import (
    GuardedKernel,
    KernelStartError,
    base_environment,
    closing,
    remove_folder,
    stop_all,
)
from vislearn.grading.walls.listen import CellRun
from vislearn.grading.walls.nursery import Nursery, open_nursery


class Session:
    """One pytest session: what it grades with, and the kernels' nursery."""

    def __init__(self, settings: BatchSettings) -> None:
        self.settings = settings
        self.lab = load_lab(settings.lab_path)
        raw = Path(settings.reference).read_text(encoding="utf-8")
        self.known = Reference.from_json(json.loads(raw))
        self.nursery: Nursery | None = None

    def open(self) -> None:
        """Start the nursery, if there is to be one."""
        if self.settings.walls != "user":
            masked = self.lab.masked_modules
            self.nursery = open_nursery(self.lab.setup, masked, base_environment())

    def kernel(self, language: str, question: str) -> GuardedKernel:
        """A kernel for one question; the second try starts it cold.

        Raises:
            KernelStartError: if it does not start either way.
        """
        settings = kernel_settings(
            self.lab,
            self.settings.secret,
            walls=self.settings.walls,
            language=language,
            question=question,
            folder=self.settings.folder,
        )
        try:
            return GuardedKernel(settings, self.nursery)
        except KernelStartError:
            return GuardedKernel(settings)

    def store(self, about: Mapping[str, str], result: QuestionResult) -> None:
        """Append one result to the file that the worker follows, in one write."""
        row = {
            "key": about["submission"],
            "sha": about["sha"],
            "fingerprint": self.settings.fingerprint,
            "result": result.to_json(),
        }
        with open(self.settings.results, "ab", buffering=0) as file:
            file.write(json.dumps(row).encode() + b"\n")

    def close(self) -> None:
        if self.nursery is not None:
            self.nursery.close()


def _end_with_worker(session: Session) -> None:
    """Wait for the end of standard input, which the worker holds; then clean up.

    It ends when the worker lets go of this session, or is gone: then nobody else is
    there to stop the kernels and to remove the folder.
    """
    if shard.worker_input < 0:  # started by hand
        return
    while os.read(shard.worker_input, 1):
        pass
    stop_all()
    session.close()
    folder = Path(session.settings.folder)
    while folder.exists():  # the session may still be writing
        remove_folder(folder)
        time.sleep(0.05)
    os._exit(1)


def _worker_is_gone() -> bool:
    """Has standard input ended? Its watcher may be about to notice."""
    if shard.worker_input < 0 or os.name != "posix":
        return False
    return bool(select.select([shard.worker_input], [], [], 0)[0])


_SESSION = pytest.StashKey[Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--vislearn-batch", help="a batch file written by vislearn grade")


def pytest_configure(config: pytest.Config) -> None:
    if path := config.getoption("--vislearn-batch"):
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        session = Session(BatchSettings(**raw))
        config.stash[_SESSION] = session
        watch = threading.Thread(target=_end_with_worker, args=(session,), daemon=True)
        watch.start()  # first: the worker may go while the nursery imports
        session.open()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SESSION in config.stash:
        if closing.is_set() or _worker_is_gone():
            time.sleep(60)  # whoever cleans up ends this process
        config.stash[_SESSION].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Any:
    if _SESSION in parent.config.stash and file_path.suffix == ".ipynb":
        return GradeFile.from_parent(parent, path=file_path)
    return None


class GradeFile(IPyNbFile):  # type: ignore[misc]
    """One question of one submission: a kernel of its own, then a result."""

    def collect(self) -> Iterator[pytest.Item]:
        self.grading = self.config.stash[_SESSION]
        self.nb = nbformat.read(str(self.path), as_version=4)
        self.about = {k: str(v) for k, v in self.nb.metadata["vislearn"].items()}
        self.question = self.grading.lab.questions[self.about["question"]]
        self.recorder = Recorder(self.grading.lab.question_timeout_s)
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
        try:
            self.kernel = self.grading.kernel(self.about["lang"], self.question.id)
        except KernelStartError as error:
            self.recorder.measured.state = "setup_failed"
            self.recorder.measured.error_text = str(error)

    def run(self, cell: Any) -> tuple[Step, CellRun]:
        """Run one cell and record what counts of it."""
        step = Step(str(cell.metadata["vislearn"]["stage"]), cell.source)
        run = self.kernel.run_cell(step.source, self.recorder.seconds_for(step))
        self.recorder.take(step, run)
        return step, run

    def begin_again(self, before: int) -> None:
        """A fresh kernel, in which the cells before one have run."""
        self.kernel.stop()
        self.kernel = None
        self.recorder = Recorder(self.grading.lab.question_timeout_s)
        self.setup()
        if self.kernel is not None:
            for cell in self.nb.cells[:before]:
                self.run(cell)

    def teardown(self) -> None:
        try:
            if self.kernel is not None:
                self.kernel.stop()
        finally:
            self.grading.store(self.about, self.result())

    def result(self) -> QuestionResult:
        """The verdict on what has been measured."""
        lab, known = self.grading.lab, self.grading.known
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
        step, run = file.run(self.cell)
        if spoilt(step, run):
            file.begin_again(self.cell_num)
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
        expected = file.grading.known.solutions[file.question.id].values
        result = judge(self.check, expected, measured, file.grading.lab.path)
        self.user_properties += [
            ("points", result.points),
            ("max_points", result.max_points),
        ]
        if not result.passed:
            pytest.fail(result.reason, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.parent.question.id}: {self.name}"
