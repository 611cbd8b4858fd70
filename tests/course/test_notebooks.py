"""Notebooks for every language and audience, valid and without anything of MyST."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import nbformat
import pytest

from vislearn.course.inline import replace_spans, spans
from vislearn.course.notebooks import build_notebook
from vislearn.course.render import Renderer
from vislearn.course.site import Course
from vislearn.course.source import parse
from vislearn.course.stubs import solution, stub

LAB = """
+++ {"lang": "ko", "question": "q1"}

# 문제

+++ {"lang": "en", "question": "q1"}

# Question

+++ {"lang": "ko", "role": "hint", "question": "q1", "level": 1}

생각해 보십시오.

+++ {"lang": "en", "role": "hint", "question": "q1", "level": 1}

Think.

+++

```{code-cell} python
---
vislearn: {role: solution, question: q1}
---
def f(x):
    # BEGIN SOLUTION
    y = x + 1
    # END SOLUTION
    return y
```

```{code-cell} python
---
vislearn: {role: visible, question: q1}
---
assert f(1) == 2
```

```{code-cell} python
---
vislearn: {role: probe, question: q1}
---
emit("f", f(2.0))
```
"""


@pytest.fixture
def lab():
    return parse(LAB, "labs/lab01_x/lab.md")


def sources(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_chapter_becomes_a_valid_notebook_in_one_language(course, lang) -> None:
    notebook = build_notebook(course.chapters[0], lang, "reader", course)
    nbformat.validate(notebook)
    text = sources(notebook)
    assert ("# 패치" in text) == (lang == "ko")
    assert ("# Patches" in text) == (lang == "en")
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert not re.search(r"\{[a-z:-]+\}`|```\{|^\+\+\+|^\([a-z-]+\)=", prose, re.M)


def test_both_languages_have_the_same_code(course) -> None:
    def code(lang: str) -> list[str]:
        notebook = build_notebook(course.chapters[0], lang, "reader", course)
        cells = [c.source for c in notebook.cells if c.cell_type == "code"]
        return [source.replace(f'"{lang}"', '"…"') for source in cells]

    assert code("ko") == code("en")


def test_cell_ids_are_unique_and_stable(course, lab) -> None:
    for document in (*course.chapters, lab):
        ids = [c.id for c in build_notebook(document, "ko", "reader", course).cells]
        again = [c.id for c in build_notebook(document, "ko", "reader", course).cells]
        assert ids == again
        assert len(set(ids)) == len(ids)


def test_checked_cells_carry_their_expected_output(course) -> None:
    notebook = build_notebook(course.chapters[0], "ko", "reader", course, expected=True)
    (checked,) = [c for c in notebook.cells if c.get("outputs")]
    assert checked.outputs[0].text == "196\n"
    assert checked.execution_count == 1  # nbval compares no cell that was never run
    plain = build_notebook(course.chapters[0], "ko", "reader", course)
    assert not any(c.get("outputs") for c in plain.cells)


def test_a_student_sees_stubs_and_no_measuring_cells(course, lab) -> None:
    student = build_notebook(lab, "en", "student", course)
    assert "x + 1" not in sources(student)
    assert 'raise NotImplementedError("q1")' in sources(student)
    assert "emit(" not in sources(student)
    assert "<summary>Hint 1" in sources(student)


def test_an_instructor_sees_solutions_and_measuring_cells(course, lab) -> None:
    instructor = build_notebook(lab, "ko", "instructor", course)
    assert "x + 1" in sources(instructor)
    assert "emit(" in sources(instructor)
    assert "BEGIN SOLUTION" not in sources(instructor)
    by_id = {cell.id: cell for cell in instructor.cells}
    assert {"q1-solution", "q1-visible", "q1-probe", "q1-hint1"} <= set(by_id)


def test_nbgrader_accepts_the_cell_metadata(course, lab) -> None:
    """The required and the allowed keys of nbgrader's cell schema, version 3."""
    required = {"schema_version", "grade", "grade_id", "locked", "solution"}
    allowed = required | {"task", "points", "checksum", "cell_type"}
    student = build_notebook(lab, "ko", "student", course)
    marked = [c.metadata["nbgrader"] for c in student.cells if "nbgrader" in c.metadata]
    assert len(marked) == 2
    for metadata in marked:
        assert required <= set(metadata) <= allowed
        assert metadata["schema_version"] == 3
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", metadata["grade_id"])
        assert re.fullmatch(r"[0-9a-f]{32}", metadata["checksum"])


def test_the_stub_equals_the_solution_minus_its_blanks() -> None:
    code = (
        "def f(x):\n    a = 1\n    # BEGIN SOLUTION\n    b = 2\n    # END SOLUTION\n"
        "    c = 3\n    # BEGIN SOLUTION\n    return a + b\n    # END SOLUTION"
    )
    kept = [line for line in stub(code, "q1").splitlines() if "NotImpl" not in line]
    rest = [line for line in solution(code).splitlines() if line not in kept]
    assert kept == ["def f(x):", "    a = 1", "    c = 3"]
    assert rest == ["    b = 2", "    return a + b"]
    compile(stub(code, "q1"), "stub", "exec")
    assert stub(code, "q1").count('    raise NotImplementedError("q1")') == 2


