"""A class of ten hands in; the whole table is right, in one run."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from vislearn.grading.batch import Outcome, grade
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages.report import report_name, write_reports
from vislearn.grading.secret import default_file

COLUMNS_MIXED = """def softmax(scores):
    raised = np.exp(scores - scores.max(axis=0, keepdims=True))
    return raised / raised.sum(axis=0, keepdims=True)
"""
ENDLESS = "while True:\n    pass\n"
KOREAN = unicodedata.normalize("NFD", "김철수") + ".ipynb"  # as macOS writes it

# file: (state, points by question, reason of the submission)
EXPECTED: dict[str, tuple[str, list[float], str]] = {
    "right.ipynb": ("graded", [3, 4, 3], ""),
    "wrong.ipynb": ("graded", [0, 1, 0], ""),
    "partial.ipynb": ("graded", [3, 1, 0], ""),
    "corrupt.ipynb": ("unreadable", [], "not_json"),
    "empty.ipynb": ("unreadable", [], "empty_file"),
    "endless.ipynb": ("graded", [3, 0, 3], ""),
    "english.ipynb": ("graded", [3, 4, 0], ""),
    "김철수.ipynb": ("graded", [3, 4, 3], ""),
    "edited.ipynb": ("graded", [0, 0, 0], ""),
    "copied.ipynb": ("graded", [3, 4, 3], ""),
}
HARMLESS = ("right.ipynb", "partial.ipynb", "corrupt.ipynb", "copied.ipynb")

NO_SCALE = """def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T) @ v
"""


@pytest.fixture(scope="module")
def hand_in(
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        save(notebook_of(**right), folder / "right.ipynb")
        wrong = {"q1": COLUMNS_MIXED, "q2": right["q2"], "q3": "random_mask = None"}
        save(notebook_of(**wrong), folder / "wrong.ipynb")
        partial = {"q1": right["q1"], "q2": NO_SCALE}
        save(notebook_of(**partial), folder / "partial.ipynb")
        text = nbformat.writes(notebook_of(**right))
        (folder / "corrupt.ipynb").write_text(text[: len(text) // 2], encoding="utf-8")
        (folder / "empty.ipynb").write_text("")
        save(notebook_of(**{**right, "q2": ENDLESS}), folder / "endless.ipynb")
        english = {"q1": right["q1"], "q2": right["q2"]}
        save(notebook_of("en", **english), folder / "english.ipynb")
        save(notebook_of(**right), folder / KOREAN)
        save(edited(notebook_of()), folder / "edited.ipynb")
        save(copied(notebook_of(**right)), folder / "copied.ipynb")

    return write


def edited(notebook: Any) -> Any:
    """Checks made harmless, one turned into prose, a false one added."""
    for cell in notebook.cells:
        if cell.id == "q1-visible":
            cell.source = "emit('rows', np.ones((5, 7)) / 7)"
            cell.metadata["nbgrader"]["points"] = 100
        if cell.id == "setup":
            cell.source = "emit = print"
    probe = new_code_cell("emit('rows', 1)", id="q1-probe")
    probe.metadata["vislearn"] = {"role": "probe", "question": "q1"}
    notebook.cells.append(probe)
    return notebook


def copied(notebook: Any) -> Any:
    """Answers copied with their metadata, one with its id, and an own helper cell."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.id == "q1-solution":
            twin = nbformat.from_dict({**cell, "id": "copied-by-editor"})
            cells.append(twin)
        if cell.id == "q2-solution":
            cells.append(nbformat.from_dict(dict(cell)))
    cells.insert(2, new_code_cell("import math\nhelper = 3\n1 / 0", id="mine"))
    notebook.cells = cells
    return notebook


def table_of(outcome: Outcome) -> dict[str, tuple[str, list[float], str]]:
    return {
        record.key: (
            record.state,
            [result.points for result in record.results.values()],
            record.reason,
        )
        for record in outcome.records
    }


@pytest.fixture(scope="module")
def graded(
    minilab: Lab,
    hand_in: Callable[[Path], None],
    tmp_path_factory: pytest.TempPathFactory,
    needs_sandbox: None,
) -> tuple[Outcome, Path]:
    folder, out = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    hand_in(folder)
    outcome = grade(minilab, folder, out, jobs=2)
    write_reports(minilab, outcome.records, out, outcome.walls)
    return outcome, out


def record_of(outcome: Outcome, key: str) -> Record:
    return next(record for record in outcome.records if record.key == key)


def test_ten_submissions_get_the_marks_they_deserve(
    graded: tuple[Outcome, Path],
) -> None:
    assert table_of(graded[0]) == EXPECTED


def test_a_known_misconception_is_named(graded: tuple[Outcome, Path]) -> None:
    outcome, _ = graded
    assert record_of(outcome, "wrong.ipynb").results["q1"].misconception == "q1_columns"
    partial = record_of(outcome, "partial.ipynb").results["q2"]
    assert partial.misconception == "q2_no_scale"


def test_an_endless_loop_is_a_timeout_of_its_own_question(
    graded: tuple[Outcome, Path],
) -> None:
    results = record_of(graded[0], "endless.ipynb").results
    assert [result.reason for result in results.values()] == ["ok", "timeout", "ok"]


def test_pages_speak_the_learners_language(graded: tuple[Outcome, Path]) -> None:
    outcome, out = graded
    pages = {
        key: (out / "reports" / report_name(record_of(outcome, key))).read_text("utf-8")
        for key in ("english.ipynb", "partial.ipynb")
    }
    assert 'lang="en"' in pages["english.ipynb"]
    assert 'lang="ko"' in pages["partial.ipynb"]
    assert "√d로 나누지 않았습니다." in pages["partial.ipynb"]


def test_results_hold_no_number_from_hidden_inputs(
    graded: tuple[Outcome, Path],
) -> None:
    for record in graded[0].records:
        for result in record.results.values():
            for check in result.checks:
                assert (check.expected, check.got, check.place) == ("", "", "")


def test_the_table_opens_in_a_spreadsheet(graded: tuple[Outcome, Path]) -> None:
    raw = (graded[1] / "grades.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    marks = {row["file"]: (row["state"], row["points"]) for row in rows}
    assert marks["right.ipynb"] == ("graded", "10")
    assert marks["corrupt.ipynb"] == ("unreadable", "0")
    assert {row["sandbox"] for row in rows} == {"bwrap"}


def test_a_second_run_grades_nothing_again(
    minilab: Lab,
    hand_in: Callable[[Path], None],
    graded: tuple[Outcome, Path],
    tmp_path: Path,
) -> None:
    outcome, out = graded
    hand_in(tmp_path)
    again = grade(minilab, tmp_path, out)
    assert again.graded_now == 0
    assert table_of(again) == table_of(outcome)


def test_harmless_submissions_get_the_same_marks_without_a_sandbox(
    minilab: Lab, hand_in: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    hand_in(folder)
    for path in folder.iterdir():
        if path.name not in HARMLESS:
            path.unlink()
    outcome = grade(minilab, folder, tmp_path / "out", walls="none")
    assert table_of(outcome) == {name: EXPECTED[name] for name in HARMLESS}
    write_reports(minilab, outcome.records, tmp_path / "out", outcome.walls)
    page = tmp_path / "out" / "reports" / report_name(outcome.records[0])
    assert "--no-sandbox" in page.read_text("utf-8")


def test_the_secret_stays_out_of_everything_that_is_written(
    graded: tuple[Outcome, Path],
) -> None:
    secret = default_file().read_text().strip()
    assert len(secret) == 64
    for path in graded[1].rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()
