"""Looks up what was graded elsewhere; runs inside Gradescope's container.

A hand-in is known by its content (SHA-256), so no name has to be matched, and a
notebook that was changed since has no result yet. Needs Python's own library only:
this file goes into the zip of `vislearn export --to gradescope` as it is.
"""

from __future__ import annotations  # the container's Python may be an old one

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    root = Path(os.environ.get("AUTOGRADER_ROOT", "/autograder"))
    source = root / "source"
    files = notebooks(root / "submission")
    if files:
        found = choose([look_up(source, file) for file in files], source)
    else:
        found = read(source / "none.json")
    out = root / "results" / "results.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(".results.json.part")
    part.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    part.replace(out)
    return 0


def notebooks(folder: Path) -> list[Path]:
    """The notebooks under a folder; neither links nor editors' copies."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() == ".ipynb"
        and file.is_file()
        and not file.is_symlink()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def look_up(source: Path, file: Path) -> dict[str, Any] | None:
    """The result of a notebook, or None where there is none yet."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    known = source / "graded" / f"{digest.hexdigest()}.json"
    return read(known) if known.is_file() else None


def choose(found: list[dict[str, Any] | None], source: Path) -> dict[str, Any]:
    """The best result, unless one that is still missing might be better."""
    settings = read(source / "settings.json")
    scored = [result for result in found if result is not None and "score" in result]
    best = max(scored, key=lambda result: result["score"], default=None)
    waits = len(scored) < len(found)
    if best is None or (waits and best["score"] < settings["points"]):
        return read(source / "unknown.json")
    if len(found) > 1:
        best["output"] += "\n" + str(settings["several"])
    return best


def read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
