"""A batch survives being killed, and refuses to grade where it cannot be trusted."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading import batch
from vislearn.grading.batch import BatchRefusedError, grade
from vislearn.grading.journal import Journal, open_journal
from vislearn.grading.lab import Lab
from vislearn.grading.pages.report import (
    grades_csv,
    harmless,
    learner_page,
    write_reports,
)
from vislearn.grading.walls import sandbox

MINILAB = Path(__file__).parent / "minilab"


def hand_in(
    folder: Path,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    count: int,
) -> None:
    for number in range(count):
        save(notebook_of(**right), folder / f"s{number}.ipynb")


def test_a_killed_run_continues_where_it_stopped_and_later_only_with_what_changed(
    minilab: Lab,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    tmp_path: Path,
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    hand_in(folder, notebook_of, right, save, 2)
    command = [sys.executable, "-m", "vislearn.cli", "grade", str(MINILAB), str(folder)]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--no-sandbox"],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    deadline = time.monotonic() + 90
    done = 0
    while done < 2 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        if (out / "journal.sqlite").exists():
            journal = Journal(out / "journal.sqlite")
            results = journal.results(journal.fact("fingerprint"))
            done = sum(map(len, results.values()))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 2 <= done < 6
    outcome = grade(minilab, folder, out, walls="none")
    assert 0 < outcome.graded_now <= 6 - done
    assert [record.points for record in outcome.records] == [10, 10]
    save(notebook_of(q1=right["q1"]), folder / "s1.ipynb")
    outcome = grade(minilab, folder, out, walls="none")
    assert outcome.graded_now == 3
    assert [record.points for record in outcome.records] == [10, 3]


def test_no_sandbox_no_grading(
    minilab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = sandbox.Availability(False, "the program bwrap is not installed")
    monkeypatch.setattr(sandbox, "probe", lambda: missing)
    with pytest.raises(ValueError, match=r"bwrap is not installed.*--no-sandbox"):
        grade(minilab, tmp_path, tmp_path / "out")


def test_a_broken_environment_grades_nobody_and_gives_no_zeros(
    minilab: Lab,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The known answers do not get their marks: the kernels know of no lab."""
    folder, out = tmp_path / "in", tmp_path / "out"
    hand_in(folder, notebook_of, right, save, 1)
    plan = batch.steps

    def broken(*args: Any, **kwargs: Any) -> list[Any]:
        made = plan(*args, **kwargs)
        return [dataclasses.replace(made[0], source="1 / 0"), *made[1:]]

    monkeypatch.setattr(batch, "steps", broken)
    with pytest.raises(BatchRefusedError, match="nobody is graded"):
        grade(minilab, folder, out, walls="none")
    journal = open_journal(out, create=False)
    records = journal.records(list(minilab.questions), journal.fact("fingerprint"))
    assert [(record.state, record.points) for record in records] == [("ungraded", None)]
    assert '"ungraded","","10"' in grades_csv(minilab, records, "none")
    assert "0점이 아닙니다" in learner_page(minilab, records[0], "none")


def test_names_cannot_be_formulas_or_markup(
    minilab: Lab, save: Callable[[Any, Path], Path], tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    name = '=HYPERLINK("x")<img src=x onerror=1>.ipynb'
    folder.mkdir()
    (folder / name).write_text("broken")
    outcome = grade(minilab, folder, out, walls="none")
    write_reports(minilab, outcome.records, out, "none")
    assert "\"'=HYPERLINK" in (out / "grades.csv").read_text("utf-8-sig")
    for page in (out / "summary.html", *(out / "reports").glob("*.html")):
        assert "<img" not in page.read_text("utf-8")
    assert len(list((out / "reports").glob("*.html"))) == 1


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"])
def test_formulas_are_disarmed(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_plain_text_stays_as_it_is() -> None:
    assert harmless("김철수 = 3") == "김철수 = 3"
