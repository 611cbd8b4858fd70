"""Renewing the outputs that nbval compares: run once, write into the source.

A cell tagged `nbval-check-output` is followed in the source by a cell
`+++ {"role": "expected-output"}` that holds a fenced block with what it prints.
"""

from __future__ import annotations

import os
from typing import Any

from vislearn.course.notebooks import build_notebook
from vislearn.course.site import Course
from vislearn.course.source import Cell, Document

TAG = "nbval-check-output"


def renew_outputs(document: Document, course: Course) -> int:
    """Run a document at smoke scale and rewrite its expected outputs.

    Returns:
        how many expected outputs are new or changed.

    Raises:
        ValueError: if a cell fails, or a checked cell prints nothing or shows more.
    """
    checked = [c for c in document.cells if c.kind == "code" and TAG in c.tags]
    if not checked:
        return 0
    printed = _run(document, course)
    if len(printed) != len(checked):
        raise ValueError(
            f"{document.path}: {len(checked)} checked cells in the source, "
            f"{len(printed)} in the notebook"
        )
    lines = document.path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    changed = 0
    for cell, text in reversed(list(zip(checked, printed, strict=True))):
        if not text.strip():
            raise ValueError(
                f"{document.path}:{cell.line}: checked, but prints nothing"
            )
        changed += _replace(lines, document, cell, text)
    document.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed


def _run(document: Document, course: Course) -> list[str]:
    """What the checked cells print, in order."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    audience = "instructor" if document.is_lab else "reader"
    notebook = build_notebook(document, "ko", audience, course)
    before = os.environ.get("VISLEARN_SCALE")
    os.environ["VISLEARN_SCALE"] = "smoke"
    try:
        NotebookClient(notebook, timeout=600).execute()
    except CellExecutionError as error:
        raise ValueError(f"{document.path}: {error.ename}: {error.evalue}") from None
    finally:
        _restore("VISLEARN_SCALE", before)
    checked = [c for c in notebook.cells if TAG in c.metadata.get("tags", [])]
    return [_stdout(cell, document) for cell in checked]


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _stdout(cell: Any, document: Document) -> str:
    """What a cell printed; nbval would compare anything else, too."""
    for output in cell.outputs:
        if output.output_type != "stream":
            raise ValueError(
                f"{document.path}: {cell.source.splitlines()[0]!r} is checked, but "
                f"shows more than it prints ({output.output_type})"
            )
    return "".join(o.text for o in cell.outputs if o.name == "stdout")


def _replace(lines: list[str], document: Document, cell: Cell, text: str) -> int:
    """Put the fenced block behind the cell, over the old one if there is one."""
    following = _next_cell(document, cell)
    block = ["```text", *text.rstrip("\n").splitlines(), "```"]
    if following is not None and following.role == "expected-output":
        begin = following.line - 1
        end = begin + len(following.text.split("\n"))
        if lines[begin:end] == block:
            return 0
        lines[begin:end] = block
        return 1
    end = cell.line - 1 + len(cell.text.split("\n"))
    while not lines[end].startswith("```"):
        end += 1
    has_break = end + 2 < len(lines) and lines[end + 2].startswith("+++")
    after = [] if has_break else ["", "+++"]
    lines[end + 1 : end + 1] = [
        "",
        '+++ {"role": "expected-output"}',
        "",
        *block,
        *after,
    ]
    return 1


def _next_cell(document: Document, cell: Cell) -> Cell | None:
    index = next(i for i, other in enumerate(document.cells) if other is cell)
    return document.cells[index + 1] if index + 1 < len(document.cells) else None
