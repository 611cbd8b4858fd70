"""The walls around a kernel that runs a submission: bubblewrap plus rlimits.

Inside there is no network, a read-only system without the course's sources, the
interpreter with its packages, and a private /tmp and home of limited size; the
processes live in their own pid namespace, so that nothing survives the run. Modules
that contain the answer are covered by a file that refuses to be imported.

Started by root, the kernel drops to an unprivileged user after the walls stand
(limits on processes do not bind root); started by anybody else it lives in a user
namespace in which no further namespaces can be made.

What these walls are not: a virtual machine. A bug of the Linux kernel opens them, and
memory is bounded per process and by a watchdog (`kernel`), not by a cgroup.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

WALLS = ("bwrap", "user", "none")
NOBODY = 65534
FIRST_UID = 1 << 30  # beyond all ranges that systems hand out
SYSTEM = (
    "/usr",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/alternatives",
)
LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")


@dataclass(frozen=True)
class Limits:
    """What one question's kernel may use; the grader enforces what rlimits cannot."""

    memory_mb: int = 2048  # proportional set size of all its processes together
    processes: int = 256  # threads count, too
    file_mb: int = 16  # the largest file it may write
    files: int = 512  # open at once, per process
    tmp_mb: int = 128  # /tmp and home, each
    shm_mb: int = 256  # /dev/shm, for data loaders
    sockets_mb: int = 32  # the folder of its sockets
    output_mb: int = 16  # everything it prints or shows
    messages: int = 50_000
    cpu_s: int = 600

    @property
    def address_space(self) -> int:
        """Bytes of address space per process: torch reserves far more than it uses."""
        return (2 * self.memory_mb + 4096) << 20


@dataclass(frozen=True)
class Availability:
    """Whether the sandbox can be used here, and if not, why."""

    available: bool
    reason: str = ""


@functools.cache
def probe() -> Availability:
    """Start the sandbox once with a Python that prints; cached for this process."""
    if not sys.platform.startswith("linux"):
        return Availability(False, f"bubblewrap needs Linux, this is {sys.platform}")
    tools = ["bwrap", "prlimit", *(["setpriv"] if os.geteuid() == 0 else [])]
    for tool in tools:
        if shutil.which(tool) is None:
            return Availability(False, f"the program {tool} is not installed")
    code = "import ipykernel, vislearn.grading.emit; print('ready')"
    try:
        done = subprocess.run(
            command([sys.executable, "-c", code], environment={}, limits=Limits()),
            capture_output=True,
            text=True,
            timeout=60,
            env={},
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Availability(False, f"bubblewrap does not start: {error}")
    if done.returncode == 0 and done.stdout.strip() == "ready":
        return Availability(True)
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return Availability(False, f"bubblewrap does not start: {last}")


def command(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    limits: Limits,
    writable: Iterable[Path] = (),
    masked: Iterable[Path] = (),
    uid: int = NOBODY,
) -> list[str]:
    """The command line that runs `argv` inside the walls.

    Args:
        environment: all variables that the kernel gets.
        writable: folders bound read-write at their own path (the sockets).
        masked: files of modules to cover with one that refuses to be imported;
            their byte code vanishes, too.
        uid: the user that root's kernels become.
    """
    mounts = _Mounts()
    for place in SYSTEM:
        if os.path.exists(place):
            mounts.bind(Path(place))
    for place in LINKS:
        if os.path.islink(place):
            mounts.arguments += ["--symlink", os.readlink(place), place]
        elif os.path.isdir(place):
            mounts.bind(Path(place))
    mounts.arguments += ["--proc", "/proc", "--dev", "/dev"]
    mounts.tmpfs("/dev/shm", limits.shm_mb)
    mounts.tmpfs("/tmp", limits.tmp_mb)
    mounts.tmpfs("/home/learner", limits.tmp_mb)
    for folder in interpreter_folders():
        mounts.bind(folder)
    for file in masked:
        mounts.mask(file)
    for folder in writable:
        mounts.bind(folder, "--bind")
    mounts.arguments += ["--remount-ro", "/", "--remount-ro", "/dev"]
    variables = {"HOME": "/home/learner", "TMPDIR": "/tmp", **environment}
    settings = [part for item in variables.items() for part in ("--setenv", *item)]
    return [
        *_walls(),
        *mounts.arguments,
        "--clearenv",
        *settings,
        "--chdir",
        "/home/learner",
        "--",
        *_limit_command(limits),
        *_drop_command(uid),
        *argv,
    ]


def command_as_user(argv: Sequence[str], limits: Limits, uid: int) -> list[str]:
    """The command line that runs `argv` as another user, with limits and no walls."""
    return [*_limit_command(limits), *_drop_command(uid), *argv]


def prepare_user_walls(masked: Iterable[str], private: Iterable[Path]) -> None:
    """Take the masked modules and private folders away from all but root.

    This changes the installation: it is meant for a container that is thrown away.

    Raises:
        ValueError: if the grader is not root, or a module does not exist.
    """
    if os.geteuid() != 0:
        raise ValueError("walls 'user' need a grader that is root, in a container")
    for file in module_files(masked):
        file.chmod(0o600)
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            compiled.unlink()
    for folder in private:
        if folder.exists():
            folder.chmod(0o700)


def kill_all_of(uid: int) -> None:
    """Kill the processes of a user; again, as long as new ones turn up."""
    for _ in range(100):
        found = [p for p in psutil.process_iter(["uids"]) if _is_of(p, uid)]
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=0.1)


