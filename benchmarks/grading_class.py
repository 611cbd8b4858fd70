"""A class of 300 graded three ways, which have to end in the same tables.

    python benchmarks/grading_class.py                  # writes book/grading_class.json

The class is generated from the lab's solution, alternatives, mutants and stub, with the
points that every file must get. It is graded with two workers on this machine, on a
Dask cluster of two workers over TCP, and by a driver that is killed at random points
and started again until it is done. Whatever differs, is lost or is left behind makes
the exit status 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "book" / "grading_class.json"
MINILAB = ROOT / "tests" / "grading" / "minilab"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "grading" / "attacks")]

from watch import Watch  # noqa: E402

from tests.grading import trial  # noqa: E402
from tests.grading.make_class import HandedIn, make_class  # noqa: E402
from vislearn.grading.lab import Lab, load_lab  # noqa: E402

WORKERS = 2
MEMORY_MB = 500


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    folder = Path(tempfile.mkdtemp(prefix="grading-class-"))
    os.environ["VISLEARN_CACHE"] = str(folder / "cache")
    os.environ["VISLEARN_SECRET_FILE"] = str(folder / "secret")
    lab = load_lab(options.lab)
    files = make_class(lab, folder / "in", options.files, options.seed)
    _say(f"{len(files)} files made")
    watch = Watch()
    try:
        runs = _grade(lab, files, folder, options)
        report = _about(lab, files, options)
        report["runs"] = {
            name: {**_settings(name), **run.figures(len(files))}
            for name, run in runs.items()
        }
        report |= _compare(runs, files)
    finally:
        subprocess.run(["rm", "-rf", "--", str(folder)], check=True)
        left = watch.left_behind()
    report["left_behind"] = _ours(left)
    problems = report.pop("problems") + _shortcomings(report, options.kills)
    for problem in problems:
        _say(f"PROBLEM: {problem}")
    _print(report)
    if not problems:
        text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
        options.out.write_text(text, encoding="utf-8")
    return 1 if problems else 0


def _ours(left: dict[str, set[str]]) -> dict[str, list[str]]:
    """Without the folders of attack suites that run at the same time."""
    found = {
        kind: sorted(name for name in names if "/vl-attacks-" not in name)
        for kind, names in left.items()
    }
    return {kind: names for kind, names in found.items() if names}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lab", type=Path, default=MINILAB)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _grade(
    lab: Lab, files: Sequence[HandedIn], folder: Path, options: argparse.Namespace
) -> dict[str, trial.Run]:
    handed_in, jobs = folder / "in", ("--jobs", str(WORKERS))
    runs = {"jobs": trial.grade_once(lab.path, handed_in, folder / "jobs", *jobs)}
    _say(f"jobs: {runs['jobs'].seconds:.0f} s")
    with trial.dask_cluster(folder / "dask", WORKERS) as address:
        runs["cluster"] = trial.grade_once(
            lab.path, handed_in, folder / "cluster", "--scheduler", address
        )
    _say(f"cluster: {runs['cluster'].seconds:.0f} s")
    runs["killed"] = trial.grade_with_kills(
        *(lab.path, handed_in, folder / "killed", *jobs),
        questions=sum(len(one.points) for one in files),
        kills=options.kills,
        dice=random.Random(options.seed),
        say=_say,
    )
    _say(f"killed: {runs['killed'].seconds:.0f} s")
    return runs


def _settings(name: str) -> dict[str, Any]:
    if name == "cluster":
        return {"dask_workers": WORKERS, "threads_per_worker": 1, "protocol": "tcp"}
    return {"jobs": WORKERS}


def _about(
    lab: Lab, files: Sequence[HandedIn], options: argparse.Namespace
) -> dict[str, Any]:
    graded = [one for one in files if one.state == "graded"]
    return {
        "date": time.strftime("%Y-%m-%d"),
        "versions": {
            **{name: version(name) for name in ("vislearn", "distributed", "nbval")},
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
        "lab": lab.id,
        "walls": "bwrap",
        "seed": options.seed,
        "files": len(files),
        "students": len({one.student for one in files}),
        "unreadable_files": len(files) - len(graded),
        "questions": sum(len(one.points) for one in files),
        "max_points": lab.points,
        "mean_points": round(sum(one.total for one in graded) / len(graded), 2),
    }


def _compare(runs: dict[str, trial.Run], files: Sequence[HandedIn]) -> dict[str, Any]:
    """The tables of all runs against each other, and all records against the class."""
    digests: dict[str, dict[str, str]] = {
        table: {
            name: hashlib.sha256((run.out / table).read_bytes()).hexdigest()
            for name, run in runs.items()
        }
        for table in trial.TABLES
    }
    wrong = {name: trial.differences(run.out, files) for name, run in runs.items()}
    problems = [f"{name}: {line}" for name in wrong for line in wrong[name]]
    problems += runs["killed"].problems
    return {
        "tables": digests,
        "tables_identical": all(len(set(d.values())) == 1 for d in digests.values()),
        "files_with_the_expected_result": {
            name: len(files) - len(lines) for name, lines in wrong.items()
        },
        "driver_peak_mb": max(round(run.memory.driver_mb) for run in runs.values()),
        "problems": problems,
    }


def _shortcomings(report: dict[str, Any], kills: int) -> list[str]:
    found = []
    if len(done := report["runs"]["killed"].get("kills", [])) != kills:
        found.append(f"{len(done)} kills, expected {kills}")
    if not report["tables_identical"]:
        found.append(f"the tables differ: {report['tables']}")
    if report["driver_peak_mb"] >= MEMORY_MB:
        found.append(f"the driver took {report['driver_peak_mb']} MB")
    if report["left_behind"]:
        found.append(f"left behind: {report['left_behind']}")
    return found


def _print(report: dict[str, Any]) -> None:
    print(
        f"{report['lab']}: {report['files']} files of {report['students']} learners, "
        f"{report['unreadable_files']} unreadable, {report['questions']} questions"
    )
    for name, run in report["runs"].items():
        print(
            f"{name:8} {run['seconds']:7.1f} s, {run['seconds_per_submission']:.3f} s "
            f"per submission; driver at most {run['driver_peak_mb']} MB; "
            f"{report['files_with_the_expected_result'][name]} files as expected"
        )
    killed = report["runs"]["killed"]
    kills = [kill["results_before"] for kill in killed.get("kills", [])]
    print(f"killed with so many results in the journal: {kills}")
    print(f"identical tables: {'yes' if report['tables_identical'] else 'NO'}")


if __name__ == "__main__":
    sys.exit(main())
