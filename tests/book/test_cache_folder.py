"""Cached outputs are found again only while everything under them is the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vislearn.course.cache import cache_path, forget_old_caches, library_hash


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "vislearn" / "layers").mkdir(parents=True)
    (tmp_path / "vislearn" / "layers" / "attention.py").write_text("SCALE = 1\n")
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    ["vislearn/layers/attention.py", "vislearn/show/font.otf", "constraints.txt"],
)
def test_a_changed_library_has_another_folder(repository: Path, changed: str):
    before = cache_path(repository)

    (repository / changed).parent.mkdir(exist_ok=True)
    (repository / changed).write_text("SCALE = 2\n")

    assert cache_path(repository) != before


def test_the_result_of_an_experiment_is_part_of_it(repository: Path):
    before = library_hash(repository)

    (repository / "experiments").mkdir()
    (repository / "experiments" / "band.json").write_text("[0.1, 0.2]")

    assert library_hash(repository) != before


def test_the_scale_is_part_of_it(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VISLEARN_SCALE", "smoke")
    smoke = library_hash(repository)
    monkeypatch.setenv("VISLEARN_SCALE", "cpu")

    assert library_hash(repository) != smoke


def test_bytecode_and_chapters_are_not(repository: Path):
    before = library_hash(repository)

    for name in ("vislearn/__pycache__/a.pyc", "book/03_vit.md"):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text("x")

    assert library_hash(repository) == before


def test_only_the_newest_folders_are_kept(tmp_path: Path):
    for age in range(6):
        folder = tmp_path / f"state{age}"
        folder.mkdir()
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))

    forget_old_caches(tmp_path / "now", keep=3)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["now", "state0", "state1"]
