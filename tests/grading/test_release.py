"""Releases hold no answers, and learners can check themselves with them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from vislearn.grading.check import check_notebook, table
from vislearn.grading.lab import LANGUAGES, Lab
from vislearn.grading.release import release

NBGRADER_KEYS = {  # nbgraderformat/v3.json: additionalProperties is false
    "schema_version",
    "grade",
    "locked",
    "solution",
    "task",
    "grade_id",
    "points",
    "checksum",
    "cell_type",
}


@pytest.fixture(scope="module")
def released(minilab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release")
    paths = release(minilab, LANGUAGES, out, instructor=True)
    assert len(paths) == 5
    return out


def test_a_release_holds_no_answer(released: Path) -> None:
    for path in released.glob("*"):
        if "instructor" not in path.name:
            text = path.read_text("utf-8")
            assert "raised.sum" not in text
            assert "q @ k.T" not in text
            assert "permutation(count)" not in text


def test_a_student_notebook_has_no_measuring_cells(released: Path) -> None:
    notebook = nbformat.read(released / "minilab.ko.ipynb", as_version=4)
    nbformat.validate(notebook)
    roles = [cell.metadata.get("vislearn", {}).get("role") for cell in notebook.cells]
    assert "probe" not in roles
    assert roles.count("solution") == 3
    assert all(not cell.get("outputs") for cell in notebook.cells)


def test_nbgrader_metadata_follows_its_schema(released: Path) -> None:
    notebook = nbformat.read(released / "minilab.en.ipynb", as_version=4)
    found = [c.metadata["nbgrader"] for c in notebook.cells if "nbgrader" in c.metadata]
    assert len(found) == 4
    for metadata in found:
        assert set(metadata) <= NBGRADER_KEYS
        assert metadata["schema_version"] == 3
        assert re.fullmatch(r"[a-zA-Z0-9_\-]*", metadata["grade_id"])
        assert {type(metadata[k]) for k in ("grade", "locked", "solution")} == {bool}
    assert len({metadata["grade_id"] for metadata in found}) == 4


def fill(
    released: Path, save: Callable[[Any, Path], Path], lang: str, **answers: str
) -> Path:
    notebook = nbformat.read(released / f"minilab.{lang}.ipynb", as_version=4)
    for cell in notebook.cells:
        question = cell.metadata.get("vislearn", {}).get("question", "")
        if cell.id.endswith("-solution") and question in answers:
            cell.source = answers[question]
    return save(notebook, released / f"mine.{lang}.ipynb")


def test_a_learner_sees_the_misconception_and_a_counter_example(
    released: Path, right: dict[str, str], save: Callable[[Any, Path], Path]
) -> None:
    columns = right["q1"].replace("axis=-1", "axis=0")
    lines, lang = check_notebook(fill(released, save, "ko", q1=columns, q3=right["q3"]))
    assert lang == "ko"
    assert [line.points for line in lines] == [0, 0, 3]
    assert lines[0].messages[0] == "쿼리 축으로 정규화했습니다."
    assert re.search(
        r"rows 위치 \[0, 0\]: 기대한 값 0\.\d+, 나온 값 0\.\d+", lines[0].messages[-1]
    )
    assert "NotImplementedError: q2" in lines[1].messages
    assert "합계: 3/10" in table(lines, lang)


def test_the_command_speaks_english_and_needs_no_course(
    released: Path,
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    tmp_path: Path,
) -> None:
    path = fill(released, save, "en", **right)
    done = subprocess.run(
        [sys.executable, "-m", "vislearn.cli", "check", str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    assert "Total: 10/10" in done.stdout
    assert "Softmax" in done.stdout


def test_a_notebook_without_a_lab_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lost.ipynb"
    path.write_text(json.dumps({"metadata": {"vislearn": {"source": "lab99"}}}))
    with pytest.raises(FileNotFoundError, match=r"neither lab99\.check\.json"):
        check_notebook(path)
