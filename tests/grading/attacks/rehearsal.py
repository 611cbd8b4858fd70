"""One grading run over all attacks, with everything that has to be watched."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import suite
from forms import MINILAB
from specs import Attack, Expected
from watch import Watch

from vislearn.grading import batch
from vislearn.grading.journal import Record
from vislearn.grading.lab import load_lab

TOKEN = "a secret of the grader"


@dataclass(frozen=True)
class Rehearsal:
    """What came of a run.

    Attributes:
        reached: whether something of an attack has come through the network.
        damage: what has happened to the lab, the results or the system.
        left: what has been left behind, by kind.
        counts: how many there were of each kind before and after.
    """

    expected: dict[str, tuple[Expected, ...]]
    records: list[Record]
    seconds: float
    questions: int
    reached: bool
    damage: list[str]
    left: dict[str, set[str]] = field(default_factory=dict)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def problems(self) -> dict[str, str]:
        """Everything that is not as it should be; empty after a good run."""
        found = suite.misgrades(self.records, self.expected)
        if self.reached:
            found["(network)"] = "a connection has come through"
        if self.damage:
            found["(damage)"] = ", ".join(self.damage)
        for kind, names in self.left.items():
            found[f"({kind})"] = f"left behind: {', '.join(sorted(names)[:5])}"
        return found


def rehearse(
    folder: Path, *, jobs: int = 2, chosen: Iterable[Attack] | None = None
) -> Rehearsal:
    """Write all attacks below `folder`, grade them, look at what has happened."""
    lab = folder / "labs" / "minilab"
    shutil.copytree(MINILAB, lab)  # some attacks try to destroy it
    before = _contents(lab)
    out, handed_in = folder / "out", folder / "in"
    with _listener() as server, _token():
        stage = suite.Stage(server.getsockname()[1], lab, out)
        expected = suite.write_all(handed_in, stage, chosen)
        watch, begin = Watch(), time.monotonic()
        outcome = batch.grade(load_lab(lab), handed_in, out, jobs=jobs)
        seconds = time.monotonic() - begin
        reached = False
        with contextlib.suppress(TimeoutError):
            server.accept()[0].close()
            reached = True
    damage = [] if _contents(lab) == before else ["the lab has changed"]
    damage += [str(p) for p in Path("/tmp").glob("vislearn-marker*")]
    damage += [str(p) for p in folder.glob("*/vislearn-*")]
    left = watch.left_behind()
    return Rehearsal(
        expected,
        outcome.records,
        seconds,
        outcome.graded_now,
        reached,
        damage,
        left,
        watch.counts(),
    )


def remove(folder: Path) -> None:
    """Remove a rehearsal's folder: deeper than Python's own function can."""
    subprocess.run(["rm", "-rf", "--", str(folder)], check=True)


@contextlib.contextmanager
def _listener() -> Iterator[socket.socket]:
    """A server that nobody behind walls may reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@contextlib.contextmanager
def _token() -> Iterator[None]:
    os.environ["GRADER_TOKEN"] = TOKEN
    try:
        yield
    finally:
        del os.environ["GRADER_TOKEN"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
