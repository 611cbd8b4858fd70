"""What a grading run may leave behind on a machine: a look before, a look after.

Other runs may be at work on the same machine. Processes are told apart by descent: for
the time of the watch this process adopts the orphans among its descendants. So are
files and control groups whose names carry a process's number; what is new apart from
that gets some time to vanish, since other runs clean up, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PATIENCE = 20.0  # seconds; a kernel of another run lives less long
PREFIXES = ("vl", "vislearn-", "dask-")
PR_SET_CHILD_SUBREAPER = 36


def processes() -> set[str]:
    """Everything that descends from this process, orphans included."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                line = " ".join(process.cmdline())[:100]
                found.add(f"{process.pid} {process.create_time():.1f} {line}")
    return found


def files() -> set[str]:
    """Files of grading runs in the folders for temporary ones."""
    found = set()
    for place in {"/tmp", "/var/tmp", "/dev/shm", os.environ.get("TMPDIR", "/tmp")}:
        with contextlib.suppress(OSError):
            for name in os.listdir(place):
                if name.startswith(PREFIXES) or place == "/dev/shm":
                    found.add(f"{place}/{name}")
    return found


def mounts() -> set[str]:
    """Mount points of this process's namespace."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return {" ".join(line.split()[3:5]) for line in lines}


def shared_memory() -> set[str]:
    """System V objects: shared memory, semaphores, queues."""
    found = set()
    for kind in ("shm", "sem", "msg"):
        with contextlib.suppress(OSError):
            table = Path(f"/proc/sysvipc/{kind}").read_text(encoding="ascii")
            rows = (line.split()[:2] for line in table.splitlines()[1:])
            found |= {f"{kind} {' '.join(row)}" for row in rows}
    return found


def groups() -> set[str]:
    """Control groups of grading runs."""
    with contextlib.suppress(OSError):
        return {str(place) for place in Path("/sys/fs/cgroup").glob("**/vislearn-*")}
    return set()


def users(file: str) -> set[int]:
    """The processes that have a file mapped, as semaphores in /dev/shm are."""
    found = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            if file in maps.read_text(encoding="utf-8", errors="replace"):
                found.add(int(maps.parent.name))
    return found


LOOKS: dict[str, Callable[[], set[str]]] = {
    "processes": processes,
    "files": files,
    "mounts": mounts,
    "shared memory": shared_memory,
    "control groups": groups,
}


class Watch:
    """Remembers how things were; `left_behind` says what has been added for good."""

    def __init__(self) -> None:
        self._adopt(True)
        self.before = {name: look() for name, look in LOOKS.items()}
        self.after = self.before
        self.own = {os.getpid()}
        self.parents: dict[int, int] = {}  # of descendants, as first seen
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def left_behind(self, patience: float = PATIENCE) -> dict[str, set[str]]:
        """What is new now and does not vanish within `patience` seconds."""
        self.over.set()
        self.thread.join()
        new = {name: look() - self.before[name] for name, look in LOOKS.items()}
        end = time.monotonic() + patience
        while any(new.values()) and time.monotonic() < end:
            time.sleep(0.2)
            new = {name: new[name] & look() for name, look in LOOKS.items()}
        self.after = {name: look() for name, look in LOOKS.items()}
        self._adopt(False)
        found = {name: set(filter(self._is_ours, names)) for name, names in new.items()}
        return {name: names for name, names in found.items() if names}

    def counts(self) -> dict[str, tuple[int, int]]:
        """How many there were before and after, whoever made them."""
        return {name: (len(self.before[name]), len(self.after[name])) for name in LOOKS}

    def _follow(self) -> None:
        """Remember the numbers of all descendants; let the dead among them go."""
        while not self.over.wait(0.2):
            found = psutil.Process().children(recursive=True)
            pids = {process.pid for process in found}
            self.parents = {k: v for k, v in self.parents.items() if k in pids}
            for process in found:
                with contextlib.suppress(psutil.Error, ChildProcessError):
                    self.own.add(process.pid)
                    first = self.parents.setdefault(process.pid, process.ppid())
                    dead = process.status() == psutil.STATUS_ZOMBIE
                    if dead and self._is_adopted(process, first):
                        os.waitpid(process.pid, os.WNOHANG)

    @staticmethod
    def _is_adopted(process: psutil.Process, first: int) -> bool:
        """Whether nobody else waits for a dead child: it was born to another process.

        One that nobody has seen alive is taken for one that walls have ended, if it is
        theirs by its name and old enough.
        """
        if process.ppid() != os.getpid():
            return False
        old = time.time() - process.create_time() > 10.0
        return first != os.getpid() or (old and process.name() == "bwrap")

    def _is_ours(self, name: str) -> bool:
        """Whether it may be of this process or of a descendant, dead ones included."""
        maker = re.search(r"/(?:vlg|vlk|vislearn)-(\d+)-", name)
        if maker is not None:
            return int(maker[1]) in self.own
        return not (name.startswith("/dev/shm/") and users(name) - self.own)

    @staticmethod
    def _adopt(wanted: bool) -> None:
        """Become, or cease to be, the parent of orphaned descendants."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
