"""nbgrader and otter-grader as they are installed, on one submission each time.

`prepare` makes a template course once; `grade` copies it, puts one submission in, runs
the tool behind the guard and reads what it says.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import guard
import nbformat
import peer_labs
from forms import RIGHT

LAB = "minilab"


@dataclass(frozen=True)
class Verdict:
    """What a grader said about one submission.

    Attributes:
        result: "graded", "failed" (it says that something went wrong, and gives what
            `points` say), "no result" or "hang".
        others_ungraded: a right submission in the same command got no full mark.
        ran_in_grader: code of the submission ran where results are read.
        reached: it came through to a server on the grader's machine.
        damaged: files of the grader were changed or removed.
    """

    points: float | None
    result: str
    others_ungraded: bool = False
    ran_in_grader: bool = False
    reached: bool = False
    damaged: bool = False
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Without what is as it should be."""
        kept = {"points", "result", "seconds"}
        return {k: v for k, v in asdict(self).items() if v or k in kept}


class ReleaseForm:
    """A release of another tool, filled in."""

    def __init__(self, release: Any, is_test: Callable[[Any], bool]) -> None:
        self.release, self.is_test = release, is_test

    def notebook(self, **answers: str) -> Any:
        notebook = copy.deepcopy(self.release)
        for question, source in answers.items():
            self.solution(notebook, question).source = source
        return notebook

    def solution(self, notebook: Any, question: str) -> Any:
        return next(c for c in notebook.cells if c.id == f"{question}-solution")

    def tests(self, notebook: Any) -> Sequence[Any]:
        return [cell for cell in notebook.cells if self.is_test(cell)]


class Peer:
    """One tool: a template course, and how to grade in a copy of it."""

    name = ""
    lab = ""  # where attacks find the grader's files, inside the guard
    out = str(guard.COURSE)

    def __init__(self, folder: Path) -> None:
        self.template = folder / f"{self.name}-template"
        self.work = folder / f"{self.name}-work"

    @property
    def version(self) -> str:
        return version(self.name)

    def prepare(self) -> None:
        """Make the template.

        Raises:
            RuntimeError: if the tool refuses the lab.
        """
        raise NotImplementedError

    def fresh_course(self) -> Path:
        """A private copy of the template, nothing of the one before."""
        subprocess.run(["rm", "-rf", "--", str(self.work)], check=True)
        course = self.work / "course"
        shutil.copytree(self.template, course)
        return course

    def grade(self, write: Callable[[Any, Path], None]) -> Verdict:
        """Grade one submission, which `write(form, path)` hands in."""
        raise NotImplementedError

    @staticmethod
    def ended(done: guard.Guarded) -> str:
        """graded, hang, or no result if the tool was killed by what it grades."""
        if done.status is not None:
            return "graded"
        return "hang" if done.late else "no result"

    @staticmethod
    def marked(course: Path) -> bool:
        """Whether a benign marker shows that a result was unpickled."""
        return any(course.rglob("vislearn-marker-*"))