def _is_of(process: psutil.Process, uid: int) -> bool:
    uids = process.info["uids"]
    return uids is not None and uids.real == uid and process.status() != "zombie"


def _walls() -> list[str]:
    common = ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.geteuid() != 0:
        space = ["--unshare-all", "--unshare-user", "--disable-userns"]
        return [_tool("bwrap"), *space, *common]
    # As root no user namespace is made: it would map to root outside, and limits on
    # processes do not bind root. The few capabilities are for the drop itself.
    spaces = [
        f"--unshare-{name}" for name in ("pid", "net", "ipc", "uts", "cgroup-try")
    ]
    kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
    return [
        _tool("bwrap"),
        *spaces,
        *common,
        *(part for name in kept for part in ("--cap-add", name)),
    ]


def rlimits(limits: Limits) -> dict[str, int]:
    """The limits that the kernel of Linux holds for every process, by rlimit name."""
    return {
        "as": limits.address_space,
        "nproc": limits.processes,
        "fsize": limits.file_mb << 20,
        "nofile": limits.files,
        "cpu": limits.cpu_s,
        "core": 0,
    }


def fresh_uid() -> int:
    """A user id that nobody has: no two kernels of root share one.

    Else one submission could signal another's processes, and use up the number of
    processes that a user may have.
    """
    return FIRST_UID + secrets.randbelow(1 << 29)


def _limit_command(limits: Limits) -> list[str]:
    values = [f"--{name}={value}" for name, value in rlimits(limits).items()]
    return [_tool("prlimit"), *values, "--"]


def _drop_command(uid: int) -> list[str]:
    if os.geteuid() != 0:
        return []
    user = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    bare = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    return [_tool("setpriv"), *user, *bare, "--"]


def _tool(name: str) -> str:
    return shutil.which(name) or name


class _Mounts:
    """Arguments of bwrap, with every parent folder made enterable for nobody."""

    def __init__(self) -> None:
        self.arguments: list[str] = []
        self.made = {Path("/")}

    def parents(self, path: Path) -> None:
        for parent in reversed(path.parents):
            if parent not in self.made:
                self.arguments += ["--perms", "0755", "--dir", str(parent)]
                self.made.add(parent)

    def bind(self, path: Path, flag: str = "--ro-bind") -> None:
        self.parents(path)
        self.arguments += [flag, str(path), str(path)]

    def tmpfs(self, place: str, megabytes: int) -> None:
        self.parents(Path(place))
        size = str(megabytes << 20)
        self.arguments += ["--size", size, "--perms", "1777", "--tmpfs", place]

    def mask(self, file: Path) -> None:
        stub = Path(__file__).with_name("masked.py")
        self.arguments += ["--ro-bind", str(stub), str(file)]
        cache = file.parent / "__pycache__"
        if cache.is_dir():
            self.arguments += [
                "--perms",
                "0755",
                "--size",
                "4096",
                "--tmpfs",
                str(cache),
            ]


@functools.cache
def interpreter_folders() -> tuple[Path, ...]:
    """Folders that a kernel needs to read: interpreter, packages and this library.

    The library is bound by its own folder: in a checkout its neighbours are the
    labs with their solutions.
    """
    package = Path(__file__).resolve().parents[2]
    paths = sysconfig.get_paths()
    wanted = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    wanted |= {Path(paths[name]) for name in ("purelib", "platlib", "stdlib")}
    wanted |= {Path(sys.executable).parent.parent, package}
    resolved = {path for path in wanted if path.is_dir()}
    resolved |= {path.resolve() for path in resolved}
    return tuple(
        sorted(
            path
            for path in resolved
            if not str(path).startswith("/usr/")
            and path != Path("/usr")
            and not any(other in path.parents for other in resolved)
        )
    )


def module_files(names: Iterable[str]) -> list[Path]:
    """The source files of modules.

    Raises:
        ValueError: if one of them does not exist.
    """
    found = {name: module_file(name) for name in names}
    if missing := [name for name, file in found.items() if file is None]:
        raise ValueError(f"masked module {missing[0]!r} does not exist")
    return [file for file in found.values() if file is not None]


def module_file(name: str) -> Path | None:
    """The source file of a module, found without importing anything."""
    top, *rest = name.split(".")
    if top == "vislearn":
        base = Path(__file__).resolve().parents[2]
    else:
        base = Path(sysconfig.get_paths()["purelib"]) / top
    place = base.joinpath(*rest)
    for candidate in (place / "__init__.py", place.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None
