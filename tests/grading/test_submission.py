"""Whatever is handed in, reading it ends in a record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from vislearn.grading import notebook_file
from vislearn.grading.definitions import definitions
from vislearn.grading.lab import Lab
from vislearn.grading.submission import Submission, read_submission


@pytest.fixture
def read(minilab: Lab, tmp_path: Path) -> Callable[[Any], Submission]:
    """read(notebook or bytes): what becomes of it."""

    def write_and_read(content: Any) -> Submission:
        path = tmp_path / "in.ipynb"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        return read_submission(path, minilab)

    return write_and_read


def deep(levels: int) -> bytes:
    return b'{"nbformat": 4, "cells": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty_file"),
        (b"  \n", "empty_file"),
        (b"\x89PNG\r\n", "not_json"),
        (b'{"nbformat": 4', "not_json"),
        (b"[1, 2]", "not_a_notebook"),
        (b'{"nbformat": "4", "cells": []}', "not_a_notebook"),
        (b'{"nbformat": 4, "cells": 7}', "not_a_notebook"),
        (b'{"nbformat": 2, "cells": [], "worksheets": 3}', "not_a_notebook"),
        (deep(100_000), "not_json"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 6000 + b"{}]}", "too_many_cells"),
    ],
)
def test_what_is_no_notebook_is_unreadable_and_says_why(
    read: Callable[[Any], Submission], raw: bytes, reason: str
) -> None:
    found = read(raw)
    assert (found.state, found.reason) == ("unreadable", reason)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [None, 3, "x", [], {}],
        [{"cell_type": "code"}, {"cell_type": "code", "source": {"a": 1}}],
        [{"cell_type": "code", "source": "\ud800", "metadata": []}],
        [{"cell_type": "code", "source": ["a", 1], "metadata": {"vislearn": 3}}],
    ],
)
def test_odd_cells_are_read_as_far_as_possible(
    read: Callable[[Any], Submission], cells: list[Any]
) -> None:
    found = read({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    assert found.state == "readable"
    assert found.answers == {"q1": ("",), "q2": ("",), "q3": ("",)}
    assert "no_answers" in found.notes


def test_a_file_beyond_the_limit_is_not_even_opened(
    minilab: Lab, tmp_path: Path
) -> None:
    path = tmp_path / "in.ipynb"
    with path.open("wb") as file:
        file.truncate(notebook_file.MAX_BYTES + 1)
    assert read_submission(path, minilab).reason == "too_large"


def test_links_and_folders_are_not_followed(minilab: Lab, tmp_path: Path) -> None:
    link, folder = tmp_path / "link.ipynb", tmp_path / "folder.ipynb"
    link.symlink_to("/etc/passwd")
    folder.mkdir()
    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    for path in (link, folder, pipe, tmp_path / "missing.ipynb"):
        assert read_submission(path, minilab).reason == "not_a_file"


def test_answers_are_found_by_id_by_our_metadata_and_by_nbgraders(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of(q1="one", q2="two", q3="three")
    for cell in notebook.cells:
        if cell.id == "q1-solution":
            del cell.metadata["vislearn"], cell.metadata["nbgrader"]
        elif cell.id == "q2-solution":
            del cell["id"], cell.metadata["nbgrader"]
        elif cell.id == "q3-solution":
            del cell["id"], cell.metadata["vislearn"]
    answers = read(notebook).answers
    assert {q: cells[-1] for q, cells in answers.items()} == {
        "q1": "one",
        "q2": "two",
        "q3": "three",
    }


def test_a_missing_answer_is_an_empty_cell(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of()
    notebook.cells = [cell for cell in notebook.cells if cell.id != "q2-solution"]
    assert read(notebook).answers["q2"] == ("",)


def test_an_answer_turned_into_prose_is_a_missing_answer(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of(q2="text")
    for cell in notebook.cells:
        if cell.id == "q2-solution":
            cell.cell_type = "markdown"
    assert read(notebook).answers["q2"] == ("",)


def test_helper_cells_go_with_the_answers_around_them(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of(q1="one", q2="two", q3="three")
    cells = []
    for cell in notebook.cells:
        if cell.id == "q1-solution":
            cells.append(new_code_cell("before"))
        cells.append(cell)
        if cell.id == "q1-visible":
            cells.append(new_code_cell("after"))
        if cell.id == "q2-text":
            cells.append(new_code_cell("between"))
    notebook.cells = cells
    answers = read(notebook).answers
    assert answers["q1"] == ("before", "one", "after")
    assert answers["q2"] == ("after", "between", "two")
    assert answers["q3"] == ("three",)


def test_imports_and_functions_above_come_along(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of()
    notebook.cells.insert(1, new_code_cell("%time\nimport math\nmath.sqrt(2)\nk = 3"))
    assert "import math\nk = 3" in read(notebook).context["q3"]
    assert "sqrt" not in read(notebook).context["q3"]


def test_edited_checks_and_set_up_are_left_out(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of()
    for cell in notebook.cells:
        if cell.id in ("q1-visible", "setup", "start"):
            cell.source = "tampered = 1"
            cell.metadata.pop("vislearn", None)
    found = read(notebook)
    assert "tampered" not in str(found.answers)
    assert "tampered" not in str(found.context)


def test_an_old_notebook_is_upgraded(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    old = nbformat.convert(notebook_of(q1="one"), 3)
    found = read(old)
    assert found.state == "readable"
    assert found.answers["q1"] == ("one",)
    assert "upgraded" in found.notes


def test_another_labs_notebook_is_unreadable(read: Callable[[Any], Submission]) -> None:
    other = {"vislearn": {"source": "lab09_other", "lang": "en"}}
    found = read({"nbformat": 4, "nbformat_minor": 5, "metadata": other, "cells": []})
    assert (found.reason, found.lang) == ("other_lab", "en")


def test_the_language_is_guessed_where_the_metadata_is_gone(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    for lang in ("ko", "en"):
        notebook = notebook_of(lang)
        notebook.metadata = {}
        assert read(notebook).lang == lang


def test_a_student_is_the_folder_or_the_file(minilab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "s1234" / "minilab.ipynb"
    path.parent.mkdir()
    path.write_text("")
    assert read_submission(path, minilab, tmp_path).student == "s1234"
    assert read_submission(path, minilab, path.parent).student == "minilab"


def test_definitions_leave_out_what_a_cell_does() -> None:
    source = "!ls\nimport os\nwhile True: pass\ndef f(): return 1\nx = 1\ny = f()\n"
    assert definitions(source) == "import os\ndef f():\n    return 1\nx = 1"
    assert definitions("def broken(") == ""