class NbGrader(Peer):
    """`nbgrader autograde`, with a second, right submission in the same command."""

    name = "nbgrader"
    lab = str(guard.COURSE / "source" / LAB)

    def prepare(self) -> None:
        source = self.template / "source" / LAB
        source.mkdir(parents=True)
        (self.template / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
        )
        nbformat.write(peer_labs.nbgrader_source(), source / f"{LAB}.ipynb")
        done = guard.run(self._command("generate_assignment", LAB), self.template)
        if done.status != 0:
            raise RuntimeError(f"nbgrader does not release the lab: {done.log}")

    @cached_property
    def form(self) -> ReleaseForm:
        file = self.template / "release" / LAB / f"{LAB}.ipynb"
        return ReleaseForm(
            nbformat.read(file, as_version=4),
            lambda cell: bool(cell.metadata.get("nbgrader", {}).get("grade")),
        )

    def grade(self, write: Callable[[Any, Path], None]) -> Verdict:
        course = self.fresh_course()
        for student in ("attacker", "other"):
            (course / "submitted" / student / LAB).mkdir(parents=True)
        other = course / "submitted" / "other" / LAB / f"{LAB}.ipynb"
        nbformat.write(self.form.notebook(**RIGHT), other)
        write(self.form, course / "submitted" / "attacker" / LAB / f"{LAB}.ipynb")
        done = guard.run(self._command("autograde", LAB), course)
        points, others = self._scores(course)
        source = course / "source" / LAB / f"{LAB}.ipynb"
        whole = self.template / "source" / LAB / f"{LAB}.ipynb"
        result = self.ended(done)
        graded = course / "autograded" / "attacker" / LAB / f"{LAB}.ipynb"
        if result == "graded" and not graded.is_file():
            result = "no result" if points is None else "failed"
        return Verdict(
            points=points if result in ("graded", "failed") else None,
            result=result,
            others_ungraded=others != 10.0,
            ran_in_grader=self.marked(course),
            reached=done.reached,
            damaged=not source.is_file() or source.read_bytes() != whole.read_bytes(),
            seconds=round(done.seconds, 1),
        )

    def _scores(self, course: Path) -> tuple[float | None, float | None]:
        """What the gradebook holds for both, read by nbgrader itself."""
        from nbgrader.api import Gradebook, MissingEntry

        file = course / "gradebook.db"
        scores: list[float | None] = []
        for student in ("attacker", "other"):
            try:
                with Gradebook(f"sqlite:///{file}") as book:
                    scores.append(float(book.find_submission(LAB, student).score))
            except MissingEntry:
                scores.append(None)
        return scores[0], scores[1]

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "nbgrader", *words]


class Otter(Peer):
    """`otter run`: one submission, no container."""

    name = "otter-grader"
    lab = str(guard.COURSE / "source")

    def prepare(self) -> None:
        tests = self.template / "source" / "tests"
        tests.mkdir(parents=True)
        for question in peer_labs.TITLES:
            text = peer_labs.otter_test(question)
            (tests / f"{question}.py").write_text(text, encoding="utf-8")
        words = ("generate", "-t", "source/tests", "-o", "autograder.zip")
        more = ("--no-requirements", "--no-environment", "--no-config")
        done = guard.run(self._command(*words, *more), self.template)
        if done.status != 0:
            raise RuntimeError(f"otter does not make its archive: {done.log}")

    @cached_property
    def form(self) -> ReleaseForm:
        return ReleaseForm(
            peer_labs.otter_release(), lambda cell: "check" in cell.get("id", "")
        )

    def grade(self, write: Callable[[Any, Path], None]) -> Verdict:
        course = self.fresh_course()
        write(self.form, course / f"{LAB}.ipynb")
        words = ("run", "-a", "autograder.zip", "-o", "results", f"{LAB}.ipynb")
        (course / "results").mkdir()
        done = guard.run(self._command(*words), course)
        points = self._points(course / "results" / "results.json")
        result = self.ended(done)
        if result == "graded" and points is None:
            result = "no result"
        whole = self.template / "source" / "tests" / "q2.py"
        test = course / "source" / "tests" / "q2.py"
        return Verdict(
            points=points if result == "graded" else None,
            result=result,
            ran_in_grader=self.marked(course),
            reached=done.reached,
            damaged=not test.is_file() or test.read_bytes() != whole.read_bytes(),
            seconds=round(done.seconds, 1),
        )

    @staticmethod
    def _points(file: Path) -> float | None:
        try:
            tests = json.loads(file.read_text(encoding="utf-8"))["tests"]
        except (OSError, ValueError, KeyError):
            return None
        scored = [test for test in tests if test.get("max_score")]
        return float(sum(test.get("score") or 0.0 for test in scored))

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "otter", *words]
