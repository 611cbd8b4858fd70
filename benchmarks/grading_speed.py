"""Seconds per submission: this grader in its sandbox, nbgrader and otter-grader.

    python benchmarks/grading_speed.py                  # writes book/grading_speed.json

The same submissions in the same labs, half of them right, on this machine in one run:
in every round each contestant grades the class once, in rotating order, so that slow
moments hit all alike, and a single submission once, which shows what starting costs.
A ratio above 1 means that `vislearn grade` with one worker is faster; starting counts
in it, and is spread over more submissions in a larger class.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "book" / "grading_speed.json"
LABS = (ROOT / "tests" / "grading" / "minilab", ROOT / "labs" / "lab01_attention")
sys.path[:0] = [str(ROOT / "tests" / "grading" / name) for name in ("attacks", "peers")]

import contest  # noqa: E402

from vislearn.grading.lab import Lab, load_lab  # noqa: E402

OURS = "vislearn"
ABOUT: dict[str, dict[str, str]] = {
    OURS: {
        "ko": "bubblewrap 격리 환경 안에서 문제마다 새 커널을 씁니다. "
        "답을 아는 노트북을 먼저 채점하는 시간, 표와 요약, 학습자별 페이지, "
        "유사도 보고서를 포함합니다.",
        "en": "A new kernel for each question in a bubblewrap sandbox. "
        "Includes grading the known answers first, the tables, the summary, "
        "a page per learner and the similarity report.",
    },
    "vislearn, 2 jobs": {
        "ko": "위와 같고, 작업자는 2개입니다.",
        "en": "The same with two workers.",
    },
    "nbgrader": {
        "ko": "설치한 그대로의 nbgrader autograde: 반 전체에 명령 하나, "
        "노트북마다 커널 하나입니다. 격리 환경은 없습니다. "
        "피드백 페이지(generate_feedback)는 포함하지 않습니다.",
        "en": "nbgrader autograde as installed: one command for the class, "
        "one kernel for each notebook, no sandbox. "
        "Feedback pages (generate_feedback) are not included.",
    },
    "otter run": {
        "ko": "설치한 그대로의 otter run: 노트북마다 명령 하나입니다. "
        "컨테이너는 없습니다. 한꺼번에 채점하는 otter grade는 Docker가 필요해서 "
        "재지 않았습니다.",
        "en": "otter run as installed: one command for each notebook, no container. "
        "otter grade, which takes a whole folder, needs Docker and was not measured.",
    },
    "otter in one process": {
        "ko": "otter-grader로 Docker 없이 여럿을 더 빨리 채점하는 길: "
        "프로세스 하나에서 otter.api.grade_submission을 되풀이해 부릅니다.",
        "en": "A faster way to grade many with otter-grader without Docker: "
        "otter.api.grade_submission, called again and again in one process.",
    },
}


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    report: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "versions": {
            **{n: version(n) for n in ("vislearn", "nbgrader", "otter-grader")},
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
        "settings": {
            "clock": "wall time",
            "processors": os.cpu_count(),
            "order": "interleaved, rotating",
            "OMP_NUM_THREADS": 1,
        },
        "about": ABOUT,
        "labs": [],
    }
    for path in options.lab or LABS:
        lab = load_lab(path)
        measured = _measure(lab, options.submissions, options.rounds)
        report["labs"].append(measured)
        _print(measured)
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    options.out.write_text(text, encoding="utf-8")
    fastest = all(
        row["ratio"] > 1
        for lab in report["labs"]
        for name, row in lab["graders"].items()
        if not name.startswith(OURS)
    )
    return 0 if fastest else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lab", type=Path, action="append", help="instead of both")
    parser.add_argument("--submissions", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(arguments)


def contestants(lab: Lab, folder: Path) -> dict[str, contest.Contestant]:
    return {
        OURS: contest.Ours(lab, folder, OURS),
        "vislearn, 2 jobs": contest.Ours(lab, folder, "vislearn-2-jobs", jobs=2),
        "nbgrader": contest.NbGrader(lab, folder, "nbgrader"),
        "otter run": contest.Otter(lab, folder, "otter-run"),
        "otter in one process": contest.OtterLoop(lab, folder, "otter-loop"),
    }


def _measure(lab: Lab, count: int, rounds: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="grading-speed-"))
    try:
        entered = contestants(lab, folder)
        answers = contest.class_of(lab, count)
        prepared = {name: one.prepare() for name, one in entered.items()}
        _round(entered, answers[:1], 0)  # caches of fonts and the like
        single: list[dict[str, float]] = []
        whole: list[dict[str, float]] = []
        for number in range(rounds):
            single.append(_round(entered, answers[:1], number))
            whole.append(_round(entered, answers, number))
            print(f"{lab.id}, round {number + 1}: {whole[-1]}", file=sys.stderr)
        points = {name: one.points() for name, one in entered.items()}
    finally:
        subprocess.run(["rm", "-rf", "--", str(folder)], check=True)
    return {
        "lab": lab.id,
        "questions": len(lab.questions),
        "submissions": count,
        "right_submissions": sum(given == answers[0] for given in answers),
        "rounds": rounds,
        "points": points,
        "graders": {
            name: {
                "once_per_lab_seconds": round(prepared[name], 1),
                **_figures(name, single, whole, count),
            }
            for name in entered
        },
    }


def _round(
    entered: Mapping[str, contest.Contestant],
    answers: Sequence[contest.Answers],
    number: int,
) -> dict[str, float]:
    """Seconds of every contestant for these submissions."""
    names, seconds = list(entered), {}
    first = number % len(names)
    for name in names[first:] + names[:first]:
        entered[name].hand_in(answers)
        begin = time.monotonic()
        entered[name].grade()
        seconds[name] = time.monotonic() - begin
    return seconds


def _figures(
    name: str,
    single: Sequence[Mapping[str, float]],
    whole: Sequence[Mapping[str, float]],
    count: int,
) -> dict[str, Any]:
    """Seconds per submission with the start, without it, and the start alone."""
    without = [
        (all_of[name] - one[name]) / (count - 1)
        for one, all_of in zip(single, whole, strict=True)
    ]
    # Pair the rounds: a slow moment then cancels out of the ratio.
    ratios = [seconds[name] / seconds[OURS] for seconds in whole]
    bare = [
        (all_of[name] - one[name]) / (all_of[OURS] - one[OURS])
        for one, all_of in zip(single, whole, strict=True)
    ]
    return {
        "seconds_per_submission": _spread([s[name] / count for s in whole]),
        "seconds_per_submission_without_start": _spread(without),
        "start_seconds": _spread(
            [one[name] - each for one, each in zip(single, without, strict=True)]
        ),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_lowest": round(min(ratios), 2),
        "ratio_highest": round(max(ratios), 2),
        "ratio_without_start": round(statistics.median(bare), 2),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    found = {
        "median": statistics.median(values),
        "lowest": min(values),
        "highest": max(values),
    }
    return {name: round(value, 3) for name, value in found.items()}


def _print(lab: Mapping[str, Any]) -> None:
    print(
        f"{lab['lab']}: {lab['submissions']} submissions, "
        f"{lab['right_submissions']} of them right, {lab['rounds']} rounds"
    )
    for name, row in lab["graders"].items():
        whole, start = row["seconds_per_submission"], row["start_seconds"]
        print(
            f"{name:21} {whole['median']:7.3f} s per submission "
            f"({whole['lowest']:.3f} to {whole['highest']:.3f}), of which start "
            f"{start['median']:5.1f} s per run; theirs / ours {row['ratio']:6.2f}, "
            f"without start {row['ratio_without_start']:6.2f}"
        )
    columns = zip(*lab["points"].values(), strict=True)
    same = sum(len(set(given)) == 1 for given in columns)
    print(f"all graders give the same points to {same} submissions")


if __name__ == "__main__":
    sys.exit(main())
