"""The minilab as instructors would write it for nbgrader and for otter-grader.

The same three questions, the same points, the same inputs in kind; the checks are the
asserts that these tools are made for: hidden tests in nbgrader's test cells, doctests
in otter's test files.
"""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SETUP = "import numpy as np"
STUBS = {
    "q1": 'def softmax(scores):\n    """Softmax over the last axis of (M, N)."""',
    "q2": 'def attention(q, k, v):\n    """q (N, D), k (M, D), v (M, E) -> (N, E)."""',
    "q3": (
        "def random_mask(count, ratio):\n"
        '    """A bool array (count,), round(count * ratio) entries True."""'
    ),
}
BODIES = {
    "q1": """\
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)""",
    "q2": """\
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"width {q.shape[-1]} of q, expected {k.shape[-1]}")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v""",
    "q3": """\
    mask = np.zeros(count, dtype=bool)
    mask[np.random.default_rng().permutation(count)[: round(count * ratio)]] = True
    return mask""",
}
TITLES = {"q1": "Softmax", "q2": "Attention", "q3": "Masking"}

# name: (question, points, set-up, lines that compute, the assert)
CHECKS: dict[str, tuple[str, int, str, str]] = {
    "rows": (
        "q1",
        2,
        """\
scores = np.random.default_rng(11).normal(size=(5, 7))
powers = np.exp(scores)
expected = powers / powers.sum(axis=-1, keepdims=True)""",
        "assert np.allclose(softmax(scores), expected, rtol=1e-4, atol=1e-5)",
    ),
    "large": (
        "q1",
        1,
        """\
scores = np.random.default_rng(12).normal(size=(3, 4))
powers = np.exp(scores)
expected = powers / powers.sum(axis=-1, keepdims=True)""",
        "assert np.allclose(softmax(scores + 5000), expected, rtol=1e-4, atol=1e-5)",
    ),
    "output": (
        "q2",
        3,
        """\
rng = np.random.default_rng(21)
q, k, v = (rng.normal(size=(n, 4)) for n in (5, 6, 6))
powers = np.exp(q @ k.T / 2)
expected = powers / powers.sum(axis=-1, keepdims=True) @ v""",
        """\
result = attention(q, k, v)
np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)""",
    ),
    "width_mismatch": (
        "q2",
        1,
        """\
rng = np.random.default_rng(22)
q, k, v = (rng.normal(size=(n, 4)) for n in (5, 6, 6))
fits = rng.permutation([True, False] * 6)
refused = []
for fit in fits:
    try:
        result = attention(q if fit else q[:, :3], k, v)
        refused.append(False)
    except ValueError:
        refused.append(True)""",
        "assert refused == [not fit for fit in fits]",
    ),
    "mask": (
        "q3",
        3,
        """\
masks = np.array([random_mask(64, 0.75) for _ in range(4)])
hidden = masks.sum(axis=1)""",
        """\
assert masks.shape == (4, 64) and masks.dtype == bool
assert (hidden == 48).all()
assert len(np.unique(masks, axis=0)) == 4""",
    ),
}


def checks_of(question: str) -> dict[str, tuple[str, int, str, str]]:
    """The checks of one question, by name."""
    return {name: check for name, check in CHECKS.items() if check[0] == question}


def _grade_meta(grade_id: str, **flags: Any) -> dict[str, Any]:
    meta = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    return {"nbgrader": {**meta, **flags}}


def nbgrader_source() -> Any:
    """The instructor's notebook for `nbgrader generate_assignment`."""
    notebook = _notebook()
    notebook.cells.append(new_code_cell(SETUP, id="setup"))
    for question, title in TITLES.items():
        notebook.cells.append(new_markdown_cell(f"## {title}", id=f"{question}-text"))
        source = (
            f"{STUBS[question]}\n    ### BEGIN SOLUTION\n{BODIES[question]}\n"
            "    ### END SOLUTION"
        )
        meta = _grade_meta(f"{question}-solution", solution=True)
        notebook.cells.append(
            new_code_cell(source, id=f"{question}-solution", metadata=meta)
        )
        for name, (_, points, setup, check) in checks_of(question).items():
            hidden = (
                f"# {name}\n### BEGIN HIDDEN TESTS\n{setup}\n{check}\n"
                "### END HIDDEN TESTS"
            )
            meta = _grade_meta(name, grade=True, locked=True, points=points)
            notebook.cells.append(new_code_cell(hidden, id=name, metadata=meta))
    return notebook


def otter_release() -> Any:
    """The learner's notebook for otter: as `otter assign` lays it out."""
    notebook = _notebook()
    start = "import otter\ngrader = otter.Notebook(tests_dir='tests')"
    notebook.cells.append(new_code_cell(start, id="init"))
    notebook.cells[-1].metadata["tags"] = ["otter_ignore"]
    notebook.cells.append(new_code_cell(SETUP, id="setup"))
    for question, title in TITLES.items():
        notebook.cells.append(new_markdown_cell(f"## {title}", id=f"{question}-text"))
        stub = f"{STUBS[question]}\n    ..."
        cell = new_code_cell(stub, id=f"{question}-solution")
        cell.metadata["otter"] = {"tests": [question]}
        notebook.cells.append(cell)
        check = new_code_cell(f'grader.check("{question}")', id=f"{question}-check")
        check.metadata["tags"] = ["otter_ignore"]
        notebook.cells.append(check)
    return notebook


def otter_test(question: str) -> str:
    """A test file in otter's ok-format: doctests with points."""
    cases = []
    for _, points, setup, check in checks_of(question).values():
        case = {
            "code": _doctest(f"{setup}\n{check}"),
            "hidden": True,
            "locked": False,
            "points": points,
        }
        cases.append(case)
    test = {
        "name": question,
        "points": None,
        "suites": [
            {
                "cases": cases,
                "scored": True,
                "setup": "",
                "teardown": "",
                "type": "doctest",
            }
        ],
    }
    return f"OK_FORMAT = True\n\ntest = {test!r}\n"


def _doctest(source: str) -> str:
    """Lines as a doctest; an indented line belongs to the one before it."""
    lines: list[str] = []
    for line in source.splitlines():
        follows = line.startswith((" ", "except", "else"))
        if lines and lines[-1].startswith("... ") and not follows:
            lines.append("...")
        lines.append(f"{'...' if follows else '>>>'} {line}")
    return "\n".join(lines) + "\n"


def _notebook() -> Any:
    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return notebook
