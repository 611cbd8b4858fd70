"""What the commands remember of a term: roster, rules, and the clock they go by."""

from __future__ import annotations

from pathlib import Path

import pytest

from vislearn.cli import main
from vislearn.grading.journal import open_journal
from vislearn.grading.term import open_term

MINILAB = Path(__file__).parent / "minilab"
POLICY = "timezone: {zone}\ndeadline: 2026-11-02T09:00\nlate: {{percent_per_day: 10}}\n"


@pytest.fixture
def graded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The output of `vislearn grade` for three broken notebooks: no kernel is needed.

    No machine's clock is that of Kathmandu (+05:45) by accident.
    """
    folder = tmp_path / "in"
    for name in ("kim/2026-11-02T09-30", "lee/a", "park/2026-11-02T09-30+09:00"):
        file = folder / f"{name}.ipynb"
        file.parent.mkdir(parents=True)
        file.write_text("broken")
    table = "student,file,time\nlee,lee/a.ipynb,2026-11-02 08:59\n"
    (folder / "submissions.csv").write_text(table)
    (tmp_path / "policy.yml").write_text(POLICY.format(zone="Asia/Kathmandu"))
    (tmp_path / "roster.csv").write_text("student,name\nkim,김\nlee,이\nhan,한\n")
    words = [str(MINILAB), str(folder), "--out", str(tmp_path / "out"), "--no-sandbox"]
    words += ["--policy", str(tmp_path / "policy.yml")]
    assert main(["grade", *words, "--roster", str(tmp_path / "roster.csv")]) == 0
    capsys.readouterr()
    return tmp_path / "out"


def test_times_without_a_zone_are_read_by_the_clock_of_the_policy(
    graded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = {mark.student: mark for mark in open_term(graded).marks}
    assert marks["kim"].handed_in == "2026-11-02T09:30:00+05:45"
    assert marks["kim"].late_days == pytest.approx(0.5 / 24, abs=1e-4)
    assert marks["lee"].handed_in == "2026-11-02T08:59:00+05:45"  # submissions.csv
    assert marks["lee"].late_days == 0
    assert marks["park"].handed_in == "2026-11-02T06:15:00+05:45"  # says its own zone

    # A policy of another place cannot move what was read for this one.
    (tmp_path / "policy.yml").write_text(POLICY.format(zone="Asia/Seoul"))
    assert main(["report", str(graded)]) == 0
    assert "on the clock of Asia/Kathmandu, not Asia/Seoul" in capsys.readouterr().out
    words = [str(MINILAB), str(tmp_path / "in"), "--out", str(graded), "--no-sandbox"]
    assert main(["grade", *words]) == 0
    assert "on the clock of" not in capsys.readouterr().out
    kim = next(mark for mark in open_term(graded).marks if mark.student == "kim")
    assert kim.handed_in == "2026-11-02T09:30:00+09:00"


def test_the_roster_of_the_run_is_remembered_until_it_is_gone(
    graded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = {mark.student: mark for mark in open_term(graded).marks}
    assert list(marks) == ["han", "kim", "lee", "park"]
    assert marks["han"].record is None
    assert marks["park"].notes[:1] == ("not_in_roster",)
    (tmp_path / "roster.csv").unlink()
    assert main(["report", str(graded)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "this roster has gone; say --roster FILE" in said
    assert open_journal(graded, create=False).fact("roster").endswith("roster.csv")
