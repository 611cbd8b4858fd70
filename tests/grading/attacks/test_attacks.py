"""Hostile submissions get what a fair grader gives, and hurt nobody else.

Each file beside this one is the answer to question 2 of a learner whose questions 1 and
3 are right (6 points); its docstring says what a fair grader gives, and why. All of
them are graded in one run.
"""

from __future__ import annotations

import ast
import contextlib
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from nbformat.v4 import new_output

from vislearn.grading.batch import Outcome, grade
from vislearn.grading.emit import MIME
from vislearn.grading.journal import Record
from vislearn.grading.lab import load_lab

HERE = Path(__file__).parent
ATTACKS = sorted(path.stem for path in HERE.glob("*.py") if "test_" not in path.name)
EXPECTED_REASON = {
    "loop_eats_interrupts": ["timeout"],
    "loop_in_call": ["timeout"],
    "exit_in_cell": ["kernel_died"],
    "exit_in_call": ["kernel_died"],
    "memory_bomb": ["memory_limit"],
    # Output that the kernel has not sent yet lies in its memory.
    "print_flood": ["output_limit", "memory_limit"],
}


@dataclass
class Run:
    """One graded run of all attacks, and what was watched while it ran."""

    outcome: Outcome
    lab: Path
    reached: list[Any]

    def record(self, name: str) -> Record:
        return next(r for r in self.outcome.records if r.key == f"{name}.ipynb")


def fair_points(name: str) -> float:
    source = (HERE / f"{name}.py").read_text(encoding="utf-8")
    return float(yaml.safe_load(str(ast.get_docstring(ast.parse(source))))["points"])


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.fixture(scope="module")
def run(
    needs_sandbox: None,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    listener: socket.socket,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    folder = tmp_path_factory.mktemp("attacks")
    # Some attacks try to destroy the lab: they may only meet a copy.
    lab = folder / "labs" / "minilab"
    shutil.copytree(HERE.parent / "minilab", lab)
    out, submissions = folder / "out", folder / "in"
    for name in ATTACKS:
        source = (HERE / f"{name}.py").read_text(encoding="utf-8")
        source = source.replace("VISLEARN_PORT", str(listener.getsockname()[1]))
        source = source.replace("VISLEARN_LAB", str(lab))
        source = source.replace("VISLEARN_OUT", str(out))
        notebook = notebook_of(q1=right["q1"], q2=source, q3=right["q3"])
        save(notebook, submissions / f"{name}.ipynb")
    for name, notebook in structural(notebook_of, right).items():
        save(notebook, submissions / f"{name}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_TOKEN", "a secret of the grader")
        outcome = grade(load_lab(lab), submissions, out, jobs=2)
    reached = []
    with contextlib.suppress(TimeoutError):
        reached.append(listener.accept())
    return Run(outcome, lab, reached)


ZEROS = "def attention(q, k, v):\n    return np.zeros((len(q), v.shape[1]))\n"


def structural(
    notebook_of: Callable[..., Any], right: dict[str, str]
) -> dict[str, Any]:
    """Attacks on the file itself; all of them are worth 6 points."""
    made = {}
    for name in ("forged_outputs", "own_kernel", "second_probe", "huge_points"):
        made[name] = notebook_of(q1=right["q1"], q2=ZEROS, q3=right["q3"])
    payload = {"name": "output", "shape": [1], "dtype": "float64", "data": [1.0]}
    for cell in made["forged_outputs"].cells:
        if cell.cell_type == "code":
            cell.outputs = [new_output("display_data", data={MIME: payload})]
            cell.execution_count = 1
    made["own_kernel"].metadata["kernelspec"] = {
        "name": "evil",
        "display_name": "evil",
        "argv": ["/bin/sh", "-c", "touch /tmp/vislearn-evil"],
    }
    for cell in made["second_probe"].cells:
        if cell.id == "q2-text":
            cell.cell_type, cell.id = "code", "q2-probe"
            cell.source = "emit('output', 1)"
            cell.metadata["vislearn"] = {"role": "probe", "question": "q2"}
            cell.outputs, cell.execution_count = [], None
    for cell in made["huge_points"].cells:
        for key in ("vislearn", "nbgrader"):
            if key in cell.metadata:
                cell.metadata[key]["points"] = 100
    return made


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_the_points_of_a_fair_grader(run: Run, name: str) -> None:
    record = run.record(name)
    assert (record.state, record.points) == ("graded", fair_points(name)), json.dumps(
        {key: result.to_json() for key, result in record.results.items()}, indent=1
    )


@pytest.mark.parametrize(
    "name", ["forged_outputs", "own_kernel", "second_probe", "huge_points"]
)
def test_a_tampered_file_gets_the_points_of_its_answers(run: Run, name: str) -> None:
    record = run.record(name)
    assert (record.state, record.points) == ("graded", 6.0)


@pytest.mark.parametrize(("name", "reasons"), EXPECTED_REASON.items())
def test_the_reason_of_a_lost_question_is_named(
    run: Run, name: str, reasons: list[str]
) -> None:
    assert run.record(name).results["q2"].reason in reasons


def test_nothing_reached_the_network(run: Run) -> None:
    assert run.reached == []


def test_the_lab_and_the_system_are_untouched(run: Run) -> None:
    original = sorted(
        p.name for p in (HERE.parent / "minilab" / "mutants").glob("*.py")
    )
    assert sorted(p.name for p in (run.lab / "mutants").glob("*.py")) == original
    assert not list(run.lab.rglob("vislearn-was-here"))
    assert not Path("/tmp/vislearn-evil").exists()


def test_no_process_is_left_over(run: Run) -> None:
    lines = [
        " ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])
    ]
    assert not [line for line in lines if "vislearn-left-over" in line]
