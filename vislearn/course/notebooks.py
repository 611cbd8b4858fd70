"""Notebooks from a source file: one for each language and audience.

Readers get a chapter that runs; students a lab with blanks; instructors the lab with
solutions and the cells that measure. Cells have stable ids, so that a submission can
be put back together whatever an editor did to it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from vislearn.course.render import Renderer
from vislearn.course.site import Course
from vislearn.course.source import Cell, Document, check_language
from vislearn.course.stubs import solution, stub

AUDIENCES = ("reader", "student", "instructor")
HINTS = {
    "ko": ("힌트 1: 방향", "힌트 2: 모양", "힌트 3: 의사 코드"),
    "en": ("Hint 1: a nudge", "Hint 2: the shapes", "Hint 3: pseudo-code"),
}
LINKS = {
    "ko": ("Colab에서 열기", "책에서 읽기"),
    "en": ("Open in Colab", "Read it in the book"),
}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def build_notebook(
    document: Document,
    lang: str,
    audience: str,
    course: Course,
    expected: bool = False,
) -> nbformat.NotebookNode:
    """Build one notebook.

    Args:
        document: a chapter or a lab.
        lang: `ko` or `en`.
        audience: `reader` or `student` (solutions blanked, measuring cells left out;
            in a chapter there is nothing to blank) or `instructor` (everything).
        course: resolves references.
        expected: fill the stored output of cells tagged `nbval-check-output` from the
            source's expected-output cells, so that nbval compares them.

    Raises:
        ValueError: if the language or the audience is unknown, a reference does not
            resolve, or a solution cell has no blank.
    """
    check_language(lang)
    if audience not in AUDIENCES:
        raise ValueError(
            f"unknown audience {audience!r}; expected one of {', '.join(AUDIENCES)}"
        )
    builder = _Builder(document, lang, audience, course, expected)
    notebook = new_notebook(cells=builder.cells(), metadata=builder.metadata())
    nbformat.validate(notebook)
    return notebook


@dataclass
class _Builder:
    document: Document
    lang: str
    audience: str
    course: Course
    expected: bool

    def __post_init__(self) -> None:
        self.renderer = Renderer(self.course, self.lang, self.document)
        self.seen: Counter[str] = Counter()

    def metadata(self) -> dict[str, Any]:
        about = {"source": self.document.name, "lang": self.lang}
        return {
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "vislearn": {**about, "audience": self.audience},
        }

    def cells(self) -> list[nbformat.NotebookNode]:
        cells: list[nbformat.NotebookNode] = []
        for cell in self.document.in_language(self.lang):
            if cell.role == "expected-output":
                if self.expected and cells:
                    _store_output(cells[-1], cell.text)
            elif cell.kind == "code":
                if self.audience == "instructor" or cell.role != "probe":
                    cells.append(self._code(cell))
            else:
                cells.append(self._prose(cell))
        if cells and not self.document.is_lab:
            cells[0].source = self._with_links(cells[0].source)
        return [*cells[:1], self._start_cell(), *cells[1:]]

    def _start_cell(self) -> nbformat.NotebookNode:
        """Choose the language of figures; on Colab, install the library first."""
        repository = self.course.repository
        code = [
            "import os",
            "",
            f'os.environ["VISLEARN_LANG"] = "{self.lang}"  # the language of figures',
        ]
        if repository:
            code += [
                "try:",
                "    import vislearn",
                "except ModuleNotFoundError:  # on Colab, for example",
                f'    %pip install -q "vislearn[labs] @ git+{repository}"',
            ]
        cell = new_code_cell("\n".join(code), id="start")
        cell.metadata["tags"] = ["nbval-skip"]
        return cell

    def _with_links(self, text: str) -> str:
        """Behind the title: where this notebook opens in Colab, and its page."""
        page = self.course.page_url(self.document.docname, self.lang)
        colab = self.course.colab_url(self.document.name, self.lang)
        names = LINKS[self.lang]
        links = [f"[{names[0]}]({colab})"] if colab else []
        links.append(f"[{names[1]}]({page})")
        heading, _, rest = text.partition("\n")
        return f"{heading}\n\n{' · '.join(links)}\n{rest}"

    def _prose(self, cell: Cell) -> nbformat.NotebookNode:
        self.renderer.attachments = {}
        try:
            text = self.renderer.render(cell.text)
        except ValueError as error:
            raise ValueError(f"{self.document.path}:{cell.line}: {error}") from None
        name = f"{cell.question or self.document.name}-text"
        if cell.role == "hint":
            level = cell.level or 1
            title = HINTS[self.lang][min(level, 3) - 1]
            text = f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
            name = f"{cell.question}-hint{level}"
        made = new_markdown_cell(text, id=self._id(name))
        made.metadata.update(self._own(cell))
        if self.renderer.attachments:
            made.attachments = self.renderer.attachments
        return made

    def _code(self, cell: Cell) -> nbformat.NotebookNode:
        code, role = cell.text, cell.role
        if role == "solution":
            blank = self.audience != "instructor"
            code = stub(code, cell.question or "") if blank else solution(code)
        name = f"{cell.question}-{role}" if cell.question else role or "code"
        made = new_code_cell(code, id=self._id(name))
        made.metadata.update(self._own(cell))
        if cell.tags:
            made.metadata["tags"] = cell.tags
            if "hide-input" in cell.tags:
                made.metadata["jupyter"] = {"source_hidden": True}
        if role in ("solution", "visible") and cell.question:
            made.metadata["nbgrader"] = _nbgrader(made, role, made.id)
            made.metadata["deletable"] = False
        return made

    def _own(self, cell: Cell) -> dict[str, Any]:
        """Our metadata: enough to know a cell again whose id an editor has dropped."""
        if not self.document.is_lab:
            return {}
        own = {"lab": self.document.name, "role": cell.role, "question": cell.question}
        return {"vislearn": {key: value for key, value in own.items() if value}}

    def _id(self, name: str) -> str:
        """A stable cell id; the second cell of a name gets -2."""
        self.seen[name] += 1
        count = self.seen[name]
        return (name if count == 1 else f"{name}-{count}").replace("_", "-")[:64]


def _nbgrader(cell: nbformat.NotebookNode, role: str, grade_id: str) -> dict[str, Any]:
    """Cell metadata of nbgrader, schema 3.

    Our points come from measured values; nbgrader only needs to know which cells are
    answers and which are locked.
    """
    metadata = {
        "schema_version": 3,
        "grade": False,
        "grade_id": grade_id,
        "locked": role == "visible",
        "solution": role == "solution",
        "task": False,
        "cell_type": cell.cell_type,
    }
    flags = f"{metadata['grade']}{metadata['solution']}{metadata['locked']}"
    text = f"{cell.source}{cell.cell_type}{flags}{grade_id}"  # nbgrader's own recipe
    metadata["checksum"] = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return metadata


def _store_output(cell: nbformat.NotebookNode, text: str) -> None:
    """Give a checked cell the output that nbval compares with.

    nbval never compares a cell that has no execution count.
    """
    lines = text.strip().splitlines()
    printed = "\n".join(lines[1:-1]) + "\n"  # without the fence
    cell.outputs = [new_output("stream", name="stdout", text=printed)]
    cell.execution_count = 1
