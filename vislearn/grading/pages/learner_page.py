"""One learner's page: points, why they were lost, and what to do next.

It speaks the language of the notebook. Nothing on it was computed from hidden inputs:
counter-examples come from public cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vislearn.grading.checks.cases import NOT_WRITTEN
from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason, word
from vislearn.grading.pages.render import number, render
from vislearn.grading.pages.words import Say, name_of, speaker
from vislearn.grading.people.policy import Mark
from vislearn.grading.people.rubric import ManualRow, RubricLine, rubric_lines

# Lines of a counter-example, by misconception and language.
Cases = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Feedback:
    """What a learner should know about one question.

    `checks` are (name, advice, reason) of the lost checks that have something to say.
    """

    misconception: str = ""
    lines: tuple[str, ...] = ()
    checks: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def feedback(lab: Lab, result: QuestionResult, lang: str) -> Feedback:
    """The message of a misconception, what happened, and advice on lost checks."""
    messages = {mutant.name: mutant.messages for mutant in lab.mutants}
    lines: tuple[str, ...] = ()
    if result.reason not in ("ok", "error"):
        lines = (reason(result.reason, lang),)
    elif result.error:
        unanswered = result.error == NOT_WRITTEN and not result.blocked_by
        lines = (
            f"{reason('unanswered' if unanswered else 'error', lang)} ({result.error})",
        )
    advice = {c.name: c.feedback for c in lab.questions[result.question].checks}
    checks = {
        check.name: (
            advice.get(check.name, {}).get(lang, ""),
            reason(check.reason, lang),
        )
        for check in result.checks
        # Where nothing came out to compare, advice about the value would mislead.
        if not check.passed and check.reason not in ("no_value", result.reason)
    }
    return Feedback(messages.get(result.misconception, {}).get(lang, ""), lines, checks)


def feedback_lines(lab: Lab, result: QuestionResult, lang: str) -> list[str]:
    """The same as plain lines, most helpful first."""
    if result.points == result.max_points:
        return [word("right", lang)]
    said = feedback(lab, result, lang)
    checks = [
        f"{name}: {' '.join(filter(None, texts))}"
        for name, texts in said.checks.items()
    ]
    lines = [said.misconception, *said.lines, *checks]
    return [line for line in lines if line] or [reason(result.reason, lang)]


def learner_page(
    lab: Lab,
    record: Record,
    walls: str,
    *,
    mark: Mark | None = None,
    cases: Cases | None = None,
    manual: Iterable[ManualRow] | None = None,
) -> str:
    """The page of one file, in the language of the notebook.

    Args:
        mark: the student's final mark; shown where this file is the one that counts.
        cases: the lines of counter-examples by misconception and language.
        manual: what a person gave and wrote; shown with the lab's rubric.
    """
    lang, say = record.lang, speaker(record.lang)
    counts = mark is not None and mark.record is not None
    counts = counts and mark.record.key == record.key  # type: ignore[union-attr]
    final = mark if counts else None
    notes = [reason(key, lang) for key in (record.reason, *record.notes) if key]
    if final is not None:
        notes += [reason(key, lang) for key in final.notes]
    questions = [
        _question(lab, name, record.results.get(name), lang, cases or {})
        for name in lab.questions
        if record.state != "unreadable"
    ]
    return render(
        "learner.html",
        lang,
        title=lab.title[lang],
        other=None,
        learner=(final.name if final and final.name else record.student),
        points=final.points if final else record.points,
        possible=final.max_points if final else lab.points,
        notes=notes,
        facts=_facts(record, mark, final, walls, say, lang),
        questions=questions,
        rubric=_rubric(lab, final, manual, lang),
        steps=_steps(lab, record, say, lang),
    )


def _rubric(
    lab: Lab, mark: Mark | None, manual: Iterable[ManualRow] | None, lang: str
) -> Sequence[RubricLine]:
    if mark is None or manual is None:
        return []
    return rubric_lines(lab, manual, mark.student, lang)


def _facts(
    record: Record,
    mark: Mark | None,
    final: Mark | None,
    walls: str,
    say: Say,
    lang: str,
) -> list[tuple[str, str]]:
    facts = [(say("file"), record.key), (word("state", lang), word(record.state, lang))]
    if final is not None:
        facts.append((say("auto"), number(final.auto)))
        if final.manual is None:
            facts.append((say("manual"), say("manual_pending")))
        elif final.manual:
            facts.append((say("manual"), number(final.manual)))
        if final.penalty:
            facts.append((say("penalty"), f"−{number(final.penalty)}"))
        if final.handed_in:
            when = _moment(final.handed_in)
            facts.append((say("lateness"), f"{when} · {_late(final, say)}"))
    if mark is not None:
        facts.append((say("attempts"), _attempts(mark, final, say)))
    return [*facts, (say("sandbox"), name_of("walls", walls, lang))]


def _moment(text: str) -> str:
    """2026-11-21T09:00:00+09:00 as 2026-11-21 09:00 (+09:00); other text as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = f" ({moment.isoformat()[-6:]})" if moment.utcoffset() is not None else ""
    return f"{moment:%Y-%m-%d %H:%M}{zone}"


