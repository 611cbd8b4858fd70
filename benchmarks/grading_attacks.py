"""Grade the attack suite several times over, also in parallel; any mis-grade fails.

    python benchmarks/grading_attacks.py           # twice in a row, then two at once
    python benchmarks/grading_attacks.py --in-a-row 1 --at-once 0 --only fork_200

prints for every run how many attacks, files and questions it graded, how long it took,
how many marks were not the fair ones, and what there was on the machine before and
after: processes, files of grading runs, mounts, shared memory and control groups. Other
people's count, too, where they share the machine; "left" are those of this run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT / "tests" / "grading" / "attacks"
sys.path.insert(0, str(SUITE))

import rehearsal  # noqa: E402
import suite  # noqa: E402
from watch import Watch  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if options.one:
        print(json.dumps(_one(Path(options.one), options)))
        return 0
    rounds = [[f"run {number + 1}"] for number in range(options.in_a_row)]
    if together := range(options.at_once):
        rounds.append([f"run {len(rounds) + 1}{chr(97 + k)}" for k in together])
    watch, problems = Watch(), 0
    for names in rounds:
        if len(names) > 1:
            print(f"{' and '.join(names)} at the same time:", flush=True)
        running = [(name, _start(options)) for name in names]
        for name, process in running:
            text, _ = process.communicate()
            report = json.loads(text.splitlines()[-1]) if text.strip() else {}
            problems += _say(name, report, process.returncode)
    left = watch.left_behind()
    print(f"all runs: {_places(watch.counts(), left)}")
    problems += len(left)
    print(f"mis-grades and other problems in all: {problems}")
    return 1 if problems else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--in-a-row", type=int, default=2, help="runs one by one")
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side")
    parser.add_argument("--jobs", type=int, default=2, help="workers of each run")
    parser.add_argument("--only", nargs="*", default=[], help="names of attacks")
    parser.add_argument("--marks", action="store_true", help="print every mark, too")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _start(options: argparse.Namespace) -> subprocess.Popen[str]:
    """One run in a process of its own: its folder goes with it."""
    code = [sys.executable, __file__, "--jobs", str(options.jobs)]
    code += ["--only", *options.only] if options.only else []
    folder = tempfile.mkdtemp(prefix="attacks-")
    code += [*(["--marks"] if options.marks else []), "--one", folder]
    return subprocess.Popen(code, stdout=subprocess.PIPE, text=True)


def _say(name: str, report: dict[str, Any], status: int) -> int:
    """Print one run's report; returns how many problems there were."""
    if not report or status != 0:
        print(f"{name}: no result (exit status {status})", flush=True)
        return 1
    problems = report["problems"]
    print(
        f"{name}: {report['attacks']} attacks, {report['files']} files, "
        f"{report['questions']} questions in {report['seconds']:.1f} s: "
        f"{report['misgrades']} mis-grades, {len(problems)} problems\n"
        f"  {_places(report['counts'], report['left'])}",
        flush=True,
    )
    for kind, text in (*problems.items(), *report["marks"].items()):
        print(f"  {kind}: {text}", flush=True)
    return len(problems)


def _places(counts: dict[str, Any], left: dict[str, Any]) -> str:
    """What there was before and after, by kind."""
    return "; ".join(
        f"{kind} {before} -> {after}, left {len(left.get(kind, ()))}"
        for kind, (before, after) in counts.items()
    )


def _one(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    chosen = [a for a in suite.attacks() if not options.only or a.name in options.only]
    try:
        run = rehearsal.rehearse(folder, jobs=options.jobs, chosen=chosen)
    finally:
        rehearsal.remove(folder)
    marks = {
        record.key: f"{record.state}, {record.points or 0:g} points: "
        + ", ".join(
            f"{name} {result.points:g} {result.reason} {result.seconds:.1f} s"
            for name, result in record.results.items()
        )
        for record in run.records
    }
    return {
        "attacks": len(run.expected),
        "files": len(run.records),
        "questions": run.questions,
        "seconds": run.seconds,
        "misgrades": len(suite.misgrades(run.records, run.expected)),
        "problems": run.problems(),
        "counts": run.counts,
        "left": {kind: sorted(names) for kind, names in run.left.items()},
        "marks": marks if options.marks else {},
    }


if __name__ == "__main__":
    sys.exit(main())
