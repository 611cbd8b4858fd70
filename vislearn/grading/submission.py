"""A handed-in notebook, read as untrusted data.

Whatever the file is, the result is a `Submission` with a state and a message, never an
exception. Of a readable notebook only the learner's own code is taken: the solution
cells, found by id, else by our metadata, else by nbgrader's, and the cells that the
learner added around them. Checks, set-up and demonstrations of the release are ours:
what a submission holds in their place has no effect.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vislearn.grading.definitions import definitions
from vislearn.grading.lab import LANGUAGES, Lab
from vislearn.grading.notebook_file import UnreadableError, parse, read_bytes

MAX_SOURCE = 200_000  # characters of one cell
MAX_CODE = 250_000  # characters of all cells with a learner's code
MAX_NAME = 200  # characters
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

    Links are not followed, and what cannot be listed is passed over.

    Raises:
        ValueError: if the folder does not exist or holds no notebook.
    """
    if folder.is_file():
        return [folder]
    found, waiting = [], [str(folder)]
    while waiting:
        for entry in _entries(waiting.pop()):
            if entry.name.startswith("."):
                continue
            if Path(entry.name).suffix.lower() == ".ipynb":
                found.append(Path(entry.path))
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
    if not found:
        raise ValueError(f"{folder}: no notebooks (*.ipynb) there")
    return sorted(found, key=_order)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _order(path: Path) -> tuple[str, str]:
    return unicodedata.normalize("NFC", str(path)), str(path)


def read_submission(path: Path, lab: Lab, folder: Path | None = None) -> Submission:
    """Read one file; never raises for what is in it."""
    folder = folder if folder and path != folder else path.parent
    relative = path.relative_to(folder)
    parts = relative.parts
    key = _key(relative.as_posix(), folder)
    student = _key(parts[0] if len(parts) > 1 else relative.stem)
    make = functools.partial(Submission, key, student, path)
    sha = ""
    try:
        raw, sha = read_bytes(path)
        notebook, notes = parse(raw)
        del raw
        cells = list(_cells(notebook))
        lang = _language(notebook, cells)
        if any(cell.cut for cell in cells):
            notes.append("cell_too_long")
        answers, context, found = _sort(cells, lab)
        if not found and _is_other_lab(notebook, lab):
            return make(sha, "unreadable", lang, "other_lab")
    except UnreadableError as error:
        return make(error.sha or sha, "unreadable", reason=str(error))
    except Exception:  # a notebook that breaks nbformat in a way of its own
        return make(sha, "unreadable", reason="not_a_notebook")
    if not found:
        notes.append("no_answers")
    return make(sha, "readable", lang, "", tuple(notes), answers, context)


def _key(name: str, folder: Path | None = None) -> str:
    """A name as it may be printed, and different for every file.

    macOS takes Korean letters apart; they are put together, so that a file keeps its
    name from machine to machine. What had to be changed otherwise gets a tag.
    """
    composed = unicodedata.normalize("NFC", name)
    shown = _printable(composed)
    if shown == composed and not _is_taken(name, composed, folder):
        return shown
    tag = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{shown[: MAX_NAME - 9]}~{tag}"


def _is_taken(name: str, composed: str, folder: Path | None) -> bool:
    """Whether another file has the name that this one would get."""
    if name == composed or folder is None:
        return False
    try:
        return not os.path.samefile(folder / name, folder / composed)
    except OSError:
        return False


def _printable(text: str) -> str:
    """A name that is safe in reports and terminals."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    kept = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(kept)[:MAX_NAME]


@dataclass(frozen=True)
class _Cell:
    kind: str
    source: str
    id: str
    role: str
    question: str
    grade_id: str
    cut: bool  # longer than the limit: counts as empty


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
        kind = _text(raw.get("cell_type"))
        cut = kind == "code" and len(source) > MAX_SOURCE
        yield _Cell(
            kind=kind,
            source="" if cut else source.encode("utf-8", "replace").decode("utf-8"),
            id=_text(raw.get("id")) or _text(meta.get("id")),  # Colab moves it
            role=_text(own.get("role")) or ("code" if own.get("lab") else ""),
            question=_text(own.get("question")),
            grade_id=_text(foreign.get("grade_id")),
            cut=cut,
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _sort(
    cells: list[_Cell], lab: Lab
) -> tuple[dict[str, tuple[str, ...]], dict[str, str], bool]:
    """Which cells belong to which question.

    A cell that the learner added runs with the question whose answer comes next, and
    also with the one in whose section it stands. Imports and definitions of everything
    above an answer come along as its context, as they would in the notebook.

    Raises:
        UnreadableError: if there is more code than anybody writes.
    """
    places = [_place(cell, lab) for cell in cells]
    theirs = [n for n, (kind, _) in enumerate(places) if kind in ("solution", "helper")]
    if sum(len(cells[n].source) for n in theirs) > MAX_CODE:
        raise UnreadableError("too_much_code")
    defined = functools.cache(lambda n: definitions(cells[n].source))
    answers: dict[str, tuple[str, ...]] = {}
    context: dict[str, str] = {}
    for question in lab.questions:
        section = _section(places, question)
        answers[question] = tuple(
            cells[n].source
            for n in theirs
            if n in section and places[n] in (("solution", question), ("helper", ""))
        ) or ("",)
        if section:
            above = [defined(n) for n in theirs if n < section.start]
            context[question] = "\n".join(text for text in above if text)
    found = any(kind == "solution" for kind, _ in places)
    return answers, context, found


def _section(places: list[tuple[str, str]], question: str) -> range:
    """The cells from behind the answer before to the next question; empty: none."""
    own = [n for n, place in enumerate(places) if place == ("solution", question)]
    if not own:
        return range(0)
    before = [n for n in range(own[0]) if places[n][0] == "solution"]
    begin = before[-1] + 1 if before else 0
    end = next(
        (
            n
            for n in range(own[-1] + 1, len(places))
            if places[n][1] not in ("", question)
        ),
        len(places),
    )
    return range(begin, end)


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


def _language(notebook: Mapping[str, Any], cells: list[_Cell]) -> str:
    """The notebook's language: its metadata, else whether its prose holds Hangul."""
    own = _mapping(_mapping(notebook.get("metadata")).get("vislearn"))
    if own.get("lang") in LANGUAGES:
        return str(own["lang"])
    text = "".join(cell.source for cell in cells if cell.kind == "markdown")
    return "en" if text and not re.search("[가-힣]", text) else "ko"


def _is_other_lab(notebook: Mapping[str, Any], lab: Lab) -> bool:
    own = _mapping(_mapping(notebook.get("metadata")).get("vislearn"))
    source = own.get("source") or own.get("lab")
    return bool(source) and source != lab.id