@pytest.mark.parametrize(
    "code", ["x = 1", "# BEGIN SOLUTION\nx", "# END SOLUTION", "# BEGIN SOLUTION\n" * 2]
)
def test_markers_that_do_not_alternate_are_refused(code: str) -> None:
    with pytest.raises(ValueError, match="q7"):
        stub(code, "q7")


def test_directives_become_what_plain_jupyter_shows(course: Course) -> None:
    renderer = Renderer(course, "en", course.chapters[0])
    text = renderer.render(
        "(here)=\n```{note}\nMind {term}`patch`.\n```\n\n"
        "```{dropdown} Why?\nSo.\n```\n\n"
        "```{exercise}\n:label: ex-a\n\nDo.\n```\n\n```{solution} ex-a\nDone.\n```\n\n"
        "```{quiz}\nWhich?\n\n- [x] this\n  because\n- [ ] that\n\nAll.\n```\n\n"
        "```python\nx = 1\n```"
    )
    assert "> **Note**\n>\n> Mind patch." in text
    assert "<details><summary>Why?</summary>\n\nSo.\n\n</details>" in text
    assert "> **Exercise 2**" in text
    assert "<summary>Solution 2</summary>" in text
    assert "- ✓ this because" in text
    assert "```python\nx = 1\n```" in text
    assert "(here)=" not in text


def test_roles_become_text_and_links(course: Course) -> None:
    renderer = Renderer(course, "ko", course.chapters[0])
    assert renderer.render("{cite}`dosovitskiy2021vit`") == "(Dosovitskiy et al., 2021)"
    assert renderer.render("{fact}`vit_b16.tokens`개") == "1,197개"
    assert renderer.render("{ref}`여기 <sec-good>`") == (
        "[여기](https://example.org/ko/book/02_good.html#sec-good)"
    )
    assert renderer.render("`{term}` 역할") == "`{term}` 역할"


def test_library_source_is_shown_and_named(course: Course, tmp_path) -> None:
    (tmp_path / "vislearn").mkdir()
    (tmp_path / "vislearn" / "a.py").write_text("x = 1\n\n\ndef f():\n    return x\n")
    renderer = Renderer(course, "en", course.chapters[0])
    text = renderer.render("```{vl-source} vislearn.a.f\n```")
    assert "```python\ndef f():\n    return x\n```" in text
    assert "https://example.org/r/blob/main/vislearn/a.py#L4-L5" in text


def test_spans_are_found_where_commonmark_finds_them() -> None:
    text = "a `b` {term}`c d` ``e ` f`` $x$ \\$5 and `open\n\nnext. {ref}`t <g>`"
    found = [(span.kind, span.name, span.content) for span in spans(text)]
    assert found == [
        ("code", "", "b"),
        ("role", "term", "c d"),
        ("code", "", "e ` f"),
        ("math", "", "x"),
        ("role", "ref", "t <g>"),
    ]
    assert list(spans(text))[-1].target == "g"
    assert replace_spans("a `b` c", lambda span: None) == "a `b` c"


def test_unknown_audience_is_refused(course, lab) -> None:
    with pytest.raises(ValueError, match="unknown audience 'teacher'"):
        build_notebook(lab, "ko", "teacher", course)


def test_the_workbench_never_overwrites(course, monkeypatch, capsys) -> None:
    from vislearn.cli import main

    monkeypatch.chdir(course.root)
    assert main(["course", "workbench", "--out", "work"]) == 0
    path = course.root / "work" / "ko" / "02_good.ipynb"
    path.write_text(json.dumps({"mine": True}))
    assert main(["course", "workbench", "--out", "work"]) == 0
    assert json.loads(path.read_text()) == {"mine": True}
    assert "2 of yours left" in capsys.readouterr().out


def test_nbval_catches_a_changed_output(course, monkeypatch) -> None:
    from vislearn.cli import main

    monkeypatch.chdir(course.root)
    chapter = course.root / "book" / "02_good.md"
    code = (
        chapter.read_text()
        .replace("show.label(", "print(")
        .replace(', alt_ko="그림", alt_en="a picture"', "")
    )
    code = code.replace("draw)", "1)")

    def nbval(text: str) -> int:
        chapter.write_text(text)
        assert main(["course", "nbval", "--out", "nb"]) == 0
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
        command += ["-q", "-p", "no:cacheprovider", "nb"]
        return subprocess.run(command, cwd=course.root, capture_output=True).returncode

    assert nbval(code) == 0
    assert nbval(code.replace("print(14 * 14)", "print(14 * 15)")) == 1
