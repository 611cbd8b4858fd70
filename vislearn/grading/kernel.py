"""A kernel under guard: absolute deadlines, liveness, budgets, and nothing trusted.

`GuardedKernel` is nbval's `RunningKernel` with another way to start (sandbox, ipc
sockets, clean environment) and another way to listen: shell and iopub are drained
together while a cell runs, every frame is counted before it is parsed, and a kernel
that goes over a budget is killed. What comes back is data.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel

from vislearn.grading import sandbox
from vislearn.grading.listen import CellRun, Listener

MAX_FRAME = 8 << 20  # bytes of one message
START_SECONDS = 60.0


@dataclass(frozen=True)
class KernelSettings:
    """How to start a kernel: walls or not, limits, masks, variables."""

    sandboxed: bool
    limits: sandbox.Limits = field(default_factory=sandbox.Limits)
    masked_modules: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


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

    Raises:
        KernelStartError: if no kernel answers.
    """

    def __init__(self, settings: KernelSettings) -> None:
        self.settings = settings
        # Paths of ipc sockets must stay below 108 bytes: never under a user's path.
        short = "/tmp" if os.name == "posix" else None
        self.folder = Path(tempfile.mkdtemp(prefix="vl", dir=short))
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
        """Run one cell within an absolute time; never raises for what it does."""
        if not self.is_alive():
            return CellRun(state="kernel_died")
        begin = time.monotonic()
        message = self.kc.execute(
            source, store_history=False, allow_stdin=False, stop_on_error=False
        )
        run = self._listener.listen(message, begin + seconds)
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
        if manager is not None and manager.provisioner is not None:
            with contextlib.suppress(Exception):
                manager.shutdown_kernel(now=True)

    def stop(self) -> None:
        """Kill, close the sockets, remove the folder; may be called twice."""
        if hasattr(self, "kc"):
            with contextlib.suppress(Exception):
                self.kc.stop_channels()
        self.kill()
        if hasattr(self, "context"):
            self.context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_alive(self) -> bool:
        manager = getattr(self, "km", None)
        return bool(manager is not None and manager.has_kernel and manager.is_alive())

    @property
    def pid(self) -> int:
        """The process that was started: bwrap, or the kernel itself."""
        return int(getattr(self.km.provisioner, "pid", 0) or 0)

    # -- starting ---------------------------------------------------------------

    def _start(self) -> None:
        specs = _OneSpec()
        specs.argv = tuple(self._argv())
        self.context = zmq.Context()
        self.context.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME)
        # Drained by zmq's own thread: a flood must not make it drop the "idle".
        self.context.setsockopt(zmq.RCVHWM, 100_000)
        self.km = KernelManager(
            kernel_spec_manager=specs,
            kernel_name="grading",
            context=self.context,
            connection_file=str(self.folder / "connection.json"),
            **self._transport(),
        )
        if self.settings.sandboxed:
            # bwrap itself starts with an empty environment: what it had would be
            # readable inside as /proc/1/environ.
            environment = {"PATH": "/usr/bin:/bin"}
        else:
            environment = self._environment(self.folder / "home")
        self.km.write_connection_file()
        if self.settings.sandboxed and os.geteuid() == 0:
            for path in (self.folder, self.folder / "connection.json"):
                os.chown(path, sandbox.NOBODY, sandbox.NOBODY)
        self.km.start_kernel(
            env=environment,
            cwd="/" if self.settings.sandboxed else str(self.folder / "home"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.kc = self.km.client(context=self.context)
        self.kc.start_channels(stdin=False, hb=False)
        self._listener = Listener(self)
        self._wait_until_ready()

    def _transport(self) -> dict[str, str]:
        if os.name != "posix":
            return {}
        return {"transport": "ipc", "ip": str(self.folder / "k")}

    def _argv(self) -> list[str]:
        kernel = [
            sys.executable,
            *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
            "--HistoryManager.enabled=False",
            "--InteractiveShell.cache_size=0",
        ]
        if not self.settings.sandboxed:
            (self.folder / "home").mkdir()
            return kernel
        names = self.settings.masked_modules
        found = [(name, sandbox.module_file(name)) for name in names]
        if missing := [name for name, file in found if file is None]:
            raise ValueError(f"masked module {missing[0]!r} does not exist")
        return sandbox.command(
            kernel,
            environment=self._environment(Path("/home/learner")),
            limits=self.settings.limits,
            writable=[self.folder],
            masked=[file for _, file in found if file is not None],
        )

    def _environment(self, home: Path) -> dict[str, str]:
        """All variables of the kernel; nothing of the grader's own gets in."""
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
            "VISLEARN_SCALE": os.environ.get("VISLEARN_SCALE", "cpu"),
        }
        if os.name != "posix":  # Windows finds its libraries through these
            kept = ("SYSTEMROOT", "TEMP", "TMP", "PATH")
            fixed |= {name: os.environ[name] for name in kept if name in os.environ}
        return {**fixed, **self.settings.environment}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            patience = min(deadline, time.monotonic() + 1.0)
            if (
                self._listener.listen(self.kc.kernel_info(), patience, True).state
                == "ok"
            ):
                return
            if not self.is_alive():
                raise RuntimeError("it ended at once")
        raise RuntimeError(f"no answer within {START_SECONDS:g} s")
