"""A lab of ours as an instructor would have written it for nbgrader or otter-grader.

The questions, inputs, tolerances and points are the lab's own; the verdict is made the
way these tools make it: code of the instructor, with the expected numbers written into
it, runs in the learner's kernel and asserts. What is slow about it is theirs: expected
values are computed here, once.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from vislearn.grading.lab import Check, Lab, Question

TOOLS = '''\
import numpy as np


def measured(value):
    """Shape and numbers of every array in a value."""
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    if isinstance(value, (list, tuple)) and any(hasattr(v, "shape") for v in value):
        return [pair for part in value for pair in measured(part)]
    array = np.asarray(value)
    return [[list(array.shape), array.ravel().tolist()]]


def assert_equal(values, expected, rtol, atol):
    found = [pair for value in values for pair in measured(value)]
    assert [shape for shape, _ in found] == [shape for shape, _ in expected]
    for (_, numbers), (_, wanted) in zip(found, expected):
        if wanted and isinstance(wanted[0], str):
            assert numbers == wanted
        else:
            np.testing.assert_allclose(numbers, wanted, rtol=rtol, atol=atol)


def recording(values):
    """What the measuring code calls."""

    def emit(name, value):
        values.setdefault(name, []).append(value)

    def emit_error(name, function, *args, **kw):
        try:
            function(*args, **kw)
        except Exception as error:
            emit(name, type(error).__name__)
        else:
            emit(name, "no error")

    return {"emit": emit, "emit_error": emit_error, "case_seed": lambda _: 20260327}
'''
_OURS = re.compile(r"^from vislearn\.grading\.emit import .*\n?", re.MULTILINE)
_MARKS = re.compile(r"^ *# (BEGIN|END) SOLUTION\n?", re.MULTILINE)  # ours
_EMITS = re.compile(r"\bemit(?:_error)?\(\s*\"([^\"]+)\"")


@dataclass(frozen=True)
class _Test:
    """One check: the measuring code that comes up to it, and its assert."""

    check: Check
    probes: tuple[str, ...]
    body: str


def setup_of(lab: Lab) -> str:
    """The set-up without what only our notebooks need."""
    return "\n".join(_OURS.sub("", source) for source in lab.setup).strip()


def _tests(lab: Lab, question: Question, expected: Mapping[str, Any]) -> list[_Test]:
    probes = [_OURS.sub("", source).strip() for source in question.probes]
    tests = []
    for check in question.checks:
        last = max(n for n, text in enumerate(probes) if check.name in _emitted(text))
        body = f"values = VALUES[{check.name!r}]\n"
        if check.kind == "predicate":
            module, _, function = check.predicate.partition(":")
            judge = (lab.path / f"{module}.py").read_text(encoding="utf-8")
            judge = judge.replace("from __future__ import annotations\n", "")
            body = f"{judge}\n{body}assert {function}(values[0], None)"
        else:
            body += f"expected = {expected[check.name]!r}\n"
            body += f"assert_equal(values, expected, {check.rtol!r}, {check.atol!r})"
        tests.append(_Test(check, tuple(probes[: last + 1]), body))
    return tests


def _emitted(probe: str) -> list[str]:
    return _EMITS.findall(probe)


def expected_values(lab: Lab) -> dict[str, dict[str, Any]]:
    """What the lab's solution gives, by question and check, as plain lists."""
    tools: dict[str, Any] = {}
    exec(TOOLS, tools)
    found: dict[str, dict[str, Any]] = {}
    space: dict[str, Any] = {}
    exec(setup_of(lab), space)
    for question in lab.questions.values():
        for source in question.solution:
            exec(source, space)
        values: dict[str, list[Any]] = {}
        space.update(tools["recording"](values))
        for source in question.probes:
            exec(_OURS.sub("", source), space)
        found[question.id] = {
            name: [pair for value in some for pair in tools["measured"](value)]
            for name, some in values.items()
        }
    return found


