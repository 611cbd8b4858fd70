"""Listening to a kernel that may lie, flood, hang or die while a cell runs.

Shell and iopub are drained together. Every frame is counted before it is parsed, so
that neither volume nor depth of what a kernel sends can hurt the grader.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import zmq

from vislearn.grading.emit import MIME
from vislearn.grading.walls import clock

if TYPE_CHECKING:
    from vislearn.grading.walls.kernel import GuardedKernel

LARGE_MESSAGE = 1 << 20  # bytes
_MIME_BYTES = MIME.encode()
MAX_PAYLOADS = 256  # values kept per cell
MAX_KEPT_TEXT = 4000  # characters of printed text kept per cell
POLL_MS = 50
WATCH_SECONDS = 0.25
MAX_ENTRIES, ENTRY_BYTES = 4096, 4096  # in the folder of a kernel
GRACE_SECONDS = 2.0  # after the interrupt
LOST_IDLE_SECONDS = 5.0  # from the reply to the "idle" that should follow it

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class CellRun:
    """What one cell did.

    `state` is ok, error, timeout, kernel_died, memory_limit, disk_limit or
    output_limit.
    """

    state: str = "ok"
    error_name: str = ""
    error_text: str = ""
    values: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    seconds: float = 0.0


class _Waiting:
    """What is still missing before a cell counts as finished."""

    def __init__(self, message: str, deadline: float) -> None:
        self.message = message
        self.deadline = deadline
        self.interrupted = False
        self.idle = False
        self.replied_at = 0.0

    @property
    def finished(self) -> bool:
        if not self.replied_at:
            return False
        return self.idle or clock.now() - self.replied_at > LOST_IDLE_SECONDS


class Listener:
    """The grader's ear at one kernel; its budgets cover the kernel's whole life."""

    def __init__(self, kernel: GuardedKernel) -> None:
        self.kernel = kernel
        self.limits = kernel.settings.limits
        self.bytes = 0
        self.messages = 0
        self.next_watch = 0.0
        self.shell = kernel.kc.shell_channel.socket
        self.iopub = kernel.kc.iopub_channel.socket
        self.poller = zmq.Poller()
        self.poller.register(self.shell, zmq.POLLIN)
        self.poller.register(self.iopub, zmq.POLLIN)

    def listen(self, message: str, deadline: float, gentle: bool = False) -> CellRun:
        """Follow one request until it is done or out of time or bounds.

        Args:
            message: id of the request.
            deadline: on the clock of `clock`.
            gentle: give up at the deadline without interrupting (at start).
        """
        run, waiting = CellRun(), _Waiting(message, deadline)
        while not waiting.finished:
            left = int(1000 * (waiting.deadline - clock.now()))
            for socket, _ in self.poller.poll(max(0, min(POLL_MS, left))):
                self._drain(socket, waiting, run)
            if waiting.finished:
                break
            state = self._out_of_bounds() or self._out_of_time(waiting, gentle)
            if state:
                run.state = state
                return run
        if waiting.interrupted:
            run.state = "timeout"
        elif run.error_name:
            run.state = "error"
        return run

    def _drain(self, socket: Any, waiting: _Waiting, run: CellRun) -> None:
        """Read what is there, a hundred messages at most before the next look."""
        for _ in range(100):
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.ZMQError:
                return
            self.messages += 1
            self.bytes += sum(len(frame) for frame in frames)
            if self._flooded():
                return
            if not _worth_parsing(frames):
                continue
            try:
                session = self.kernel.kc.session
                message = session.deserialize(session.feed_identities(frames)[1])
                self._take(message, socket is self.shell, waiting, run)
            except Exception:  # unsigned, malformed or absurdly deep: just noise
                continue

    def _take(
        self, message: dict[str, Any], shell: bool, waiting: _Waiting, run: CellRun
    ) -> None:
        if message["parent_header"].get("msg_id") != waiting.message:
            return
        kind, content = message["msg_type"], message["content"]
        if shell:
            waiting.replied_at = waiting.replied_at or clock.now()
            if content.get("status") == "error":
                _note_error(run, content)
        elif kind == "status" and content["execution_state"] == "idle":
            waiting.idle = True
        elif kind == "error":
            _note_error(run, content)
        elif kind == "stream":
            if len(run.text) < MAX_KEPT_TEXT:
                run.text += str(content["text"])[:MAX_KEPT_TEXT]
        elif kind in ("display_data", "execute_result"):
            payload = content["data"].get(MIME)
            if isinstance(payload, dict) and len(run.values) < MAX_PAYLOADS:
                run.values.append(payload)

    def _flooded(self) -> bool:
        budget = self.limits.output_mb << 20
        return self.bytes > budget or self.messages > self.limits.messages

    def _out_of_time(self, waiting: _Waiting, gentle: bool) -> str:
        now = clock.now()
        if now < waiting.deadline:
            return ""
        if waiting.interrupted or gentle:
            if not gentle:
                self.kernel.kill()
            return "timeout"
        waiting.interrupted = True
        waiting.deadline = now + GRACE_SECONDS
        with contextlib.suppress(Exception):
            self.kernel.interrupt()
        return ""

    def _out_of_bounds(self) -> str:
        if self._flooded():
            return "output_limit"
        now = time.monotonic()
        if now < self.next_watch:
            return ""
        self.next_watch = now + WATCH_SECONDS
        if not self.kernel.is_alive():
            return "memory_limit" if self.kernel.killed_for_memory() else "kernel_died"
        if folder_bytes(self.kernel.folder) > self.limits.sockets_mb << 20:
            return "disk_limit"
        if process_bytes(self.kernel.roots) > self.limits.memory_mb << 20:
            return "memory_limit"
        return ""


def _worth_parsing(frames: list[bytes]) -> bool:
    """Of large messages only those that may hold a value: pictures are just counted."""
    size = sum(len(frame) for frame in frames)
    return size < LARGE_MESSAGE or any(_MIME_BYTES in frame for frame in frames)


def _note_error(run: CellRun, content: dict[str, Any]) -> None:
    if not run.error_name:
        run.error_name = str(content.get("ename") or "error")[:200]
        text = _ANSI.sub("", str(content.get("evalue") or ""))
        run.error_text = text[:2000]


def folder_bytes(folder: Path) -> int:
    """What the folder of a kernel costs: its bytes, and a page for every entry.

    Links are not followed. The walk needs no recursion and ends early: what a kernel
    has nested or strewn there must not cost the grader more than it cost the kernel.
    """
    total, entries, stack = 0, 0, [str(folder)]
    while stack and entries < MAX_ENTRIES:
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as found:
            for entry in found:
                entries += 1
                total += ENTRY_BYTES + entry.stat(follow_symlinks=False).st_size
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                if entries >= MAX_ENTRIES:
                    return MAX_ENTRIES * ENTRY_BYTES + total
    return total


def process_bytes(roots: Iterable[int]) -> int:
    """Memory of processes and their children: the proportional set size.

    Shared pages count once: a handful of forked children is not a memory bomb.
    """
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                found[process.pid] = process
    return sum(_proportional_bytes(process) for process in found.values())


def _proportional_bytes(process: psutil.Process) -> int:
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
