"""No notebook stops the reader of submissions, and none makes it wait."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.fuzz.mutators import paths
from tests.grading.fuzz.run import Tally, cases, fuzz
from tests.grading.fuzz.seeds import load_labs, seeds
from vislearn.grading.batch import question_notebook
from vislearn.grading.submission import read_submission

ROOT = Path(__file__).resolve().parents[3]
CASES = 700


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Tally:
    return fuzz(range(CASES), 20_260, tmp_path_factory.mktemp("fuzz"))


def test_mutated_notebooks_are_read_or_refused_for_a_reason(tally: Tally) -> None:
    assert tally.failures == []
    assert sum(tally.states.values()) == CASES


def test_the_mutations_reach_every_way_out_of_the_reader(tally: Tally) -> None:
    seen = {word for state in tally.states for word in state.split(", ")}
    assert seen >= {
        *("readable", "upgraded", "not_valid", "no_answers", "cell_too_long"),
        *("not_json", "not_a_notebook", "too_large", "too_many_cells", "too_much_code"),
    }


def test_a_case_follows_from_its_seed_and_number() -> None:
    one, again, other = (
        [case.raw for case in cases(range(5, 12), seed)] for seed in (3, 3, 4)
    )
    assert one == again
    assert one != other


def test_every_seed_notebook_is_read_with_its_answers(tmp_path: Path) -> None:
    path = tmp_path / "seed.ipynb"
    for lab in load_labs().values():
        for name, notebook in seeds(lab).items():
            path.write_text(json.dumps(notebook), encoding="utf-8")
            found = read_submission(path, lab)
            assert found.state == "readable", name
            wanted = "stub" if name.endswith("release") else "solution"
            for question in lab.questions.values():
                cells = [c for c in found.answers[question.id] if "SIZES" not in c]
                assert tuple(cells) == getattr(question, wanted), name
                assert question_notebook(lab, found, question.id).cells


def test_every_place_of_a_notebook_is_reached() -> None:
    data = {"cells": [{"id": "a", "source": ["x"]}], "nbformat": 4}
    assert list(paths(data)) == [
        (),
        ("cells",),
        ("cells", 0),
        ("cells", 0, "id"),
        ("cells", 0, "source"),
        ("cells", 0, "source", 0),
        ("nbformat",),
    ]


def test_python_survives_the_nastiest_files_in_a_thread_with_a_small_stack() -> None:
    command = [sys.executable, "-m", "tests.grading.fuzz.nasty", "--bytes=8000000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
