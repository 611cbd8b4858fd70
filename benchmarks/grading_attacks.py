"""Grade the attack suite several times over, also in parallel; any mis-grade fails.

    python benchmarks/grading_attacks.py                   # once
    python benchmarks/grading_attacks.py --runs 2 --parallel 2

prints one line per run: marks, mis-grades, seconds, and what was left behind.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT / "tests" / "grading" / "attacks"


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if options.one:
        return _one(Path(options.one), options.jobs, options.only, options.json)
    wrong = 0
    for number in range(options.runs):
        names = [f"run {number + 1}{chr(97 + k)}" for k in range(options.parallel)]
        running = [(name, _start(options)) for name in names]
        for name, process in running:
            text, _ = process.communicate()
            report = json.loads(text.splitlines()[-1]) if text.strip() else {}
            wrong += _say(name, report, process.returncode)
    print(f"mis-grades and other problems in all: {wrong}")
    return 1 if wrong else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1, help="one after the other")
    parser.add_argument("--parallel", type=int, default=1, help="at the same time")
    parser.add_argument("--jobs", type=int, default=2, help="workers of each run")
    parser.add_argument("--only", nargs="*", default=[], help="names of attacks")
    parser.add_argument("--json", action="store_true", help="write every mark, too")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _start(options: argparse.Namespace) -> subprocess.Popen[str]:
    """One run in a process of its own: its folder goes with it."""
    code = [sys.executable, __file__, "--jobs", str(options.jobs)]
    code += ["--only", *options.only] if options.only else []
    code += ["--json"] if options.json else []
    folder = tempfile.mkdtemp(prefix="attacks-")
    return subprocess.Popen([*code, "--one", folder], stdout=subprocess.PIPE, text=True)


def _say(name: str, report: dict[str, object], status: int) -> int:
    problems = report.get("problems")
    if not isinstance(problems, dict) or status != 0:
        print(f"{name}: no result (exit status {status})", flush=True)
        return 1
    print(
        f"{name}: {report['attacks']} attacks, {report['questions']} questions in "
        f"{report['seconds']:.1f} s, {len(problems)} problems",
        flush=True,
    )
    for attack, text in problems.items():
        print(f"  {attack}: {text}", flush=True)
    for attack, marks in dict(report.get("marks") or {}).items():  # type: ignore[call-overload]
        print(f"  {attack}: {marks}", flush=True)
    return len(problems)


def _one(folder: Path, jobs: int, only: list[str], marks: bool) -> int:
    sys.path.insert(0, str(SUITE))
    import rehearsal
    import suite

    chosen = [a for a in suite.attacks() if not only or a.name in only]
    try:
        run = rehearsal.rehearse(folder, jobs=jobs, chosen=chosen)
    finally:
        rehearsal.remove(folder)
    report: dict[str, object] = {
        "attacks": len(run.expected),
        "questions": run.questions,
        "seconds": run.seconds,
        "problems": run.problems(),
    }
    if marks:
        report["marks"] = {
            record.key: {
                "points": record.points,
                "state": record.state,
                **{
                    q: f"{r.points:g} {r.reason} {r.seconds:.1f} s"
                    for q, r in record.results.items()
                },
            }
            for record in run.records
        }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
