"""The instructors' tables: attacks, speed, a whole class, and a kernel's limits.

`{vl-table} attack-summary`  fair marks, unearned and lost points, no result, by grader
`{vl-table} attacks`         every attack with what each grader gave
`{vl-table} grading-speed`   seconds per submission, side by side
`{vl-table} grading-class`   a class of generated submissions, its time and memory
`{vl-table} grading-limits`  what one question's kernel may use

The first four come from `book/grading_*.json`, which `make attacks` and
`make bench-grading` write; without its file a table is an error that ends the build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from docutils import nodes

Rows = list[list[Any]]
FILES = {
    "attack-summary": "grading_attacks.json",
    "attacks": "grading_attacks.json",
    "grading-speed": "grading_speed.json",
    "grading-class": "grading_class.json",
}
COMMANDS = {
    "grading_attacks.json": "make attacks",
    "grading_speed.json": "make bench-grading",
    "grading_class.json": "make bench-grading",
}
KINDS = (*FILES, "grading-limits")
UNEARNED, LOST = "▲", "▼"
SIDE_EFFECTS = ("others_ungraded", "ran_in_grader", "reached", "damaged")
ORDER = ("integrity", "availability", "honest", "file")

WORDS: dict[str, dict[str, Any]] = {
    "ko": {
        "attack": "공격",
        "kind": "종류",
        "fair": "공정한 점수",
        "grader": "채점기",
        "tried": "시도",
        "marks": "공정한 점수를 준 횟수",
        "unearned": "얻지 않은 점수를 줌",
        "lost": "얻은 점수를 잃음",
        "none": "결과 없음",
        "others": "다른 사람의 점수도 잃음",
        "hang": "끝나지 않음",
        "no result": "결과 없음",
        "failed": "실패로 끝남",
        "not tried": "해당 없음",
        "integrity": "점수를 노림",
        "availability": "채점을 방해함",
        "honest": "정직하지만 특이함",
        "file": "특이한 파일",
        "others_ungraded": "다른 사람도 채점하지 못함",
        "ran_in_grader": "채점기 안에서 코드가 실행됨",
        "reached": "네트워크에 닿음",
        "damaged": "채점기의 파일이 바뀜",
        "limit": "한도",
        "value": "값",
        "memory_mb": "메모리(모든 프로세스를 합해)",
        "processes": "프로세스와 스레드의 수",
        "file_mb": "파일 하나의 크기",
        "files": "동시에 연 파일의 수",
        "tmp_mb": "`/tmp`와 홈 폴더, 각각",
        "shm_mb": "공유 메모리(`/dev/shm`)",
        "sockets_mb": "소켓 폴더",
        "output_mb": "출력",
        "messages": "메시지의 수",
        "cpu_s": "CPU 시간",
        "seconds": "초",
    },
    "en": {
        "attack": "attack",
        "kind": "kind",
        "fair": "fair points",
        "grader": "grader",
        "tried": "tried",
        "marks": "fair marks",
        "unearned": "unearned points",
        "lost": "points lost",
        "none": "no result",
        "others": "cost others their mark",
        "hang": "hangs",
        "no result": "no result",
        "failed": "ends in failure",
        "not tried": "does not apply",
        "integrity": "after points",
        "availability": "disturbs grading",
        "honest": "honest but odd",
        "file": "odd file",
        "others_ungraded": "others not graded, either",
        "ran_in_grader": "its code ran in the grader",
        "reached": "reached the network",
        "damaged": "changed the grader's files",
        "limit": "limit",
        "value": "value",
        "memory_mb": "memory (of all its processes together)",
        "processes": "processes and threads",
        "file_mb": "size of a single file",
        "files": "files open at once",
        "tmp_mb": "`/tmp` and home, each",
        "shm_mb": "shared memory (`/dev/shm`)",
        "sockets_mb": "folder of its sockets",
        "output_mb": "output",
        "messages": "messages",
        "cpu_s": "CPU time",
        "seconds": "s",
    },
}


def read_report(book: Path, kind: str) -> dict[str, Any]:
    """What was measured for a table.

    Raises:
        ValueError: if the file is missing, with the command that writes it.
    """
    name = FILES[kind]
    file = book / name
    if not file.is_file():
        raise ValueError(f"book/{name} is missing; `{COMMANDS[name]}` writes it")
    return dict(json.loads(file.read_text(encoding="utf-8")))


def outcome(fair: float, given: Mapping[str, Any] | None) -> str:
    """fair, unearned, lost, none (no mark at all) or not tried."""
    if given is None:
        return "not tried"
    if given.get("points") is None:
        return "none"
    points = float(given["points"])
    return "unearned" if points > fair else "lost" if points < fair else "fair"


def attack_rows(report: Mapping[str, Any], lang: str) -> tuple[list[str], Rows]:
    """Head and rows of every attack; what is not fair carries a sign."""
    words, graders = WORDS[lang], report["graders"]
    head = [words["attack"], words["kind"], words["fair"], *graders]
    listed = sorted(report["attacks"], key=lambda one: ORDER.index(one["kind"]))
    rows = [
        [
            one["title"][lang],
            words[one["kind"]],
            f"{one['points']:g}",
            *(_cell(one["points"], one.get(name), words) for name in graders),
        ]
        for one in listed
    ]
    return head, rows


def _cell(
    fair: float, given: Mapping[str, Any] | None, words: Mapping[str, str]
) -> Any:
    """What one grader gave, and what it did besides."""
    found = outcome(fair, given)
    if given is None:
        return words["not tried"]
    if found == "none":
        text = words.get(str(given.get("result")), words["none"])
    else:
        sign = {"unearned": UNEARNED, "lost": LOST}.get(found, "")
        text = f"{sign} {given['points']:g}".strip()
    besides = [words[key] for key in SIDE_EFFECTS if given.get(key)]
    text = f"{text} ({', '.join(besides)})" if besides else text
    return text if found == "fair" and not besides else nodes.strong("", text)


def summary_rows(report: Mapping[str, Any], lang: str) -> tuple[list[str], Rows]:
    """Head and one row for each grader."""
    words = WORDS[lang]
    keys = ("tried", "marks", "unearned", "lost", "none", "others")
    rows: Rows = []
    for name in report["graders"]:
        given = [(one["points"], one.get(name)) for one in report["attacks"]]
        found = [outcome(points, verdict) for points, verdict in given]
        others = sum(bool(v and v.get("others_ungraded")) for _, v in given)
        counts = [found.count(key) for key in ("fair", "unearned", "lost", "none")]
        rows.append([name, sum(counts), *counts, others])
    return [words["grader"], *(words[key] for key in keys)], rows


def limit_rows(lang: str) -> tuple[list[str], Rows]:
    """The defaults of `sandbox.Limits`, which is where they are enforced from."""
    from vislearn.grading.sandbox import Limits

    words, limits = WORDS[lang], Limits()
    rows: Rows = []
    for field in fields(limits):
        number = getattr(limits, field.name)
        unit = {"mb": " MB", "s": f" {words['seconds']}"}.get(
            field.name.rpartition("_")[2], ""
        )
        rows.append([words[field.name], f"{number:,}{unit}"])
    return [words["limit"], words["value"]], rows
