"""Results for GitHub Classroom, and the starter repository that reports them."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from vislearn.grading.checks.verdict import CheckResult, QuestionResult
from vislearn.grading.emit import PUBLIC_SECRET
from vislearn.grading.exchange.classroom import (
    question_result,
    report,
    runners_of,
    self_check,
)
from vislearn.grading.exchange.classroom_repository import WORKFLOW, repository_files
from vislearn.grading.lab import Lab
from vislearn.grading.reference import reference
from vislearn.grading.release import bundle


def printed(result: dict[str, Any]) -> float:
    """Points as the reporter's table shows them: passed tests of all tests."""
    passed = sum(test["status"] == "pass" for test in result["tests"])
    return float(passed / len(result["tests"]) * result["max_score"])


def sent(result: dict[str, Any]) -> float:
    """Points as the reporter sends them."""
    return float(sum(test["score"] for test in result["tests"]))


@pytest.mark.parametrize(
    ("checks", "points"),
    [
        ([(2, 2), (0, 1)], 2),
        ([(0, 3), (1, 1)], 1),
        ([(0, 7.5), (2.5, 2.5), (5, 5)], 7.5),
        ([(2, 3), (0, 4)], 2),
        ([(1, 3), (1.5, 2)], 2.5),
        ([(0, 1)], 0),
    ],
)
def test_the_printed_and_the_sent_points_are_the_same(
    checks: list[tuple[float, float]], points: float
) -> None:
    found = tuple(CheckResult(f"c{n}", *check) for n, check in enumerate(checks))
    possible = sum(check.max_points for check in found)
    result = QuestionResult("q1", "graded", points, possible, found)
    made = question_result(result, "Softmax")
    assert printed(made) == pytest.approx(points)
    assert sent(made) == pytest.approx(points)
    assert made["max_score"] == possible
    assert made["version"] == 3
    assert made["status"] == ("pass" if points == possible else "fail")
    assert all(test["line_no"] == 0 for test in made["tests"])  # else it is printed


def test_equal_checks_are_one_test_each() -> None:
    found = tuple(CheckResult(name, 5, 5) for name in ("a", "b", "c"))
    made = question_result(QuestionResult("q", "graded", 15, 15, found), "T")
    assert [test["name"] for test in made["tests"]] == ["q T · a", "q T · b", "q T · c"]


def test_names_of_runners_are_letters_and_digits_and_all_different() -> None:
    names = runners_of(["q1", "q-1", "Q1", "문제", "_"])
    assert all(re.fullmatch("[a-zA-Z0-9]+", name) for name in names.values())
    assert len({name.upper() for name in names.values()}) == 5


def test_the_workflow_hands_every_result_to_the_reporter(minilab: Lab) -> None:
    files = repository_files(minilab, "vislearn[grade] @ git+https://example.org/v")
    workflow = yaml.safe_load(files[WORKFLOW])
    job = workflow["jobs"]["run-autograding-tests"]
    steps = {
        step.get("id") or step["uses"].split("/")[0]: step
        for step in job["steps"]
        if "uses" in step or "id" in step
    }
    reporter = steps["classroom-resources"]
    runners = reporter["with"]["runners"].split(",")
    assert runners == ["q1", "q2", "q3"]
    for runner in runners:
        value = reporter["env"][f"{runner.upper()}_RESULTS"]
        assert value == f"${{{{ steps.check.outputs.{runner} }}}}"
    assert steps["check"]["run"] == "vislearn check . --classroom"
    assert "github-classroom[bot]" in job["if"]


def test_the_files_say_that_this_is_not_the_mark(minilab: Lab) -> None:
    files = repository_files(minilab, "vislearn")
    assert "It is not the mark" in files[WORKFLOW]
    assert "not your mark" in files["README.md"]
    assert "성적이 아닙니다" in files["README.md"]


def test_what_could_end_the_command_is_refused(minilab: Lab) -> None:
    with pytest.raises(ValueError, match="not something that pip could install"):
        repository_files(minilab, 'vislearn"; curl evil')


@pytest.fixture(scope="module")
def repository(minilab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of a starter repository without its notebooks."""
    folder = tmp_path_factory.mktemp("clone")
    known = reference(minilab, PUBLIC_SECRET, public=True)
    text = json.dumps(bundle(minilab, known))
    (folder / "minilab.check.json").write_text(text)
    return folder


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The files through which a workflow's step tells its results."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return tmp_path


def read_outputs(file: Path) -> dict[str, dict[str, Any]]:
    lines = (line.split("=", 1) for line in file.read_text().splitlines())
    return {name: json.loads(base64.b64decode(text)) for name, text in lines}


def test_the_better_of_two_languages_is_reported(
    repository: Path,
    steps: Path,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
) -> None:
    save(notebook_of("en"), repository / "minilab.en.ipynb")
    answers = {"q1": right["q1"], "q2": right["q2"]}
    save(notebook_of("ko", **answers), repository / "minilab.ko.ipynb")
    found = self_check(repository)
    assert found.notebook.name == "minilab.ko.ipynb"
    log = report(found)
    results = read_outputs(steps / "outputs")
    assert {name: result["status"] for name, result in results.items()} == {
        "q1": "pass",
        "q2": "pass",
        "q3": "fail",
    }
    assert sum(map(sent, results.values())) == found.points == 7
    assert sum(map(printed, results.values())) == pytest.approx(7)
    assert "7/10" in log
    assert "7/10" in (steps / "summary").read_text()


def test_a_notebook_that_cannot_be_read_is_an_error_for_every_question(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "minilab.check.json").write_bytes(
        (repository / "minilab.check.json").read_bytes()
    )
    (tmp_path / "minilab.ko.ipynb").write_text("{ broken")
    found = self_check(tmp_path)
    assert {result["status"] for result in found.results.values()} == {"error"}
    assert sum(result["max_score"] for result in found.results.values()) == 10
    assert "깨졌습니다" in found.results["q1"]["tests"][0]["message"]
    assert "\nq1=" in report(found)  # outside of a workflow it is printed


def test_an_empty_repository_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no notebook"):
        self_check(tmp_path)


def test_a_learners_text_cannot_leave_the_summary(steps: Path, minilab: Lab) -> None:
    from vislearn.grading.exchange.classroom import SelfCheck

    found = SelfCheck(Path("a.ipynb"), 0.0, {}, "```\n# heading")
    report(dataclasses.replace(found))
    assert (steps / "summary").read_text().count("```") == 2
