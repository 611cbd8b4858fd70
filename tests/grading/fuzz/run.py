"""Many mutated notebooks through the reader of submissions.

    python -m tests.grading.fuzz.run --cases 10000 --seed 1

A case is named by its seed and number, and can be repeated alone with `--only`. Every
lab and every seed notebook gets its turn. The exit code is 1 if anything did not hold.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.grading.fuzz.mutators import mutate
from tests.grading.fuzz.oracle import Seen, examine
from tests.grading.fuzz.seeds import load_labs, seeds
from vislearn.grading.lab import Lab


@dataclass(frozen=True)
class Case:
    """One mutated notebook."""

    number: int
    lab: Lab
    about: str
    raw: bytes


@dataclass
class Tally:
    """What was seen; `failures` holds one line for everything that did not hold."""

    states: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    failures: list[str] = field(default_factory=list)

    def add(self, case: Case, seen: Seen) -> None:
        name = seen.reason or ", ".join(("readable", *seen.notes))
        self.states[name] += 1
        self.slowest = max(self.slowest, (seen.seconds, f"{case.number} {case.about}"))


def cases(numbers: range, seed: int) -> Iterator[Case]:
    """The mutated notebooks with these numbers."""
    started: list[tuple[Lab, str, Any]] = [
        (lab, f"{lab.id} {name}", notebook)
        for lab in load_labs().values()
        for name, notebook in seeds(lab).items()
    ]
    for number in numbers:
        lab, name, notebook = started[number % len(started)]
        done, raw = mutate(notebook, random.Random(f"{seed}-{number}"))
        yield Case(number, lab, f"{name}: {done}", raw)


def fuzz(numbers: range, seed: int, folder: Path, keep: Path | None = None) -> Tally:
    """Examine the cases; files of failures are kept in `keep`."""
    tally = Tally()
    path = folder / "s1" / "case.ipynb"
    path.parent.mkdir(exist_ok=True)
    for case in cases(numbers, seed):
        if case.number % 1_000 == 999:
            print(f"{case.number + 1} …", file=sys.stderr, flush=True)
        path.write_bytes(case.raw)
        try:
            tally.add(case, examine(path, case.lab, folder))
        except Exception as error:
            text = f"{type(error).__name__}: {error}"[:300]
            tally.failures.append(f"{case.number} {case.about}: {text}")
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{case.number}.ipynb").write_bytes(case.raw)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="this case alone")
    parser.add_argument("--keep", type=Path, help="keep the files of failures here")
    given = parser.parse_args()
    numbers = range(given.cases)
    if given.only is not None:
        numbers = range(given.only, given.only + 1)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        tally = fuzz(numbers, given.seed, Path(folder), given.keep)
    for name, count in tally.states.most_common():
        print(f"{count:7}  {name}")
    for failure in tally.failures:
        print(f"FAILED  {failure}")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"slowest: {tally.slowest[0]:.2f} s, case {tally.slowest[1]}")
    print(
        f"{len(numbers)} cases, seed {given.seed}, {time.monotonic() - begin:.0f} s, "
        f"at most {megabytes} MB, {len(tally.failures)} failures"
    )
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
