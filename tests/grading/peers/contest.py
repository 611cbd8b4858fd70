"""Whole classes through this grader, nbgrader and otter-grader: who takes how long.

Every contestant gets the same answers in the shape of its own release, and starts its
own command, as its manual says, in a fresh folder. Nothing here is hostile, so nobody
stands behind the guard.
"""

from __future__ import annotations

import copy
import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import peer_labs
import translate

from vislearn.course.notebooks import build_notebook
from vislearn.course.site import Course, find_root
from vislearn.course.source import read
from vislearn.grading.lab import Lab

Answers = Mapping[str, Sequence[str]]  # the cells of every question
PYTHON = (sys.executable, "-m")
COMMAND_SECONDS = 1800.0


def class_of(lab: Lab, count: int) -> list[Answers]:
    """Every other submission is right; of the rest each has one of the mutants in it.

    The mutants are taken at equal distances from the lab's list.
    """
    right = {name: question.solution for name, question in lab.questions.items()}
    wrong = count // 2
    made: list[Answers] = []
    for number in range(count):
        if number % 2 == 0:
            made.append(right)
            continue
        mutant = lab.mutants[(number // 2) * len(lab.mutants) // wrong]
        made.append({**right, mutant.question: (mutant.source,)})
    return made


@dataclass
class Contestant:
    """One way to grade a class.

    Attributes:
        about: what its time includes and what not, in both languages.
    """

    lab: Lab
    folder: Path
    name: str = ""
    command: str = ""
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.folder / self.name.replace(" ", "-")

    def prepare(self) -> float:
        """What an instructor does once for a lab; the seconds that it takes."""
        raise NotImplementedError

    def hand_in(self, answers: Sequence[Answers]) -> None:
        """Put submissions into a fresh folder."""
        raise NotImplementedError

    def grade(self) -> None:
        """Grade what has been handed in.

        Raises:
            RuntimeError: if the command fails.
        """
        raise NotImplementedError

    def points(self) -> list[float]:
        """The points of every submission, in the order in which they came."""
        raise NotImplementedError

    def fresh(self) -> Path:
        shutil.rmtree(self.work / "class", ignore_errors=True)
        (self.work / "class").mkdir(parents=True)
        return self.work / "class"

    def call(self, *words: str, cwd: Path) -> float:
        """Run a command; the seconds that it takes.

        Raises:
            RuntimeError: if it fails, with the end of what it said.
        """
        variables = {
            **os.environ,
            "HOME": str(self.folder / "home"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "VISLEARN_CACHE": str(self.folder / "home" / "cache"),
            "VISLEARN_SECRET_FILE": str(self.folder / "home" / "secret"),
        }
        (self.folder / "home").mkdir(exist_ok=True)
        begin = time.monotonic()
        done = subprocess.run(
            words,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
        )
        if done.returncode != 0:
            said = done.stdout.decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(words)}: status {done.returncode}: {said}")
        return time.monotonic() - begin


def student(number: int) -> str:
    return f"s{number:03d}"


@dataclass
class Ours(Contestant):
    """`vislearn grade` behind bubblewrap."""

    jobs: int = 1

    def prepare(self) -> float:
        """The reference: expected values of solution and mutants."""
        code = (
            "import sys; from vislearn.grading.lab import load_lab; "
            "from vislearn.grading.reference import reference; "
            "from vislearn.grading.secret import course_secret; "
            "lab = load_lab(sys.argv[1]); reference(lab, course_secret(None, lab.path))"
        )
        self.work.mkdir(parents=True)
        path = str(self.lab.path.resolve())
        return self.call(sys.executable, "-c", code, path, cwd=self.work)

    def hand_in(self, answers: Sequence[Answers]) -> None:
        document = read(self.lab.path / "lab.md")
        course = Course(find_root(self.lab.path))
        release = build_notebook(document, "en", "student", course)
        place = self.fresh() / "in"
        place.mkdir()
        for number, given in enumerate(answers):
            notebook = copy.deepcopy(release)
            by_id = {cell.get("id"): cell for cell in notebook.cells}
            for name, question in self.lab.questions.items():
                cells = [*given[name], *[""] * len(question.cell_ids)]
                for cell_id, source in zip(question.cell_ids, cells, strict=False):
                    by_id[cell_id].source = source
            nbformat.write(notebook, place / f"{student(number)}.ipynb")

    def grade(self) -> None:
        words = ("vislearn.cli", "grade", str(self.lab.path.resolve()), "in")
        more = ("--out", "out", "--jobs", str(self.jobs))
        self.call(*PYTHON, *words, *more, cwd=self.work / "class")

    def points(self) -> list[float]:
        file = self.work / "class" / "out" / "submissions.csv"
        with file.open(encoding="utf-8-sig", newline="") as table:
            rows = sorted(csv.DictReader(table), key=lambda row: row["file"])
        return [float(row["points"]) for row in rows]


@dataclass
class NbGrader(Contestant):
    """`nbgrader autograde`: one command for the class, a kernel for each notebook."""

    def prepare(self) -> float:
        template = self.work / "template"
        source = template / "source" / self.lab.id
        source.mkdir(parents=True)
        config = "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
        (template / "nbgrader_config.py").write_text(config, encoding="utf-8")
        made = nbgrader_source(self.lab)
        nbformat.write(made, source / f"{self.lab.id}.ipynb")
        words = ("nbgrader", "generate_assignment", self.lab.id)
        return self.call(*PYTHON, *words, cwd=template)

    def hand_in(self, answers: Sequence[Answers]) -> None:
        course, name = self.fresh(), self.lab.id
        shutil.copytree(self.work / "template", course, dirs_exist_ok=True)
        release = course / "release" / name / f"{name}.ipynb"
        for number, given in enumerate(answers):
            notebook = nbformat.read(release, as_version=4)
            translate.fill(notebook, self.lab, given)
            place = course / "submitted" / student(number) / name
            place.mkdir(parents=True)
            nbformat.write(notebook, place / f"{name}.ipynb")

    def grade(self) -> None:
        words = ("nbgrader", "autograde", self.lab.id)
        self.call(*PYTHON, *words, cwd=self.work / "class")

    def points(self) -> list[float]:
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.work / 'class' / 'gradebook.db'}") as book:
            found = book.assignment_submissions(self.lab.id)
            scores = {one.student.id: float(one.score) for one in found}
        return [scores[name] for name in sorted(scores)]


@dataclass
class Otter(Contestant):
    """`otter run`, once for every notebook."""

    def prepare(self) -> float:
        template = self.work / "template"
        tests = template / "tests"
        tests.mkdir(parents=True)
        for question, text in otter_tests(self.lab).items():
            (tests / f"{question}.py").write_text(text, encoding="utf-8")
        words = ("otter", "generate", "-t", "tests", "-o", "autograder.zip")
        more = ("--no-requirements", "--no-environment", "--no-config")
        return self.call(*PYTHON, *words, *more, cwd=template)

    def hand_in(self, answers: Sequence[Answers]) -> None:
        place = self.fresh()
        shutil.copy(self.work / "template" / "autograder.zip", place)
        release = otter_release(self.lab)
        for number, given in enumerate(answers):
            notebook = copy.deepcopy(release)
            translate.fill(notebook, self.lab, given)
            (place / student(number)).mkdir()
            nbformat.write(notebook, place / f"{student(number)}.ipynb")

    def grade(self) -> None:
        place = self.work / "class"
        for file in sorted(place.glob("s*.ipynb")):
            words = ("run", "-a", "autograder.zip", "-o", file.stem, file.name)
            self.call(*PYTHON, "otter", *words, cwd=place)

    def points(self) -> list[float]:
        files = sorted((self.work / "class").glob("s*/results.json"))
        return [self._points(json.loads(file.read_text("utf-8"))) for file in files]

    @staticmethod
    def _points(results: Mapping[str, Any]) -> float:
        scored = [test for test in results["tests"] if test.get("max_score")]
        return float(sum(test.get("score") or 0.0 for test in scored))


LOOP = """
import json, sys
from otter.api import grade_submission
for name in sys.argv[1:]:
    results = grade_submission(f"{name}.ipynb", "autograder.zip", quiet=True)
    with open(f"{name}/points.json", "w") as file:
        json.dump(results.total, file)
"""


@dataclass
class OtterLoop(Otter):
    """otter-grader's Python interface, one process for the whole class."""

    def grade(self) -> None:
        place = self.work / "class"
        names = [file.stem for file in sorted(place.glob("s*.ipynb"))]
        self.call(sys.executable, "-c", LOOP, *names, cwd=place)

    def points(self) -> list[float]:
        files = sorted((self.work / "class").glob("s*/points.json"))
        return [float(json.loads(file.read_text("utf-8"))) for file in files]


def nbgrader_source(lab: Lab) -> Any:
    """The lab for nbgrader: written by hand for the small one, else translated."""
    if lab.id == "minilab":
        return peer_labs.nbgrader_source()
    return translate.nbgrader_source(lab)


def otter_release(lab: Lab) -> Any:
    if lab.id == "minilab":
        return peer_labs.otter_release()
    return translate.otter_release(lab)


def otter_tests(lab: Lab) -> dict[str, str]:
    if lab.id == "minilab":
        return {name: peer_labs.otter_test(name) for name in peer_labs.TITLES}
    return translate.otter_tests(lab)
