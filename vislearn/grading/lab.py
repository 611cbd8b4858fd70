"""A lab: what lab.yml promises, what lab.md contains, and that the two agree.

`load_lab` refuses a lab with every reason at once, each naming file and place. What
can only be seen by running the lab (guessable checks, mutants that survive) is
refused by `reference` and `selftest`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vislearn.grading import sandbox
from vislearn.grading.labcells import LabCell, read_lab_cells

LANGUAGES = ("ko", "en")
KINDS = ("values", "small", "error", "text", "predicate")
MIN_MUTANTS = 5
RTOL, ATOL = 1e-4, 1e-5

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
    "rubric": dict,  # what a person marks; carried into the notebooks by the course
}
_QUESTION_KEYS = {"title", "minutes", "difficulty", "needs", "checks"}
_CHECK_KEYS = {
    "name",
    "points",
    "kind",
    "rtol",
    "atol",
    "nan",
    "match",
    "predicate",
    "feedback",
}


@dataclass(frozen=True)
class Check:
    """One compared value of a question.

    `kind` is "values" (numbers within rtol and atol; at least eight of them, not
    guessable), "small" (the same, where the author accepts few or whole numbers),
    "error" (the call must raise), "text" or "predicate" ("module:function").
    `nan` is "never" (every number finite) or "equal" (as in the reference).
    """

    name: str
    points: float
    kind: str = "values"
    rtol: float = RTOL
    atol: float = ATOL
    nan: str = "never"
    match: str = ""
    predicate: str = ""
    feedback: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question: its checks and the cells that ask, answer and measure it."""

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

    @property
    def points(self) -> float:
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


class _Problems(list[str]):
    """Collected reasons, so that an author sees all of them in one go."""

    def need(self, condition: object, message: str) -> bool:
        if not condition:
            self.append(message)
        return bool(condition)


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
    problems = _Problems()
    raw = _read_yaml(path / "lab.yml", problems)
    _check_top(raw, path, problems)
    cells = read_lab_cells(path / "lab.md", problems)
    for name in raw.get("masked_modules") or ():
        known = sandbox.module_file(str(name))
        problems.need(known, f"lab.yml: masked module {name!r} does not exist")
    questions = _questions(raw, cells, problems)
    _check_predicates(path, questions, problems)
    variants = {
        folder: _variants(path / folder, questions, folder == "mutants", problems)
        for folder in ("mutants", "alternatives")
    }
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
        mutants=variants["mutants"],
        alternatives=variants["alternatives"],
        release_ids=frozenset(["start", *(cell.id for cell in cells)]),
    )


def _read_yaml(path: Path, problems: _Problems) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        problems.append(f"{path.name}: not YAML ({' '.join(str(error).split())})")
        return {}
    if problems.need(isinstance(raw, dict), f"{path.name}: expected a mapping"):
        return raw
    return {}


def _check_top(raw: dict[str, Any], path: Path, problems: _Problems) -> None:
    for key in sorted(set(raw) - set(_LAB_KEYS)):
        problems.append(f"lab.yml: unknown key {key!r}")
    for key, kind in _LAB_KEYS.items():
        if key in raw and raw[key] is not None and not isinstance(raw[key], kind):
            problems.append(f"lab.yml: {key} is {raw[key]!r}, another type is expected")
    problems.need(
        raw.get("id") == path.name,
        f"lab.yml: id is {raw.get('id')!r}, expected the folder's name {path.name!r}",
    )
    _both_languages(raw.get("title"), "lab.yml: title", problems)
    problems.need(raw.get("questions"), "lab.yml: questions are missing")


def _both_languages(texts: object, place: str, problems: _Problems) -> None:
    for language in LANGUAGES:
        good = isinstance(texts, Mapping) and str(texts.get(language) or "").strip()
        problems.need(good, f"{place}: the text in {language!r} is missing")


