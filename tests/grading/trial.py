"""What a trial does to the grader: a cluster to grade on, kills, an eye on memory.

The driver is always a process of its own, `vislearn grade` as an instructor starts it.
Whoever uses this watches over what is left behind (`attacks/watch.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.grading.make_class import HandedIn
from vislearn.grading.journal import FILE
from vislearn.grading.term import open_term

TABLES = ("grades.csv", "submissions.csv")
LOOK_SECONDS, TREE_SECONDS = 0.02, 2.0
PATIENCE_SECONDS = 60.0
GRADE_SECONDS = 3600.0
OWN: set[int] = set()  # what was started here, and is waited for where it was started


@dataclass
class Memory:
    """Megabytes at most: of the driver alone, and of it with everything below it."""

    driver_mb: float = 0.0
    all_mb: float = 0.0  # stays 0 where nobody looks

    def take(self, other: Memory) -> None:
        self.driver_mb = max(self.driver_mb, other.driver_mb)
        self.all_mb = max(self.all_mb, other.all_mb)


@dataclass(frozen=True)
class Kill:
    """One kill: what it hit, and how many results were in the journal."""

    hit: str
    results_before: int


@dataclass
class Run:
    """One class graded to its end."""

    out: Path
    seconds: float
    memory: Memory
    kills: list[Kill] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def figures(self, files: int) -> dict[str, Any]:
        found: dict[str, Any] = {
            "seconds": round(self.seconds, 1),
            "seconds_per_submission": round(self.seconds / files, 3),
            "driver_peak_mb": round(self.memory.driver_mb),
        }
        if self.memory.all_mb:
            found["driver_and_children_peak_mb"] = round(self.memory.all_mb)
        if self.kills:
            found["kills"] = [asdict(kill) for kill in self.kills]
        return found


class Driver:
    """`vislearn grade` in a process group of its own, with an eye on its memory."""

    def __init__(self, lab: Path, folder: Path, out: Path, *options: str) -> None:
        out.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "vislearn.cli", "grade", str(lab), str(folder)]
        self.log = out.with_name(f"{out.name}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*words, "--out", str(out), *options],
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        OWN.add(self.process.pid)
        self.memory, self.alone = Memory(), "--scheduler" in options
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def wait(self) -> None:
        """Wait for its end.

        Raises:
            RuntimeError: if it fails, with the end of what it said.
        """
        status = self.process.wait(GRADE_SECONDS)
        self._end()
        if status != 0:
            said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"vislearn grade ended with status {status}: {said}")

    def kill(self, *, everything: bool) -> bool:
        """SIGKILL to its process group, or to that and everything below it.

        Returns:
            Whether it was still at work.
        """
        if self.process.poll() is not None:
            self._end()
            return False
        below = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGKILL)
        for process in below if everything else ():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait(PATIENCE_SECONDS)
        self._end()
        bury(below if everything else ())
        return True

    def asked(self) -> int | None:
        """How many questions it found to grade; None if it has not come that far."""
        for line in self.log.read_text(encoding="utf-8").splitlines():
            if line.endswith(" questions to grade"):
                return int(line.split(", ")[1].split()[0])
        return None

    def _end(self) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        """The driver's high-water mark often; the whole tree now and then.

        What `Watch` lets this process adopt is buried on the way: more than a thousand
        dead processes would slow down everybody who counts processes.
        """
        status, next_tree = Path(f"/proc/{self.process.pid}/status"), 0.0
        while not self.over.wait(LOOK_SECONDS):
            with contextlib.suppress(OSError):
                for line in status.read_text(encoding="ascii").splitlines():
                    if line.startswith("VmHWM:"):
                        peak = int(line.split()[1]) / 1024
                        self.memory.driver_mb = max(self.memory.driver_mb, peak)
            if time.monotonic() > next_tree:
                if not self.alone:
                    now = tree_mb(self.process.pid)
                    self.memory.all_mb = max(self.memory.all_mb, now)
                bury_orphans()
                next_tree = time.monotonic() + TREE_SECONDS


def tree_mb(pid: int) -> float:
    """Proportional set size of a process with everything below it."""
    kilobytes = 0
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
                lines = rollup.splitlines()
                found = [line for line in lines if line.startswith("Pss:")]
                kilobytes += int(found[0].split()[1]) if found else 0
    return kilobytes / 1024


def bury(killed: Sequence[psutil.Process]) -> None:
    """Take leave of killed descendants, for whom this process is to care (`Watch`).

    A dead process whose number is still taken keeps others from cleaning up after it.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    left = list(killed)
    while left and time.monotonic() < end:
        for process in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)
        left = [process for process in left if process.is_running()]
        time.sleep(0.02)


