"""A kernel under guard: absolute deadlines, liveness, budgets, and nothing trusted.

`GuardedKernel` is nbval's `RunningKernel` with another way to start (sandbox, ipc
sockets, clean environment) and another way to listen: shell and iopub are drained
together while a cell runs, every frame is counted before it is parsed, and a kernel
that goes over a budget is killed. What comes back is data.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel

from vislearn.grading.walls import cgroups, clock, sandbox
from vislearn.grading.walls.listen import CellRun, Listener
from vislearn.grading.walls.nursery import Nursery, NurseryError

START_SECONDS = 60.0
PREFIX = "vlk-"  # of the folders of kernels; the owner's pid follows


@dataclass(frozen=True)
class KernelSettings:
    """How to start a kernel: its walls (`sandbox.WALLS`), limits, masks, variables."""

    walls: str
    limits: sandbox.Limits = field(default_factory=sandbox.Limits)
    masked_modules: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""  # where the folder of its sockets is made


_OPTIONS = (
    "--HistoryManager.enabled=False",
    "--InteractiveShell.cache_size=0",
)


closing = threading.Event()
LIVE: weakref.WeakSet[GuardedKernel] = weakref.WeakSet()


def stop_all() -> None:
    """Kill every kernel of this process, which is about to end: no other will start.

    Their sockets are left to the end of the process. They belong to the thread that
    talks to the kernels, and closing them from another one can wait for ever.
    """
    closing.set()
    for kernel in list(LIVE):
        kernel.abandon()


class KernelStartError(RuntimeError):
    """No kernel: our failure, never the learner's."""


class _OneSpec(KernelSpecManager):
    """Knows one kernel, whatever name is asked for."""

    argv: tuple[str, ...] = ()

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=list(self.argv),
            display_name="grading",
            language="python",
            # The default, a signal, would hit the sandbox and kill it.
            interrupt_mode="message",
        )


