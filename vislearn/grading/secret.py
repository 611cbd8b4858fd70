"""The secret of a course, from which the hidden inputs are drawn.

The labs with their solutions are public, as in every open course; what learners must
not know are the inputs that their answers will meet. So the secret is kept outside the
repository: in a file of the instructor's, made on first use.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

VARIABLE = "VISLEARN_SECRET_FILE"
MIN_LENGTH = 16


def default_file() -> Path:
    """Where the secret is kept: VISLEARN_SECRET_FILE, or the user's configuration."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "vislearn" / "course-secret"


def course_secret(file: Path | None, lab_path: Path) -> str:
    """The secret in a file; the default file is made if it is missing.

    Args:
        file: a file that exists, or None for the default one.
        lab_path: a lab of the course; its repository may not hold the secret.

    Raises:
        FileNotFoundError: if a file was named and is not there.
        ValueError: if it lies in the course's repository, or is too short.
    """
    place = default_file() if file is None else file
    refuse_published(place, lab_path)
    if file is None and not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as new:
            new.write(secrets.token_hex(32) + "\n")
    text = place.read_text(encoding="utf-8").strip()
    if len(text) < MIN_LENGTH:
        raise ValueError(
            f"{place}: the secret has {len(text)} characters, expected {MIN_LENGTH} "
            "or more"
        )
    return text


def refuse_published(place: Path, lab_path: Path) -> None:
    """Keep what holds the secret out of the repository of a lab.

    Raises:
        ValueError: if `place` lies there.
    """
    repository = _repository(lab_path.resolve())
    if repository in place.resolve().parents:
        raise ValueError(
            f"{place} lies in the course's repository {repository}: whoever has that "
            "would know the hidden inputs; keep the secret somewhere else"
        )


def mark(secret: str) -> str:
    """What tells two secrets apart without giving one away."""
    digest = hashlib.scrypt(
        secret.encode(), salt=b"vislearn course secret", n=2**14, r=8, p=1
    )
    return digest.hex()[:12]


def _repository(folder: Path) -> Path:
    """The folder that is published: with .git, or labs/ as its child, else the lab."""
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    return folder.parent.parent if folder.parent.name == "labs" else folder
