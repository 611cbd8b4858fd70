"""Kernels that start warm: forked from a process that has imported what they need.

Importing torch takes longer than most answers run. So one process per grading session,
the nursery, imports the modules of a lab's set-up once, and a kernel is a fork of it
that walks into walls which bubblewrap has just built for it alone: a placeholder
(`sleep`) holds the namespaces, the fork joins them (setns), and gives up every right
before the learner's code runs.

No submission can see another: the nursery never runs code of a learner, each kernel is
a private copy of it, in mount, pid, network, ipc and uts namespaces of its own and,
where the grader is root, under a user id of its own.

The nursery's side of the conversation is `main`; the grader's is `Nursery`. One request
(a line of JSON) makes one kernel.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from vislearn.grading.walls import inside

NAMESPACES = ("cgroup", "ipc", "uts", "net", "pid", "mnt")
NS_GET_USERNS = 0xB701  # ioctl_ns(2): the user namespace that owns another one
ALWAYS = (  # what a kernel imports while it starts
    *("ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell"),
    *("ipykernel.debugger", "ipykernel.datapub", "IPython.core.completerlib"),
    *("IPython.core.oinspect", "IPython.extensions.storemagic", "matplotlib_inline"),
)
START_SECONDS = 120.0
REAP_SECONDS = 1.0


class NurseryError(RuntimeError):
    """No warm kernel: the grader starts a cold one instead."""


class Nursery:
    """The grader's handle of one nursery process.

    Args:
        modules: what to import; names that do not exist are passed over.
        forbidden: modules that must not get in (they hold the lab's answers).
        environment: all variables of the process, and so of its kernels at their start.

    Raises:
        NurseryError: if it does not start.
    """

    def __init__(
        self,
        modules: Iterable[str],
        forbidden: Iterable[str],
        environment: Mapping[str, str],
    ) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vislearn.grading.walls.nursery"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        self._socket.settimeout(START_SECONDS)
        self._lines = self._socket.makefile("rw", encoding="utf-8")
        try:
            self._ask({"modules": [*ALWAYS, *modules], "forbidden": [*forbidden]})
        except NurseryError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def kernel(
        self,
        placeholder: int,
        jailer: int,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        limits: Mapping[str, int],
        uid: int | None,
        groups: Sequence[str] = (),
    ) -> int:
        """Fork a kernel into the namespaces of `placeholder`; returns its keeper's pid.

        Args:
            placeholder: a process inside the walls.
            jailer: the process to kill when the kernel ends (bubblewrap).
            arguments: of the kernel application.
            uid: the user to become, or None in a user namespace.
            groups: files of control groups that take the kernel's pid.

        Raises:
            NurseryError: if the namespaces cannot be joined.
        """
        request = {
            "placeholder": placeholder,
            "jailer": jailer,
            "arguments": list(arguments),
            "environment": dict(environment),
            "limits": dict(limits),
            "uid": uid,
            "groups": list(groups),
        }
        return int(self._ask(request)["pid"])

    def close(self) -> None:
        """End the process; kernels die with the walls that they live in.

        Another thread may be waiting for an answer and hold the lock of the lines: it
        is woken first.
        """
        self._process.kill()
        shut = partial(self._socket.shutdown, socket.SHUT_RDWR)
        for closing in (shut, self._lines.close, self._socket.close):
            with contextlib.suppress(OSError):
                closing()
        self._process.wait()

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            self._lines.write(json.dumps(request) + "\n")
            self._lines.flush()
            answer = json.loads(self._lines.readline() or "{}")
        except (OSError, ValueError) as error:
            raise NurseryError(f"the nursery does not answer: {error}") from error
        if "pid" not in answer:
            raise NurseryError(str(answer.get("error") or "the nursery has ended"))
        return dict(answer)


def imports_of(sources: Iterable[str]) -> list[str]:
    """The modules that some cells import, submodules too."""
    found: dict[str, None] = {}
    for source in sources:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except SyntaxError:  # a magic, say: that cell runs in the kernel alone
            continue
        for node in nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name: None for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module] = None
                found |= {f"{node.module}.{alias.name}": None for alias in node.names}
    return list(found)


def open_nursery(
    sources: Iterable[str], masked: Iterable[str], environment: Mapping[str, str]
) -> Nursery | None:
    """A nursery for kernels whose set-up is `sources`; None where there can be none.

    What a masked module would come in with is left to the kernels.
    """
    if sys.platform != "linux":
        return None
    names, masked = imports_of(sources), list(masked)
    foreign = [name for name in names if name.split(".")[0] != "vislearn"]
    for modules in (names, foreign, ()):
        with contextlib.suppress(NurseryError):
            return Nursery(modules, masked, environment)
    return None


# -- inside the nursery ------------------------------------------------------------


def main() -> None:
    """Import what is asked for, then fork kernels until the grader is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are nobody's concern
    channel = socket.socket(fileno=os.dup(0))
    lines = channel.makefile("rw", encoding="utf-8")
    for line in lines:
        request = json.loads(line)
        if "modules" in request:
            answer = _import(request["modules"], set(request["forbidden"]))
        else:
            answer = _fork(request)
        lines.write(json.dumps(answer) + "\n")
        lines.flush()


def _import(modules: Sequence[str], forbidden: set[str]) -> dict[str, Any]:
    for name in modules:
        if name not in forbidden:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    if leaked := sorted(forbidden & set(sys.modules)):
        return {"error": f"{leaked[0]} came in with the modules to import"}
    gc.collect()
    gc.freeze()  # what all kernels share is not touched by their collectors
    return {"pid": os.getpid()}


def _fork(request: Mapping[str, Any]) -> dict[str, Any]:
    """Fork the keeper of one kernel, and wait until it is behind the walls."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _keep(request, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        error = pipe.read()
    return {"error": error} if error else {"pid": pid}


def _keep(request: Mapping[str, Any], report: int) -> NoReturn:
    """Join the walls, fork the kernel into them, wait for its end, take them down."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    try:
        for file in request["groups"]:
            with open(file, "w", encoding="ascii") as group:
                group.write(str(os.getpid()))
        entered_user = _enter(request["placeholder"])
        pid = os.fork()
        if pid == 0:
            _be_kernel(request, entered_user, report)
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {error}"[:500].encode())
        os._exit(1)
    os.close(report)
    os.closerange(0, 3)
    with contextlib.suppress(OSError):
        os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        os.kill(request["jailer"], signal.SIGKILL)
    os._exit(0)


def _enter(placeholder: int) -> bool:
    """Join every namespace of a process that is not ours; whether a user one was.

    Without root the walls belong to a user namespace, in which bubblewrap has made a
    second one that cannot make more. The rights to join the walls come from the first,
    so it is entered before them, and the second after them.
    """
    places = {
        name: os.open(f"/proc/{placeholder}/ns/{name}", os.O_RDONLY)
        for name in ("user", *NAMESPACES)
    }
    owner = fcntl.ioctl(places["mnt"], NS_GET_USERNS)
    mine = {name: _identity(f"/proc/self/ns/{name}") for name in places}
    entered_user = _identity(owner) != mine["user"]
    if entered_user:
        _join(owner, "user")
    for name in NAMESPACES:
        if _identity(places[name]) != mine[name]:
            _join(places[name], name)
    if entered_user and _identity(places["user"]) != _identity(owner):
        _join(places["user"], "inner user")
    return entered_user


def _identity(place: str | int) -> tuple[int, int]:
    found = os.stat(place)
    return found.st_dev, found.st_ino


def _join(handle: int, name: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot join the {name} namespace")


def _be_kernel(request: Mapping[str, Any], entered_user: bool, report: int) -> NoReturn:
    """Give up every right, then run the kernel; never returns."""
    environment = request["environment"]
    walled = entered_user or request["uid"] is not None
    os.chdir(environment.get("HOME", "/"))
    inside.set_limits(request["limits"])
    if request["uid"] is not None:
        inside.become(request["uid"])
    elif entered_user:
        inside.drop_capabilities()
    os.environ.clear()
    os.environ.update(environment)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.close(report)  # from here on the walls stand: the grader may go on
    os.closerange(3, 4096)
    try:
        inside.fresh_randomness()
        inside.run_kernel(request["arguments"], filtered=walled)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
