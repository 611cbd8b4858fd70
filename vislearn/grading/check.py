"""`vislearn check`: a learner's own notebook, on the learner's own machine.

The same cells, values and verdicts as in grading, with public inputs and without walls
(the code is the learner's own). What differs is shown with numbers, because public
inputs are no secret, and first of all on the small cases, which a learner can follow
by hand.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vislearn.grading.checks.counterexamples import own_example_lines
from vislearn.grading.checks.misconceptions import recognise
from vislearn.grading.checks.verdict import (
    QuestionResult,
    blocked_line,
    judge_question,
    with_blocked,
)
from vislearn.grading.emit import PUBLIC_SECRET
from vislearn.grading.lab import LANGUAGES, Lab, Question, load_lab
from vislearn.grading.messages import reason, word
from vislearn.grading.pages.report import feedback_lines
from vislearn.grading.reference import Reference, cache_file, reference
from vislearn.grading.release import lab_of_bundle
from vislearn.grading.running import Measured, TrustedRunner
from vislearn.grading.submission import Submission, read_submission


@dataclass(frozen=True)
class Line:
    """One row of the table: question, points and what to know."""

    question: str
    title: str
    points: float
    max_points: float
    messages: tuple[str, ...]


def check_notebook(
    path: Path, say: Callable[[str], None] = lambda _line: None
) -> tuple[list[Line], str]:
    """Run every question of a notebook with public inputs; rows and language.

    Args:
        say: is told when something takes long.

    Raises:
        FileNotFoundError: if there is no such notebook, or no lab that it belongs to.
        ValueError: if it cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such notebook")
    with lab_of(path, say) as (lab, known):
        submission = read_submission(path, lab)
        lang = submission.lang
        if submission.state == "unreadable":
            raise ValueError(f"{path}: {reason(submission.reason, lang)}")
        tried = try_all(lab, known, submission)
    results = with_blocked(lab, {name: result for name, (result, _) in tried.items()})
    lines = [
        line_of(lab, known, results[name], measured, lang)
        for name, (_, measured) in tried.items()
    ]
    return lines, lang


def try_all(
    lab: Lab, known: Reference, submission: Submission
) -> dict[str, tuple[QuestionResult, Measured]]:
    """Every question with public inputs: the verdict, and what came out."""
    tried = {}
    with TrustedRunner(lab, PUBLIC_SECRET, submission.lang) as runner:
        for question in lab.questions.values():
            measured = runner.run(
                question.id,
                submission.answers,
                (*question.cases, *question.public_probes),
                submission.context.get(question.id, ""),
            )
            tried[question.id] = _judged(lab, question, known, measured), measured
    return tried


def _judged(
    lab: Lab, question: Question, known: Reference, measured: Measured
) -> QuestionResult:
    expected = known.solutions[question.id].values
    public = replace(
        question, checks=tuple(c for c in question.checks if c.name in expected)
    )
    result = judge_question(public, expected, measured, lab.path)
    found = recognise(
        public,
        lab.mutants_of(question.id),
        known.mutants,
        expected,
        measured,
        result,
        lab.path,
    )
    return replace(result, misconception=found)


def line_of(
    lab: Lab, known: Reference, result: QuestionResult, measured: Measured, lang: str
) -> Line:
    messages = feedback_lines(lab, result, lang)
    if blocked := blocked_line(result, lang):
        messages.append(blocked)
    if measured.state == "error":
        messages.append(f"{measured.error_name}: {measured.error_text}".strip(": "))
    if result.points < result.max_points:
        messages += own_example_lines(known, result.question, measured, lang)
    messages += counter_example(result, lang)
    title = lab.questions[result.question].title[lang]
    return Line(
        result.question, title, result.points, result.max_points, tuple(messages)
    )


def counter_example(result: QuestionResult, lang: str) -> list[str]:
    """The first number that differs, for one check: enough to start looking."""
    for check in result.checks:
        if check.expected and not check.passed:
            place = f" {word('at', lang)} {check.place}" if check.place else ""
            return [
                f"{check.name}{place}: {word('expected', lang)} {check.expected}, "
                f"{word('got', lang)} {check.got}"
            ]
    return []


def table(lines: list[Line], lang: str) -> str:
    """The rows as text, with a total."""
    rows = []
    for line in lines:
        mark = "✓" if line.points == line.max_points else "✗"
        points = f"{line.points:g}/{line.max_points:g}"
        rows.append(f"{mark} {line.question:<6} {points:>8}  {line.title}")
        rows += [
            " " * 19 + part
            for message in line.messages
            for part in message.splitlines()[:3]
        ]
    total = sum(line.points for line in lines)
    possible = sum(line.max_points for line in lines)
    rows.append(f"{word('total', lang)}: {total:g}/{possible:g}")
    rows.append(word("public", lang))
    return "\n".join(rows)


@contextmanager
def lab_of(
    notebook: Path, say: Callable[[str], None]
) -> Iterator[tuple[Lab, Reference]]:
    """The lab of a notebook: its bundle beside it, or the lab in the repository.

    Raises:
        FileNotFoundError: if there is neither.
    """
    name = _lab_name(notebook)
    for bundle in _bundles(notebook, name):
        with tempfile.TemporaryDirectory(prefix="vislearn-check-") as predicates:
            raw = json.loads(bundle.read_text(encoding="utf-8"))
            yield lab_of_bundle(raw, Path(predicates))
            return
    for folder in _lab_folders(notebook, name):
        lab = load_lab(folder)
        if not cache_file(lab, PUBLIC_SECRET, True).is_file():
            say(" / ".join(word("preparing", lang) for lang in LANGUAGES))
        yield lab, reference(lab, PUBLIC_SECRET, public=True)
        return
    raise FileNotFoundError(
        f"{notebook}: neither {name}.check.json beside it nor labs/{name} above it"
    )


def _lab_name(notebook: Path) -> str:
    """The lab that a notebook names, or the one that its file name suggests."""
    try:
        raw = json.loads(notebook.read_text(encoding="utf-8-sig"))
        own = raw["metadata"]["vislearn"]
        return Path(str(own.get("source") or own["lab"])).name
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return notebook.name.split(".")[0]


def _bundles(notebook: Path, name: str) -> Iterator[Path]:
    here = notebook.resolve().parent
    for folder in (here, here.parent):
        named = folder / f"{name}.check.json"
        if named.is_file():
            yield named
    alone = list(here.glob("*.check.json"))
    if len(alone) == 1:
        yield alone[0]


def _lab_folders(notebook: Path, name: str) -> Iterator[Path]:
    starts = (
        notebook.resolve().parent,
        Path.cwd(),
        Path(__file__).resolve().parents[2],
    )
    for start in starts:
        for folder in (start, *start.parents):
            if name and (folder / "labs" / name / "lab.yml").is_file():
                yield folder / "labs" / name
