"""A small bilingual course, put together from the sample pages and the real tools."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SAMPLE = Path(__file__).parent / "sample"


def lay_out(root: Path) -> Path:
    """Make a course at `root`: sample pages, everything else from the repository."""
    shutil.copytree(SAMPLE, root, dirs_exist_ok=True)
    for name in ("_config.yml", "constraints.txt", "vislearn"):
        (root / name).symlink_to(REPOSITORY / name)
    for name in ("_config.en.yml", "_ext", "_templates", "appendix", "references.bib"):
        (root / "book" / name).symlink_to(REPOSITORY / "book" / name)
    static = root / "book" / "_static"
    static.mkdir(exist_ok=True)
    for path in (REPOSITORY / "book" / "_static").iterdir():
        if path.name != "diagrams":
            (static / path.name).symlink_to(path)
    return root


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one's own that a test may change."""
    return lay_out(tmp_path / "course")
