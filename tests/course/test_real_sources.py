"""What holds for every source of this repository."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from vislearn.course.notebooks import AUDIENCES, build_notebook
from vislearn.course.site import Course
from vislearn.course.source import select_language

COURSE = Course(Path(__file__).resolve().parents[2])
LEFTOVERS = re.compile(
    r"(?<!`)\{[a-z:-]+\}`|(```|:::)\{|^\+\+\+|^\([a-z0-9-]+\)=$", re.M
)


@pytest.fixture(
    scope="module", params=COURSE.sources, ids=lambda p: p.parent.name + "/" + p.stem
)
def document(request):
    return COURSE.documents[COURSE.sources.index(request.param)]


def code(notebook: nbformat.NotebookNode, lang: str) -> list[tuple[str, str, str]]:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    chosen = f'VISLEARN_LANG"] = "{lang}"'
    return [(c.id, c.source.replace(chosen, ""), repr(c.metadata)) for c in cells]


def test_both_languages_run_the_same_code(document) -> None:
    for audience in AUDIENCES:
        made = {
            lang: build_notebook(document, lang, audience, COURSE)
            for lang in ("ko", "en")
        }
        assert code(made["ko"], "ko") == code(made["en"], "en")


def test_notebooks_are_valid_and_show_nothing_of_myst(document) -> None:
    for lang in ("ko", "en"):
        notebook = build_notebook(document, lang, "instructor", COURSE)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                prose = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
                assert not LEFTOVERS.search(prose), cell.id


def test_no_student_gets_a_solution(document) -> None:
    student = build_notebook(document, "ko", "student", COURSE)
    text = "\n".join(cell.source for cell in student.cells)
    assert "SOLUTION" not in text
    assert "emit(" not in text
    solved = [cell for cell in document.cells if cell.role == "solution"]
    stubs = [c for c in student.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert len(stubs) == len(solved)
    assert all("raise NotImplementedError" in cell.source for cell in stubs)


def test_selecting_a_language_keeps_lines_and_drops_the_other(document) -> None:
    text = document.path.read_text(encoding="utf-8")
    for lang, other in (("ko", "en"), ("en", "ko")):
        chosen = select_language(text, lang)
        assert chosen.count("\n") == text.count("\n")
        assert f'{{"lang": "{other}"' not in chosen
        assert set(chosen.splitlines()) <= {*text.splitlines(), ""}
