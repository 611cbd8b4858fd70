"""A lab: what lab.yml promises, what lab.md contains, and that the two agree.

`load_lab` refuses a lab with every reason at once, each naming file and place. What
can only be seen by running the lab (guessable checks, mutants that survive) is
refused by `reference` and `selftest`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vislearn.grading.checks.lab_checks import (
    LANGUAGES,
    Check,
    Problems,
    both_languages,
    check_predicates,
    read_checks,
)
from vislearn.grading.labcells import LabCell, read_lab_cells
from vislearn.grading.people.rubric import RubricItem, rubric_of
from vislearn.grading.walls import sandbox

MIN_MUTANTS = 5

_LAB_KEYS: dict[str, Any] = {
    "id": str,
    "title": dict,
    "minutes": (int, float),
    "time_budget_s": (int, float),
    "memory_budget_mb": int,
    "question_timeout_s": (int, float),
    "masked_modules": list,
    "forbidden_calls": list,
    "questions": dict,
    "rubric": object,  # what a person marks; read by `rubric`
}
_QUESTION_KEYS = {"title", "minutes", "difficulty", "needs", "needs_from", "checks"}


@dataclass(frozen=True)
class Question:
    """One question: its checks and the cells that ask, answer and measure it.

    `needs_from` says whose answers to the needed questions it is graded with: the
    learner's own, or the lab's (then an earlier mistake costs nothing here). `cases`
    call the answer on small public inputs.
    """

    id: str
    title: Mapping[str, str]
    minutes: float
    difficulty: int
    needs: tuple[str, ...]
    checks: tuple[Check, ...]
    solution: tuple[str, ...]
    stub: tuple[str, ...]
    probes: tuple[str, ...]
    public_probes: tuple[str, ...]
    visible: tuple[str, ...]
    cell_ids: tuple[str, ...]
    cases: tuple[str, ...] = ()
    needs_from: str = "learner"

    @property
    def points(self) -> float:
        return sum(check.points for check in self.checks)


@dataclass(frozen=True)
class Variant:
    """A mutant (with messages) or an alternative right solution (without).

    `recognise` ("module:function") names a predicate over the emitted values of the
    question by check, for mutants of stochastic answers, which no value identifies.
    """

    name: str
    question: str
    source: str
    messages: Mapping[str, str] = field(default_factory=dict)
    recognise: str = ""


@dataclass(frozen=True)
class Lab:
    """A lab as loaded from its folder; nothing in it has been run yet."""

    id: str
    path: Path
    title: Mapping[str, str]
    minutes: float
    time_budget_s: float
    memory_budget_mb: int
    question_timeout_s: float
    masked_modules: tuple[str, ...]
    forbidden_calls: tuple[str, ...]
    setup: tuple[str, ...]
    questions: Mapping[str, Question]
    mutants: tuple[Variant, ...]
    alternatives: tuple[Variant, ...]
    release_ids: frozenset[str]
    rubric: tuple[RubricItem, ...] = ()

    @property
    def points(self) -> float:
        """What the grader itself gives; a person's marks come on top."""
        return sum(question.points for question in self.questions.values())

    def closure(self, question: str) -> tuple[str, ...]:
        """The questions whose cells run before `question`, in the lab's order."""
        wanted = set(self.questions[question].needs)
        for name in reversed(list(self.questions)):
            if name in wanted:
                wanted |= set(self.questions[name].needs)
        return tuple(name for name in self.questions if name in wanted)

    def mutants_of(self, question: str) -> tuple[Variant, ...]:
        return tuple(m for m in self.mutants if m.question == question)


def load_lab(path: str | Path) -> Lab:
    """Read and check a lab folder (lab.yml, lab.md, mutants/, alternatives/).

    Raises:
        FileNotFoundError: if the folder has no lab.yml or lab.md.
        ValueError: with one line per problem, each naming file and place.
    """
    path = Path(path).resolve()
    for name in ("lab.yml", "lab.md"):
        if not (path / name).is_file():
            raise FileNotFoundError(f"{path / name} is missing; a lab needs it")
    problems = Problems()
    raw = _read_yaml(path / "lab.yml", problems)
    _check_top(raw, path, problems)
    cells = read_lab_cells(path / "lab.md", problems)
    questions = _questions(raw, cells, problems)
    mutants = _variants(path / "mutants", questions, True, problems)
    alternatives = _variants(path / "alternatives", questions, False, problems)
    rubric = rubric_of(raw.get("rubric"), problems)
    check_predicates(path, _named(questions, mutants), problems)
    if problems:
        raise ValueError(f"lab {path.name} is refused:\n- " + "\n- ".join(problems))
    return Lab(
        id=raw["id"],
        path=path,
        title=raw["title"],
        minutes=float(raw.get("minutes", 60)),
        time_budget_s=float(raw.get("time_budget_s", 90)),
        memory_budget_mb=int(raw.get("memory_budget_mb", 2048)),
        question_timeout_s=float(raw.get("question_timeout_s", 30)),
        masked_modules=tuple(raw.get("masked_modules") or ()),
        forbidden_calls=tuple(raw.get("forbidden_calls") or ()),
        setup=tuple(cell.source for cell in cells if cell.role == "setup"),
        questions=questions,
        mutants=mutants,
        alternatives=alternatives,
        release_ids=frozenset(["start", *(cell.id for cell in cells)]),
        rubric=rubric,
    )


def _named(
    questions: Mapping[str, Question], mutants: tuple[Variant, ...]
) -> Iterator[tuple[str, str]]:
    """Where which predicate is named."""
    for question in questions.values():
        for check in question.checks:
            yield f"lab.yml: {question.id}.{check.name}", check.predicate
    for mutant in mutants:
        yield f"mutants/{mutant.name}.py: recognise", mutant.recognise


