"""Zip archives for Gradescope: private files, and equal if their content is equal."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXECUTABLE, PLAIN, PRIVATE = 0o755, 0o644, 0o600


@dataclass(frozen=True)
class Archive:
    """A zip that is being written."""

    file: zipfile.ZipFile

    def add(self, name: str, content: bytes | str | object, mode: int = PLAIN) -> None:
        """Add a file: bytes, a text, or anything that becomes JSON."""
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content, ensure_ascii=False, indent=1)
        if isinstance(content, str):
            content = content.encode()
        entry = zipfile.ZipInfo(name)  # dated 1980: the same content, the same archive
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (0o100000 | mode) << 16
        self.file.writestr(entry, content)


@contextmanager
def write_archive(file: Path) -> Iterator[Archive]:
    """Write an archive whole or not at all; only its owner may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=PRIVATE)
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            yield Archive(archive)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def named(out: Path, name: str) -> Path:
    """The file itself if `out` is one, by its ending, else `name` in that folder."""
    return out if out.suffix == ".zip" and not out.is_dir() else out / name
