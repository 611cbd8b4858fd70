"""Whatever tree stands in the place of submissions, it is walked to its end."""

from __future__ import annotations

import os
import socket
import unicodedata
from pathlib import Path

import pytest

from vislearn.grading.lab import Lab
from vislearn.grading.submission import find_submissions, read_submission


def read_all(folder: Path, lab: Lab) -> dict[str, str]:
    """Every notebook's reason (or state) by key; keys are different."""
    found = [read_submission(path, lab, folder) for path in find_submissions(folder)]
    keys = [submission.key for submission in found]
    assert len(set(keys)) == len(keys), keys
    for submission in found:
        assert submission.key.isprintable()
        assert submission.student.isprintable()
        (submission.key + submission.student).encode("utf-8")
    return {s.key: s.reason or s.state for s in found}


def test_loops_of_links_end(minilab: Lab, tmp_path: Path) -> None:
    inner = tmp_path / "s1" / "deep"
    inner.mkdir(parents=True)
    (inner / "a.ipynb").write_text("")
    (inner / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "s2").symlink_to(tmp_path / "s1", target_is_directory=True)
    (inner / "self.ipynb").symlink_to("self.ipynb")
    (inner / "gone.ipynb").symlink_to("nowhere")
    assert read_all(tmp_path, minilab) == {
        "s1/deep/a.ipynb": "empty_file",
        "s1/deep/gone.ipynb": "not_a_file",
        "s1/deep/self.ipynb": "not_a_file",
    }


@pytest.mark.timeout(30)  # a pipe would be waited for until then
def test_what_is_no_file_is_named_and_never_waited_for(
    minilab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.ipynb")
        (tmp_path / "device.ipynb").symlink_to("/dev/zero")
        (tmp_path / "folder.ipynb").mkdir()
        (tmp_path / "folder.ipynb" / "inner.ipynb").write_text(" ")
        found = read_all(tmp_path, minilab)
    assert found.pop("folder.ipynb/inner.ipynb") == "empty_file"
    names = ("device", "folder", "pipe", "socket")
    assert found == {f"{name}.ipynb": "not_a_file" for name in names}


def test_a_pipe_put_in_the_place_of_a_file_is_not_waited_for(
    minilab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ipynb"
    os.mkfifo(path)
    monkeypatch.setattr(Path, "is_file", lambda _path: True)  # as it was a moment ago
    assert read_submission(path, minilab).reason == "not_a_file"


def test_what_may_not_be_read_is_passed_over_or_named(
    minilab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s1").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "s1" / "a.ipynb").write_text("")
    listed, opened = os.scandir, os.open

    def scandir(path: str) -> object:
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "denied", path)
        return listed(path)

    def no_open(path: str, flags: int) -> int:
        if os.fspath(path).endswith("a.ipynb"):
            raise PermissionError(13, "denied", path)
        return opened(path, flags)

    monkeypatch.setattr(os, "scandir", scandir)  # root may read everything
    monkeypatch.setattr(os, "open", no_open)
    assert read_all(tmp_path, minilab) == {"s1/a.ipynb": "not_a_file"}


def test_names_that_are_no_text_get_different_keys(
    minilab: Lab, tmp_path: Path
) -> None:
    here = os.fsencode(tmp_path)
    names = [
        b"\xff.ipynb",
        b"\xfe.ipynb",
        b"a\nb.ipynb",
        b"a\rb.ipynb",
        b"\x1b[2J.ipynb",
    ]
    names += ["\u202egnp.ipynb".encode(), b"?.ipynb", b"=1+1.ipynb", b"-rf.ipynb"]
    for name in names:
        with open(os.path.join(here, name), "wb"):
            pass
    found = read_all(tmp_path, minilab)
    assert len(found) == len(names)
    assert {"?.ipynb", "=1+1.ipynb", "-rf.ipynb"} <= set(found)


def test_long_paths_that_begin_alike_get_different_keys(
    minilab: Lab, tmp_path: Path
) -> None:
    folder = tmp_path.joinpath("s1", *["f" * 100] * 4)
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        (folder / f"{name}.ipynb").write_text("")
    found = read_all(tmp_path, minilab)
    assert len(found) == 2
    assert all(len(key) <= 200 for key in found)


def test_a_korean_name_keeps_its_key_from_machine_to_machine(
    minilab: Lab, tmp_path: Path
) -> None:
    apart = unicodedata.normalize("NFD", "김철수.ipynb")
    (tmp_path / apart).write_text("")
    assert list(read_all(tmp_path, minilab)) == ["김철수.ipynb"]
    try:
        (tmp_path / "김철수.ipynb").write_text(" ")
    except OSError:
        return
    if len(list(tmp_path.iterdir())) == 2:  # a file system that tells them apart
        found = read_all(tmp_path, minilab)
        assert len(found) == 2
        assert "김철수.ipynb" in found


def test_a_tree_deeper_than_a_path_can_say_is_walked(
    minilab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.ipynb").write_text("")
    monkeypatch.chdir(tmp_path)
    for _ in range(3_000):
        os.mkdir("d")
        os.chdir("d")
    Path("lost.ipynb").write_text("")
    os.chdir(tmp_path)
    try:
        assert "a.ipynb" in read_all(tmp_path, minilab)
    finally:
        _remove_deep(tmp_path, 3_000)


def _remove_deep(folder: Path, levels: int) -> None:
    """What shutil.rmtree cannot: from the inside out, in short steps."""
    os.chdir(folder)
    for _ in range(levels):
        os.chdir("d")
    os.unlink("lost.ipynb")
    for _ in range(levels):
        os.chdir("..")
        os.rmdir("d")


def test_editors_copies_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    for name in (".ipynb_checkpoints/a.ipynb", "__MACOSX/._a.ipynb", "s1/.x/a.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    with pytest.raises(ValueError, match=r"no notebooks \(\*\.ipynb\) there"):
        find_submissions(tmp_path)
    (tmp_path / "s1" / "B.IPYNB").write_text("")
    assert [path.name for path in find_submissions(tmp_path)] == ["B.IPYNB"]
