"""results.json, and a zip whose `run_autograder` runs in a clean folder."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading.exchange.gradescope import (
    about_submission,
    failed,
    nothing_handed_in,
    results_of,
)
from vislearn.grading.exchange.gradescope_run import counting, notebooks
from vislearn.grading.exchange.gradescope_zip import gradescope_zip
from vislearn.grading.lab import Lab

SECRET = "the secret of a course in a test"
# What setup.sh installs with, as programs that only note what they were asked for.
PROGRAMS = {
    "apt-get": '#!/bin/sh\necho "apt-get $*" >> "$AUTOGRADER_ROOT/told"\n',
    "pip": '#!/bin/sh\necho "pip $*" >> "$AUTOGRADER_ROOT/told"\n',
    "python3.11": """\
#!/bin/sh
[ "$1 $2" = "-m venv" ] || exit 9
mkdir -p "$3/bin"
cp "$AUTOGRADER_ROOT/programs/pip" "$3/bin/pip"
for name in python python3; do
  printf '#!/bin/sh\\nexec {python} "$@"\\n' > "$3/bin/$name"
  chmod 755 "$3/bin/$name"
done
""",
}
TOP: dict[str, Any] = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": str,
    "visibility": str,
    "stdout_visibility": str,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
TEST: dict[str, Any] = {
    "score": (int, float),
    "max_score": (int, float),
    "status": str,
    "name": str,
    "number": str,
    "output": str,
    "tags": list,
    "visibility": str,
    "extra_data": dict,
}
VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}


def check_fields(results: dict[str, Any]) -> None:
    """The documented fields with their types, and no others."""
    for key, value in results.items():
        assert isinstance(value, TOP[key]), key
    for test in results["tests"]:
        for key, value in test.items():
            assert isinstance(value, TEST[key]), key
        assert test["visibility"] in VISIBILITY
        assert test["status"] in {"passed", "failed"}
    assert results["stdout_visibility"] in VISIBILITY
    if "score" in results and results["tests"]:
        total = sum(test["score"] for test in results["tests"])
        assert results["score"] == pytest.approx(total)


def test_every_check_is_a_test_and_the_points_add_up(
    minilab: Lab, record_of: Callable[..., Any]
) -> None:
    record = record_of(minilab, "kim", {"q1": ("rows",), "q3": ("mask",)})
    results = results_of(minilab, record, seconds=3.4)
    check_fields(results)
    assert results["score"] == 5
    assert sum(test["max_score"] for test in results["tests"]) == minilab.points
    assert [test["number"] for test in results["tests"]] == [
        *("1.1", "1.2", "2.1", "2.2", "3.1")
    ]
    lost = [test["tags"] for test in results["tests"] if test["status"] == "failed"]
    assert lost == [["q1"], ["q3"]]


@pytest.mark.parametrize(
    ("lang", "said"),
    [("ko", "각 행의 합은 1이어야 합니다."), ("en", "Every row must sum to one.")],
)
def test_feedback_is_in_the_language_of_the_learner(
    minilab: Lab, record_of: Callable[..., Any], lang: str, said: str
) -> None:
    record = record_of(minilab, "kim", {"q1": ("rows",)}, lang=lang)
    tests = results_of(minilab, record)["tests"]
    assert said in tests[0]["output"]
    assert said not in tests[1]["output"]


def test_no_value_of_the_hidden_inputs_is_shown(
    minilab: Lab, record_of: Callable[..., Any]
) -> None:
    record = record_of(minilab, "kim", {"q1": ("rows",)})
    result = record.results["q1"]
    check = dataclasses.replace(
        result.checks[0], expected="0.123456", got="0.654321", place="[3, 4]"
    )
    result = dataclasses.replace(result, checks=(check, *result.checks[1:]))
    record = dataclasses.replace(record, results={**record.results, "q1": result})
    text = json.dumps(results_of(minilab, record))
    assert not [part for part in ("0.123456", "0.654321", "[3, 4]") if part in text]


def test_visibility_is_that_of_the_assignment_or_refused(
    minilab: Lab, record_of: Callable[..., Any]
) -> None:
    record = record_of(minilab, "kim")
    results = results_of(minilab, record, visibility="after_due_date")
    assert {test["visibility"] for test in results["tests"]} == {"after_due_date"}
    with pytest.raises(ValueError, match="visibility is 'never'"):
        results_of(minilab, record, visibility="never")


def test_ungraded_has_no_score_and_says_so(
    minilab: Lab, record_of: Callable[..., Any]
) -> None:
    record = record_of(minilab, "kim", state="ungraded", reason="ungraded")
    for results in (results_of(minilab, record), failed("minilab", "no walls")):
        check_fields(results)
        assert "score" not in results
        assert results["tests"] == []
        assert "아닙니다" in results["output"]  # no 0, or no mark


def test_unreadable_and_absent_get_zero_with_the_reason(
    minilab: Lab, record_of: Callable[..., Any]
) -> None:
    record = record_of(minilab, "kim", state="unreadable", reason="not_json")
    results = results_of(minilab, record)
    check_fields(results)
    assert results["score"] == 0
    assert "깨졌습니다" in results["output"]
    absent = nothing_handed_in(minilab)
    check_fields(absent)
    assert absent["score"] == 0
    assert "no notebook" in absent["output"]


def test_of_several_notebooks_the_best_counts(
    minilab: Lab, record_of: Callable[..., Any]
) -> None:
    poor = record_of(minilab, "a", {"q1": ("rows", "large")})
    full = record_of(minilab, "b")
    waits = record_of(minilab, "c", state="ungraded")
    assert counting([poor, full], minilab) is full
    assert counting([waits, full], minilab) is full
    assert counting([poor, waits], minilab) is waits


def test_links_in_a_submission_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "a.ipynb").symlink_to(tmp_path / "secret")
    (folder / "b.ipynb").write_text("{}")
    assert notebooks(folder) == [folder / "b.ipynb"]


def test_times_come_from_the_metadata_of_gradescope(tmp_path: Path) -> None:
    file = tmp_path / "submission_metadata.json"
    file.write_text(
        json.dumps(
            {
                "id": 123456,
                "created_at": "2026-11-03T00:10:00.365935-07:00",
                "assignment": {"due_date": "2026-11-02T23:59:00.000000-07:00"},
                "users": [{"email": "kim@example.com", "id": 1, "name": "김철수"}],
            }
        )
    )
    about = about_submission(file)
    assert about["submission"] == 123456
    assert about["seconds_late"] == 660
    assert "users" not in about  # names have no business in extra_data
    assert about_submission(tmp_path / "missing.json") == {}
    file.write_text("[1, 2")
    assert about_submission(file) == {}


def test_the_zip_is_the_same_each_time_and_keeps_the_secret_private(
    minilab: Lab, tmp_path: Path
) -> None:
    first = gradescope_zip(minilab, tmp_path / "a", SECRET).read_bytes()
    file = gradescope_zip(minilab, tmp_path / "b", SECRET)
    assert file.read_bytes() == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        mode = archive.getinfo("course-secret").external_attr >> 16
    assert stat.S_IMODE(mode) == 0o600
    assert {"setup.sh", "run_autograder", "library/pyproject.toml"} <= names
    assert "library/vislearn/grading/batch.py" in names
    assert "course/minilab/lab.yml" in names
    assert not [name for name in names if "__pycache__" in name or "/." in name]


def test_a_short_secret_makes_no_zip(minilab: Lab, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the secret has 5 characters"):
        gradescope_zip(minilab, tmp_path, "short")
    assert not list(tmp_path.iterdir())


def test_the_scripts_are_valid_bash(minilab: Lab, tmp_path: Path) -> None:
    unpack(gradescope_zip(minilab, tmp_path, SECRET), tmp_path / "source")
    for name in ("setup.sh", "run_autograder"):
        script = tmp_path / "source" / name
        subprocess.run(["bash", "-n", str(script)], check=True)
        assert os.access(script, os.X_OK)


def unpack(file: Path, folder: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            path.chmod(stat.S_IMODE(entry.external_attr >> 16))


@pytest.fixture(scope="module")
def autograder(
    minilab: Lab, tmp_path_factory: pytest.TempPathFactory, needs_sandbox: None
) -> Path:
    """A clean folder with what Gradescope makes of the zip: unpacked, and set up.

    setup.sh itself runs, but with an apt-get and a `python3.11 -m venv` that install
    nothing: they note what they were asked for, and this interpreter takes the place
    of the new environment's.
    """
    root = tmp_path_factory.mktemp("autograder")
    upload = tmp_path_factory.mktemp("upload")
    unpack(gradescope_zip(minilab, upload, SECRET), root / "source")
    programs = root / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(text.format(python=sys.executable))
        (programs / name).chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    own = {"HOME": str(root), "PATH": path, "AUTOGRADER_ROOT": str(root)}
    subprocess.run(
        [str(root / "source" / "setup.sh")], cwd="/", env=own, check=True, timeout=300
    )
    return root


def test_setup_installs_the_library_of_the_zip_and_prepares_the_values(
    autograder: Path,
) -> None:
    told = (autograder / "told").read_text().splitlines()
    assert told[0] == "apt-get update"
    assert any("bubblewrap" in line for line in told)
    (pip,) = [line for line in told if line.startswith("pip ")]
    library = autograder / "source" / "library"
    assert pip.startswith("pip install ")
    assert f"-c {library}/constraints.txt {library}[course,grade]" in pip
    assert list((autograder / "source" / "cache").rglob("*.json"))
    assert stat.S_IMODE((autograder / "source").stat().st_mode) == 0o700


def run_autograder(root: Path, expect: int = 0, **environment: str) -> dict[str, Any]:
    """Run the script, without anything of this checkout's in its environment."""
    kept = {"HOME": str(root), "PATH": os.environ["PATH"]}
    kept["AUTOGRADER_ROOT"] = str(root)
    (root / "results" / "results.json").unlink(missing_ok=True)
    done = subprocess.run(
        [str(root / "source" / "run_autograder")],
        cwd="/",
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    results = json.loads((root / "results" / "results.json").read_text("utf-8"))
    check_fields(results)
    return dict(results)


@pytest.fixture
def submission(autograder: Path) -> Path:
    """An empty folder for the files of one submission."""
    folder = autograder / "submission"
    for file in folder.glob("*") if folder.exists() else ():
        file.unlink()
    folder.mkdir(exist_ok=True)
    return folder


def test_run_autograder_grades_a_right_and_a_half_right_notebook(
    autograder: Path,
    submission: Path,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
) -> None:
    save(notebook_of("en", **right), submission / "제출.ipynb")
    results = run_autograder(autograder)
    assert results["score"] == 10
    assert results["execution_time"] > 0
    assert results["extra_data"]["walls"] == "bwrap"

    half = {**right, "q2": "def attention(q, k, v):\n    return v * 0"}
    save(notebook_of("ko", **half), submission / "제출.ipynb")
    results = run_autograder(autograder)
    assert results["score"] == 6
    lost = [test for test in results["tests"] if test["status"] == "failed"]
    assert [test["tags"] for test in lost] == [["q2"], ["q2"]]


def test_run_autograder_says_what_is_wrong_with_the_files(
    autograder: Path, submission: Path
) -> None:
    assert "노트북" in run_autograder(autograder)["output"]
    (submission / "broken.ipynb").write_text("{ not json")
    results = run_autograder(autograder)
    assert results["score"] == 0
    assert results["extra_data"]["state"] == "unreadable"


def test_a_failure_of_ours_is_told_and_gives_no_score(
    autograder: Path,
    submission: Path,
    notebook_of: Callable[..., Any],
    save: Callable[[Any, Path], Path],
) -> None:
    save(notebook_of("ko"), submission / "a.ipynb")
    secret = autograder / "source" / "course-secret"
    kept = secret.read_text()
    secret.write_text("short")
    try:
        results = run_autograder(autograder, expect=1)
    finally:
        secret.write_text(kept)
    assert "score" not in results
    assert "not a mark" in results["output"]


def test_results_exist_even_if_python_does_not_start(
    autograder: Path, submission: Path
) -> None:
    python = autograder / "venv" / "bin" / "python3"
    kept = python.read_text()
    python.write_text("#!/bin/sh\nexit 9\n")
    try:
        results = run_autograder(autograder, expect=9)
    finally:
        python.write_text(kept)
    assert "score" not in results


def test_the_course_is_closed_before_learners_code_runs(autograder: Path) -> None:
    for name in ("source", "results"):
        assert stat.S_IMODE((autograder / name).stat().st_mode) == 0o700
