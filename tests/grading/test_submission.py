"""Whatever is handed in, reading it ends in a record."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from vislearn.grading import notebook_file, submission
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
    assert definitions(source) == "import os\ndef f(): return 1\nx = 1"
    assert definitions("def broken(") == ""


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("import sys\nsys.stdout = sys.stderr = None", "import sys"),
        ("np.pi: float = 3.0", ""),
        ("plt.rcParams['font.size'] = 40", ""),
        ("a = sys.stdout = 1", ""),
        (
            "WIDTH, (DEPTH, *REST) = 4, (2, 3, 5)",
            "WIDTH, (DEPTH, *REST) = 4, (2, 3, 5)",
        ),
        ("WIDTH: int = 4", "WIDTH: int = 4"),
    ],
)
def test_a_constant_is_a_definition_if_it_binds_names_only(
    source: str, kept: str
) -> None:
    """What a cell does to a module must not reach the questions below."""
    assert definitions(source) == kept


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_an_encoding_of_windows_costs_nothing(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any], encoding: str
) -> None:
    found = read(json.dumps(notebook_of(q1="'답'")).encode(encoding))
    assert (found.state, found.answers["q1"]) == ("readable", ("'답'",))


def test_values_that_would_fill_the_memory_are_not_parsed(
    read: Callable[[Any], Submission],
) -> None:
    crowd = b"{}," * (notebook_file.MAX_LISTS + 1)
    raw = b'{"nbformat": 4, "cells": [], "metadata": [' + crowd + b"{}]}"
    assert read(raw).reason == "too_large"


def test_brackets_and_commas_in_outputs_are_no_values(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of(q1="one")
    printed = '"\\[' * (notebook_file.MAX_LISTS + 1)
    notebook.metadata["printed"] = printed
    assert read(notebook).answers["q1"] == ("one",)


def test_a_number_without_end_costs_nothing_else(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    raw = json.dumps(notebook_of(q1="one")).encode()
    raw = raw.replace(b'{"cells"', b'{"x": ' + b"9" * 100_000 + b', "cells"', 1)
    assert read(raw).answers["q1"] == ("one",)


def test_more_code_than_anybody_writes_is_refused(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of()
    source = "x = 1\n" * (submission.MAX_SOURCE // 6)
    notebook.cells[1:1] = [new_code_cell(source) for _ in range(2)]
    assert read(notebook).reason == "too_much_code"


def test_a_cell_beyond_the_limit_is_empty_and_says_so(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    found = read(notebook_of(q1="#" * (submission.MAX_SOURCE + 1), q2="two"))
    assert (found.answers["q1"], found.answers["q2"]) == (("",), ("two",))
    assert "cell_too_long" in found.notes


def test_thousands_of_cells_that_break_the_format_are_read_at_once(
    read: Callable[[Any], Submission],
) -> None:
    cells = [{"cell_type": "code", "source": "x", "id": "§"}] * notebook_file.MAX_CELLS
    start = time.process_time()
    found = read({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    assert "not_valid" in found.notes
    assert time.process_time() - start < 2


def test_cells_of_the_release_are_known_by_the_id_that_colab_moves(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of(q1="one")
    for cell in notebook.cells:
        cell.metadata.pop("vislearn", None)
        cell.metadata.pop("nbgrader", None)
        cell.metadata["id"] = cell.pop("id")
    assert read(notebook).answers["q1"] == ("one",)


def test_a_demonstration_of_the_release_is_no_cell_of_the_learner(
    read: Callable[[Any], Submission], notebook_of: Callable[..., Any]
) -> None:
    notebook = notebook_of(q1="one")
    demo = new_code_cell("demonstrate()", id="renamed")
    demo.metadata["vislearn"] = {"lab": "minilab"}
    notebook.cells.insert(1, demo)
    assert read(notebook).answers["q1"] == ("one",)


def test_a_file_that_is_hard_to_name_still_has_a_key_of_its_own(
    minilab: Lab, tmp_path: Path
) -> None:
    names = ["a\nb.ipynb", "a\tb.ipynb", "x" * 220 + "1.ipynb", "x" * 220 + "2.ipynb"]
    keys = {read_submission(tmp_path / name, minilab).key for name in names}
    assert len(keys) == len(names)
    assert all(key.isprintable() and len(key) <= 200 for key in keys)


@pytest.mark.parametrize(
    "source",
    [
        "\n" * 100_000,  # a regular expression took hours for it
        " \n" * 50_000 + "%time",
        "x =" + " " * 100_000 + "!",
        "import " + "a." * 90_000 + "a",  # the parser took gigabytes
        "import a" + "\\\n.a" * 60_000,
        "from " + "a\f.".join(["", *["b"] * 60_000]),
        "-" * 100_000 + "1",
        "(" * 100_000,
        "x = '" + "\0" * 1_000,
        "y = 1\nx = f'" + "{a}" * 60_000 + "'",  # seconds, with the square of them
        'y = 1\nx = Rf"""' + "{a!r:>9}\n" * 20_000 + '"""',
    ],
)
def test_code_that_is_hard_on_a_parser_defines_nothing(source: str) -> None:
    start = time.process_time()
    assert definitions(source) == ""
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("%pip install x\nimport a", "import a"),
        ("if True:\n    %pip install x\nimport a", "import a"),
        ("files = !ls\nimport a", "import a"),
        ("len?\nimport a", "import a"),
        ("def f(x):\n    return (x\n% 2)", "def f(x):\n    return (x\n% 2)"),
        ("t = '''\n!no magic\n'''", "t = '''\n!no magic\n'''"),
        ("import a; b(); import c", "import a\nimport c"),
        ("@a\n@b(1)\ndef f():  # 왜\n    return 'é'", None),
        ("async def f():\n\treturn 1", None),
        ("class A:\n    x = 1\n\n    y = 2", None),
        ("'é'; x = -1", "x = -1"),
        ("sizes = (1, [2.5], {'a': None})", None),
        ("x: int = 3", None),
        ("x: int\ny = f()\nz = [f()]\nx += 1", ""),
        ("x = 1\r\nprint(x)\r\ny = 2\r", "x = 1\ny = 2"),
        ("s = '\ud800'", "s = '?'"),
        ("x = [" + "{}, " * 20_000 + "]", None),
        ("def f(a):\n    return f'" + "{a}" * 9_000 + "'", None),
    ],
)
def test_definitions_are_kept_as_they_were_written(
    source: str, kept: str | None
) -> None:
    source = source.encode("utf-8", "replace").decode("utf-8")  # as the reader does
    assert definitions(source) == (source if kept is None else kept)