def _read_yaml(path: Path, problems: Problems) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        problems.append(f"{path.name}: not YAML ({' '.join(str(error).split())})")
        return {}
    if problems.need(isinstance(raw, dict), f"{path.name}: expected a mapping"):
        return raw
    return {}


def _check_top(raw: dict[str, Any], path: Path, problems: Problems) -> None:
    for key in sorted(set(raw) - set(_LAB_KEYS)):
        problems.append(f"lab.yml: unknown key {key!r}")
    for key, kind in _LAB_KEYS.items():
        if key in raw and raw[key] is not None and not isinstance(raw[key], kind):
            problems.append(f"lab.yml: {key} is {raw[key]!r}, another type is expected")
    problems.need(
        raw.get("id") == path.name,
        f"lab.yml: id is {raw.get('id')!r}, expected the folder's name {path.name!r}",
    )
    both_languages(raw.get("title"), "lab.yml: title", problems)
    problems.need(raw.get("questions"), "lab.yml: questions are missing")
    for name in raw.get("masked_modules") or ():
        known = sandbox.module_file(str(name))
        problems.need(known, f"lab.yml: masked module {name!r} does not exist")


def _questions(
    raw: dict[str, Any], cells: list[LabCell], problems: Problems
) -> dict[str, Question]:
    declared = raw.get("questions")
    declared = declared if isinstance(declared, dict) else {}
    for cell in cells:
        if cell.question and cell.question not in declared:
            problems.append(
                f"{cell.place}: question {cell.question!r} is not in lab.yml"
            )
    problems.need(
        any(cell.role == "setup" for cell in cells), "lab.md: no cell with role setup"
    )
    questions: dict[str, Question] = {}
    for name, content in declared.items():
        if not isinstance(content, dict):
            problems.append(f"lab.yml: {name}: expected a mapping")
            continue
        mine = [cell for cell in cells if cell.question == name]
        questions[str(name)] = _question(str(name), content, mine, questions, problems)
    return questions


def _question(
    name: str,
    content: dict[str, Any],
    cells: list[LabCell],
    earlier: Mapping[str, Question],
    problems: Problems,
) -> Question:
    place = f"lab.yml: {name}"
    for key in sorted(set(content) - _QUESTION_KEYS):
        problems.append(f"{place}: unknown key {key!r}")
    problems.need(
        name.replace("_", "").replace("-", "").isascii() and name.isprintable(),
        f"{place}: the id may hold letters, digits, - and _ only",
    )
    both_languages(content.get("title"), f"{place}: title", problems)
    needs, needs_from = _needs(content, earlier, place, problems)
    difficulty = content.get("difficulty", 1)
    problems.need(difficulty in (1, 2, 3, 4, 5), f"{place}: difficulty is not 1..5")
    solution = [cell for cell in cells if cell.role == "solution"]
    probes = [cell for cell in cells if cell.role == "probe"]
    problems.need(solution, f"lab.md: {name} has no cell with role solution")
    problems.need(probes, f"lab.md: {name} has no cell with role probe")
    return Question(
        id=name,
        title=content.get("title") or {},
        minutes=float(content.get("minutes", 0) or 0),
        difficulty=int(difficulty) if isinstance(difficulty, int) else 1,
        needs=needs,
        checks=read_checks(content.get("checks"), place, problems),
        solution=tuple(cell.source for cell in solution),
        stub=tuple(cell.stub for cell in solution),
        probes=tuple(cell.source for cell in probes if cell.audience != "learner"),
        public_probes=tuple(c.source for c in probes if c.audience != "grader"),
        visible=tuple(cell.source for cell in cells if cell.role == "visible"),
        cell_ids=tuple(cell.id for cell in solution),
        cases=tuple(cell.source for cell in cells if cell.role == "cases"),
        needs_from=needs_from,
    )


def _needs(
    content: dict[str, Any],
    earlier: Mapping[str, Question],
    place: str,
    problems: Problems,
) -> tuple[tuple[str, ...], str]:
    """The questions that one builds on, and whose answers to them it gets."""
    needs = tuple(content.get("needs") or ())
    for need in needs:
        problems.need(
            need in earlier, f"{place}: needs {need!r}, which is no earlier question"
        )
    needs_from = str(content.get("needs_from", "learner"))
    problems.need(
        needs_from in ("learner", "reference"),
        f"{place}: needs_from is {needs_from!r}, expected learner or reference",
    )
    return needs, needs_from


def _variants(
    folder: Path,
    questions: Mapping[str, Question],
    with_messages: bool,
    problems: Problems,
) -> tuple[Variant, ...]:
    variants = []
    for file in sorted(folder.glob("*.py")):
        place = f"{folder.name}/{file.name}"
        source = file.read_text(encoding="utf-8")
        try:
            header = yaml.safe_load(ast.get_docstring(ast.parse(source)) or "")
        except (SyntaxError, yaml.YAMLError) as error:
            problems.append(f"{place}: {' '.join(str(error).split())}")
            continue
        if not isinstance(header, dict):
            problems.append(f"{place}: the docstring is not YAML with `question: ...`")
            continue
        question = str(header.get("question"))
        problems.need(
            question in questions, f"{place}: question {question!r} is not in lab.yml"
        )
        if with_messages:
            both_languages(header, place, problems)
        messages = {k: str(header[k]) for k in LANGUAGES if header.get(k)}
        recognise = str(header.get("recognise") or "")
        variants.append(Variant(file.stem, question, source, messages, recognise))
    return tuple(variants)


__all__ = [
    "LANGUAGES",
    "MIN_MUTANTS",
    "Check",
    "Lab",
    "Question",
    "Variant",
    "load_lab",
]
