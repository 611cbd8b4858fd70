"""A lab is tested like code: every answer that it knows about is graded.

The solution and every alternative get full marks, the stub gets nothing, every mutant
loses points on its question, is recognised by its own message and gives another result
for some small case, so that its report can show a counter-example. The answers run
without walls in one kernel (they are ours), but values and verdicts come about exactly
as for a submission.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vislearn.grading.checks.counterexamples import (
    cases_in,
    counter_example_lines,
    own_example_lines,
)
from vislearn.grading.checks.misconceptions import recognise
from vislearn.grading.checks.verdict import QuestionResult, judge_question
from vislearn.grading.emit import PUBLIC_SECRET
from vislearn.grading.lab import MIN_MUTANTS, Lab
from vislearn.grading.reference import Reference, reference
from vislearn.grading.running import Measured, TrustedRunner, answers_of, stubs_of

SECRET = "vislearn-selftest"


@dataclass(frozen=True)
class Finding:
    """One known answer: what it is, what it got, and what is wrong (or nothing)."""

    question: str
    answer: str
    points: float
    max_points: float
    recognised: str = ""
    problem: str = ""


def check_lab(
    lab: Lab, *, min_mutants: int = MIN_MUTANTS, secret: str = SECRET
) -> list[Finding]:
    """Grade all known answers of a lab; findings with a `problem` are its defects.

    Raises:
        ValueError: if the solution fails or a check could be guessed.
    """
    known = reference(lab, secret)
    public = reference(lab, PUBLIC_SECRET, public=True)
    findings = list(_mutants(lab, known, public))
    for name in lab.questions:
        count = len(lab.mutants_of(name))
        if count < min_mutants:
            problem = f"{count} mutants, at least {min_mutants} are expected"
            findings.append(Finding(name, "mutants", 0, 0, problem=problem))
    with TrustedRunner(lab, secret) as runner:
        findings += _answers(lab, known, runner)
    findings += _visible(lab)
    findings += _cases(lab, public)
    return findings


def _mutants(lab: Lab, known: Reference, public: Reference) -> Iterator[Finding]:
    for mutant in lab.mutants:
        measured = known.mutants[mutant.name]
        result = _judge(lab, known, mutant.question, measured)
        found = recognise(
            lab.questions[mutant.question],
            lab.mutants_of(mutant.question),
            known.mutants,
            known.solutions[mutant.question].values,
            measured,
            result,
            lab.path,
        )
        problem = ""
        if result.points == result.max_points:
            problem = "survives: it gets full marks"
        elif found != mutant.name:
            problem = f"is taken for {found}" if found else "is not recognised"
            if not found and measured.error_name:
                problem += f" ({measured.error_name}: {measured.error_text[:200]})"
        elif lab.questions[mutant.question].cases and not counter_example_lines(
            lab, public, mutant.name, "en"
        ):
            problem = "no small case shows it"
        yield Finding(
            mutant.question,
            f"mutant {mutant.name}",
            result.points,
            result.max_points,
            found,
            problem,
        )


def _answers(lab: Lab, known: Reference, runner: TrustedRunner) -> Iterator[Finding]:
    """The solution once more (is it reproducible?), the stub, the alternatives."""
    answers, stubs = answers_of(lab), stubs_of(lab)
    for name in lab.questions:
        tries = [("solution", answers[name], True), ("stub", stubs[name], False)]
        tries += [
            (f"alternative {other.name}", (other.source,), True)
            for other in lab.alternatives
            if other.question == name
        ]
        for title, cells, right in tries:
            measured = runner.run(name, {**answers, name: cells})
            result = _judge(lab, known, name, measured)
            wanted = result.max_points if right else 0
            lost = ", ".join(f"{c.name} {c.reason}" for c in result.checks if c.reason)
            problem = ""
            if result.points != wanted:
                problem = f"got {result.points:g}, expected {wanted:g}"
                problem += f" ({lost}; {measured.error_text[:200]})" if right else ""
            yield Finding(name, title, result.points, result.max_points, "", problem)


def _visible(lab: Lab) -> Iterator[Finding]:
    """The checks that learners run pass with the solution and fail with the stub."""
    answers, stubs = answers_of(lab), stubs_of(lab)
    with TrustedRunner(lab, PUBLIC_SECRET) as runner:
        for name, question in lab.questions.items():
            if not question.visible:
                continue
            right = runner.run(name, answers, question.visible)
            if right.state != "ok":
                problem = f"fails with the solution: {right.error_text[:200]}"
                yield Finding(name, "visible checks", 0, 0, problem=problem)
            blank = runner.run(name, {**answers, name: stubs[name]}, question.visible)
            if blank.state == "ok":
                problem = "pass with an untouched stub"
                yield Finding(name, "visible checks", 0, 0, problem=problem)


def _cases(lab: Lab, public: Reference) -> Iterator[Finding]:
    """Every question has small cases, and every right answer gives them the same."""
    answers = answers_of(lab)
    with TrustedRunner(lab, PUBLIC_SECRET) as runner:
        for name, question in lab.questions.items():
            if not cases_in(public.solutions[name], name):
                problem = "no cell with role cases"
                if question.cases:
                    problem = f"no cell calls emit_case({name!r}, ...)"
                yield Finding(name, "small cases", 0, 0, problem=problem)
                continue
            tries = {"the solution": question.solution} | {
                f"alternative {other.name}": (other.source,)
                for other in lab.alternatives
                if other.question == name
            }
            for title, cells in tries.items():
                again = runner.run(name, {**answers, name: cells}, question.cases)
                if lines := own_example_lines(public, name, again, "en"):
                    problem = f"{title} gives other results: {'; '.join(lines)}"
                    yield Finding(name, "small cases", 0, 0, problem=problem)


def _judge(
    lab: Lab, known: Reference, question: str, measured: Measured
) -> QuestionResult:
    expected = known.solutions[question].values
    return judge_question(lab.questions[question], expected, measured, lab.path)