def _late(mark: Mark, say: Say) -> str:
    if mark.late_days <= 0:
        return say("in_time")
    days = round(mark.late_days, 1)
    return say("late", days=number(days) if days else "< 0.1")


def _attempts(mark: Mark, final: Mark | None, say: Say) -> str:
    if final is not None:
        return say("attempt_counts", count=mark.attempts)
    if mark.record is None:
        return say("attempt_open", count=mark.attempts)
    return say("attempt_other", count=mark.attempts, file=mark.record.key)


def _question(
    lab: Lab, name: str, result: QuestionResult | None, lang: str, cases: Cases
) -> dict[str, Any]:
    question = lab.questions[name]
    about = {"id": name, "title": question.title[lang], "possible": question.points}
    if result is None or result.state != "graded":
        said, tag, tone = Feedback(lines=(reason("ungraded", lang),)), "no_mark", ""
        nothing: dict[str, Any] = {"points": None, "checks": [], "example": []}
        nothing |= {"misconception": "", "blocked_by": ()}
        return {**about, **nothing, "lines": said.lines, "tag": tag, "tone": tone}
    full = result.points == result.max_points
    said = Feedback() if full else feedback(lab, result, lang)
    tag = "all_right" if full else "partly" if result.points else "not_yet"
    lines = said.lines
    if not (full or lines or said.misconception or said.checks):
        lines = (reason(result.reason, lang),)
    return {
        **about,
        "points": result.points,
        "tag": tag,
        "tone": "right" if full else "wrong",
        "misconception": said.misconception,
        "example": cases.get(result.misconception, {}).get(lang, []),
        "blocked_by": () if full else result.blocked_by,
        "lines": lines,
        "checks": [
            {
                "name": check.name,
                "points": check.points,
                "possible": check.max_points,
                "passed": check.passed,
                "advice": said.checks.get(check.name, ("", ""))[0],
                "reason": said.checks.get(check.name, ("", ""))[1],
            }
            for check in result.checks
        ],
    }


def _steps(lab: Lab, record: Record, say: Say, lang: str) -> list[str]:
    """What to do next, the question with the most to gain first."""
    if record.state == "unreadable":
        return [say("next_reread")]
    if record.state == "ungraded":
        return [say("next_wait")]
    lost = [
        (result.points - result.max_points, place, result)
        for place, result in enumerate(record.results.values())
        if result.points < result.max_points
    ]
    # What another question blocks is mended by mending that one.
    lost.sort(key=lambda row: (bool(row[2].blocked_by), *row[:2]))
    steps = [
        say(
            "next_question",
            question=result.question,
            title=lab.questions[result.question].title[lang],
            points=number(-gain),
        )
        for gain, _, result in lost
    ]
    return [*steps, say("next_check")] if steps else [say("next_none")]
