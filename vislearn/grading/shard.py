"""One worker's share of a grading run: a pytest session over a chunk of notebooks.

This is the code that runs on the machines of a cluster as well as on the driver's own.
It gets everything as data (the lab as an archive, notebooks as text, the reference),
and gives every result back as a line of JSON the moment it is known; it needs no file
system in common with the driver.

A session is a process of its own. When its worker is gone, however that came about, it
ends its kernels, removes its folder and ends, too (`nbval_plugin`).
"""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from vislearn.grading.reference import PINS, library_hash, versions
from vislearn.grading.running import SETUP_SECONDS
from vislearn.grading.walls.clock import MOST
from vislearn.grading.walls.kernel import PREFIX as KERNEL_PREFIX
from vislearn.grading.walls.kernel import remove_folder

Row = Mapping[str, Any]
PREFIX = "vlg-"
# The end of standard input says that the worker is gone; pytest puts another one there.
PYTEST = (
    "import os, sys; from vislearn.grading import commands, shard; "
    "shard.worker_input = os.dup(0); commands.import_quickly(); "
    "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
)
worker_input = -1
WATCH_SECONDS = 0.1


class BatchRefusedError(ValueError):
    """The known answers got wrong marks: nobody is graded with this environment."""


@dataclass(frozen=True)
class Job:
    """What every worker needs of one run; it travels to each of them once."""

    id: str
    lab_id: str
    archive: bytes  # the lab's folder
    secret: str
    walls: str
    fingerprint: str
    environment: str
    reference: str  # expected values as JSON; no kernel ever sees them
    known: tuple[str, ...]  # notebooks of the answers that must get their marks
    known_points: Mapping[str, float]  # by "key question"
    seconds: float  # what one notebook may take at most


@dataclass
class BatchSettings:
    """What a session needs to know; read from the batch file."""

    lab_path: str
    secret: str
    walls: str
    results: str  # the file that results are appended to
    fingerprint: str
    reference: str  # a file
    folder: str  # to be removed when the worker is gone


@functools.cache
def environment_key() -> str:
    """What must be the same on driver and workers for values to be comparable."""
    return json.dumps([versions(PINS), library_hash()])


