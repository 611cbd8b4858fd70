"""A lab that contradicts itself is refused, with every reason at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vislearn.grading.lab import Lab, load_lab

MINILAB = Path(__file__).parent / "minilab"
Edit = Callable[[str, str, str], Path]


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """edit(file, old, new): a copy of the small lab with one change."""
    folder = tmp_path / "minilab"
    shutil.copytree(MINILAB, folder)

    def change(file: str, old: str, new: str) -> Path:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return change


def test_the_small_lab_loads(minilab: Lab) -> None:
    assert minilab.points == 10
    assert list(minilab.questions) == ["q1", "q2", "q3"]
    assert minilab.closure("q2") == ("q1",)
    assert 'NotImplementedError("q1")' in minilab.questions["q1"].stub[0]
    assert "BEGIN SOLUTION" not in minilab.questions["q1"].stub[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("lab.yml", "id: minilab", "id: other", "expected the folder's name"),
        ("lab.yml", "minutes: 20", "minuts: 20", "unknown key 'minuts'"),
        ("lab.yml", "points: 2", "points: 0", "points must be above 0"),
        ("lab.yml", "points: 2", "points: two", "points is 'two'"),
        ("lab.yml", "points: 2", "punkte: 2", "unknown key 'punkte'"),
        ("lab.yml", "kind: error", "kind: bool", "kind 'bool' is not in"),
        ("lab.yml", "needs: [q1]", "needs: [q3]", "which is no earlier question"),
        ("lab.yml", "rtol: 1.0e-5", "rtol: 3", "tolerances must be"),
        ("lab.yml", "name: large,", "name: rows,", "'rows' is declared twice"),
        (
            "lab.yml",
            "{ko: 소프트맥스, en: Softmax}",
            "{ko: 소프트맥스}",
            "'en' is missing",
        ),
        ("lab.yml", ", kind: predicate", "", "go together"),
        ("lab.yml", "  q3:", "  q4:", "question 'q3' is not in lab.yml"),
        ("lab.yml", "id: minilab", "id: [", "not YAML"),
        ("lab.yml", "layers.attention", "layers.attn", "does not exist"),
        ("lab.yml", ":is_random_mask", ":is_mask", "no function 'is_mask'"),
        ("predicates.py", "def is_random", "def is random", "invalid syntax"),
        (
            "lab.md",
            "role: solution, question: q1",
            "role: demo",
            "no cell with role solu",
        ),
        (
            "lab.md",
            "role: probe, question: q3",
            "role: demo",
            "no cell with role probe",
        ),
        ("lab.md", "    # BEGIN SOLUTION", "    # hm", "does not alternate"),
        ("lab.md", "role: setup", "role: demo", "no cell with role setup"),
        ("mutants/q1_columns.py", "question: q1", "question: q9", "'q9' is not in"),
        ("mutants/q1_columns.py", "ko:", "fr:", "the text in 'ko' is missing"),
        ("mutants/q1_columns.py", "def softmax", "def def", "invalid syntax"),
    ],
)
def test_a_contradiction_is_refused(
    edit: Edit, file: str, old: str, new: str, reason: str
) -> None:
    with pytest.raises(ValueError, match="is refused") as caught:
        load_lab(edit(file, old, new))
    assert reason in str(caught.value)


def test_all_reasons_come_at_once(edit: Edit) -> None:
    edit("lab.yml", "points: 2", "points: 0")
    folder = edit("lab.yml", "needs: [q1]", "needs: [q3]")
    with pytest.raises(ValueError, match="points must be above 0") as caught:
        load_lab(folder)
    assert "which is no earlier question" in str(caught.value)


def test_a_folder_without_a_lab_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"lab\.yml is missing"):
        load_lab(tmp_path)
