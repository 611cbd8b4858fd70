"""Notebooks for every language and audience, valid and without anything of MyST."""

from __future__ import annotations

import hashlib
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


def test_the_checksum_is_nbgraders(course, lab) -> None:
    """md5 of source, type, the flags grade, solution and locked, and the id."""
    student = build_notebook(lab, "ko", "student", course)
    cell = next(cell for cell in student.cells if cell.id == "q1-visible")
    text = f"{cell.source}codeFalseFalseTrueq1-visible"
    expected = hashlib.md5(text.encode()).hexdigest()
    assert cell.metadata["nbgrader"]["checksum"] == expected


def test_only_an_instructor_sees_the_solutions_of_a_lab(course, lab) -> None:
    for audience in ("reader", "student"):
        assert "x + 1" not in sources(build_notebook(lab, "ko", audience, course))


def test_the_first_cell_leads_to_colab_and_to_the_page(course) -> None:
    (course.root / "_config.yml").write_text(
        "repository: {url: https://github.com/a/b}\n"
        "html: {baseurl: https://example.org}\n"
    )
    course = Course(course.root)
    first = build_notebook(course.chapters[0], "en", "reader", course).cells[0].source
    assert first.startswith("# Patches\n\n[Open in Colab](https://colab.research")
    assert "/github/a/b/blob/notebooks/en/02_good.ipynb)" in first
    assert "[Read it in the book](https://example.org/en/book/02_good.html)" in first


def test_pictures_travel_inside_the_notebook(course) -> None:
    picture = course.root / "book" / "dot.png"
    picture.write_bytes(b"\x89PNG")
    text = (
        '+++ {"lang": "ko"}\n# 가\n\n```{figure} dot.png\n:alt: 점\n\n설명\n```\n'
        '\n+++ {"lang": "en"}\n# a\n\n![dot](/book/dot.png) {term}`patch`\n'
    )
    document = parse(text, course.root / "book" / "04_x.md")
    for lang, shown in (("ko", "![점](attachment:dot.png)\n\n*설명*"),
                        ("en", "![dot](attachment:dot.png) patch")):  # fmt: skip
        cell = build_notebook(document, lang, "reader", course).cells[0]
        assert shown in cell.source
        assert cell.attachments == {"dot.png": {"image/png": "iVBORw=="}}


def test_equations_and_exercises_keep_their_numbers(course) -> None:
    text = (
        "# a\n\nSee {eq}`eq-b` and {ref}`ex-z`.\n\n$$ a $$ (eq-a)\n\n"
        "```{math}\n:label: eq-b\nb\n```\n\n"
        "```{exercise}\n:label: ex-z\nDo.\n```\n"
    )
    document = parse(text, course.root / "book" / "04_x.md")
    made = build_notebook(document, "en", "reader", course).cells[0].source
    assert "See (2) and Exercise 1." in made
    assert "a \n\\tag{1}\n$$" in made or "a\n\\tag{1}\n$$" in made
    assert "b\n\\tag{2}\n$$" in made


def test_directives_inside_lists_and_quotes_stay_there(course) -> None:
    renderer = Renderer(course, "en", course.chapters[0])
    text = "1. one\n\n   ```{note}\n   Mind {term}`patch`.\n   ```\n2. two\n\n> a\n"
    made = renderer.render(text)
    assert "1. one\n\n   > **Note**\n   >\n   > Mind patch.\n2. two" in made


def test_roles_inside_code_stay_code(course) -> None:
    renderer = Renderer(course, "en", course.chapters[0])
    code = "```python\n{term}`patch`\n```\n\n    {term}`patch`"
    assert renderer.render(code) == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{magic}`x`", "the role {magic} has no form"),
        ("```{magic}\nx\n```", "the directive {magic} has no form"),
        ("{term}`pitch`", "unknown term 'pitch'"),
        ("{fact}`vit`", "unknown fact 'vit'"),
        ("{cite}`nobody1900`", "unknown citation 'nobody1900'"),
        ("{ref}`sec-gone`", "unknown label 'sec-gone'"),
        ("{doc}`/book/99_gone`", "unknown page '/book/99_gone'"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_place(course, text, message) -> None:
    document = parse(f"# a\n\n+++\n\n{text}\n", "x.md")
    with pytest.raises(ValueError, match=re.escape(f"x.md:5: {message}")):
        build_notebook(document, "en", "reader", course)


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
    assert "- ✓ this\n  because\n- ✗ that\n\nAll." in text
    assert "```python\nx = 1\n```" in text
    assert "(here)=" not in text


def test_roles_become_text_and_links(course: Course) -> None:
    renderer = Renderer(course, "ko", course.chapters[0])
    assert renderer.render("{cite}`dosovitskiy2021vit`") == "(Dosovitskiy et al., 2021)"
    assert renderer.render("{cite:t}`dosovitskiy2021vit`") == (
        "Dosovitskiy et al. (2021)"
    )
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
