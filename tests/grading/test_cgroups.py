"""Hard limits by control groups, where the machine allows them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vislearn.grading.walls import cgroups
from vislearn.grading.walls.kernel import GuardedKernel, KernelSettings
from vislearn.grading.walls.sandbox import Limits

needs_groups = pytest.mark.skipif(
    not cgroups.available(), reason="NO CONTROL GROUPS may be made on this machine"
)


@needs_groups
def test_memory_that_no_process_owns_counts_too(needs_sandbox: None) -> None:
    """Files in memory: the watchdog sees only what processes have mapped."""
    settings = KernelSettings(
        walls="bwrap", limits=Limits(memory_mb=220, shm_mb=512, file_mb=64)
    )
    code = (
        "for number in range(40):\n"
        "    with open(f'/dev/shm/{number}', 'wb') as file:\n"
        "        for _ in range(50): file.write(bytes(1 << 20))\n"
    )
    with GuardedKernel(settings) as kernel:
        assert kernel.run_cell(code, 30).state == "memory_limit"


@needs_groups
def test_a_group_bounds_memory_and_is_removed() -> None:
    group = cgroups.create(64 << 20, 16)
    assert group is not None
    folders = [Path(file).parent for file in group.files]
    code = "import sys; sys.stdin.read(1); print(len(bytearray(200 << 20)))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    group.add(process.pid)
    process.communicate(b"x")
    assert process.returncode == -9
    assert group.killed_for_memory()
    group.remove()
    assert not any(folder.exists() for folder in folders)


@needs_groups
def test_groups_of_graders_that_are_gone_are_swept() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    group = cgroups.create(64 << 20, 16)
    assert group is not None
    mine = Path(group.files[0]).parent
    orphan = mine.with_name(mine.name.replace(str(os.getpid()), str(ended.pid)))
    orphan.mkdir()
    cgroups.sweep()
    assert not orphan.exists()
    assert mine.exists()
    group.remove()


def test_without_the_right_to_make_groups_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cgroups, "ROOT", tmp_path / "nothing")
    assert cgroups.create(64 << 20, 16) is None


def test_version_2_needs_both_controllers_and_writes_its_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory\n")
    assert cgroups.create(1 << 20, 16) is None
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    group = cgroups.create(1 << 20, 16)
    assert group is not None
    (file,) = group.files
    place = Path(file).parent
    assert (place / "memory.max").read_text() == str(1 << 20)
    assert (place / "pids.max").read_text() == "16"
    (place / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.killed_for_memory()