def pack(folder: Path) -> bytes:
    """A lab's folder as an archive, without caches and hidden files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder)
            if file.is_file() and not any(part[0] in "._" for part in name.parts):
                archive.write(file, name.as_posix())
    return content.getvalue()


def grade_chunk(
    job: Job, notebooks: Sequence[str], tell: Callable[[Row], None]
) -> list[Row]:
    """Grade some notebooks; every result is told at once, and all are returned.

    Raises:
        BatchRefusedError: if this worker's environment is another than the driver's, or
            if the known answers do not get their marks here.
    """
    if environment_key() != job.environment:
        raise BatchRefusedError(
            "nobody is graded: a worker has other versions of vislearn or of what it "
            "measures with than the driver; install the same on both"
        )
    with workshop() as shop:
        (shop / "labs").mkdir(mode=0o700)
        with zipfile.ZipFile(io.BytesIO(job.archive)) as archive:
            archive.extractall(shop / "labs" / job.lab_id)
        expected = shop / "reference.json"
        expected.touch(mode=0o600)
        expected.write_text(job.reference, encoding="utf-8")
        if job.walls == "user":
            shop.chmod(0o711)  # the way to the sockets
        gate = _Gate(job, shop, tell)
        first = () if gate.open else job.known
        _session(job, shop, [*first, *notebooks], gate.take)
        return gate.passed()


_KNOWN_DONE: set[str] = set()


class _Gate:
    """Lets results pass once this worker has got the known answers right.

    The first chunk of every worker begins with them: the solution must get everything,
    the untouched release nothing. Until then results are held back.
    """

    def __init__(self, job: Job, shop: Path, tell: Callable[[Row], None]) -> None:
        self.job, self.shop, self.tell = job, shop, tell
        self.open = job.id in _KNOWN_DONE
        self.missing = dict(job.known_points)
        self.rows: list[Row] = []

    def take(self, row: Row) -> None:
        """Take one result in.

        Raises:
            BatchRefusedError: if it is that of a known answer, and wrong.
        """
        name, result = f"{row['key']} {row['result']['question']}", row["result"]
        if name not in self.job.known_points:
            self.rows.append(row)
            if self.open:
                self.tell(row)
            return
        wanted = self.missing.pop(name)
        if result["state"] != "graded" or result["points"] != wanted:
            self._refuse(name, f"{result['points']:g} ({result['reason']})", wanted)
        if not self.missing:
            self.open = True
            _KNOWN_DONE.add(self.job.id)
            for held in self.rows:
                self.tell(held)

    def passed(self) -> list[Row]:
        """All results of the session.

        Raises:
            BatchRefusedError: if a known answer has none.
        """
        if not self.open:
            name, wanted = next(iter(self.missing.items()))
            self._refuse(name, "no result", wanted)
        return self.rows

    def _refuse(self, name: str, got: str, wanted: float) -> None:
        raise BatchRefusedError(
            f"nobody is graded: {name} got {got}, expected {wanted:g}. "
            f"The grading environment is at fault. {last_lines(self.shop)}"
        )


def last_lines(shop: Path) -> str:
    """What the latest session said at its end."""
    logs = sorted(shop.glob("*.log"), key=lambda file: file.stat().st_mtime)
    if not logs:
        return ""
    return "\n".join(logs[-1].read_text(errors="replace").splitlines()[-15:])


@contextmanager
def workshop() -> Iterator[Path]:
    """A private folder for a session; its name says whose it is."""
    base = "/tmp" if os.name == "posix" else None  # paths of sockets must be short
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        remove_folder(folder)


def sweep() -> None:
    """Remove what a run left whose every process was killed at once."""
    base = Path("/tmp" if os.name == "posix" else tempfile.gettempdir())
    for prefix in (PREFIX, KERNEL_PREFIX):
        for folder in base.glob(f"{prefix}*-*"):
            owner = folder.name.removeprefix(prefix).split("-")[0]
            if owner.isdigit() and not psutil.pid_exists(int(owner)):
                remove_folder(folder)


def _session(
    job: Job, shop: Path, notebooks: Sequence[str], take: Callable[[Row], None]
) -> None:
    """Write the notebooks and run one pytest process over them."""
    folder = Path(tempfile.mkdtemp(prefix="s", dir=shop))
    for number, text in enumerate(notebooks):
        (folder / f"{number:06d}.ipynb").write_text(text, encoding="utf-8")
    results = folder.with_suffix(".jsonl")
    results.touch(mode=0o600)
    settings = BatchSettings(
        lab_path=str(shop / "labs" / job.lab_id),
        secret=job.secret,
        walls=job.walls,
        results=str(results),
        fingerprint=job.fingerprint,
        reference=str(shop / "reference.json"),
        folder=str(shop),
    )
    process = _start(shop, folder, settings)
    _LIVE.add(process)
    try:
        seconds = job.seconds * len(notebooks)
        _follow(process, results, take, time.monotonic() + seconds)
    finally:
        _LIVE.discard(process)
        _let_go(process)
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_LIVE: set[subprocess.Popen[bytes]] = set()


def stop_all() -> None:
    """End every session of this process; their chunks return what they have."""
    for process in list(_LIVE):
        _let_go(process)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """An unfinished session ends, and cleans up behind itself, when it is let go."""
    if process.stdin is not None:
        process.stdin.close()


def _start(
    shop: Path, folder: Path, settings: BatchSettings
) -> subprocess.Popen[bytes]:
    batch = folder.with_suffix(".json")
    batch.touch(mode=0o600)
    batch.write_text(json.dumps(asdict(settings)), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [
        *(sys.executable, "-c", PYTEST, "-q", "--tb=line", "-p", "no:cacheprovider"),
        *("-p", "nbval.plugin", "-p", "vislearn.grading.nbval_plugin"),
        *("-c", str(folder / "pytest.ini"), "--rootdir", str(folder)),
        *("--vislearn-batch", str(batch), str(folder)),
    ]
    dropped = ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_PLUGINS")
    environment = {k: v for k, v in os.environ.items() if k not in dropped}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with folder.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # closed when this process is gone
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=shop,
            env=environment,
            start_new_session=True,
        )


def _follow(
    process: subprocess.Popen[bytes],
    results: Path,
    take: Callable[[Row], None],
    deadline: float,
) -> None:
    """Pass on every finished line of the results until the session has ended."""
    rest = b""
    with results.open("rb") as file:
        while True:
            ended = process.poll() is not None or time.monotonic() > deadline
            *lines, rest = (rest + file.read()).split(b"\n")
            for line in lines:
                take(json.loads(line))
            if ended:
                return
            time.sleep(WATCH_SECONDS)


def kernel_seconds(question_timeout: float) -> float:
    """An upper bound for one notebook, set-up and a second try included."""
    return MOST * (2 * question_timeout + 2 * SETUP_SECONDS)
