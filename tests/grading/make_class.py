"""A class that hands in, and the points that every file of it must get.

    python -m tests.grading.make_class tests/grading/minilab OUT --files 300 --seed 1

Every question of every notebook is answered by the lab's solution, one of its
alternatives, one of its mutants or the untouched stub; around the answers the notebook
is what learners' habits and editors make of it. The points are not read off a grading
run: each distinct combination of answers (a question and what it needs) is measured
once, by itself, in a kernel of our own, and added up here.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.grading.fuzz import seeds
from vislearn.course.notebooks import build_notebook
from vislearn.course.site import Course, find_root
from vislearn.course.source import read
from vislearn.grading.checks.verdict import judge_question
from vislearn.grading.lab import LANGUAGES, Lab, load_lab
from vislearn.grading.reference import cache_file, reference
from vislearn.grading.running import TrustedRunner

SECRET = "vislearn-class"
DUE = datetime(2026, 3, 27, 23, 59, tzinfo=timezone(timedelta(hours=9)))
WEIGHTS = {"solution": 50, "alternative": 15, "mutant": 27, "stub": 8}
BAD = {"not_json": 2, "empty_file": 2, "other_lab": 1, "not_a_notebook": 1}  # percent
RETRIES = 12  # percent of the files that are another attempt of a learner
FAMILY, GIVEN = "김이박최정강조윤장임", ("민준", "서연", "도윤", "지우", "하은", "시우")
HELPERS = (
    "import math\nimport os",
    "SEED = 3\ndef show_shape(x):\n    print(getattr(x, 'shape', None))",
    "%matplotlib inline",
    "print('확인')",
    "1 / 0",
    "",
    "# 여기부터 내 메모\nnotes = {'a': 1, 'b': [2, 3]}",
)


@dataclass(frozen=True)
class HandedIn:
    """One file: whose it is, what it holds, and what it must get."""

    key: str
    student: str
    attempt: int
    handed_in: str
    state: str
    reason: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return sum(self.points.values())


def choices(lab: Lab) -> dict[str, dict[str, tuple[str, ...]]]:
    """Every known answer's cells, by question and name."""
    known: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, question in lab.questions.items():
        known[name] = {"solution": question.solution, "stub": question.stub}
    for kind, variants in (("alternative", lab.alternatives), ("mutant", lab.mutants)):
        for variant in variants:
            known[variant.question][f"{kind} {variant.name}"] = (variant.source,)
    return known


