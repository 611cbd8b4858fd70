"""The attack suite against this grader, nbgrader and otter-grader: the measured table.

    make attacks            # or: python benchmarks/grading_peers.py

measures everything and writes `book/grading_attacks.json`. Every row is kept as soon as
it is known (in grading_attacks.part), so an interrupted run continues where it stopped.
With a complete table, `--again NAME …` measures some rows anew, `--keep` only what is
new in the suite, and `--ours-only` our own column.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "grading"
OUT = ROOT / "book" / "grading_attacks.json"
sys.path[:0] = [str(TESTS / "attacks"), str(TESTS / "peers")]

import guard  # noqa: E402
import peer_graders  # noqa: E402
import rehearsal  # noqa: E402
import suite  # noqa: E402
from specs import Attack  # noqa: E402

from vislearn.grading.journal import Record  # noqa: E402

Row = dict[str, Any]
PEERS = {"nbgrader": peer_graders.NbGrader, "otter": peer_graders.Otter}


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    attacks = suite.attacks()
    part = options.out.with_suffix(".part")
    keep = options.keep or options.again or options.ours_only
    known = _known(part) or (_known(options.out) if keep else [])
    rows = {row["id"]: row for row in known}
    for name in options.again:
        for tool in (*PEERS, "ours"):
            rows.get(name, {}).pop(tool, None)
    rows = {a.name: {**rows.get(a.name, {}), **_about(a)} for a in attacks}
    folder = Path(tempfile.mkdtemp(prefix="grading-peers-"))
    try:
        if not options.ours_only:
            _measure_peers(attacks, rows, folder, part)
        _measure_ours(attacks, rows, folder, options.jobs, everything=options.ours_only)
    finally:
        _write(part, rows)
        rehearsal.remove(folder)
    _write(options.out, rows)
    part.unlink()
    return _summary(rows)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--again", nargs="*", default=[], help="rows to measure anew")
    parser.add_argument("--keep", action="store_true", help="rows that are there")
    parser.add_argument("--ours-only", action="store_true", help="leave the peers")
    parser.add_argument("--jobs", type=int, default=2, help="of our own grader")
    return parser.parse_args(arguments)


def _known(file: Path) -> list[Row]:
    if not file.is_file():
        return []
    return list(json.loads(file.read_text(encoding="utf-8"))["attacks"])


def _about(attack: Attack) -> Row:
    """What is known about an attack before anything is measured."""
    return {
        "id": attack.name,
        "kind": attack.kind,
        "title": dict(attack.title),
        "why": attack.why,
        "fair": attack.points / len(attack.expected),
        "not_tried": attack.peers,
        "probes_walls": attack.probes_walls,
    }


def _measure_peers(
    attacks: Iterable[Attack], rows: dict[str, Row], folder: Path, part: Path
) -> None:
    """Both tools at the same time, each in its own folder and behind its own guard."""
    peers = {tool: make(folder) for tool, make in PEERS.items()}
    for peer in peers.values():
        peer.prepare()
    kept = threading.Lock()

    def measure(tool: str) -> None:
        peer = peers[tool]
        stage = suite.Stage(guard.PORT, Path(peer.lab), Path(peer.out))
        for attack in attacks:
            if attack.peers or tool in rows[attack.name]:
                continue
            verdict = peer.grade(partial(_hand_in, attack, stage)).to_json()
            with kept:
                rows[attack.name][tool] = verdict
                _write(part, rows)
            print(f"{tool}: {attack.name}: {verdict}", flush=True)

    with ThreadPoolExecutor(len(peers)) as pool:
        for done in [pool.submit(measure, tool) for tool in peers]:
            done.result()


def _hand_in(attack: Attack, stage: suite.Stage, form: Any, path: Path) -> None:
    attack.write(form, path, stage)


def _measure_ours(
    attacks: Iterable[Attack],
    rows: dict[str, Row],
    folder: Path,
    jobs: int,
    everything: bool,
) -> None:
    """One grading run over what has no row yet, or over everything."""
    missing = [a for a in attacks if everything or "ours" not in rows[a.name]]
    if not missing:
        return
    run = rehearsal.rehearse(folder / "ours", jobs=jobs, chosen=missing)
    for attack in missing:
        records = suite.of_attack(run.records, attack.name)
        rows[attack.name]["ours"] = {"result": _state(records), **_points(records)}
    for name, text in run.problems().items():
        print(f"ours: {name}: {text}", flush=True)


def _state(records: list[Record]) -> str:
    """graded, unreadable, ungraded: of all files together."""
    return ", ".join(sorted({record.state for record in records})) or "no result"


def _points(records: list[Record]) -> Row:
    """Points of ten, on average over the files of an attack."""
    if not records:
        return {"points": None}
    return {"points": sum(record.points or 0.0 for record in records) / len(records)}


def _write(file: Path, rows: dict[str, Row]) -> None:
    """All rows and how they came about, in one piece."""
    content = {
        "date": time.strftime("%Y-%m-%d"),
        "points": 10,
        "versions": {
            "vislearn": version("vislearn"),
            "nbgrader": version("nbgrader"),
            "otter": version("otter-grader"),
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
        "settings": {
            "limit_seconds": guard.LIMIT_SECONDS,
            "address_space_gb": guard.ADDRESS_SPACE >> 30,
            "nbgrader": "nbgrader autograde, as installed",
            "otter": "otter run, as installed, without a container",
        },
        "attacks": list(rows.values()),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    fresh = file.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _summary(rows: dict[str, Row]) -> int:
    """One line per tool; the exit status says whether ours is always fair."""
    for tool in ("ours", *PEERS):
        measured = [row for row in rows.values() if tool in row]
        marks = [(row["fair"], row[tool]["points"]) for row in measured]
        unearned = sum(points is not None and points > fair for fair, points in marks)
        lost = sum(points is not None and points < fair for fair, points in marks)
        none = sum(points is None for _, points in marks)
        print(
            f"{tool}: {len(marks)} attacks, {unearned} with unearned points, "
            f"{lost} with lost points, {none} without a result"
        )
    return int(any(row["ours"]["points"] != row["fair"] for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
