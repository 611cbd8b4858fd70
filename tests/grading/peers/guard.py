"""The outer guard in which the peers grade: they have few walls of their own.

Hostile code may do to the peers what it likes, but not to the machine that measures:
bubblewrap with a read-only system, no network but a loopback of its own, a private copy
of the course, 6 GB of address space, files of 1 GB at most, and a time limit after
which the whole pid namespace goes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COURSE = Path("/mnt/course")  # where the copy lies inside
PORT = 47_100  # of a server on the guard's own loopback
ADDRESS_SPACE = 6 << 30
FILE_SIZE = 1 << 30
LIMIT_SECONDS = 100.0

# Opens a port, runs the command, says whether anybody has called.
INNER = """
import json, select, socket, subprocess, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
done = subprocess.run(sys.argv[3:], stdout=sys.stderr)
reached = bool(select.select([server], [], [], 0)[0])
with open(sys.argv[2], "w") as file:
    json.dump({"status": done.returncode, "reached": reached}, file)
"""


@dataclass(frozen=True)
class Guarded:
    """How a command ended.

    Attributes:
        status: its own; None if there is none.
        late: it had to be ended; otherwise, without a status, something has killed it
            and all around it.
    """

    status: int | None
    late: bool
    reached: bool
    seconds: float
    log: str


def run(
    command: Sequence[str], course: Path, seconds: float = LIMIT_SECONDS
) -> Guarded:
    """Run a command in COURSE, which is `course` outside, behind the guard."""
    report = course.parent / "report"
    report.mkdir(exist_ok=True)
    answer = report / "answer.json"
    answer.unlink(missing_ok=True)
    inner = [sys.executable, "-c", INNER, str(PORT), "/mnt/out/answer.json", *command]
    begin = time.monotonic()
    with (report / "log").open("wb") as log:
        process = subprocess.Popen(
            [*_walls(course, report), *inner],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        late = False
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            late = True
            process.kill()
            process.wait()
    spent = time.monotonic() - begin
    text = (report / "log").read_text(encoding="utf-8", errors="replace")[-4000:]
    try:
        said = json.loads(answer.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Guarded(None, late, False, spent, text)
    return Guarded(int(said["status"]), late, bool(said["reached"]), spent, text)


def _walls(course: Path, report: Path) -> list[str]:
    """bubblewrap's command line, up to the program."""
    spaces = ("pid", "net", "ipc", "uts", "cgroup-try")
    hidden = {Path.home(), Path("/home"), ROOT}
    readable = [Path(sys.prefix), Path(sys.base_prefix), ROOT / "vislearn"]
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for place in sorted(path for path in hidden if path.is_dir()):
        mounts += ["--tmpfs", str(place)]
    for place in readable:
        if not str(place).startswith("/usr"):
            mounts += ["--ro-bind", str(place), str(place)]
    mounts += ["--size", str(2 << 30), "--tmpfs", "/tmp"]
    # The root is read-only, so the folders to write to lie in a mount of their own.
    mounts += ["--tmpfs", "/mnt", "--dir", "/mnt/home"]
    mounts += ["--bind", str(course), "/mnt/course", "--bind", str(report), "/mnt/out"]
    variables = {
        "HOME": "/mnt/home",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "GRADER_TOKEN": "a secret of the grader",
        "JUPYTER_PATH": f"{sysconfig.get_path('data')}/share/jupyter",
    }
    settings = [part for item in variables.items() for part in ("--setenv", *item)]
    return [
        shutil.which("bwrap") or "bwrap",
        *(f"--unshare-{name}" for name in spaces),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *([] if os.geteuid() == 0 else ["--unshare-user"]),
        *mounts,
        *("--clearenv", *settings, "--chdir", "/mnt/course", "--"),
        shutil.which("prlimit") or "prlimit",
        f"--as={ADDRESS_SPACE}",
        f"--fsize={FILE_SIZE}",
        "--core=0",
        "--",
    ]
