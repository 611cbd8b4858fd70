"""Whose file it is and when it was handed in; who is in the course."""

from __future__ import annotations

import os
import time
import unicodedata
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from vislearn.grading.people.layouts import Whose, identify
from vislearn.grading.people.roster import Roster, Student, read_roster

SEOUL = ZoneInfo("Asia/Seoul")
ROSTER = Roster(
    (
        Student("20260001", "김철수", "chulsoo@snu.ac.kr"),
        Student("20260002", "이영희", "lee@snu.ac.kr", other={"Canvas ID": "4711"}),
        Student("20260003", "Kim, Min Jun", "minjun@snu.ac.kr"),
        Student("20260004", "Jane Doe", "jane@snu.ac.kr", other={"github": "jane-doe"}),
        Student("20260005", "박지우", "park1@snu.ac.kr"),
        Student("20260006", "박지우", "park2@snu.ac.kr"),
    )
)


def whose(folder: Path, name: str, roster: Roster | None = None, **more: str) -> Whose:
    """Put an empty file there, with sidecars as in `more`, and ask whose it is."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    for sidecar, text in more.items():
        (file.parent / f"{sidecar}.txt").write_text(text, encoding="utf-8")
    return identify(file, folder, roster, SEOUL)


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("김철수.ipynb", "김철수"),
        ("kim_2.ipynb", "kim_2"),
        ("kim/lab.ipynb", "kim"),
        ("kim/deep/er/lab.ipynb", "kim"),
        ("123_4567_lab.ipynb", "123_4567_lab"),
        ("lab_20261102_0930.ipynb", "lab_20261102_0930"),
    ],
)
def test_by_default_it_is_the_first_folder_or_the_stem(tmp_path, name, student):
    assert whose(tmp_path, name).student == student


def test_a_file_given_alone_is_known_by_its_stem(tmp_path):
    file = tmp_path / "kim.ipynb"
    file.touch()
    assert identify(file, file).student == identify(file, None).student == "kim"


def test_names_are_composed_and_printable(tmp_path):
    decomposed = unicodedata.normalize("NFD", "김철수")
    assert whose(tmp_path, f"{decomposed}/lab.ipynb").student == "김철수"
    assert (
        whose(tmp_path, "a\x1b[31mb.ipynb").student == "a\N{REPLACEMENT CHARACTER}[31mb"
    )


@pytest.mark.parametrize(
    ("name", "attempt"),
    [
        ("kim/attempt-2/lab.ipynb", 2),
        ("kim/attempt10.ipynb", 10),
        ("kim/시도 3/lab.ipynb", 3),
        ("kim/2차/lab.ipynb", 2),
        ("kim/lab.ipynb", 0),
        ("kim/lab2.ipynb", 0),
    ],
)
def test_a_folder_or_file_below_the_student_may_name_the_attempt(
    tmp_path, name, attempt
):
    found = whose(tmp_path, name)
    assert (found.student, found.attempt) == ("kim", attempt)


def test_a_file_may_be_named_after_the_time(tmp_path):
    found = whose(tmp_path, "kim/2026-11-02T09-30.ipynb")
    assert (found.student, found.handed_in) == ("kim", "2026-11-02T09:30:00+09:00")
    assert found.source == "name"


@pytest.mark.parametrize(
    ("name", "student", "attempt"),
    [
        ("김철수.ipynb", "20260001", 0),
        ("20260001_김철수.ipynb", "20260001", 0),
        ("20260001_김철수_2.ipynb", "20260001", 2),
        ("20260001 (1).ipynb", "20260001", 2),
        ("lab1-jane-doe/lab.ipynb", "20260004", 0),
        ("JaneDoe.ipynb", "20260004", 0),
        ("chulsoo/attempt-2/lab.ipynb", "20260001", 2),
        ("박지우.ipynb", "박지우", 0),  # two students have this name
        ("김철수_이영희.ipynb", "김철수_이영희", 0),
        ("unknown_2.ipynb", "unknown_2", 0),
    ],
)
def test_a_roster_confirms_a_part_of_a_name(tmp_path, name, student, attempt):
    found = whose(tmp_path, name, ROSTER)
    assert (found.student, found.attempt) == (student, attempt)


def test_a_time_after_a_confirmed_name_is_read(tmp_path):
    found = whose(tmp_path, "20260001_2026-11-02T09-30.ipynb", ROSTER)
    assert (found.student, found.source) == ("20260001", "name")


def test_canvas_names_the_user_and_lateness_and_further_uploads(tmp_path):
    found = whose(tmp_path, "kimchulsoo_12345_67890_lab.ipynb")
    assert found == Whose("12345", "kimchulsoo", "", 1)
    found = whose(tmp_path, "kimchulsoo_LATE_12345_67890_lab_1-2.ipynb")
    assert (found.student, found.attempt) == ("12345", 3)
    assert found.notes == ("late_by_platform",)
    found = whose(tmp_path, "LATE_anon_aB3dE_67890_lab.ipynb")
    assert (found.student, found.name) == ("anon_aB3dE", "")
    assert found.notes == ("late_by_platform",)


def test_canvas_users_are_found_in_the_roster_by_id_or_sortable_name(tmp_path):
    assert whose(tmp_path, "x_4711_67890_lab.ipynb", ROSTER).student == "20260002"
    found = whose(tmp_path, "kimminjun_12345_67890_lab.ipynb", ROSTER)
    assert (found.student, found.name) == ("20260003", "Kim, Min Jun")
    assert whose(tmp_path, "doejane_99_67890_a.ipynb", ROSTER).student == "20260004"


def test_moodle_names_folders_or_in_old_versions_files(tmp_path):
    inside = "Jane Doe_1234567_assignsubmission_file_/work/lab.ipynb"
    assert whose(tmp_path, inside).student == "Jane Doe_1234567"
    assert whose(tmp_path, inside).name == "Jane Doe"
    assert whose(tmp_path, inside, ROSTER).student == "20260004"
    flat = "Jane Doe_1234567_assignsubmission_file_lab.ipynb"
    assert whose(tmp_path, flat, ROSTER).student == "20260004"
    team = "조 1-김철수_12_assignsubmission_file_/lab.ipynb"
    assert whose(tmp_path, team, ROSTER).student == "20260001"
    text = "이영희_77_assignsubmission_onlinetext_/lab.ipynb"
    assert whose(tmp_path, text, ROSTER).student == "20260002"


def test_blackboard_names_user_and_time(tmp_path):
    found = whose(tmp_path, "ps1_hacker_attempt_2016-01-30-20-30-10_problem1.ipynb")
    assert found == Whose("hacker", "", "2016-01-30T20:30:10+09:00", 0, "name")


def test_nbgraders_folders_have_their_time_beside_them(tmp_path):
    name = "submitted/hacker/ps1/problem1.ipynb"
    stamp = "2015-02-02 14:58:23.948203 America/Los_Angeles"
    found = whose(tmp_path, name, timestamp=stamp)
    assert found.student == "hacker"
    assert (found.handed_in, found.source) == (
        "2015-02-02T14:58:23-08:00",
        "timestamp.txt",
    )
    # Without a zone nbgrader writes and reads UTC.
    found = whose(tmp_path, name, timestamp="2015-02-02 14:58:23.9")
    assert found.handed_in == "2015-02-02T23:58:23+09:00"


def test_nbgrader_itself_reads_the_same_time(tmp_path):
    utils = pytest.importorskip("nbgrader.utils")
    for stamp in (
        "2015-02-02 14:58:23.948203 America/Los_Angeles",
        "2015-07-02 14:58:23 UTC",
        "2015-02-02 14:58:23",
    ):
        found = whose(tmp_path, "submitted/a/b/c.ipynb", timestamp=stamp)
        theirs = utils.parse_utc(stamp).replace(microsecond=0)
        ours = datetime.fromisoformat(found.handed_in)
        assert ours.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) == theirs


def test_nbgraders_exchange_has_the_time_in_its_folders(tmp_path):
    name = "hacker+ps1+2026-11-02 09:30:00.123456 UTC+abc/problem1.ipynb"
    found = whose(tmp_path, name)
    assert (found.student, found.handed_in) == ("hacker", "2026-11-02T09:30:00+00:00")


def test_a_timestamp_that_a_learner_packed_into_a_download_is_not_believed(tmp_path):
    name = "Jane Doe_1234567_assignsubmission_file_/lab.ipynb"
    found = whose(tmp_path, name, timestamp="2020-01-01 00:00:00 UTC")
    assert found.source == "file"


@pytest.mark.parametrize(
    "name",
    [
        "hong/lee_123_4567_lab.ipynb",
        "hong/Lee_99_assignsubmission_file_/lab.ipynb",
        "hong/submitted/lee/ps1/lab.ipynb",
        "hong/20260002/lab.ipynb",
        "hong/lee+ps1+2026-11-02 09:30:00 UTC/lab.ipynb",
    ],
)
def test_what_a_learner_packs_cannot_be_somebody_elses(tmp_path, name):
    whose(tmp_path, "kim/lab.ipynb")
    assert whose(tmp_path, name, ROSTER).student == "hong"


def test_a_download_in_a_folder_of_its_own_is_recognised(tmp_path):
    found = whose(tmp_path, "submissions/kim_123_4567_lab.ipynb")
    assert found.student == "123"
    moodle = "all/Jane Doe_1_assignsubmission_file_/lab.ipynb"
    assert whose(tmp_path / "b", moodle).name == "Jane Doe"
    listed = whose(tmp_path / "c", "unzipped/20260001/lab.ipynb", ROSTER)
    assert listed.student == "20260001"


def test_the_instructors_table_goes_before_everything(tmp_path):
    (tmp_path / "submissions.csv").write_text(
        "file,student,time,attempt\n"
        "kim/lab.ipynb,20260001,2026-11-02 10:00,3\n"
        "kim_12345_67890_lab.ipynb,,2026-11-02T10:00+00:00,\n",
        encoding="utf-8-sig",
    )
    found = whose(tmp_path, "kim/lab.ipynb", ROSTER, timestamp="2020-01-01 00:00:00")
    assert found == Whose(
        "20260001", "김철수", "2026-11-02T10:00:00+09:00", 3, "submissions.csv"
    )
    canvas = whose(tmp_path, "kim_12345_67890_lab.ipynb")
    assert (canvas.student, canvas.handed_in) == ("12345", "2026-11-02T10:00:00+00:00")


def test_a_bad_table_is_refused_with_every_line(tmp_path):
    (tmp_path / "submissions.csv").write_text(
        "file,time,attempt\na.ipynb,yesterday,\nb.ipynb,,two\na.ipynb,,\n"
    )
    with pytest.raises(ValueError, match="yesterday") as caught:
        whose(tmp_path, "a.ipynb")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["line 2", "line 3", "line 4"]


def test_otherwise_it_is_the_files_own_date(tmp_path):
    file = tmp_path / "kim.ipynb"
    file.touch()
    os.utime(file, (1_793_579_400, 1_793_579_400))
    found = identify(file, tmp_path, zone=SEOUL)
    assert (found.handed_in, found.source) == ("2026-11-02T09:30:00+09:00", "file")


@pytest.mark.parametrize(
    "stamp", ["", "soon", "2026-13-45 99:99:99", "\x00", "0001-01-01"]
)
def test_a_damaged_timestamp_falls_back_to_the_files_date(tmp_path, stamp):
    assert whose(tmp_path, "kim/lab.ipynb", timestamp=stamp).source == "file"


@pytest.mark.parametrize(
    "name",
    ["0001-01-01T00-00.ipynb", "9999-12-31T23-59.ipynb", "2026-02-30T10-00.ipynb"],
)
def test_a_name_that_only_looks_like_a_time_is_no_time(tmp_path, name):
    assert whose(tmp_path, f"kim/{name}").source == "file"


def test_a_class_of_thousands_is_identified_quickly(tmp_path):
    roster = Roster(tuple(Student(f"2026{n:04}", f"이름{n}") for n in range(2000)))
    names = [f"lab1_2026{n:04}_이름{n}_final_version.ipynb" for n in range(500)]
    for name in names:
        (tmp_path / name).touch()
    begin = time.process_time()
    found = [identify(tmp_path / name, tmp_path, roster).student for name in names]
    assert found == [f"2026{n:04}" for n in range(500)]
    assert time.process_time() - begin < 5


TABLE = "학번,이름,이메일,분반\n20260002,이영희,lee@snu.ac.kr,1\n0001,김철수,,2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_roster_is_read_in_every_encoding_of_excel(tmp_path, encoding):
    file = tmp_path / "roster.csv"
    file.write_bytes(TABLE.encode(encoding))
    first, second = read_roster(file).students
    assert (first.id, first.name, first.group) == ("0001", "김철수", "2")
    assert (second.id, second.email) == ("20260002", "lee@snu.ac.kr")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_roster_may_be_separated_otherwise(tmp_path, separator):
    file = tmp_path / "roster.csv"
    file.write_text(TABLE.replace(",", separator), encoding="utf-8")
    assert [student.id for student in read_roster(file).students] == [
        "0001",
        "20260002",
    ]


def test_double_and_missing_ids_are_refused_with_their_lines(tmp_path):
    file = tmp_path / "roster.csv"
    file.write_text("student,name\nkim,A\n\nlee,B\nKIM,C\n,D\nlee,E\n")
    with pytest.raises(ValueError, match="already") as caught:
        read_roster(file)
    assert str(caught.value).splitlines() == [
        "roster.csv: line 5: student 'KIM' is already on line 2",
        "roster.csv: line 6: there is no id",
        "roster.csv: line 7: student 'lee' is already on line 4",
    ]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"name,email\nA,b\n", "no column of ids, expected one called student"),
        (b"student,student\na,b\n", "two columns are called 'student'"),
        (b"student\n\xff\x00\x81\n", "neither UTF-8 nor cp949"),
    ],
)
def test_a_table_that_is_no_roster_is_refused(tmp_path, raw, message):
    file = tmp_path / "roster.csv"
    file.write_bytes(raw)
    with pytest.raises(ValueError, match=message):
        read_roster(file)


def test_a_canvas_gradebook_is_a_roster(tmp_path):
    file = tmp_path / "grades.csv"
    file.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (11)\n"
        "    Points Possible,,,,,10\n"
        '"Doe, Jane",4711,20260004,jdoe,A,\n'
        '"Student, Test",99,,,A,\n',
        encoding="utf-8-sig",
    )
    jane, test = read_roster(file).students
    assert (jane.id, jane.name, jane.group) == ("20260004", "Doe, Jane", "A")
    assert test.id == "99"
    assert (
        whose(tmp_path, "doejane_4711_123_a.ipynb", Roster((jane,))).student == jane.id
    )


def test_moodles_participants_are_a_roster(tmp_path):
    file = tmp_path / "participants.csv"
    file.write_text(
        "First name,Last name,ID number,Email address,Groups\n"
        "Jane,Doe,4,jane@x.org,A\n철수,김,5,kim@x.org,A\n",
        encoding="utf-8",
    )
    students = read_roster(file).students
    assert [(s.id, s.name) for s in students] == [("4", "Jane Doe"), ("5", "김철수")]


def test_a_student_is_matched_by_id_before_anything_else():
    roster = Roster((Student("lee", "kim"), Student("kim", "lee")))
    found = roster.match("KIM")
    assert found is not None
    assert found.id == "kim"
    assert roster.match("") is None
    assert roster.get("nobody") is None