def _questions(
    raw: dict[str, Any], cells: list[LabCell], problems: _Problems
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
    problems: _Problems,
) -> Question:
    place = f"lab.yml: {name}"
    for key in sorted(set(content) - _QUESTION_KEYS):
        problems.append(f"{place}: unknown key {key!r}")
    problems.need(
        name.replace("_", "").replace("-", "").isascii() and name.isprintable(),
        f"{place}: the id may hold letters, digits, - and _ only",
    )
    _both_languages(content.get("title"), f"{place}: title", problems)
    needs = tuple(content.get("needs") or ())
    for need in needs:
        problems.need(
            need in earlier, f"{place}: needs {need!r}, which is no earlier question"
        )
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
        checks=_checks(content.get("checks"), place, problems),
        solution=tuple(cell.source for cell in solution),
        stub=tuple(cell.stub for cell in solution),
        probes=tuple(cell.source for cell in probes if cell.audience != "learner"),
        public_probes=tuple(c.source for c in probes if c.audience != "grader"),
        visible=tuple(cell.source for cell in cells if cell.role == "visible"),
        cell_ids=tuple(cell.id for cell in solution),
    )


def _checks(raw: object, place: str, problems: _Problems) -> tuple[Check, ...]:
    if not problems.need(isinstance(raw, list) and raw, f"{place}: checks are missing"):
        return ()
    assert isinstance(raw, list)
    checks = [_check(content, place, problems) for content in raw]
    names = [check.name for check in checks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"{place}: check {name!r} is declared twice")
    return tuple(checks)


def _check(content: object, place: str, problems: _Problems) -> Check:
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        problems.append(f"{place}: a check needs a name (found {content!r})")
        return Check("?", 0)
    place = f"{place}.{content['name']}"
    for key in sorted(set(content) - _CHECK_KEYS):
        problems.append(f"{place}: unknown key {key!r}")
    values = {key: content[key] for key in content if key in _CHECK_KEYS}
    for key, default in (("points", None), ("rtol", RTOL), ("atol", ATOL)):
        number: Any = values.get(key, default)
        try:
            values[key] = float(number)  # "1e-5" without a dot is text in YAML
        except (TypeError, ValueError):
            problems.append(f"{place}: {key} is {number!r}, expected a number")
            values[key] = 0.0
    problems.need(values["points"] > 0, f"{place}: points must be above 0")
    problems.need(
        0 <= values["rtol"] < 1 and values["atol"] >= 0,
        f"{place}: tolerances must be 0 <= rtol < 1 and atol >= 0",
    )
    check = Check(**values)
    problems.need(
        check.kind in KINDS, f"{place}: kind {check.kind!r} is not in {KINDS}"
    )
    problems.need(check.nan in ("never", "equal"), f"{place}: nan is {check.nan!r}")
    problems.need(
        (check.kind == "predicate") == bool(check.predicate),
        f"{place}: kind predicate and `predicate: module:function` go together",
    )
    if check.feedback:
        _both_languages(check.feedback, f"{place}: feedback", problems)
    return check


def _check_predicates(
    path: Path, questions: Mapping[str, Question], problems: _Problems
) -> None:
    for question in questions.values():
        for check in question.checks:
            if check.predicate:
                module, _, function = check.predicate.partition(":")
                file = path / f"{module}.py"
                names = _functions(file, problems) if file.is_file() else set()
                problems.need(
                    function in names,
                    f"lab.yml: {question.id}.{check.name}: {check.predicate!r}: "
                    f"no function {function!r} in {file.name}",
                )


def _functions(file: Path, problems: _Problems) -> set[str]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        problems.append(f"{file.name}: {error}")
        return set()
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def _variants(
    folder: Path,
    questions: Mapping[str, Question],
    with_messages: bool,
    problems: _Problems,
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
            _both_languages(header, place, problems)
        messages = {k: str(header[k]) for k in LANGUAGES if header.get(k)}
        recognise = str(header.get("recognise") or "")
        variants.append(Variant(file.stem, question, source, messages, recognise))
    return tuple(variants)
