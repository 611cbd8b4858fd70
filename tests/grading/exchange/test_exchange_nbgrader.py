"""A release, marks and feedback in nbgrader itself: its programs and its gradebook."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbgrader")

import nbformat
from nbgrader import utils
from nbgrader.nbgraderformat import MetadataValidator

from vislearn.grading.exchange.nbgrader_api import open_book
from vislearn.grading.exchange.nbgrader_book import (
    Override,
    read_gradebook,
    write_gradebook,
)
from vislearn.grading.exchange.nbgrader_release import (
    for_nbgrader,
    write_course,
    write_files,
)
from vislearn.grading.exchange.nbgrader_table import MarksTable
from vislearn.grading.lab import Lab
from vislearn.grading.people.policy import Mark
from vislearn.grading.people.rubric import ManualRow

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
KIM, LEE, ADA, HAN = "2026-김철수", "s2026002", "ada", "han"
THEIR_TABLE = "nbgrader.plugins.CsvExportPlugin"


def nbgrader(course: Path, *arguments: str) -> str:
    """Run nbgrader in a course folder; it must succeed."""
    home = course.parent / "home"
    home.mkdir(exist_ok=True)
    paths = {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "jupyter")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, **paths, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def table(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return {row["student_id"]: row for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def releases(notebook_of: Callable[..., Any]) -> Callable[..., Any]:
    return notebook_of


@pytest.fixture(scope="module")
def course(
    rubric_lab: Lab,
    releases: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A course with hand-ins of two students, put in order by `nbgrader autograde`."""
    course = tmp_path_factory.mktemp("nbgrader") / "course"
    notebooks = {lang: releases(lang) for lang in ("ko", "en")}
    write_course(rubric_lab, notebooks, "{}", course, course_id="vision-2026")
    trap = f"open({str(course / 'trap')!r}, 'w').write('learner code was run')\n"
    handed_in = {
        KIM: releases("ko", q1=trap + right["q1"]),
        ADA: releases("en", q1=right["q1"], q2=right["q2"]),
    }
    for student, notebook in handed_in.items():
        folder = course / "submitted" / student / "minilab"
        lang = "en" if student == ADA else "ko"
        notebook = for_nbgrader(notebook, rubric_lab, lang)
        for cell in notebook.cells:  # as released, but answered
            own = cell.metadata.get("nbgrader", {})
            if own.get("solution") and "NotImplementedError" not in cell.source:
                own["checksum"] = "0" * 32
        save(notebook, folder / "minilab.ipynb")
        (folder / "timestamp.txt").write_text("2026-11-02 00:30:00 UTC\n")
    nbgrader(course, "autograde", "minilab")
    return course


@pytest.fixture(scope="module")
def marks(
    rubric_lab: Lab, record_of: Callable[..., Any], mark_of: Callable[..., Mark]
) -> list[Mark]:
    lab = rubric_lab
    lost = record_of(lab, KIM, {"q1": ("large",), "q3": ("mask",)})
    waits = record_of(lab, LEE, state="ungraded", reason="ungraded")
    full = record_of(lab, ADA, lang="en")
    return [
        mark_of(lab, KIM, lost, name="김철수", manual=3.5, penalty=0.6),
        mark_of(lab, LEE, waits, name="이, 영희", email="lee@example.com"),
        mark_of(lab, ADA, full, name="Lovelace, Ada", manual=5.0),
        mark_of(lab, HAN, None, name="한, 지민"),
    ]


@pytest.fixture(scope="module")
def manual() -> list[ManualRow]:
    return [
        ManualRow(KIM, "analysis", 3.0, "표가 좋습니다."),
        ManualRow(KIM, "clarity", 0.5),
        ManualRow(ADA, "analysis", 4.0),
        ManualRow(ADA, "clarity", 1.0),
    ]


@pytest.fixture(scope="module")
def marked(
    course: Path, rubric_lab: Lab, marks: list[Mark], manual: list[ManualRow]
) -> tuple[Path, Any]:
    written = write_gradebook(rubric_lab, marks, course / "gradebook.db", manual=manual)
    nbgrader(course, "export", "--to", "ours.csv")
    return course, written


