"""From a file that anybody may have written to a notebook as plain data.

Everything here is bounded before it is done: bytes before they are read, values before
JSON is parsed, cells before an old format is converted. Whatever is beyond a bound ends
in an `UnreadableError` with the key of a message.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat.validator import get_validator

MAX_BYTES = 64 << 20
MAX_CELLS = 5_000
MAX_LISTS = 500_000  # lists and mappings; an empty one costs 60 bytes of memory
MAX_VALUES = 4_000_000
MINORS = range(6)  # of version 4
MAX_DIGITS = 400  # of a whole number; a longer one is no number that we need


class UnreadableError(Exception):
    """Carries the key of the message, and what stands for a hash if there is none."""

    def __init__(self, reason: str, sha: str = "") -> None:
        super().__init__(reason)
        self.sha = sha


def read_bytes(path: Path) -> tuple[bytes, str]:
    """A file's content and its hash; links are not followed, pipes not waited for.

    Raises:
        UnreadableError: if it is no plain file, or is beyond the limit.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if path.is_symlink() or not path.is_file():
            raise UnreadableError("not_a_file")
        with open(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise UnreadableError("not_a_file")
            if about.st_size > MAX_BYTES:
                raise UnreadableError("too_large", f"size-{about.st_size}")
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise UnreadableError("not_a_file") from None
    if len(raw) > MAX_BYTES:  # it grows while we read
        raise UnreadableError("too_large", "size-unknown")
    return raw, hashlib.sha256(raw).hexdigest()


def parse(raw: bytes) -> tuple[dict[str, Any], list[str]]:
    """The notebook as version 4, and the keys of notes about it.

    Raises:
        UnreadableError: if it is no notebook, or one beyond the limits.
    """
    if not raw.strip():
        raise UnreadableError("empty_file")
    if _is_crowded(raw):
        raise UnreadableError("too_large")
    try:
        text = raw.decode(json.detect_encoding(raw))  # Windows tools write UTF-16
        content = json.loads(text, parse_int=_whole_number)
    except (ValueError, RecursionError):
        raise UnreadableError("not_json") from None
    version = content.get("nbformat") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise UnreadableError("not_a_notebook")
    notes: list[str] = []
    if version < 4:
        content = _upgraded(content)
        notes.append("upgraded")
    if not isinstance(content.get("cells"), list):
        raise UnreadableError("not_a_notebook")
    if len(content["cells"]) > MAX_CELLS:
        raise UnreadableError("too_many_cells")
    if not _is_valid(content):
        notes.append("not_valid")
    return content, notes


def _is_crowded(raw: bytes) -> bool:
    """Whether parsing would fill the memory: small values take 30 times their text."""

    def too_many(text: bytes) -> bool:
        lists = text.count(b"[") + text.count(b"{")
        return lists > MAX_LISTS or text.count(b",") > MAX_VALUES

    if not too_many(raw):
        return False
    bare = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    if bare.count(b'"') > 2 * MAX_VALUES:
        return True
    return too_many(b"".join(bare.split(b'"')[::2]))  # what is not inside a text


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float("inf")


@contextmanager
def _quietly() -> Iterator[None]:
    """nbformat talks about its doubts, in warnings and in a log."""
    log = logging.getLogger("traitlets")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    sheets = content.get("worksheets")
    sheets = sheets if isinstance(sheets, list) else []
    cells = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    cells.append(content.get("cells"))  # version 1 has them at the top
    if sum(len(some) for some in cells if isinstance(some, list)) > MAX_CELLS:
        raise UnreadableError("too_many_cells")
    with _quietly():
        try:
            return dict(nbformat.reads(json.dumps(content), as_version=4))
        except Exception:
            raise UnreadableError("not_a_notebook") from None


def _is_valid(content: dict[str, Any]) -> bool:
    """Whether it follows the format; we read what we can of those that do not.

    nbformat's own `validate` looks for the best words for an error, which takes
    seconds with thousands of cells; only whether there is one matters here.
    """
    minor = content.get("nbformat_minor")
    if content["nbformat"] != 4 or not isinstance(minor, int) or minor not in MINORS:
        return False
    cells = [_without_outputs(cell) for cell in content["cells"]]
    try:
        validator = get_validator(4, int(minor))
        if any(True for _ in validator.iter_errors({**content, "cells": cells})):
            return False
    except Exception:  # nesting that no schema expects
        return False
    ids = [cell["id"] for cell in cells if "id" in cell]
    return minor < 5 or len(set(ids)) == len(ids)


def _without_outputs(cell: Any) -> Any:
    if isinstance(cell, Mapping) and cell.get("cell_type") == "code":
        return {**cell, "outputs": []}
    return cell