def nbgrader_source(lab: Lab) -> Any:
    """The instructor's notebook for `nbgrader generate_assignment`."""
    notebook, expected = _notebook(), expected_values(lab)
    notebook.cells.append(new_code_cell(setup_of(lab), id="setup"))
    for question in lab.questions.values():
        _add_answer_cells(notebook, question, f"{question.id}-solution", nbgrader=True)
        done: set[str] = set()
        for number, test in enumerate(_tests(lab, question, expected[question.id])):
            lines = [] if number else [TOOLS, "VALUES = {}"]
            lines += ["globals().update(recording(VALUES))"]
            lines += [probe for probe in test.probes if probe not in done]
            done |= set(test.probes)
            hidden = "\n".join([*lines, test.body])
            name = f"{question.id}-{test.check.name}".replace(" ", "-")
            notebook.cells.append(
                new_code_cell(
                    f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS",
                    id=name[:64].replace("_", "-"),
                    metadata=_nbgrader(
                        name, grade=True, locked=True, points=test.check.points
                    ),
                )
            )
    return notebook


def otter_release(lab: Lab) -> Any:
    """The learner's notebook for otter-grader."""
    notebook = _notebook()
    start = "import otter\ngrader = otter.Notebook(tests_dir='tests')"
    notebook.cells.append(new_code_cell(start, id="init"))
    notebook.cells[-1].metadata["tags"] = ["otter_ignore"]
    notebook.cells.append(new_code_cell(setup_of(lab), id="setup"))
    for question in lab.questions.values():
        _add_answer_cells(notebook, question, f"{question.id}-solution", nbgrader=False)
        check = new_code_cell(f'grader.check("{question.id}")')
        check.metadata["tags"] = ["otter_ignore"]
        notebook.cells.append(check)
    return notebook


def otter_tests(lab: Lab) -> dict[str, str]:
    """otter's exception-based test files by question: one case for each check."""
    expected = expected_values(lab)
    return {
        question.id: _otter_file(question, _tests(lab, question, expected[question.id]))
        for question in lab.questions.values()
    }


def _otter_file(question: Question, tests: Sequence[_Test]) -> str:
    parts = [
        "OK_FORMAT = False\n\nfrom otter.test_files import test_case\n",
        f"name = {question.id!r}\npoints = None\n\n{TOOLS}",
    ]
    for number, test in enumerate(tests):
        probes = "\n".join(test.probes)
        body = "VALUES = {}\nspace = {**env, **recording(VALUES)}\n"
        body += f"exec({probes!r}, space)\n{test.body}"
        parts.append(
            f"@test_case(points={test.check.points!r}, hidden=True)\n"
            f"def test_{number}(env):\n{textwrap.indent(body, '    ')}\n"
        )
    return "\n\n".join(parts)


def _add_answer_cells(
    notebook: Any, question: Question, name: str, *, nbgrader: bool
) -> None:
    title = f"## {question.title['en']}"
    notebook.cells.append(new_markdown_cell(title, id=f"{question.id}-text"))
    for number, (stub, answer) in enumerate(
        zip(question.stub, question.solution, strict=True)
    ):
        cell_id = name if not number else f"{name}-{number + 1}"
        cell = new_code_cell(stub, id=cell_id)
        if nbgrader:
            bare = _MARKS.sub("", answer).strip()
            cell.source = f"### BEGIN SOLUTION\n{bare}\n### END SOLUTION"
            cell.metadata.update(_nbgrader(cell_id, solution=True))
        notebook.cells.append(cell)


def fill(release: Any, lab: Lab, answers: Mapping[str, Sequence[str]]) -> None:
    """Put a learner's answers into the cells of a tool's release, in place."""
    by_id = {cell.get("id"): cell for cell in release.cells}
    for question in lab.questions.values():
        cells = [*answers[question.id], *[""] * len(question.solution)]
        for number in range(len(question.solution)):
            name = f"{question.id}-solution"
            by_id[name if not number else f"{name}-{number + 1}"].source = cells[number]


def _nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    meta = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    return {"nbgrader": {**meta, **flags}}


def _notebook() -> Any:
    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return notebook