def test_the_assignment_is_in_the_gradebook_with_all_points(course: Path) -> None:
    with open_book(course / "gradebook.db") as book:
        assignment = book.find_assignment("minilab")
        assert [notebook.name for notebook in assignment.notebooks] == ["minilab"]
        assert assignment.max_score == 15  # 10 measured, 5 that a person gives
        assert assignment.notebooks[0].max_task_score == 5


def test_cells_follow_the_schema_and_have_the_checksums_of_nbgrader(
    course: Path,
) -> None:
    for file in course.glob("*/minilab/minilab.ipynb"):
        notebook = nbformat.read(file, as_version=4)
        MetadataValidator().validate_nb(notebook)
        cells = [c for c in notebook.cells if "nbgrader" in c.metadata]
        assert len(cells) == 6
        for cell in cells:
            assert cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)


def test_the_release_is_what_nbgrader_makes_of_the_source(
    course: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "course"
    copy.mkdir()
    shutil.copytree(course / "source", copy / "source")
    shutil.copy(course / "nbgrader_config.py", copy)
    nbgrader(copy, "generate_assignment", "minilab")
    made, ours = (
        json.loads((folder / "release/minilab/minilab.ipynb").read_text())
        for folder in (copy, course)
    )
    assert made == ours


def test_nbgrader_puts_hand_ins_in_order_without_running_them(course: Path) -> None:
    assert not (course / "trap").exists()
    for student in (KIM, ADA):
        folder = course / "autograded" / student / "minilab"
        assert (folder / "minilab.ipynb").is_file()


def test_nbgrader_alone_gives_no_points_for_answers(
    course: Path, rubric_lab: Lab, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(course / "gradebook.db", tmp_path))
    found = read_gradebook(rubric_lab, copy)
    given = [score for cells in found.scores.values() for score in cells.values()]
    assert given
    assert not any(given)


def test_the_translation_is_taken_as_the_same_notebook(course: Path) -> None:
    file = course / "autograded" / ADA / "minilab" / "minilab.ipynb"
    cells = {c.id: c for c in nbformat.read(file, as_version=4).cells}
    assert "e.g." not in cells["q2-solution"].source
    assert "raise ValueError" in cells["q2-solution"].source  # her own answer
    assert "A small lab" in next(iter(cells.values())).source


def test_export_gives_our_numbers(marked: tuple[Path, Any]) -> None:
    course, _ = marked
    rows = table(course / "ours.csv")
    kim = rows[KIM]
    assert (kim["raw_score"], kim["late_submission_penalty"]) == ("9.5", "0.6")
    assert (kim["score"], kim["max_score"]) == ("8.9", "15.0")
    assert (kim["last_name"], kim["first_name"]) == ("김철수", "")
    assert rows[ADA]["score"] == "15.0"


def test_the_table_of_nbgrader_itself_agrees(marked: tuple[Path, Any]) -> None:
    course, _ = marked
    nbgrader(course, "export", "--exporter", THEIR_TABLE, "--to", "theirs.csv")
    rows = table(course / "theirs.csv")
    assert float(rows[KIM]["score"]) == pytest.approx(8.9)
    assert float(rows[ADA]["score"]) == 15


def test_writing_marks_adds_no_other_course(marked: tuple[Path, Any]) -> None:
    course, _ = marked
    with closing(sqlite3.connect(course / "gradebook.db")) as book:
        courses = {row[0] for row in book.execute("select id from course")}
    assert courses == {"vision-2026", "default_course"}  # the second is nbgrader's own


def test_who_has_no_mark_gets_an_empty_cell_and_not_zero(
    marked: tuple[Path, Any],
) -> None:
    course, written = marked
    rows = table(course / "ours.csv")
    assert rows[LEE]["score"] == rows[HAN]["score"] == rows[LEE]["raw_score"] == ""
    assert (written.ungraded, written.absent) == ((LEE,), (HAN,))
    with open_book(course / "gradebook.db") as book:
        submission = book.find_submission("minilab", LEE)
        assert submission.needs_manual_grade
        assert all(g.auto_score is None for g in submission.notebooks[0].grades)


def test_feedback_pages_show_score_and_comment(marked: tuple[Path, Any]) -> None:
    course, _ = marked
    nbgrader(course, "generate_feedback", "minilab")
    page = (course / "feedback" / KIM / "minilab" / "minilab.html").read_text()
    assert "8.9" in page
    assert "large" in page
    assert "값이 기대한 값과 다릅니다." in page
    assert "표가 좋습니다." in page


def test_marks_come_back_as_they_were_written(
    marked: tuple[Path, Any], rubric_lab: Lab, manual: list[ManualRow]
) -> None:
    course, _ = marked
    found = read_gradebook(rubric_lab, course / "gradebook.db")
    points = {(row.student, row.item): row.points for row in found.rows}
    assert points == {(row.student, row.item): row.points for row in manual}
    assert found.scores[KIM]["q1-solution"] == 2
    assert found.scores[LEE]["q1-solution"] is None
    assert found.penalties[KIM] == pytest.approx(0.6)
    assert found.overrides == ()


def test_what_a_person_gave_in_nbgrader_comes_back_and_stays(
    marked: tuple[Path, Any], rubric_lab: Lab, marks: list[Mark], tmp_path: Path
) -> None:
    course, _ = marked
    file = Path(shutil.copy(course / "gradebook.db", tmp_path))
    with open_book(file) as book:
        place = ("minilab", "minilab", KIM)
        book.find_grade("rubric-analysis", *place).manual_score = 1.5
        book.find_comment("rubric-analysis", *place).manual_comment = "짧습니다."
        book.find_grade("q3-solution", *place).manual_score = 2.0
        book.db.commit()
    again = [ManualRow(KIM, "analysis", 3.0)]
    written = write_gradebook(rubric_lab, marks, file, manual=again)
    assert written.overridden == ((KIM, "q3-solution"), (KIM, "rubric-analysis"))
    found = read_gradebook(rubric_lab, file)
    row = next(r for r in found.rows if (r.student, r.item) == (KIM, "analysis"))
    assert (row.points, row.comment, row.marker) == (1.5, "짧습니다.", "nbgrader")
    assert found.overrides == (Override(KIM, "q3", 0.0, 2.0),)


def test_a_mark_from_before_is_not_blanked(
    marked: tuple[Path, Any],
    rubric_lab: Lab,
    record_of: Callable[..., Any],
    mark_of: Callable[..., Mark],
    tmp_path: Path,
) -> None:
    course, _ = marked
    file = Path(shutil.copy(course / "gradebook.db", tmp_path))
    later = record_of(rubric_lab, KIM, state="ungraded", reason="ungraded")
    write_gradebook(rubric_lab, [mark_of(rubric_lab, KIM, later)], file)
    assert read_gradebook(rubric_lab, file).scores[KIM]["q2-solution"] == 4


def test_a_name_in_the_form_that_a_mac_writes_is_the_same_student(
    course: Path,
    rubric_lab: Lab,
    marks: list[Mark],
    manual: list[ManualRow],
    tmp_path: Path,
) -> None:
    file = Path(shutil.copy(course / "gradebook.db", tmp_path))
    park, mac = "박지우", unicodedata.normalize("NFD", "박지우")
    assert park != mac
    with open_book(file) as book:
        book.add_student(mac)
    mark = dataclasses.replace(marks[0], student=park)
    rows = [dataclasses.replace(row, student=park) for row in manual[:2]]
    written = write_gradebook(rubric_lab, [mark], file, manual=rows)
    assert (written.added, written.marked) == ((), (park,))
    with open_book(file) as book:
        assert book.find_submission("minilab", mac).score == 9.5
        assert park not in {student.id for student in book.students}
    found = read_gradebook(rubric_lab, file)
    assert [row.points for row in found.rows if row.student == park] == [3.0, 0.5]


def test_an_unreadable_hand_in_has_zero_points_and_says_why(
    marked: tuple[Path, Any],
    rubric_lab: Lab,
    record_of: Callable[..., Any],
    mark_of: Callable[..., Mark],
    tmp_path: Path,
) -> None:
    course, _ = marked
    file = Path(shutil.copy(course / "gradebook.db", tmp_path))
    record = record_of(rubric_lab, HAN, state="unreadable", reason="not_json")
    write_gradebook(rubric_lab, [mark_of(rubric_lab, HAN, record)], file)
    with open_book(file) as book:
        place = ("q1-solution", "minilab", "minilab", HAN)
        assert book.find_grade(*place).auto_score == 0
        assert "깨졌습니다" in book.find_comment(*place).auto_comment


def test_validate_runs_a_release(course: Path) -> None:
    said = nbgrader(course, "validate", "release/minilab/minilab.ipynb")
    assert "NotImplementedError" in said  # the stubs, which are not answered yet


def test_zip_collect_finds_one_folder_per_student(
    course: Path, releases: Callable[..., Any], tmp_path: Path
) -> None:
    copy = tmp_path / "course"
    copy.mkdir()
    for name in ("nbgrader_config.py", "gradebook.db"):
        shutil.copy(course / name, copy)
    archive = copy / "downloaded" / "minilab" / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(archive / "all.zip", "w") as file:
        file.writestr(f"{KIM}/minilab.ipynb", nbformat.writes(releases("ko")))
    nbgrader(copy, "zip_collect", "minilab")
    assert (copy / "submitted" / KIM / "minilab" / "minilab.ipynb").is_file()


def test_a_gradebook_of_another_edition_is_refused(
    course: Path, minilab: Lab, marks: list[Mark]
) -> None:
    with pytest.raises(ValueError, match=r"'rubric-analysis' is worth 4\.0 there"):
        write_gradebook(minilab, marks, course / "gradebook.db")


def test_other_cells_are_refused_while_there_are_submissions(
    course: Path, minilab: Lab, releases: Callable[..., Any], tmp_path: Path
) -> None:
    copy = tmp_path / "course"
    copy.mkdir()
    shutil.copy(course / "gradebook.db", copy)
    with pytest.raises(ValueError, match="submissions associated"):
        write_course(minilab, {"ko": releases("ko")}, "{}", copy)


def test_own_settings_of_a_course_are_kept(
    minilab: Lab, releases: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "nbgrader_config.py").write_text("# mine\n")
    written = write_files(minilab, {"ko": releases("ko")}, "{}", tmp_path, "mine")
    assert [file.name for file in written] == [
        *("minilab.ipynb", "minilab.check.json") * 2
    ]
    assert (tmp_path / "nbgrader_config.py").read_text() == "# mine\n"


def test_no_gradebook_and_no_nbgrader_say_so(
    rubric_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="no gradebook there"):
        read_gradebook(rubric_lab, tmp_path / "gradebook.db")
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(ValueError, match="nbgrader is not installed"):
        read_gradebook(rubric_lab, tmp_path / "gradebook.db")


def test_a_name_of_a_course_that_is_code_is_refused(
    minilab: Lab, releases: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="course 'a b'"):
        write_course(minilab, {"ko": releases("ko")}, "{}", tmp_path, course_id="a b")


def test_a_learner_cannot_write_a_formula_into_the_table(
    course: Path, rubric_lab: Lab, marks: list[Mark], tmp_path: Path
) -> None:
    file = Path(shutil.copy(course / "gradebook.db", tmp_path))
    named = dataclasses.replace(marks[0], student="new", name="=1+1,x")
    write_gradebook(rubric_lab, [named], file)
    with open_book(file) as book:
        MarksTable(to=str(tmp_path / "t.csv"), student=["new"]).export(book)
    assert table(tmp_path / "t.csv")["new"]["last_name"] == "'=1+1"
