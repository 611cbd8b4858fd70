"""A handed-in notebook, read as untrusted data.

Whatever the file is, the result is a `Submission` with a state and a message, never an
exception. Of a readable notebook only the learner's own code is taken: the solution
cells, found by id, else by our metadata, else by nbgrader's, and the cells that the
learner added around them. Checks, set-up and demonstrations of the release are ours:
what a submission holds in their place has no effect.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import logging
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from vislearn.grading.lab import LANGUAGES, Lab

MAX_BYTES = 64 << 20
MAX_SOURCE = 200_000  # characters of one cell
MAX_CELLS = 5_000
START = 'import os\n\nos.environ["VISLEARN_LANG"]'  # of every generated notebook


@dataclass(frozen=True)
class Submission:
    """One submission; `state` is readable or unreadable.

    `reason` is a key of `messages`; `answers` holds a learner's cells by question and
    `context` the definitions that stand before them in the notebook.
    """

    key: str
    student: str
    path: Path
    sha: str
    state: str
    lang: str = "ko"
    reason: str = ""
    notes: tuple[str, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)


def find_submissions(folder: Path) -> list[Path]:
    """All notebooks under a folder, in a stable order, without editors' copies.

    Raises:
        ValueError: if the folder does not exist or holds no notebook.
    """
    if folder.is_file():
        return [folder]
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".ipynb"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise ValueError(f"{folder}: no notebooks (*.ipynb) there")
    return sorted(found, key=lambda path: unicodedata.normalize("NFC", str(path)))


def read_submission(path: Path, lab: Lab, folder: Path | None = None) -> Submission:
    """Read one file; never raises for what is in it."""
    relative = (
        path.relative_to(folder) if folder and path != folder else Path(path.name)
    )
    key = _printable(unicodedata.normalize("NFC", relative.as_posix()))
    first = Path(key).parts[0] if len(relative.parts) > 1 else Path(key).stem
    make = functools.partial(Submission, key, _printable(first), path)
    sha = ""
    try:
        raw, sha = _bytes(path)
        notebook, notes = _notebook(raw)
        lang = _language(notebook)
        answers, context, found = _sort(list(_cells(notebook)), lab)
        if not found and _is_other_lab(notebook, lab):
            return make(sha, "unreadable", lang, "other_lab")
    except _UnreadableError as error:
        return make(error.sha or sha, "unreadable", reason=str(error))
    except Exception:  # a notebook that breaks nbformat in a way of its own
        return make(sha, "unreadable", reason="not_a_notebook")
    if not found:
        notes.append("no_answers")
    return make(sha, "readable", lang, "", tuple(notes), answers, context)


def _bytes(path: Path) -> tuple[bytes, str]:
    """A file's content and its hash; links are not followed."""
    try:
        if path.is_symlink() or not path.is_file():
            raise _UnreadableError("not_a_file")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _UnreadableError("too_large", f"size-{size}")
        raw = path.read_bytes()
    except OSError:
        raise _UnreadableError("not_a_file") from None
    return raw, hashlib.sha256(raw).hexdigest()


class _UnreadableError(Exception):
    """Carries the key of the message, and what stands for a hash if there is none."""

    def __init__(self, reason: str, sha: str = "") -> None:
        super().__init__(reason)
        self.sha = sha


@dataclass(frozen=True)
class _Cell:
    kind: str
    source: str
    id: str
    role: str
    question: str
    grade_id: str


def _notebook(raw: bytes) -> tuple[dict[str, Any], list[str]]:
    """The notebook as version 4, and the keys of notes about it."""
    if not raw.strip():
        raise _UnreadableError("empty_file")
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _UnreadableError("not_json") from None
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise _UnreadableError("not_a_notebook")
    notes: list[str] = []
    if content["nbformat"] < 4:
        content = _upgraded(content)
        notes.append("upgraded")
    if not isinstance(content.get("cells"), list):
        raise _UnreadableError("not_a_notebook")
    if len(content["cells"]) > MAX_CELLS:
        raise _UnreadableError("too_many_cells")
    if not _valid(content):
        notes.append("not_valid")
    return content, notes


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    logging.getLogger("traitlets").disabled = True  # nbformat talks about its doubts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dict(nbformat.reads(json.dumps(content), as_version=4))
        except Exception:
            raise _UnreadableError("not_a_notebook") from None


