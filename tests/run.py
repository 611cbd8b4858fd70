"""Everything that is tested, in the order in which it fails fastest.

`make test` and `python -m tests.run` are the same. Each stage is one command that
can be typed by hand; the runner only names it, times it and adds up what it counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "_build" / "test"
NOTEBOOKS = ROOT / "_build" / "nbval"
PYTHON = [sys.executable, "-m"]
COURSE = [*PYTHON, "vislearn.cli", "course"]
GLOBS = ["vislearn", "tests", "benchmarks", "experiments", "book/_ext"]


@dataclass(frozen=True)
class Stage:
    """One command; `junit` names the report that pytest leaves behind."""

    title: str
    command: list[str]
    junit: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> bool:
        print(f"\n== {self.title}\n   {' '.join(self.command[1:])}", flush=True)
        command = list(self.command)
        if self.junit:
            command.append(f"--junit-xml={REPORTS / self.junit}")
        environment = {**os.environ, **self.environment}
        return subprocess.call(command, cwd=ROOT, env=environment) == 0


def nbval(folder: str, jobs: int) -> list[str]:
    """Run the notebooks of one folder; one worker a notebook, one kernel each."""
    return [
        *PYTHON,
        *("pytest", "--nbval-lax", "--nbval-current-env", "-q", "-rs"),
        *("--nbval-cell-timeout=600", "-n", str(jobs), "--dist=loadfile"),
        str((NOTEBOOKS / folder).relative_to(ROOT)),
    ]


def quick_stages() -> list[Stage]:
    code = [path for path in GLOBS if (ROOT / path).exists()]
    return [
        Stage("style", [*PYTHON, "ruff", "check", "--quiet", *code]),
        Stage("format", [*PYTHON, "ruff", "format", "--check", "--quiet", *code]),
        Stage("types", [*PYTHON, "mypy", "vislearn"]),
        Stage("the two languages", [*COURSE, "check"]),
    ]


def all_stages(jobs: int, full: bool) -> list[Stage]:
    """Notebooks at smoke scale (chapters) and at cpu scale (labs), each once."""
    chapter_scale = "cpu" if full else "smoke"
    out = str(NOTEBOOKS.relative_to(ROOT))
    one_thread = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    unit = ["pytest", "-q", "-rs", "-n", str(jobs), "--dist=loadfile", "tests"]
    return [
        *quick_stages(),
        Stage("unit, parity, course, grader", [*PYTHON, *unit], "unit.xml", one_thread),
        Stage("notebooks from the sources", [*COURSE, "nbval", "--out", out]),
        Stage(
            f"chapters through nbval at {chapter_scale} scale",
            nbval("chapters", jobs),
            "chapters.xml",
            {**one_thread, "VISLEARN_SCALE": chapter_scale},
        ),
        Stage(
            "labs with their solutions through nbval",
            nbval("labs", jobs),
            "labs.xml",
            {**one_thread, "VISLEARN_SCALE": "cpu"},
        ),
        Stage("the book, warnings are errors", [*COURSE, "book", "--no-execute"]),
    ]


def count(reports: Path) -> dict[str, int]:
    """Add up the JUnit reports of this run."""
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for report in sorted(reports.glob("*.xml")):
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            total["failed"] += failed
            total["skipped"] += skipped
            total["passed"] += tests - failed - skipped
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--quick", action="store_true", help="style, types, languages")
    parser.add_argument("--full", action="store_true", help="chapters at cpu scale")
    arguments = parser.parse_args()

    REPORTS.mkdir(parents=True, exist_ok=True)
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    stages = quick_stages() if arguments.quick else None
    stages = stages or all_stages(arguments.jobs, arguments.full)

    results: list[tuple[Stage, bool, float]] = []
    for stage in stages:
        start = time.monotonic()
        passed = stage.run()
        results.append((stage, passed, time.monotonic() - start))

    print()
    for stage, passed, seconds in results:
        print(f"{'ok    ' if passed else 'FAILED'} {seconds:7.0f} s  {stage.title}")
    total = count(REPORTS)
    failed = total["failed"]
    failed += sum(not passed for stage, passed, _ in results if not stage.junit)
    minutes = sum(seconds for _, _, seconds in results) / 60
    print(f"everything took {minutes:.1f} min")
    print(f"{total['passed']} passed, {failed} failed, {total['skipped']} skipped")
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
