"""`vislearn export` and `vislearn import`, as they are typed."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from vislearn.cli import main
from vislearn.grading.journal import Journal, open_journal
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.people.rubric import ManualRow
from vislearn.grading.submission import Submission

MINILAB = Path(__file__).parents[1] / "minilab"
RUBRIC = """
rubric:
  analysis: {title: {ko: 분석, en: Analysis}, points: 4}
  clarity: {title: {ko: 명료함, en: Clarity}, points: 1}
"""
ROSTER = """\
student,name,email
kim,김철수,kim@example.com
lee,이영희,lee@example.com
ada,"Lovelace, Ada",ada@example.com
han,한지민,han@example.com
"""
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (1001)
    Points Possible,,,,,15
"김, 철수",11,kim,kim@example.com,A,
"이, 영희",12,lee,lee@example.com,A,7
"Test, Student",15,,7f3a,A,
"""
WORKSHEET = """\
Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade)
Participant 1,김철수,kim@example.com,,100,-
Participant 2,Ada Lovelace,ada@example.com,,100,-
"""


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lab with a rubric, in a folder of its own."""
    folder = tmp_path_factory.mktemp("course") / "labs" / "minilab"
    shutil.copytree(MINILAB, folder)
    with (folder / "lab.yml").open("a", encoding="utf-8") as file:
        file.write(RUBRIC)
    return folder


@pytest.fixture
def out(lab_folder: Path, record_of: Callable[..., Any], tmp_path: Path) -> Path:
    """A graded class: kim and ada have marks, lee is ungraded, han handed in nothing.

    Kim has 9 + 3.5 points, ada 10 and no manual part yet.
    """
    lab = load_lab(lab_folder)
    journal = Journal(tmp_path / "out" / "journal.sqlite")
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    facts = {"lab_path": lab_folder, "roster": tmp_path / "roster.csv"}
    for name, value in {**facts, "fingerprint": "f"}.items():
        journal.set_fact(name, str(value))
    enter(journal, lab, record_of(lab, "kim", {"q1": ("large",)}))
    enter(journal, lab, record_of(lab, "ada", lang="en"))
    enter(journal, lab, record_of(lab, "lee", state="ungraded"))
    journal.store_manual(
        [
            ManualRow("kim", "analysis", 3.0, "좋습니다.", "교수", "", "1" * 64),
            ManualRow("kim", "clarity", 0.5, "", "교수"),
        ]
    )
    return journal.file.parent


def enter(journal: Journal, lab: Lab, record: Any) -> None:
    sha = f"{len(record.student)}{record.student.encode().hex()}".ljust(64, "0")
    state = "readable"
    submission = Submission(
        record.key, record.student, lab.path, sha, state, lang=record.lang
    )
    journal.add(submission, record.handed_in)
    for result in record.results.values():
        journal.store(record.key, sha, "f", result)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """run("export", out, …): exit code, what was printed, and what was complained."""

    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        printed, complained = capsys.readouterr()
        return code, printed, complained

    return command


Run = Callable[..., tuple[int, str, str]]


def rows(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        table = list(csv.DictReader(lines))
    return {next(iter(row.values())): row for row in table}


def test_a_canvas_gradebook_is_filled_beside_the_journal(
    out: Path, run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "export.csv"
    table.write_text(CANVAS, encoding="utf-8")
    words = ("--to", "canvas", "--table", table, "--assignment", "Lab 1")
    code, printed, _ = run("export", out, *words)
    assert code == 0
    filled = {
        name: row["Lab 1 (1001)"] for name, row in rows(out / "canvas.csv").items()
    }
    assert filled["김, 철수"] == "12.5"
    assert filled["이, 영희"] == "7"  # ungraded: what stood there stays
    assert "1 marks in column 'Lab 1 (1001)'" in printed
    assert "not in the table: ada, han" in printed  # ada's mark is not complete
    assert "without a mark, left as it is: lee" in printed
    assert "in the table but not in the class: Test, Student" in printed
    assert table.read_text(encoding="utf-8") == CANVAS


def test_a_mark_that_has_no_place_in_the_table_is_a_failure(
    out: Path, run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "export.csv"
    table.write_text(CANVAS.replace("11,kim,kim@example.com", "11,k,k"), "utf-8")
    words = ("--to", "canvas", "--table", table, "--assignment", "1001")
    code, printed, _ = run("export", out, *words, "--into", tmp_path / "to.csv")
    assert code == 3
    assert "not in the table: ada, han, kim" in printed
    assert (tmp_path / "to.csv").is_file()


def test_a_worksheet_of_moodle_is_filled_and_rescaled(
    out: Path, run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "export.csv"
    table.write_text(WORKSHEET, encoding="utf-8")
    code, _, said = run("export", out, "--to", "moodle", "--table", table)
    assert code == 2
    assert "worth 100 points there and 15 here" in said
    code, printed, _ = run(
        "export", out, "--to", "moodle", "--table", table, "--rescale"
    )
    assert code == 0
    grades = {name: row["Grade"] for name, row in rows(out / "moodle.csv").items()}
    assert grades == {"Participant 1": "83.333333", "Participant 2": ""}
    assert "without a mark, left as it is: ada" in printed


def test_junit_goes_to_the_output_folder_or_where_one_says(
    out: Path, run: Run, tmp_path: Path
) -> None:
    assert run("export", out, "--to", "junit") == (0, f"{out / 'junit.xml'}\n", "")
    run("export", out, "--to", "junit", "--into", tmp_path / "tests.xml")
    root = Xml.parse(tmp_path / "tests.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("15", "1")
    assert (out / "junit.xml").read_bytes() == (tmp_path / "tests.xml").read_bytes()


def test_results_for_gradescope_are_known_by_the_content_of_files(
    out: Path, run: Run
) -> None:
    code, printed, _ = run(
        "export", out, "--to", "gradescope", "--visibility", "after_published"
    )
    file = out / "minilab.results.gradescope.zip"
    assert code == 0
    assert printed == f"{file}\nwithout a mark: lee/minilab.ipynb\n"
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.startswith("graded/")]
        graded = [json.loads(archive.read(name)) for name in names]
    scores = {result["extra_data"]["file"]: result.get("score") for result in graded}
    assert scores == {
        "kim/minilab.ipynb": 9.0,
        "ada/minilab.ipynb": 10.0,
        "lee/minilab.ipynb": None,
    }
    shown = {test["visibility"] for result in graded for test in result["tests"]}
    assert shown == {"after_published"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "canvas"], "--to canvas: say --table FILE"),
        (["--to", "canvas", "--table", "TABLE"], "say --assignment NAME"),
        (["--to", "moodle", "--table", "none.csv"], "none.csv: no such file"),
        (["--to", "moodle", "--table", "TABLE", "--into", "TABLE"], "would overwrite"),
        (["--to", "junit", "--table", "TABLE"], "--table goes with --to canvas or"),
        (["--to", "junit", "--rescale"], "--rescale goes with --to canvas or moodle"),
        (["--to", "moodle", "--visibility", "x"], "--visibility goes with --to grade"),
        (["--to", "gradescope", "--visibility", "x"], "visibility is 'x', expected"),
        (["--to", "nbgrader"], "say --into COURSE"),
        (["--to", "nbgrader", "--into", "."], "no gradebook there"),
        (["--to", "nbgrader", "--into", "TABLE"], "not a gradebook of nbgrader"),
        (["--to", "junit", "--roster", "none.csv"], "none.csv"),
        (["--to", "junit", "--lab", "none"], "no lab 'none'"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_line(
    out: Path, run: Run, tmp_path: Path, words: list[str], message: str
) -> None:
    table = tmp_path / "export.csv"
    table.write_text(CANVAS, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    given = [str(table) if word == "TABLE" else word for word in words]
    given = [str(tmp_path) if word == "." else word for word in given]
    code, _, said = run("export", out, *given)
    assert (code, said.count("\n")) == (2, 1)
    assert message in said
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_was_never_graded_is_refused(run: Run, tmp_path: Path) -> None:
    words = ("--from", "nbgrader", "--course", tmp_path)
    for command in (
        ("export", tmp_path, "--to", "junit"),
        ("import", tmp_path, *words),
    ):
        code, _, said = run(*command)
        assert (code, said.count("\n")) == (2, 1)
        assert "run `vislearn grade` first" in said


@pytest.fixture(scope="module")
def course(
    lab_folder: Path,
    notebook_of: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """What `vislearn release --nbgrader` makes, without running the lab for it."""
    pytest.importorskip("nbgrader")
    from vislearn.grading.exchange.nbgrader_release import write_course

    folder = tmp_path_factory.mktemp("nbgrader") / "course"
    write_course(load_lab(lab_folder), {"ko": notebook_of("ko")}, "{}", folder)
    return folder


@pytest.fixture
def own_course(course: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(course, tmp_path / "course"))


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_marks_go_to_nbgrader_and_what_a_person_gives_there_comes_back(
    out: Path, own_course: Path, run: Run
) -> None:
    from vislearn.grading.exchange.nbgrader_api import open_book

    code, printed, _ = run("export", out, "--to", "nbgrader", "--into", own_course)
    assert code == 0
    assert "gradebook.db: 2 marks" in printed
    assert "not in the gradebook before, added: ada, han, kim, lee" in printed
    assert "without a mark, left for a person: lee" in printed
    assert "nothing handed in: han" in printed

    course = ("--from", "nbgrader", "--course", own_course)
    code, printed, _ = run("import", out, *course)
    assert (code, "0 new marks of 0 students" in printed) == (0, True)

    with open_book(own_course / "gradebook.db") as book:
        assert book.find_submission("minilab", "kim").score == 12.5
        for item, points in (("analysis", 4.0), ("clarity", 1.0)):
            place = (f"rubric-{item}", "minilab", "minilab", "ada")
            book.find_grade(*place).manual_score = points
        place = ("rubric-analysis", "minilab", "minilab", "kim")
        book.find_grade(*place).manual_score = 2.0
        book.db.commit()
    code, printed, _ = run("import", out, *course)
    assert code == 0
    assert "kim, analysis: 3 (교수) is now 2" in printed
    assert "3 new marks of 2 students imported" in printed
    manual = {(r.student, r.item): r for r in open_journal(out, create=False).manual()}
    assert manual["ada", "clarity"].points == 1.0
    assert manual["ada", "clarity"].marker == "nbgrader"
    assert manual["kim", "analysis"].comment == "좋습니다."
    assert manual["kim", "clarity"].marker == "교수"  # unchanged, so still his

    code, printed, _ = run("export", out, "--to", "nbgrader", "--into", own_course)
    assert code == 0
    assert "added" not in printed
    with open_book(own_course / "gradebook.db") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions("minilab")}
    assert scores == {"kim": 11.5, "ada": 15.0, "lee": 0.0}


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_what_cannot_be_taken_over_from_nbgrader_is_named(
    out: Path, own_course: Path, run: Run
) -> None:
    from vislearn.grading.exchange.nbgrader_api import open_book

    run("export", out, "--to", "nbgrader", "--into", own_course)
    with open_book(own_course / "gradebook.db") as book:
        place = ("q1-solution", "minilab", "minilab", "kim")
        book.find_grade(*place).manual_score = 3.0
        book.add_student("guest")
        book.add_submission("minilab", "guest")
        place = ("rubric-clarity", "minilab", "minilab", "guest")
        book.find_grade(*place).manual_score = 1.0
        book.db.commit()
    file = own_course / "gradebook.db"
    code, printed, _ = run("import", out, "--from", "nbgrader", "--course", file)
    assert code == 3
    assert "not in the class, not imported: guest" in printed
    assert "graded here, not imported: kim q1: 3 instead of 2" in printed
    assert len(open_journal(out, create=False).manual()) == 2
    code, printed, _ = run("export", out, "--to", "nbgrader", "--into", own_course)
    assert code == 3
    assert "a person gave in nbgrader counts, not ours: kim (q1-solution)" in printed
