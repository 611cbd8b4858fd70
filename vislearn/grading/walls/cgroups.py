"""A hard limit on the memory and processes of one kernel, where control groups allow.

The watchdog of `listen` looks at a kernel a few times per second; a control group holds
at every moment and counts what no process owns (files in memory, shared memory). It
needs the right to make groups, which root on a Linux machine usually has; without it
the watchdog and the rlimits stand alone, and reports say so.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PATIENCE_SECONDS = 5.0
# A kernel with all that it starts weighs as much as one ordinary program: no more, for
# its neighbours' sake, and no less, or honest code runs out of time on a busy machine.
# No kernel takes more than two cores.
CPU_WEIGHT, CPU_CORES, CPU_PERIOD = 100, 2, 100_000


class Group:
    """One control group (version 2), or a pair of them (version 1)."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    @property
    def files(self) -> list[str]:
        """Where a process writes its pid to join."""
        return [str(place / "cgroup.procs") for place in set(self._folders.values())]

    def add(self, pid: int) -> None:
        """Take a process in; its later children come along."""
        for file in self.files:
            with contextlib.suppress(OSError):
                Path(file).write_text(str(pid), encoding="ascii")

    def killed_for_memory(self) -> bool:
        """Whether the kernel has killed something of the group for its memory."""
        place = self._folders["memory"]
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError, ValueError):
                for line in (place / name).read_text(encoding="ascii").splitlines():
                    key, _, count = line.partition(" ")
                    if key == "oom_kill" and int(count) > 0:
                        return True
        return False

    def remove(self) -> None:
        """Remove the group, once the last of its processes has gone."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for place in set(self._folders.values()):
            while place.exists():
                try:
                    place.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.002)


def sweep() -> None:
    """Remove groups of graders that were killed before they could do it."""
    for pattern in ("vislearn-*-*", "*/vislearn-*-*"):
        for place in ROOT.glob(pattern):
            owner = place.name.split("-")[1]
            if owner.isdigit() and not Path(f"/proc/{owner}").exists():
                with contextlib.suppress(OSError):
                    place.rmdir()


@functools.cache
def available() -> bool:
    """Whether groups can be made here (tried once)."""
    if (group := create(64 << 20, 16)) is None:
        return False
    group.remove()
    return True


def create(memory_bytes: int, processes: int) -> Group | None:
    """A new group with both limits, or None where that is not allowed."""
    name = f"vislearn-{os.getpid()}-{secrets.token_hex(4)}"
    for make in (_version_2, _version_1):
        with contextlib.suppress(OSError, ValueError):
            return make(name, memory_bytes, processes)
    return None


def _version_2(name: str, memory_bytes: int, processes: int) -> Group:
    controllers = (ROOT / "cgroup.subtree_control").read_text(encoding="ascii").split()
    if not {"memory", "pids"} <= set(controllers):
        raise ValueError("no memory and pids controllers for children")
    place = ROOT / name
    place.mkdir()
    group = Group({"memory": place, "pids": place})
    return _limit(
        group,
        {
            place / "memory.max": memory_bytes,
            place / "memory.swap.max": 0,
            place / "pids.max": processes,
            place / "cpu.weight": CPU_WEIGHT,
            place / "cpu.max": f"{CPU_CORES * CPU_PERIOD} {CPU_PERIOD}",
        },
    )


def _version_1(name: str, memory_bytes: int, processes: int) -> Group:
    memory, pids, cpu = (ROOT / kind / name for kind in ("memory", "pids", "cpu"))
    folders = {"memory": memory, "pids": pids}
    if cpu.parent.is_dir():
        folders["cpu"] = cpu
    for place in folders.values():
        if not place.parent.is_dir():
            raise ValueError(f"{place.parent} is not mounted")
        place.mkdir()
    group = Group(folders)
    return _limit(
        group,
        {
            memory / "memory.limit_in_bytes": memory_bytes,
            memory / "memory.memsw.limit_in_bytes": memory_bytes,
            pids / "pids.max": processes,
            cpu / "cpu.shares": CPU_WEIGHT * 1024 // 100,
            cpu / "cpu.cfs_period_us": CPU_PERIOD,
            cpu / "cpu.cfs_quota_us": CPU_CORES * CPU_PERIOD,
        },
    )


def _limit(group: Group, values: Mapping[Path, int | str]) -> Group:
    """Set the limits; without one on memory and processes there is no group."""
    try:
        for file, value in values.items():
            optional = file.name.startswith("cpu.") or "sw" in file.name
            if file.exists() or not optional:
                file.write_text(str(value), encoding="ascii")
    except OSError:
        group.remove()
        raise
    return group
