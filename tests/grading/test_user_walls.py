"""Walls 'user': a container of one's own, in which only the user changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from vislearn.grading.walls import sandbox
from vislearn.grading.walls.kernel import GuardedKernel, KernelSettings
from vislearn.grading.walls.sandbox import Limits

needs_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="NOT ROOT: the user cannot change"
)


@pytest.fixture(scope="module")
def kernel() -> Iterator[GuardedKernel]:
    settings = KernelSettings(walls="user", limits=Limits(memory_mb=512))
    with GuardedKernel(settings) as made:
        yield made


def text_of(kernel: GuardedKernel, source: str) -> str:
    run = kernel.run_cell(source, 20)
    assert run.state == "ok", (run.state, run.error_name, run.error_text)
    return run.text.strip()


@needs_root
def test_the_kernel_is_another_user_without_powers(kernel: GuardedKernel) -> None:
    status = text_of(kernel, "print(open('/proc/self/status').read())")
    facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    assert int(facts["Uid"].split()[0]) >= sandbox.FIRST_UID
    assert facts["CapEff"].strip() == "0" * 16
    assert facts["Seccomp"].strip() == "2"


@needs_root
def test_it_cannot_read_what_is_private(kernel: GuardedKernel, tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    private, masked = tmp_path / "lab", tmp_path / "answer.py"
    private.mkdir()
    (private / "lab.md").write_text("the solution")
    masked.write_text("the answer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "module_files", lambda _names: [masked])
        sandbox.prepare_user_walls(["answer"], [private])
    for file in (private / "lab.md", masked):
        run = kernel.run_cell(f"open({str(file)!r}).read()", 20)
        assert run.error_name == "PermissionError"


@needs_root
def test_it_leaves_no_process_behind() -> None:
    import psutil

    with GuardedKernel(KernelSettings(walls="user")) as kernel:
        uid = kernel.uid
        started = kernel.run_cell(
            "import subprocess\n"
            "subprocess.Popen(['/bin/sleep', '99'], start_new_session=True)",
            20,
        )
        assert started.state == "ok", started.error_text
    left = [
        process
        for process in psutil.process_iter(["uids", "status"])
        if process.info["uids"].real == uid and process.info["status"] != "zombie"
    ]
    assert left == []


def test_masked_files_and_their_byte_code_are_taken_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, cache = tmp_path / "answer.py", tmp_path / "__pycache__"
    file.write_text("")
    cache.mkdir()
    (cache / "answer.cpython-311.pyc").touch()
    (cache / "other.cpython-311.pyc").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sandbox, "module_files", lambda _names: [file])
    sandbox.prepare_user_walls(["answer"], [tmp_path])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert [path.name for path in cache.iterdir()] == ["other.cpython-311.pyc"]


def test_without_root_there_are_no_such_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ValueError, match="need a grader that is root"):
        sandbox.prepare_user_walls([], [])