def make_class(
    lab: Lab, folder: Path, files: int = 300, seed: int = 1, *, marked: bool = True
) -> list[HandedIn]:
    """Write the files of a class; with what each must get, in the order of the keys.

    Args:
        marked: without it no points are computed, and no kernel runs.

    Raises:
        ValueError: if there are files in the folder already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: expected an empty folder")
    dice = random.Random(f"{lab.id}-{seed}")
    maker = _Maker(lab, dice)
    found = [maker.hand_in(folder, number) for number in range(files)]
    if marked:
        found = mark(lab, found)
    return sorted(found, key=lambda one: one.key)


class _Maker:
    """Draws the files of a class one after the other."""

    def __init__(self, lab: Lab, dice: random.Random) -> None:
        self.lab, self.dice = lab, dice
        self.choices = choices(lab)
        self.students: list[tuple[str, int]] = []
        document, course = read(lab.path / "lab.md"), Course(find_root(lab.path))
        self.releases = {
            lang: json.loads(
                json.dumps(build_notebook(document, lang, "student", course))
            )
            for lang in LANGUAGES
        }

    def hand_in(self, folder: Path, number: int) -> HandedIn:
        """Write the next file: a new learner's, or a learner's next attempt."""
        dice = self.dice
        if self.students and dice.randrange(100) < RETRIES:
            at = dice.randrange(len(self.students))
            student, attempt = self.students[at]
            self.students[at] = (student, attempt + 1)
        else:
            student, attempt = self._name(number), 0
            self.students.append((student, 1))
        relative = Path(student) / f"{self._file_name(student)}-{attempt}.ipynb"
        when = DUE + timedelta(hours=dice.randint(-96, 60) + 2 * attempt)
        bad = dice.choices([*BAD, ""], [*BAD.values(), 100 - sum(BAD.values())])[0]
        drawn = {} if bad else {name: self._draw(name) for name in self.lab.questions}
        raw = self._bad_file(bad) if bad else self._notebook(drawn)
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        os.utime(path, (when.timestamp(), when.timestamp()))
        return HandedIn(
            key=unicodedata.normalize("NFC", relative.as_posix()),
            student=unicodedata.normalize("NFC", student),
            attempt=attempt,
            handed_in=when.isoformat(),
            state="unreadable" if bad else "graded",
            reason=bad,
            answers=drawn,
        )

    def _name(self, number: int) -> str:
        """A student as folders name them: numbers, Korean names, macOS letters."""
        korean = self.dice.choice(FAMILY) + self.dice.choice(GIVEN)
        names = [
            f"s{20260000 + number}",
            f"{korean}_{number:03d}",
            unicodedata.normalize("NFD", f"{korean} {number:03d}"),
            f"Kim, Min-jun {number:03d}",
            f"=team+{number:03d}",
        ]
        return self.dice.choices(names, [4, 3, 1, 1, 1])[0]

    def _file_name(self, student: str) -> str:
        lab = self.lab.id
        names = [lab, f"{lab}.ko", f"{lab} (1)", f"{lab}_{student}", "Untitled", "실습"]
        return self.dice.choice(names)

    def _draw(self, question: str) -> str:
        kinds = {name: name.split()[0] for name in self.choices[question]}
        counts = list(kinds.values())
        weights = [WEIGHTS[kind] / counts.count(kind) for kind in counts]
        return self.dice.choices(list(kinds), weights)[0]

    def _bad_file(self, reason: str) -> bytes:
        notebook = copy.deepcopy(self.releases[self.dice.choice(LANGUAGES)])
        raw = json.dumps(notebook).encode()
        if reason == "empty_file":
            return self.dice.choice([b"", b"\n"])
        if reason == "not_json":
            return raw[: self.dice.randint(1, len(raw) - 1)]
        if reason == "not_a_notebook":
            return self.dice.choice([b"[]", b'{"cells": []}', b"42"])
        notebook["metadata"]["vislearn"] = {"source": "lab99_other", "lang": "en"}
        notebook["cells"] = notebook["cells"][:1]
        return json.dumps(notebook).encode()

    def _notebook(self, drawn: Mapping[str, str]) -> bytes:
        """A release with these answers, after a learner's habits and an editor."""
        dice = self.dice
        notebook = copy.deepcopy(self.releases[dice.choice(LANGUAGES)])
        by_id = {cell["id"]: cell for cell in notebook["cells"]}
        for name, choice in drawn.items():
            cells = self.choices[name][choice]
            for cell_id, source in _fill(self.lab.questions[name].cell_ids, cells):
                by_id[cell_id]["source"] = source
        for habit in (_add_helpers, _move_prose, _drop_ours, _copy_answer):
            if dice.random() < 0.3:
                habit(notebook, dice, self.lab)
        editors = [lambda n: n, seeds.executed, seeds.colab, seeds.vscode]
        made = dice.choices([*editors, seeds.version_3], [3, 4, 2, 2, 1])[0](notebook)
        return json.dumps(made, ensure_ascii=dice.random() < 0.5, indent=1).encode()


def _fill(cell_ids: Sequence[str], cells: Sequence[str]) -> Iterable[tuple[str, str]]:
    """A variant is one text; the other cells of its question stay empty."""
    padded = [*cells, *[""] * len(cell_ids)]
    return zip(cell_ids, padded, strict=False)


def _add_helpers(notebook: Any, dice: random.Random, _lab: Lab) -> None:
    for _ in range(dice.randint(1, 4)):
        cell: dict[str, Any] = {
            "cell_type": "code",
            "id": f"own-{dice.getrandbits(32):08x}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": dice.choice(HELPERS),
        }
        notebook["cells"].insert(dice.randint(0, len(notebook["cells"])), cell)


