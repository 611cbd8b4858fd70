"""The secret of a course: made once, kept outside the repository, never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from vislearn.grading.secret import course_secret, default_file, mark


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "labs" / "lab"
    folder.mkdir(parents=True)
    return folder


def test_it_is_made_once_and_for_its_owner_alone(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISLEARN_SECRET_FILE", str(tmp_path / "mine" / "secret"))
    secret = course_secret(None, lab)
    assert len(secret) == 64
    assert course_secret(None, lab) == secret
    assert stat.S_IMODE(default_file().stat().st_mode) == 0o600


def test_without_a_variable_it_lies_in_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISLEARN_SECRET_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_file() == tmp_path / "vislearn" / "course-secret"


@pytest.mark.parametrize("marker", ["labs", ".git"])
def test_it_may_not_lie_in_the_repository(lab: Path, marker: str) -> None:
    repository = lab.parents[1]
    (repository / marker).mkdir(exist_ok=True)
    file = repository / "secret.txt"
    file.write_text("0123456789abcdef")
    with pytest.raises(
        ValueError, match=r"secret\.txt lies in the course's repository"
    ):
        course_secret(file, lab)


def test_a_short_one_is_refused(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_text("hunter2\n")
    with pytest.raises(ValueError, match="has 7 characters, expected 16"):
        course_secret(file, lab)


def test_one_that_is_named_must_exist(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        course_secret(tmp_path / "nothing", lab)


def test_its_mark_tells_secrets_apart_and_gives_none_away() -> None:
    assert mark("a" * 16) == mark("a" * 16)
    assert mark("a" * 16) != mark("b" * 16)
    assert "a" * 4 not in mark("a" * 16)
