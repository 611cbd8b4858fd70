"""A course folder of nbgrader with one of our labs in it.

nbgrader knows one notebook per name, so the first language is the release and the
others lie beside it under `translations/`: the cells have the same ids, and nbgrader
takes a hand-in of either. Every question's answer cell is a manually graded one (its
verdict is made outside of the kernel, by `vislearn grade`), every item of the rubric a
task cell. Learners' code is never run by nbgrader: the configuration switches that off.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_markdown_cell

from vislearn.grading.exchange.nbgrader_api import FILE as BOOK
from vislearn.grading.exchange.nbgrader_api import book_url, open_book
from vislearn.grading.lab import Lab
from vislearn.grading.people.rubric import RubricItem, items_of
from vislearn.grading.release import release

CONFIG = "nbgrader_config.py"
_SETTINGS = '''\
"""nbgrader's settings for labs of vislearn; made by `vislearn release --nbgrader`."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = {course_id!r}

# Nothing that learners wrote is run here: `nbgrader autograde` only puts the notebooks
# in order. Points come from `vislearn grade` and `vislearn export --to nbgrader`.
c.Execute.enabled = False

# The released cells are as they should be; nbgrader would replace them by its own stub.
c.ClearSolutions.enabled = False

# Deleted cells come back, so that a form for marking has every item of the rubric.
c.OverwriteCells.add_missing_cells = True

# nbgrader's own table writes 0.0 where there is no mark, and quotes nothing.
c.ExportApp.plugin_class = "vislearn.grading.exchange.nbgrader_table.MarksTable"

# `nbgrader zip_collect`: archives of one folder per student.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\\\](?P<student_id>[^/\\\\]+)[/\\\\](?P<file_id>[^/\\\\]+)\\.ipynb"
)
'''


def nbgrader_course(
    lab: Lab,
    languages: Sequence[str],
    course: Path,
    *,
    course_id: str = "vislearn",
) -> list[Path]:
    """Put a lab into a course folder of nbgrader and register it in its gradebook.

    A configuration that is already there stays as it is.

    Args:
        languages: the first one is released, the others become translations.
        course: the folder, which may hold other assignments.

    Returns:
        The files that were written.

    Raises:
        ValueError: if the lab is refused or has submissions with other cells, the name
            of the course cannot be used, or nbgrader is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="vislearn-release-") as work:
        files = release(lab, languages, Path(work))
        bundle = next(file for file in files if file.suffix == ".json")
        notebooks = {
            lang: nbformat.read(Path(work) / f"{lab.id}.{lang}.ipynb", as_version=4)
            for lang in languages
        }
        text = bundle.read_text(encoding="utf-8")
        return write_course(lab, notebooks, text, course, course_id=course_id)


def write_course(
    lab: Lab,
    notebooks: Mapping[str, Any],
    bundle: str,
    course: Path,
    *,
    course_id: str = "vislearn",
) -> list[Path]:
    """The same from a release: notebooks by language, and the text of the bundle.

    Raises:
        ValueError: see `nbgrader_course`.
    """
    if not re.fullmatch(r"[\w.-]+", course_id):
        raise ValueError(f"course {course_id!r}: expected letters, digits, _, . and -")
    written = write_files(lab, notebooks, bundle, course, course_id)
    source = course / "source" / lab.id / f"{lab.id}.ipynb"
    register(lab, source, course / BOOK, course_id)
    return [*written, course / BOOK]


def write_files(
    lab: Lab, notebooks: Mapping[str, Any], bundle: str, course: Path, course_id: str
) -> list[Path]:
    """Everything but the gradebook."""
    written = []
    for number, (lang, made) in enumerate(notebooks.items()):
        notebook = for_nbgrader(made, lab, lang)
        for folder in _folders(course, lab.id, lang, number == 0):
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, folder / f"{lab.id}.ipynb")
            (folder / f"{lab.id}.check.json").write_text(bundle, encoding="utf-8")
            written += [folder / f"{lab.id}.ipynb", folder / f"{lab.id}.check.json"]
    config = course / CONFIG
    if not config.exists():
        config.write_text(_SETTINGS.format(course_id=course_id), encoding="utf-8")
        written.append(config)
    return written


def _folders(course: Path, lab: str, lang: str, is_main: bool) -> list[Path]:
    if is_main:
        return [course / "source" / lab, course / "release" / lab]
    return [course / "translations" / lang / lab]


def for_nbgrader(notebook: Any, lab: Lab, lang: str) -> Any:
    """A release with nbgrader's cells: answers worth points, tasks for the rubric."""
    worth = {q.cell_ids[0]: q.points for q in lab.questions.values() if q.cell_ids}
    for cell in notebook.cells:
        own = cell.metadata.get("nbgrader")
        if own and own["grade_id"] in worth:
            cell.metadata["nbgrader"] = _metadata(
                cell, own["grade_id"], grade=True, points=worth[own["grade_id"]]
            )
        if own and own["locked"]:
            cell.metadata["editable"] = False  # as nbgrader does
    for item in items_of(lab):
        notebook.cells.append(_task(item, lang))
    nbformat.validate(notebook)
    return notebook


def task_id(item: RubricItem) -> str:
    """The name of the cell in which a person marks an item."""
    return f"rubric-{item.id}"


def _task(item: RubricItem, lang: str) -> Any:
    text = f"### {item.title[lang]} ({item.points:g})"
    if look_at := item.look_at.get(lang, ""):
        text += f"\n\n{look_at}"
    cell = new_markdown_cell(text, id=task_id(item).replace("_", "-")[:64])
    cell.metadata["vislearn"] = {"role": "rubric"}
    cell.metadata.update({"deletable": False, "editable": False})
    cell.metadata["nbgrader"] = _metadata(
        cell, task_id(item), task=True, points=item.points
    )
    return cell


def _metadata(
    cell: Any,
    grade_id: str,
    *,
    grade: bool = False,
    task: bool = False,
    points: float,
) -> dict[str, Any]:
    """Cell metadata of schema 3 with the checksum that nbgrader computes."""
    solution, locked = not task, task
    parts = [cell.source, cell.cell_type, str(grade), str(solution), str(locked)]
    parts += [grade_id, *([str(float(points))] if grade else [])]
    text = "".join(parts).encode()
    return {
        "schema_version": 3,
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "solution": solution,
        "task": task,
        "points": points,
        "cell_type": cell.cell_type,
        "checksum": hashlib.md5(text, usedforsecurity=False).hexdigest(),
    }


def register(lab: Lab, notebook: Path, book: Path, course_id: str) -> None:
    """Enter the assignment, its notebook and its cells into a gradebook.

    Raises:
        ValueError: if nbgrader is not installed, or if there are submissions of an
            edition with other cells.
    """
    with open_book(book, course_id) as opened:
        from nbgrader.preprocessors import SaveCells

        opened.update_or_create_assignment(lab.id, course_id=course_id)
        place = {"notebook": lab.id, "assignment": lab.id, "db_url": book_url(book)}
        try:
            SaveCells().preprocess(
                nbformat.read(notebook, as_version=4), {"nbgrader": place}
            )
        except RuntimeError as error:
            raise ValueError(f"{book}: {error}") from None