def _move_prose(notebook: Any, dice: random.Random, _lab: Lab) -> None:
    """Hints and texts end up somewhere else."""
    cells = notebook["cells"]
    for _ in range(3):
        prose = [n for n, cell in enumerate(cells) if cell["cell_type"] == "markdown"]
        cell = cells.pop(dice.choice(prose))
        cells.insert(dice.randint(0, len(cells)), cell)


def _drop_ours(notebook: Any, dice: random.Random, lab: Lab) -> None:
    """Checks and demonstrations deleted, also the set-up."""
    answers = {name for q in lab.questions.values() for name in q.cell_ids}
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown"
        or cell["id"] in answers
        or dice.random() < 0.5
    ]


def _copy_answer(notebook: Any, dice: random.Random, lab: Lab) -> None:
    """A cell copied with its metadata, as editors do."""
    cell_id = dice.choice([q.cell_ids[-1] for q in lab.questions.values()])
    at = next(n for n, c in enumerate(notebook["cells"]) if c["id"] == cell_id)
    twin = copy.deepcopy(notebook["cells"][at])
    twin["id"] = f"copy-{dice.getrandbits(32):08x}"
    notebook["cells"].insert(at + 1, twin)


def mark(lab: Lab, files: Sequence[HandedIn]) -> list[HandedIn]:
    """With the points of every question, each combination measured once."""
    known = _Points(lab)
    wanted = {
        (name, _combination(lab, name, one.answers))
        for one in files
        if one.state == "graded"
        for name in lab.questions
    }
    known.measure(sorted(wanted))
    return [
        HandedIn(
            **{
                **one.__dict__,
                "points": {
                    name: known.points[_entry(name, _combination(lab, name, drawn))]
                    for name in lab.questions
                    if (drawn := one.answers)
                },
            }
        )
        for one in files
    ]


Combination = tuple[tuple[str, str], ...]


def _combination(lab: Lab, question: str, drawn: Mapping[str, str]) -> Combination:
    """The answers that a question's result depends on."""
    names = (*lab.closure(question), question) if drawn else ()
    return tuple((name, drawn[name]) for name in names)


def _entry(question: str, combination: Combination) -> str:
    return json.dumps([question, combination])


class _Points:
    """Points of combinations of answers, remembered in the cache folder."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.file = cache_file(lab, SECRET, False).with_suffix(".class.json")
        self.points: dict[str, float] = {}
        if self.file.is_file():
            self.points = json.loads(self.file.read_text(encoding="utf-8"))

    def measure(self, wanted: Iterable[tuple[str, Combination]]) -> None:
        """Run what is not known yet, one after the other in one kernel."""
        missing = [one for one in wanted if _entry(*one) not in self.points]
        if not missing:
            return
        known, cells = reference(self.lab, SECRET), choices(self.lab)
        with TrustedRunner(self.lab, SECRET) as runner:
            for question, combination in missing:
                answers = {name: cells[name][choice] for name, choice in combination}
                result = judge_question(
                    self.lab.questions[question],
                    known.solutions[question].values,
                    runner.run(question, answers),
                    self.lab.path,
                )
                self.points[_entry(question, combination)] = result.points
        part = self.file.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(self.points), encoding="utf-8")
        part.replace(self.file)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lab", type=Path)
    parser.add_argument("out", type=Path, help="gets in/ and expected.json")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    lab = load_lab(given.lab)
    found = make_class(lab, given.out / "in", given.files, given.seed)
    text = json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1)
    (given.out / "expected.json").write_text(text, encoding="utf-8")
    graded = [one for one in found if one.state == "graded"]
    mean = sum(one.total for one in graded) / max(1, len(graded))
    students = len({one.student for one in found})
    print(
        f"{len(found)} files of {students} learners, {len(graded)} readable, "
        f"{mean:.2f} of {lab.points:g} points on average"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
