"""The instructors' tables: attacks, speed, a whole class, and a kernel's limits.

`{vl-table} attack-summary`     fair marks, unearned and lost points, by grader
`{vl-table} attacks-integrity`  every attack of one kind with what each grader gave;
                                also -availability, -honest and -file
`{vl-table} grading-speed`      seconds per submission, side by side
`{vl-table} grading-class`      a class of generated submissions, its time and memory
`{vl-table} grading-limits`     what one question's kernel may use

All but the last come from `book/grading_*.json`, which the benchmarks write; without
its file a table is an error that ends the build.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes

Rows = list[list[Any]]
ATTACKS = tuple(f"attacks-{kind}" for kind in ("integrity", "availability"))
ATTACKS += ("attacks-honest", "attacks-file")
FILES = {
    "attack-summary": "grading_attacks.json",
    **dict.fromkeys(ATTACKS, "grading_attacks.json"),
    "grading-speed": "grading_speed.json",
    "grading-class": "grading_class.json",
}
COMMANDS = {
    "grading_attacks.json": "make attacks",
    "grading_speed.json": "make bench-grading",
    "grading_class.json": "make bench-grading",
}
KINDS = (*FILES, "grading-limits")
# The keys of the reports, and what the tables call the graders.
GRADERS = {"ours": "vislearn", "nbgrader": "nbgrader", "otter": "otter-grader"}
UNEARNED, LOST = "▲", "▼"
SAME = 1e-6
SIDE_EFFECTS = ("others_ungraded", "ran_in_grader", "reached", "damaged")
WORDS_FILE = Path(__file__).with_name("grading_tables.yml")
WORDS: dict[str, dict[str, str]] = yaml.safe_load(WORDS_FILE.read_text("utf-8"))


@dataclass(frozen=True)
class Table:
    """Head and rows, a sentence about how they came about, and a list of remarks."""

    head: list[str]
    rows: Rows
    note: str = ""
    remarks: tuple[tuple[str, str], ...] = ()


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


def grading_table(kind: str, lang: str, book: Path) -> Table:
    """One of the tables (`KINDS`).

    Raises:
        ValueError: if its measurements are missing.
    """
    if kind == "grading-limits":
        return limits(lang)
    report = read_report(book, kind)
    if kind == "attack-summary":
        return attack_summary(report, lang)
    if kind in ATTACKS:
        return attacks(report, lang, kind.removeprefix("attacks-"))
    if kind == "grading-speed":
        return speed(report, lang)
    return school_class(report, lang)


def outcome(one: Mapping[str, Any], grader: str) -> str:
    """fair, unearned, lost, none (no mark at all), not refused or not tried."""
    fair, given = float(one["fair"]), one.get(grader)
    if given is None:
        return "not tried"
    if given.get("points") is None or "ungraded" in str(given.get("result")):
        return "none"
    more = float(given["points"]) - fair  # both may be means over several files
    if abs(more) < SAME:
        return "fair"
    if more < 0 and one.get("probes_walls"):
        return "not refused"
    return "unearned" if more > 0 else "lost"


def attacks(report: Mapping[str, Any], lang: str, kind: str) -> Table:
    """Every attack of a kind; what is not fair carries a sign."""
    words = WORDS[lang]
    head = [words["attack"], words["fair"], *GRADERS.values()]
    rows = [
        [
            one["title"][lang],
            _number(one["fair"]),
            *(_cell(one, name, words) for name in GRADERS),
        ]
        for one in report["attacks"]
        if one["kind"] == kind
    ]
    return Table(head, rows)


def _cell(one: Mapping[str, Any], grader: str, words: Mapping[str, str]) -> Any:
    """What one grader gave, and what it did besides."""
    found, given = outcome(one, grader), one.get(grader)
    if given is None:
        return words["not tried"]
    if found == "none":
        text = words.get(str(given.get("result")), words["none"])
    elif found == "not refused":
        text = words[found]
    else:
        sign = {"unearned": UNEARNED, "lost": LOST}.get(found, "")
        text = f"{sign} {_number(given['points'])}".strip()
    besides = [words[key] for key in SIDE_EFFECTS if given.get(key)]
    text = f"{text} ({', '.join(besides)})" if besides else text
    return text if found == "fair" and not besides else nodes.strong("", text)


def _number(points: float) -> str:
    return f"{round(points, 2):g}"


def attack_summary(report: Mapping[str, Any], lang: str) -> Table:
    """One row for each grader, and what was run how."""
    words = WORDS[lang]
    keys = ("tried", "marks", "unearned", "lost", "none", "not refused", "others")
    counted = ("fair", "unearned", "lost", "none", "not refused")
    rows: Rows = []
    for name, shown in GRADERS.items():
        found = [outcome(one, name) for one in report["attacks"]]
        given = [one.get(name) or {} for one in report["attacks"]]
        others = sum(bool(verdict.get("others_ungraded")) for verdict in given)
        counts = [found.count(key) for key in counted]
        rows.append([shown, sum(counts), *counts, others])
    settings = report["settings"]
    note = words["attack note"].format(
        about=_about(report),
        seconds=f"{settings['limit_seconds']:g}",
        gigabytes=settings["address_space_gb"],
        points=report["points"],
    )
    return Table([words["grader"], *(words[key] for key in keys)], rows, note)


def school_class(report: Mapping[str, Any], lang: str) -> Table:
    """One row for each way of grading the whole class.

    Raises:
        ValueError: if the tables of marks differ: then there is nothing to show.
    """
    if not report["tables_identical"]:
        raise ValueError("book/grading_class.json: the tables of marks differ")
    words = WORDS[lang]
    keys = ("way", "time", "each", "memory", "as expected")
    rows: Rows = []
    for name, run in report["runs"].items():
        way = words[f"run {name}"].format(
            workers=run.get("jobs") or run.get("dask_workers"),
            kills=len(run.get("kills", ())),
        )
        expected = report["files_with_the_expected_result"][name]
        rows.append(
            [
                way,
                f"{run['seconds']:.0f}",
                f"{run['seconds_per_submission']:.2f}",
                run["driver_peak_mb"],
                f"{expected} / {report['files']}",
            ]
        )
    note = words["class note"].format(
        about=_about(report),
        files=report["files"],
        students=report["students"],
        unreadable=report["unreadable_files"],
        questions=report["questions"],
    )
    return Table([words[key] for key in keys], rows, note)


def speed(report: Mapping[str, Any], lang: str) -> Table:
    """One row for each lab and grader, and how many times our seconds it takes."""
    words = WORDS[lang]
    head = [words[key] for key in ("lab", "grader", "each", "start", "ratio")]
    rows: Rows = []
    for lab in report["labs"]:
        for name, row in lab["graders"].items():
            each, start = row["seconds_per_submission"], row["start_seconds"]
            ratio = f"{row['ratio']:.1f}"
            if row["ratio_lowest"] != row["ratio_highest"]:
                ratio += f" ({row['ratio_lowest']:.1f}–{row['ratio_highest']:.1f})"
            spread = f"{each['lowest']:.2f}–{each['highest']:.2f}"
            rows.append(
                [
                    lab["lab"],
                    name,
                    f"{each['median']:.2f} ({spread})",
                    f"{max(start['median'], 0.0):.1f}",  # a difference: noise
                    ratio,
                ]
            )
    labs = [
        words["speed lab"].format(
            lab=lab["lab"],
            questions=lab["questions"],
            submissions=lab["submissions"],
            right=lab["right_submissions"],
            rounds=lab["rounds"],
        )
        for lab in report["labs"]
    ]
    note = words["speed note"].format(
        labs="; ".join(labs),
        processors=report["settings"]["processors"],
        about=_about(report),
    )
    remarks = tuple((name, about[lang]) for name, about in report["about"].items())
    return Table(head, rows, note, remarks)


def limits(lang: str) -> Table:
    """The defaults of `sandbox.Limits`, which is where they are enforced from."""
    from vislearn.grading.walls.sandbox import Limits

    words, held = WORDS[lang], Limits()
    rows: Rows = []
    for field in fields(held):
        unit = {"mb": " MB", "s": f" {words['seconds']}"}.get(
            field.name.rpartition("_")[2], ""
        )
        rows.append([words[field.name], f"{getattr(held, field.name):,}{unit}"])
    return Table([words["limit"], words["value"]], rows)


def _about(report: Mapping[str, Any]) -> str:
    """Versions and the day."""
    found: Iterable[tuple[str, str]] = report["versions"].items()
    names = {**GRADERS, "python": "Python", "kernel": "Linux"}
    listed = [f"{names.get(name, name)} {version}" for name, version in found]
    return ", ".join([*listed, report["date"]])
