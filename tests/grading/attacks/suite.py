"""All attacks on the grader: what each hands in, and what a fair grader gives.

An attack is either an answer to question 2 (a file in `answers/`, whose docstring says
what is fair and why) in a notebook whose questions 1 and 3 are right, or a notebook
that is odd as a file (a function in `files` or `names`). `write_all` writes them into
one folder, one subfolder each, as if each were a learner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import files
import names
from forms import RIGHT_ATTENTION, Form, OwnForm, right_but
from specs import Attack, Expected

from vislearn.grading.emit import PUBLIC_SECRET, derive_seed
from vislearn.grading.journal import Record

ANSWERS = Path(__file__).parent / "answers"
_HEAD = re.compile(r'\A(?:# [a-z]+: .*\n)*"""\n([\s\S]*?)"""\n')
_ALLOWED = {"kind", "points", "ko", "en", "why", "reasons", "peers", "walls"}


@dataclass(frozen=True)
class Stage:
    """What attacks are told about the machine that they attack.

    Attributes:
        port: of a server on this machine that nobody may reach.
        lab: a copy of the lab; out: the folder of results.
    """

    port: int
    lab: Path
    out: Path

    def set(self, source: str) -> str:
        """An attack's text with this machine's names in it."""
        words = {
            "VISLEARN_PORT": str(self.port),
            "VISLEARN_LAB": str(self.lab),
            "VISLEARN_OUT": str(self.out),
            "VISLEARN_PUBLIC": json.dumps(public_answer()),
        }
        for word, text in words.items():
            source = source.replace(word, text)
        return re.sub(
            r"^( *)VISLEARN_RIGHT$",
            lambda found: re.sub("^", found[1], RIGHT_ATTENTION, flags=re.MULTILINE),
            source,
            flags=re.MULTILINE,
        )


def public_answer() -> list[list[float]]:
    """What the right answer gives for the inputs of the public seed."""
    import numpy as np

    random = np.random.default_rng(derive_seed(PUBLIC_SECRET, "q2"))
    q, k, v = (random.normal(size=(n, 4)) for n in (5, 6, 6))
    powers = np.exp(q @ k.T / 2.0)
    values = powers / powers.sum(axis=-1, keepdims=True) @ v
    return [[float(number) for number in row] for row in values]


def attacks() -> list[Attack]:
    """All of them, answers first, each kind by name."""
    listed = [_answer(path) for path in sorted(ANSWERS.glob("*.*py"))]
    return [*listed, *files.ATTACKS, *names.ATTACKS]


def _answer(path: Path) -> Attack:
    found = _HEAD.match(path.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{path}: expected a docstring that says what is fair")
    # Not YAML: a title may begin with a percent sign, and what follows is prose.
    about = dict(line.split(": ", 1) for line in found[1].splitlines())
    if unknown := sorted(set(about) - _ALLOWED):
        raise ValueError(f"{path}: unknown key {unknown[0]!r}")
    reasons = frozenset(re.findall(r"\w+", about.get("reasons", "")))
    return Attack(
        name=path.stem,
        kind=about["kind"],
        expected=(Expected("graded", float(about["points"]), reasons),),
        title={"ko": about["ko"], "en": about["en"]},
        why=about["why"],
        peers=about.get("peers", ""),
        write=partial(_write_answer, path),
        probes_walls="walls" in about,
    )


def answer_source(path: Path, stage: Stage) -> str:
    """The cell that a file in `answers/` stands for, without its docstring."""
    text = _HEAD.sub("", path.read_text(encoding="utf-8"), count=1)
    return stage.set(text.strip("\n"))


def _write_answer(source: Path, form: Form, path: Path, stage: Stage) -> None:
    notebook = form.notebook(**right_but(answer_source(source, stage)))
    path.write_text(json.dumps(notebook), encoding="utf-8")


def write_all(
    folder: Path, stage: Stage, chosen: Iterable[Attack] | None = None
) -> dict[str, tuple[Expected, ...]]:
    """Write the attacks below `folder`; returns what is expected, by subfolder."""
    form = OwnForm()
    expected = {}
    for attack in attacks() if chosen is None else chosen:
        place = folder / attack.name
        place.mkdir(parents=True)
        attack.write(form, place / "minilab.ipynb", stage)
        expected[attack.name] = attack.expected
    return expected


def of_attack(records: Iterable[Record], name: str) -> list[Record]:
    """The records of what one attack has handed in."""
    return [record for record in records if record.key.startswith(f"{name}/")]


def misgrades(
    records: Iterable[Record], expected: Mapping[str, tuple[Expected, ...]]
) -> dict[str, str]:
    """What is wrong, by attack; empty if every mark is the fair one."""
    found = {}
    listed = list(records)
    for name, wanted in expected.items():
        if text := misgrade(of_attack(listed, name), wanted):
            found[name] = text
    strangers = {record.key.partition("/")[0] for record in listed} - set(expected)
    found.update(dict.fromkeys(strangers, "nobody has handed this in"))
    return found


def misgrade(records: list[Record], wanted: tuple[Expected, ...]) -> str:
    """What is wrong with the marks of one attack, or an empty text."""
    marks = [(r.state, r.points if r.state == "graded" else None) for r in records]
    fair = [(e.state, e.points if e.state == "graded" else None) for e in wanted]
    if sorted(map(str, marks)) != sorted(map(str, fair)):
        return f"{marks}, expected {fair}: {[_reasons(r) for r in records]}"
    pairs = zip(sorted(records, key=_rank), sorted(wanted, key=_rank), strict=True)
    for record, mark in pairs:
        if mark.reasons and _reasons(record)["q2"] not in mark.reasons:
            return f"{_reasons(record)}, expected q2 to be one of {set(mark.reasons)}"
    return ""


def _rank(mark: Record | Expected) -> tuple[str, float]:
    return mark.state, mark.points or 0.0


def _reasons(record: Record) -> dict[str, str]:
    if not record.results:
        return {"file": record.reason}
    return {name: result.reason for name, result in record.results.items()}