def bury_orphans() -> None:
    """The same for adopted processes that have ended by themselves."""
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if process.pid not in OWN and process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)


def results_in(out: Path) -> int:
    """How many results are in a journal, which may be in the making."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(
            sqlite3.connect(f"{(out / FILE).as_uri()}?mode=ro", uri=True)
        ) as journal,
    ):
        return int(journal.execute("select count(*) from results").fetchone()[0])
    return 0


def grade_once(lab: Path, folder: Path, out: Path, *options: str) -> Run:
    """Grade a class in one go."""
    begin = time.monotonic()
    driver = Driver(lab, folder, out, *options)
    driver.wait()
    return Run(out, time.monotonic() - begin, driver.memory)


def grade_with_kills(
    lab: Path,
    folder: Path,
    out: Path,
    *options: str,
    questions: int,
    kills: int,
    dice: random.Random,
    delay: float = 1.0,
    say: Callable[[str], None] = lambda _line: None,
) -> Run:
    """Grade a class, killed at random points and started again at once each time.

    Every other kill hits the driver's process group alone, every other one everything
    that descends from it, too.

    Args:
        questions: how many there are to grade in all.
        delay: a kill comes up to so many seconds after the drawn result.
    """
    points = sorted(dice.sample(range(questions), kills))
    run, left, begin = Run(out, 0.0, Memory()), questions, time.monotonic()
    for number, point in enumerate([*points, None]):
        driver = Driver(lab, folder, out, *options)
        if point is None:
            driver.wait()
        else:
            _wait_for_results(driver, out, point)
            time.sleep(dice.uniform(0.0, delay))
            everything = number % 2 == 1
            if driver.kill(everything=everything):
                hit = "driver and everything below" if everything else "driver"
                run.kills.append(Kill(hit, stored := results_in(out)))
                say(f"killed ({hit}) with {stored} results in the journal")
        bury_orphans()
        run.memory.take(driver.memory)
        if (asked := driver.asked()) not in (left, None):
            run.problems.append(f"{asked} questions to grade, expected {left}")
        left = questions - results_in(out)
    run.seconds = time.monotonic() - begin
    return run


def _wait_for_results(driver: Driver, out: Path, count: int) -> None:
    while results_in(out) < count and driver.process.poll() is None:
        time.sleep(0.02)


@contextlib.contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a Dask cluster over TCP, started from the command line."""
    folder.mkdir(parents=True)
    place = folder / "scheduler.json"
    common = ["--dashboard-address", "127.0.0.1:0"]
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> None:
        with (folder / f"{len(started)}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", *words, *common]
            started.append(
                subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
            )
            OWN.add(started[-1].pid)

    try:
        start(
            *("scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--scheduler-file", str(place)),
        )
        end = time.monotonic() + PATIENCE_SECONDS
        while not place.exists() and time.monotonic() < end:
            time.sleep(0.1)
        address = str(json.loads(place.read_text(encoding="utf-8"))["address"])
        for _ in range(workers):
            scratch = ("--local-directory", str(folder))
            start("worker", address, "--nthreads", "1", *scratch)
        _wait_for_workers(address, workers)
        yield address
    finally:
        for process in reversed(started):  # workers first
            process.terminate()
        for process in reversed(started):
            process.wait(PATIENCE_SECONDS)


def _wait_for_workers(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(workers, timeout=PATIENCE_SECONDS)


def differences(out: Path, files: Sequence[HandedIn]) -> list[str]:
    """What a graded folder says otherwise than it must, a line each."""
    term = open_term(out)
    found = {record.key: record for record in term.records}
    problems = []
    if len(term.records) != len(files):
        problems.append(f"{len(term.records)} records of {len(files)} files")
    for one in files:
        record = found.get(one.key)
        if record is None:
            problems.append(f"{one.key}: no record")
            continue
        points = {name: result.points for name, result in record.results.items()}
        wanted = (one.state, one.reason, dict(one.points))
        if (record.state, record.reason, points) != wanted:
            got = f"{record.state} {record.reason} {points}"
            problems.append(f"{one.key}: {got}, expected {wanted}")
    rows = sum(len(one.points) for one in files)
    if results_in(out) != rows:
        problems.append(f"{results_in(out)} results, expected {rows}")
    return problems
