"""A small bilingual course, put together from the sample pages and the real tools."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vislearn.course.book import build

REPOSITORY = Path(__file__).parents[2]
SAMPLE = Path(__file__).parent / "sample"


def lay_out(root: Path) -> Path:
    """Make a course at `root`: sample pages, everything else from the repository."""
    shutil.copytree(SAMPLE, root, dirs_exist_ok=True)
    for name in ("_config.yml", "constraints.txt"):
        (root / name).symlink_to(REPOSITORY / name)
    # A copy: somebody who edits the library while this runs must not change the course.
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "vislearn", root / "vislearn", ignore=skipped)
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


class Built:
    """A built sample course and what was printed while it was built."""

    def __init__(self, root: Path):
        self.root = root
        self.said: list[str] = []

    def build(self, **options) -> int:
        self.said.clear()

        def say(*words, end="\n", **_):
            self.said.append("".join(map(str, words)) + end)

        return build(self.root, say=say, **options)

    @property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def site(self) -> Path:
        return self.root / "_build" / "site"

    def page(self, path: str) -> str:
        return (self.site / path).read_text(encoding="utf-8")

    def log(self, lang: str) -> str:
        return (self.root / "_build" / "book" / lang / "log.txt").read_text()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample course, built once for all tests that only read it."""
    course = Built(lay_out(tmp_path_factory.mktemp("site") / "course"))
    assert course.build() == 0, course.text
    return course
