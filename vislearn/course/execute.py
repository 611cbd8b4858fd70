"""Run the chapters once, into the cache that both languages' builds read.

Sphinx could do this itself, but says little while it works and little when it fails.
Here every chapter is reported with its seconds, and a failure names the chapter, the
cell, its first line and the error, while the other chapters still run.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from vislearn.course.source import select_language

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Failure:
    """The cell that stopped a chapter."""

    cell: int  # number among the code cells, from 1
    line: str  # first line of the cell
    error: str

    def __str__(self) -> str:
        return f"code cell {self.cell}: {self.line}\n    {self.error}"


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter."""

    docname: str
    seconds: float  # of the execution, also when it was read from the cache
    cached: bool
    failure: Failure | None = None


def read_notebook(path: Path) -> nbformat.NotebookNode | None:
    """The notebook that MyST-NB will see, so that the cache finds it; None if plain.

    The code cells of the two languages are the same, so one language stands for both.
    """
    from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

    text = select_language(path.read_text(encoding="utf-8"), "ko")
    if not is_myst_markdown_notebook(text):
        return None
    return read_myst_markdown_notebook(text, add_source_map=True, path=path)


def execute_chapter(
    notebook: nbformat.NotebookNode,
    path: Path,
    docname: str,
    cache_folder: Path,
    timeout: int,
) -> Outcome:
    """Run one chapter unless the cache has it."""
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    cache = get_cache(str(cache_folder))
    try:
        record = cache.match_cache_notebook(notebook)
        return Outcome(docname, record.data.get("execution_seconds", 0.0), cached=True)
    except KeyError:
        pass
    started = time.perf_counter()
    failure = run_notebook(notebook, timeout)
    outcome = Outcome(docname, time.perf_counter() - started, False, failure)
    if failure is None:
        data = {"execution_seconds": outcome.seconds}
        bundle = CacheBundleIn(notebook, str(path), data=data)
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return outcome


def run_notebook(notebook: nbformat.NotebookNode, timeout: int) -> Failure | None:
    """Execute all cells in place, in an empty folder; say what failed, if anything."""
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    last: dict[str, Any] = {"index": 0}

    def remember(cell: Any, cell_index: int, **_: Any) -> None:
        last["index"] = cell_index

    with tempfile.TemporaryDirectory() as folder, _kernel_environment():
        client = NotebookClient(
            notebook,
            timeout=timeout,
            record_timing=False,  # it would enter the metadata that the cache compares
            resources={"metadata": {"path": folder}},
            on_cell_execute=remember,
        )
        try:
            client.execute(stderr=subprocess.DEVNULL)  # it warns about TCP each time
        except CellExecutionError as error:
            message = _one_line(f"{error.ename}: {error.evalue}")
        except CellTimeoutError:
            message = f"the cell took longer than {timeout} seconds"
        except DeadKernelError:
            message = "the kernel died (out of memory?)"
        else:
            return None
    code_cells = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    source = notebook.cells[last["index"]].source.strip()
    return Failure(
        code_cells.index(last["index"]) + 1, source.partition("\n")[0], message
    )


def execute_all(
    chapters: dict[str, Path],
    cache_folder: Path,
    timeout: int,
    say: Callable[..., None] = print,
) -> list[Outcome]:
    """Run chapters (docname to source file) in order; a failure stops only its own.

    Pages without code are passed over.
    """
    outcomes = []
    notebooks = {name: _guarded_read(path, name) for name, path in chapters.items()}
    running = {name: found for name, found in notebooks.items() if found is not None}
    for number, (docname, found) in enumerate(running.items(), start=1):
        say(f"  [{number}/{len(running)}] {docname} … ", end="", flush=True)
        if isinstance(found, Outcome):
            outcome = found
        else:
            outcome = execute_chapter(
                found, chapters[docname], docname, cache_folder, timeout
            )
        outcomes.append(outcome)
        say(_describe(outcome), flush=True)
    return outcomes


def _guarded_read(path: Path, docname: str) -> nbformat.NotebookNode | Outcome | None:
    """The notebook, None for a page without code, or why it cannot be read."""
    try:
        notebook = read_notebook(path)
    except Exception as error:  # a slip in one source must not hide the others' results
        message = _one_line(f"{type(error).__name__}: {error}")
        unread = Failure(0, "(the source cannot be read)", message)
        return Outcome(docname, 0.0, cached=False, failure=unread)
    if notebook is None or all(c.cell_type != "code" for c in notebook.cells):
        return None
    return notebook


def _describe(outcome: Outcome) -> str:
    if outcome.failure:
        return f"FAILED after {outcome.seconds:.1f} s\n    {outcome.failure}"
    if outcome.cached:
        return f"unchanged (it took {outcome.seconds:.1f} s)"
    return f"{outcome.seconds:.1f} s"


def _one_line(text: str) -> str:
    return " ".join(_COLOURS.sub("", text).split())[:300]


@contextmanager
def _kernel_environment() -> Iterator[None]:
    """Kernels draw both languages' figures and do not chatter about themselves."""
    changed = {"VISLEARN_LANG": None, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    before = {key: os.environ.get(key) for key in changed}
    _set_environment(changed)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: Mapping[str, str | None]) -> None:
    for key, value in values.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
