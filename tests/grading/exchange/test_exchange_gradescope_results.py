"""Results made elsewhere, looked up by a zip in a folder laid out as Gradescope's."""

from __future__ import annotations

import dataclasses
import hashlib
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

from vislearn.grading.exchange import gradescope_lookup
from vislearn.grading.exchange.gradescope_results import results_zip
from vislearn.grading.lab import Lab

FULL, HALF, WAITS, BROKEN = b"full", b"half", b"waits", b"{ broken"


def unpack(file: Path, folder: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            path.chmod(stat.S_IMODE(entry.external_attr >> 16))


@pytest.fixture
def records(minilab: Lab, record_of: Callable[..., Any]) -> list[Any]:
    made = {
        FULL: record_of(minilab, "ada", lang="en"),
        HALF: record_of(minilab, "kim", {"q2": ("output", "width_mismatch")}),
        WAITS: record_of(minilab, "lee", state="ungraded", reason="ungraded"),
        BROKEN: record_of(minilab, "han", state="unreadable", reason="not_json"),
    }
    return [
        dataclasses.replace(record, sha=hashlib.sha256(content).hexdigest())
        for content, record in made.items()
    ]


@pytest.fixture
def root(minilab: Lab, records: list[Any], tmp_path: Path) -> Path:
    """A clean folder with the unpacked zip, after its setup.sh has run."""
    root = tmp_path / "autograder"
    unpack(results_zip(minilab, records, tmp_path), root / "source")
    script(root, "setup.sh")
    return root


def script(root: Path, name: str, **environment: str) -> None:
    own = {"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root)}
    subprocess.run(
        [str(root / "source" / name)], check=True, cwd="/", env={**own, **environment}
    )


def look_up(root: Path, *contents: bytes) -> dict[str, Any]:
    folder = root / "submission"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for number, content in enumerate(contents):
        (folder / f"{number}.ipynb").write_bytes(content)
    script(root, "run_autograder")
    return dict(json.loads((root / "results" / "results.json").read_text("utf-8")))


def test_a_notebook_finds_its_result_by_its_content(root: Path) -> None:
    assert look_up(root, FULL)["score"] == 10
    results = look_up(root, HALF)
    assert results["score"] == 6
    assert results["extra_data"]["file"] == "kim/minilab.ipynb"
    assert sum(test["score"] for test in results["tests"]) == 6
    broken = look_up(root, BROKEN)
    assert broken["score"] == 0
    assert "깨졌습니다" in broken["output"]


def test_what_is_not_graded_yet_has_no_score(root: Path) -> None:
    for content in (WAITS, FULL + b" "):
        results = look_up(root, content)
        assert "score" not in results
        assert "Not graded yet" in results["output"]


def test_without_a_notebook_there_are_no_points(root: Path) -> None:
    results = look_up(root)
    assert results["score"] == 0
    assert "no notebook" in results["output"]


def test_of_several_the_best_counts_unless_an_ungraded_one_could_be_better(
    root: Path,
) -> None:
    results = look_up(root, HALF, FULL, b"new")
    assert results["score"] == 10
    assert "several notebooks" in results["output"]
    assert "score" not in look_up(root, HALF, b"new")


def test_links_and_copies_of_editors_are_passed_over(root: Path) -> None:
    folder = root / "submission" / ".ipynb_checkpoints"
    folder.mkdir(parents=True)
    (folder / "a.ipynb").write_bytes(FULL)
    (root / "full").write_bytes(FULL)
    (root / "submission" / "link.ipynb").symlink_to(root / "full")
    assert gradescope_lookup.notebooks(root / "submission") == []


def test_results_exist_even_if_the_look_up_fails(root: Path, tmp_path: Path) -> None:
    (root / "source" / "settings.json").unlink()
    (root / "submission").mkdir()
    (root / "submission" / "a.ipynb").write_bytes(FULL)
    with pytest.raises(subprocess.CalledProcessError):
        script(root, "run_autograder")
    results = json.loads((root / "results" / "results.json").read_text("utf-8"))
    assert "score" not in results


def test_no_secret_no_solution_and_no_path_of_ours_is_in_the_zip(
    minilab: Lab, records: list[Any], tmp_path: Path
) -> None:
    first = results_zip(minilab, records, tmp_path / "a.zip")
    second = results_zip(minilab, records[::-1], tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    with zipfile.ZipFile(first) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert len([n for n in archive.namelist() if n.startswith("graded/")]) == 4
    assert not [q for q in minilab.questions.values() if q.solution[0] in text]
    assert str(minilab.path) not in text


def test_what_runs_over_there_needs_no_installed_package(root: Path) -> None:
    (root / "submission").mkdir()
    (root / "submission" / "a.ipynb").write_bytes(FULL)
    bare = [sys.executable, "-I", "-S", str(root / "source" / "look_up.py")]
    subprocess.run(bare, check=True, env={"AUTOGRADER_ROOT": str(root)})
    results = json.loads((root / "results" / "results.json").read_text("utf-8"))
    assert results["score"] == 10