def _valid(content: dict[str, Any]) -> bool:
    """Whether it follows the format; we read what we can of those that do not."""
    copy = {**content, "cells": [_without_outputs(cell) for cell in content["cells"]]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # missing and double ids come as warnings
        try:
            nbformat.validate(nbformat.from_dict(copy))
        except Exception:
            return False
    return True


def _without_outputs(cell: Any) -> Any:
    if isinstance(cell, dict) and cell.get("cell_type") == "code":
        return {**cell, "outputs": []}
    return cell


def _cells(notebook: Mapping[str, Any]) -> Iterator[_Cell]:
    for raw in notebook["cells"]:
        if not isinstance(raw, Mapping):
            continue
        source = raw.get("source", "")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if not isinstance(source, str):
            continue
        meta = _mapping(raw.get("metadata"))
        own, foreign = _mapping(meta.get("vislearn")), _mapping(meta.get("nbgrader"))
        yield _Cell(
            kind=str(raw.get("cell_type")),
            source=_clean(source),
            id=str(raw.get("id", "")),
            role=str(own.get("role") or ""),
            question=str(own.get("question") or ""),
            grade_id=str(foreign.get("grade_id") or ""),
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _clean(source: str) -> str:
    """Text that can be encoded; a cell beyond the limit counts as empty."""
    if len(source) > MAX_SOURCE:
        return ""
    return source.encode("utf-8", "replace").decode("utf-8")


def _sort(
    cells: list[_Cell], lab: Lab
) -> tuple[dict[str, tuple[str, ...]], dict[str, str], bool]:
    """Which cells belong to which question.

    A cell that the learner added runs with the question whose answer comes next, and
    also with the one in whose section it stands. Imports and definitions of everything
    above an answer come along as its context, as they would in the notebook.
    """
    places = [_place(cell, lab) for cell in cells]
    order = list(enumerate(places))
    answers: dict[str, tuple[str, ...]] = {}
    context: dict[str, str] = {}
    for question in lab.questions:
        own = [n for n, place in order if place == ("solution", question)]
        if not own:
            answers[question] = ("",)
            continue
        begin = max(
            (
                n
                for n, (kind, q) in order[: own[0]]
                if kind == "solution" and q != question
            ),
            default=-1,
        )
        end = next(
            (n for n, (_, q) in order[own[-1] + 1 :] if q and q != question), len(order)
        )
        mine = [
            n
            for n in range(begin + 1, end)
            if places[n] == ("solution", question) or places[n][0] == "helper"
        ]
        answers[question] = tuple(cells[n].source for n in mine)
        above = [
            definitions(cells[n].source)
            for n in range(begin + 1)
            if places[n][0] in ("solution", "helper")
        ]
        context[question] = "\n".join(text for text in above if text)
    found = any(kind == "solution" for kind, _ in places)
    return answers, context, found


def _place(cell: _Cell, lab: Lab) -> tuple[str, str]:
    """(solution | helper | ours | text, question) of one cell."""
    for name in (cell.id, cell.grade_id):
        for question in lab.questions.values():
            if name in question.cell_ids:
                kind = "solution" if cell.kind == "code" else "text"
                return kind, question.id
    question_id = cell.question if cell.question in lab.questions else ""
    if cell.role == "solution" and question_id and cell.kind == "code":
        return "solution", question_id
    if cell.kind != "code":
        return "text", question_id
    ours = cell.role or cell.id in lab.release_ids or cell.grade_id
    if ours or cell.source.startswith(START):
        return "ours", question_id
    return "helper", ""


_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


def definitions(source: str) -> str:
    """The imports, functions, classes and plain constants of a cell, as code.

    What a cell above an answer defines, the answer may use; what it *does* (a loop, a
    training run) must not cost the answers below.
    """
    try:
        tree = ast.parse(_MAGIC.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    kept: list[ast.stmt] = [
        node
        for node in tree.body
        if isinstance(node, kinds)
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    ]
    try:
        return "\n".join(ast.unparse(node) for node in kept)
    except (RecursionError, ValueError):
        return ""


def _language(notebook: Mapping[str, Any]) -> str:
    """The notebook's language: its metadata, else whether its prose holds Hangul."""
    own = _mapping(_mapping(notebook.get("metadata")).get("vislearn"))
    if own.get("lang") in LANGUAGES:
        return str(own["lang"])
    prose = [c.source for c in _cells(notebook) if c.kind == "markdown"]
    text = "".join(prose)
    return "en" if text and not re.search("[가-힣]", text) else "ko"


def _is_other_lab(notebook: Mapping[str, Any], lab: Lab) -> bool:
    own = _mapping(_mapping(notebook.get("metadata")).get("vislearn"))
    source = own.get("source") or own.get("lab")
    return bool(source) and source != lab.id


def _printable(text: str) -> str:
    """A name that is safe in reports and terminals."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    kept = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(kept)[:200]