class GuardedKernel(RunningKernel):
    """One kernel process; a context manager that leaves nothing behind.

    Args:
        nursery: forks the kernel warm, if there is one.

    Raises:
        KernelStartError: if no kernel answers.
    """

    def __init__(
        self, settings: KernelSettings, nursery: Nursery | None = None
    ) -> None:
        if closing.is_set():
            raise KernelStartError("this process is about to end")
        self.settings = settings
        self.nursery = nursery if settings.walls != "user" else None
        self.group: cgroups.Group | None = None
        self.keeper = 0
        self.uid = sandbox.fresh_uid()
        # Paths of ipc sockets must stay below 108 bytes: never under a user's path.
        short = settings.folder or ("/tmp" if os.name == "posix" else None)
        self.folder = Path(
            tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=short)
        )
        LIVE.add(self)
        try:
            self._start()
        except Exception as error:
            self.stop()
            raise KernelStartError(f"the kernel did not start: {error}") from error

    def __enter__(self) -> GuardedKernel:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def run_cell(self, source: str, seconds: float) -> CellRun:
        """Run one cell within some seconds; never raises for what it does.

        They are seconds of `clock`: on a crowded machine they take longer.
        """
        if not self.is_alive():
            return CellRun(state="kernel_died")
        begin = time.monotonic()
        message = self.kc.execute(
            source, store_history=False, allow_stdin=False, stop_on_error=False
        )
        run = self._listener.listen(message, clock.now() + seconds)
        run.seconds = time.monotonic() - begin
        if run.state not in ("ok", "error", "timeout"):
            self.kill()
        return run

    def forgive(self) -> None:
        """Count the budgets anew, between two trusted answers."""
        self._listener = Listener(self)

    def kill(self) -> None:
        """End the kernel and, in the sandbox, everything that it started."""
        manager = getattr(self, "km", None)
        process = getattr(getattr(manager, "provisioner", None), "process", None)
        if process is not None:  # the manager's own way waits a tenth of a second
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait(5.0)
        # Without a pid namespace nothing else ends what it has started.
        if self.keeper and self.settings.walls == "none":
            with contextlib.suppress(OSError):
                os.killpg(self.keeper, signal.SIGKILL)
        if self.settings.walls == "user" and os.geteuid() == 0:
            sandbox.kill_all_of(self.uid)

    def stop(self) -> None:
        """Kill, close the sockets, remove the folder; may be called twice."""
        if hasattr(self, "kc"):
            with contextlib.suppress(Exception):
                self.kc.stop_channels()
        self.kill()
        if hasattr(self, "context"):
            self.context.destroy(linger=0)
        self.abandon()

    def abandon(self) -> None:
        """Kill and remove the folder; another thread may still be talking to it."""
        self.kill()
        if self.group is not None:
            self.group.remove()
        remove_folder(self.folder)

    def is_alive(self) -> bool:
        manager = getattr(self, "km", None)
        return bool(manager is not None and manager.has_kernel and manager.is_alive())

    @property
    def pid(self) -> int:
        """The process that was started: bwrap, or the kernel itself."""
        return int(getattr(self.km.provisioner, "pid", 0) or 0)

    @property
    def roots(self) -> list[int]:
        """The processes whose children the kernel's processes are."""
        return [pid for pid in (self.pid, self.keeper) if pid]

    def killed_for_memory(self) -> bool:
        """Whether a hard limit on memory has ended it."""
        return self.group is not None and self.group.killed_for_memory()

    # -- starting ---------------------------------------------------------------

    def _start(self) -> None:
        specs = _OneSpec()
        specs.argv = tuple(self._argv())
        self.context = zmq.Context()
        # A frame above this cuts the connection, values and all; one that is over the
        # budget for output must arrive, so that it is counted and named.
        budget = self.settings.limits.output_mb << 20
        self.context.setsockopt(zmq.MAXMSGSIZE, 2 * budget)
        # Drained by zmq's own thread: a flood must not make it drop the "idle".
        self.context.setsockopt(zmq.RCVHWM, 100_000)
        # A warm kernel is there sooner than zmq, by default, tries once more.
        self.context.setsockopt(zmq.RECONNECT_IVL, 5)
        self.km = KernelManager(
            kernel_spec_manager=specs,
            kernel_name="grading",
            context=self.context,
            connection_file=str(self.folder / "connection.json"),
            **self._transport(),
        )
        self.km.write_connection_file()
        if self.settings.walls != "none" and os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, self.uid, self.uid)
        if self.nursery is None:
            self._launch(subprocess.DEVNULL)
        else:
            self._launch_warm(self.nursery)
        self.kc = self.km.client(context=self.context)
        self.kc.start_channels(stdin=False, hb=False)
        self._listener = Listener(self)
        self._wait_until_ready()

    def _launch(self, output: int) -> None:
        """Start the process that the manager watches: bubblewrap, or the kernel."""
        bwrap = self.settings.walls == "bwrap"
        if bwrap:
            # bwrap itself starts with an empty environment: what it had would be
            # readable inside as /proc/1/environ.
            environment = {"PATH": "/usr/bin:/bin"}
        else:
            environment = self._environment(self.folder / "home")
        self.km.start_kernel(
            env=environment,
            cwd="/" if bwrap else str(self.folder / "home"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )

    def _launch_warm(self, nursery: Nursery) -> None:
        """Walls around a placeholder, then a kernel that joins it.

        Raises:
            NurseryError: if no kernel can join.
        """
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as pipe:
            try:
                self._launch(writing)
            finally:
                os.close(writing)
            ready, _, _ = select.select([pipe], [], [], START_SECONDS)
            if not ready or not pipe.readline():
                raise NurseryError("the walls do not stand")
        walled = self.settings.walls == "bwrap"
        inside = self.pid
        if walled:
            inside = psutil.Process(self.pid).children(recursive=True)[-1].pid
        home = Path("/home/learner") if walled else self.folder / "home"
        self.keeper = nursery.kernel(
            inside,
            self.pid,
            [*_OPTIONS, "-f", str(self.folder / "connection.json")],
            self._environment(home),
            sandbox.rlimits(self.settings.limits) if walled else {},
            self.uid if walled and os.geteuid() == 0 else None,
            self.group.files if self.group else (),
        )

    def _transport(self) -> dict[str, str]:
        if os.name != "posix":
            return {}
        return {"transport": "ipc", "ip": str(self.folder / "k")}

    def _argv(self) -> list[str]:
        """The process that the manager starts: the kernel, or what stands for it."""
        kernel = [sys.executable, "-m", "vislearn.grading.walls.inside", *_OPTIONS]
        kernel += ["-f", "{connection_file}"]
        limits, walls = self.settings.limits, self.settings.walls
        if self.nursery is not None:
            kernel = ["/bin/sh", "-c", "echo up; exec sleep 2147483647"]
        if walls != "bwrap":
            (self.folder / "home").mkdir()
            if walls == "user":
                return sandbox.command_as_user(kernel, limits, self.uid)
            if self.nursery is None:
                kernel[2] = "ipykernel_launcher"
            return kernel
        self.group = cgroups.create(limits.memory_mb << 20, limits.processes)
        walled = sandbox.command(
            kernel,
            environment=self._environment(Path("/home/learner")),
            limits=limits,
            writable=[self.folder],
            masked=sandbox.module_files(self.settings.masked_modules),
            uid=self.uid,
        )
        if self.group is None or self.nursery is not None:
            return walled
        join = "; ".join(f"echo $$ > {file}" for file in self.group.files)
        return ["/bin/sh", "-c", f'{join}; exec "$@"', "sh", *walled]

    def _environment(self, home: Path) -> dict[str, str]:
        return {**base_environment(home), **self.settings.environment}

    def _wait_until_ready(self) -> None:
        # The first "idle" is lost if it comes before the subscription to it.
        deadline, patience = clock.now() + START_SECONDS, 0.03
        while clock.now() < deadline:
            until = min(deadline, clock.now() + patience)
            request = self.kc.kernel_info()
            if self._listener.listen(request, until, True).state == "ok":
                return
            if not self.is_alive():
                raise RuntimeError("it ended at once")
            patience = min(2.0, 1.3 * patience)
        raise RuntimeError(f"no answer within {START_SECONDS:g} s")


def base_environment(home: Path = Path("/home/learner")) -> dict[str, str]:
    """The variables of every kernel; nothing of the grader's own gets in."""
    fixed = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "USER": "learner",
        "LOGNAME": "learner",
        "LANG": "C.UTF-8",
        "IPYTHONDIR": str(home / ".ipython"),
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "HF_HUB_OFFLINE": "1",
        "PIP_NO_INDEX": "1",  # `!pip install` fails at once, instead of trying on
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "VISLEARN_SCALE": os.environ.get("VISLEARN_SCALE", "cpu"),
    }
    if os.name != "posix":  # Windows finds its libraries through these
        kept = ("SYSTEMROOT", "TEMP", "TMP", "PATH")
        fixed |= {name: os.environ[name] for name in kept if name in os.environ}
    return fixed


def remove_folder(folder: Path) -> None:
    """Remove a folder that a learner's code could write to, whatever it did there.

    Depths that `shutil.rmtree` cannot follow, and folders without rights, are left to
    the system's own tools, which do not recurse in Python.
    """
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(folder)
    if folder.exists() and os.name == "posix":
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            argv = [*command, "--", str(folder)]
            subprocess.run(argv, check=False, capture_output=True)
