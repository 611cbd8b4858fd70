"""The small lab of these tests, and notebooks as learners would hand them in."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vislearn.course.notebooks import build_notebook
from vislearn.course.site import Course
from vislearn.course.source import read
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.walls import sandbox

HERE = Path(__file__).parent
MINILAB = HERE / "minilab"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """References and the course's secret are made anew, never taken from the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VISLEARN_CACHE", str(folder))
        patch.setenv("VISLEARN_SECRET_FILE", str(folder / "course-secret"))
        yield


@pytest.fixture(scope="session")
def minilab() -> Lab:
    return load_lab(MINILAB)


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    state = sandbox.probe()
    if not state.available:
        pytest.skip(f"NO SANDBOX on this machine: {state.reason}")


@pytest.fixture(scope="session")
def notebook_of() -> Callable[..., Any]:
    """notebook_of(lang="ko", audience="student", **answers): a release, filled in."""
    document = read(MINILAB / "lab.md")
    made = {
        (lang, audience): build_notebook(document, lang, audience, Course(MINILAB))
        for lang in ("ko", "en")
        for audience in ("student", "instructor")
    }

    def notebook(lang: str = "ko", audience: str = "student", **answers: str) -> Any:
        copied = copy.deepcopy(made[lang, audience])
        for question, source in answers.items():
            cell_of(copied, f"{question}-solution").source = source
        return copied

    return notebook


def cell_of(notebook: Any, cell_id: str) -> Any:
    return next(cell for cell in notebook.cells if cell.id == cell_id)


@pytest.fixture(scope="session")
def right(minilab: Lab) -> dict[str, str]:
    """The right answers, by question."""
    return {name: q.solution[0] for name, q in minilab.questions.items()}


@pytest.fixture(scope="session")
def save() -> Callable[[Any, Path], Path]:
    def write(notebook: Any, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")  # with double ids
        return path

    return write
