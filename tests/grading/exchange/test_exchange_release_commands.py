"""`vislearn release` for other systems and `vislearn check --classroom`, as typed."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from vislearn.cli import main
from vislearn.grading.exchange.classroom_repository import WORKFLOW

MINILAB = Path(__file__).parents[1] / "minilab"
BIN = Path(sys.executable).parent


def release(*words: object) -> int:
    return main(["release", str(MINILAB), *(str(word) for word in words)])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "x", "--install", "y"], "--install goes with --classroom only"),
        (["--out", "x", "--course-id", "y"], "--course-id goes with --nbgrader only"),
        (["--nbgrader", "x", "--instructor"], "--instructor goes with --out only"),
        (
            ["--classroom", "x", "--seed-file", "y"],
            "--seed-file goes with --gradescope",
        ),
        (["--gradescope", "x.zip", "--lang", "ko"], "notebooks of every language"),
        (["--gradescope", "x.zip", "--seed-file", "none"], "none"),
        (["--gradescope", str(MINILAB / "x.zip")], "lies in the course's repository"),
    ],
)
def test_what_cannot_be_released_is_refused_in_one_line(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert release(*words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [[], ["--out", "a", "--nbgrader", "b"]])
def test_a_release_goes_to_one_place(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        release(*words)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "required" in said or "not allowed with" in said


def test_an_autograder_for_gradescope(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, seed = tmp_path / "to" / "upload.zip", tmp_path / "seed"
    seed.write_text("the secret of a course in a test\n")
    words = ("--seed-file", seed, "--visibility", "hidden")
    assert release("--gradescope", file, *words) == 0
    assert capsys.readouterr().out == f"{file}\n"
    with zipfile.ZipFile(file) as archive:
        assert archive.read("course-secret") == seed.read_bytes()
        settings = json.loads(archive.read("settings.json"))
    assert settings == {"lab": "minilab", "visibility": "hidden"}


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_a_course_of_nbgrader_that_nbgrader_releases_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nbgrader")
    course = tmp_path / "course"
    assert release("--nbgrader", course, "--course-id", "vision", "--lang", "en") == 0
    printed = capsys.readouterr().out.splitlines()
    assert str(course / "release" / "minilab" / "minilab.ipynb") in printed
    assert not (course / "translations").exists()
    made = course / "release" / "minilab" / "minilab.ipynb"
    ours = nbformat.read(made, as_version=4)
    made.unlink()
    home = {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")}
    path = {"PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])}
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "minilab"]
    done = subprocess.run(
        [*command, "--force"],
        cwd=course,
        env={**os.environ, **home, **path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert nbformat.read(made, as_version=4) == ours


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A starter repository, as the command makes it."""
    folder = tmp_path_factory.mktemp("classroom") / "starter"
    words = ["release", str(MINILAB), "--classroom", str(folder)]
    assert main([*words, "--install", "vislearn[grade] @ file:///src"]) == 0
    return folder


def job_of(starter: Path) -> dict[str, Any]:
    workflow = yaml.safe_load((starter / WORKFLOW).read_text(encoding="utf-8"))
    return dict(workflow["jobs"]["run-autograding-tests"])


def test_a_starter_repository_has_all_that_a_learner_needs(starter: Path) -> None:
    names = {p.relative_to(starter).as_posix() for p in starter.rglob("*")}
    assert {
        *("minilab.ko.ipynb", "minilab.en.ipynb", "minilab.check.json"),
        *(WORKFLOW, "README.md", ".gitignore"),
    } <= names
    job_of(starter)
    text = "".join(p.read_text("utf-8") for p in starter.rglob("*") if p.is_file())
    assert "BEGIN SOLUTION" not in text


def run_steps(starter: Path, work: Path) -> tuple[dict[str, str], list[str]]:
    """Run the workflow's commands as a runner does; outputs, and what pip was told.

    What the steps need of GitHub are the file for outputs and `bash -e`; pip is
    replaced by a program that notes its arguments, and vislearn is this one.
    """
    work.mkdir()
    (work / "pip").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {work / "told"}\n')
    (work / "pip").chmod(0o755)
    own = {
        "GITHUB_OUTPUT": str(work / "outputs"),
        "GITHUB_STEP_SUMMARY": str(work / "summary"),
        "PATH": os.pathsep.join([str(work), str(BIN), os.environ["PATH"]]),
    }
    for step in job_of(starter)["steps"]:
        if "run" in step:
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
            done = subprocess.run(
                [*command, step["run"]],
                cwd=starter,
                env={**os.environ, **own},
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
    lines = (work / "outputs").read_text(encoding="utf-8").splitlines()
    outputs = dict(line.split("=", 1) for line in lines)
    return outputs, (work / "told").read_text().splitlines()


def reported(starter: Path, outputs: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What the reporter's step gets: its environment, with the outputs filled in."""
    step = job_of(starter)["steps"][-1]
    pattern = r"\$\{\{ steps\.check\.outputs\.(\w+) \}\}"
    values = {
        name: re.sub(pattern, lambda found: outputs[found[1]], text)
        for name, text in step["env"].items()
    }
    return {
        runner: json.loads(base64.b64decode(values[f"{runner.upper()}_RESULTS"]))
        for runner in step["with"]["runners"].split(",")
    }


def test_the_steps_of_the_workflow_report_what_the_notebook_earns(
    starter: Path, tmp_path: Path, right: dict[str, str]
) -> None:
    file = starter / "minilab.en.ipynb"
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if cell.id in ("q1-solution", "q3-solution"):
            cell.source = right[cell.id.removesuffix("-solution")]
    nbformat.write(notebook, file)
    outputs, told = run_steps(starter, tmp_path / "work")
    assert told == ["install", "vislearn[grade] @ file:///src"]
    results = reported(starter, outputs)
    points = {
        runner: sum(test["score"] for test in result["tests"])
        for runner, result in results.items()
    }
    assert points == {"q1": 3, "q2": 0, "q3": 3}
    assert {runner: r["status"] for runner, r in results.items()} == {
        **{"q1": "pass", "q2": "fail", "q3": "pass"},
    }
    summary = (tmp_path / "work" / "summary").read_text(encoding="utf-8")
    assert "6/10" in summary


def test_check_of_a_folder_without_a_notebook_fails_the_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path), "--classroom"]) == 2
    assert "no notebook (*.ipynb) there" in capsys.readouterr().err


def test_without_the_option_a_folder_is_no_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert "no such notebook" in capsys.readouterr().err
