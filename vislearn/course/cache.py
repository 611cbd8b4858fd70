"""Where the outputs of executed chapters are kept, and when they are stale.

jupyter-cache finds a chapter by its code cells. It does not know that the library
under them has changed, so the folder's name carries a hash of everything else that an
output depends on.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from pathlib import Path

KEEP = 4  # folders of earlier states that are kept; switching branches stays cheap
_SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def library_hash(root: Path) -> str:
    """Hash of what a chapter's outputs depend on, besides its own cells.

    That is every file of the library (fonts and tables too), the pinned versions, the
    committed results of experiments, Python, the processor's kind and VISLEARN_SCALE.
    """
    digest = hashlib.sha256()
    for path in _inputs(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    settings = (platform.python_version(), platform.machine(), scale())
    digest.update("\0".join(settings).encode())
    return digest.hexdigest()[:16]


def scale() -> str:
    """The scale that chapters run at: smoke, cpu (default) or t4."""
    return os.environ.get("VISLEARN_SCALE", "cpu")


def cache_path(root: Path) -> Path:
    """The jupyter-cache folder that belongs to the present state of the repository."""
    return root / "_build" / "cache" / library_hash(root)


def forget_old_caches(current: Path, keep: int = KEEP) -> None:
    """Delete all but the newest folders beside `current`."""
    current.mkdir(parents=True, exist_ok=True)
    os.utime(current)
    others = [p for p in current.parent.iterdir() if p.is_dir() and p != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[keep - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _inputs(root: Path) -> list[Path]:
    """Files of the library, pins and experiment results, in a fixed order."""
    found = [root / "constraints.txt"]
    for folder in ("vislearn", "experiments"):
        found += (root / folder).rglob("*")
    return sorted(
        path
        for path in found
        if path.is_file() and not _SKIPPED.intersection(path.parts)
    )
