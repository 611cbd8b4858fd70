"""summary.html: how a batch went, for the instructor; one page in each language.

With final marks the table has one row per student and the statistics count the
attempt that counts; without them every file has its row and counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason, word
from vislearn.grading.pages import summary_plots
from vislearn.grading.pages.items import (
    MIN_LEARNERS,
    CheckItem,
    QuestionItem,
    statistics,
)
from vislearn.grading.pages.render import (
    decimal,
    limit_rows,
    number,
    other_language,
    percent,
    render,
    report_name,
)
from vislearn.grading.pages.words import Say, name_of, speaker
from vislearn.grading.people.policy import Mark

FILE = "summary.html"
HARD, EASY = 0.3, 0.95  # difficulties that an author should look at
TELLS_FEW = 0.15  # discrimination below which a question tells few apart


@dataclass(frozen=True)
class Batch:
    """What a summary is about, besides the lab.

    `walls` are one of `sandbox.WALLS`; `about` is the journal's note on the batch;
    `links` are (file, what it is) for the list at the end; `notes` are further
    sentences for the top of the page, by language.
    """

    records: Sequence[Record]
    walls: str
    marks: Sequence[Mark] | None = None
    about: Mapping[str, Any] | None = None
    links: Sequence[tuple[str, Mapping[str, str]]] = ()
    notes: Sequence[Mapping[str, str]] = ()


def summary_page(lab: Lab, batch: Batch, lang: str) -> str:
    """The page in one language."""
    say = speaker(lang)
    counted = _counted(batch)
    stats = statistics(lab, counted)
    wrong = sorted(
        (-count.count, count.name)
        for q in stats.questions
        for count in q.misconceptions
    )
    heat = summary_plots.heat(lab, [(r.student, r) for r in counted], say)
    plots: dict[str, Any] = {"heat": heat, "marks": "", "questions": "", "wrong": ""}
    if stats.graded:
        plots["marks"] = summary_plots.marks(stats, say)
        plots["questions"] = summary_plots.questions(stats, say)
    if wrong:
        named = [(name, -count) for count, name in wrong]
        plots["wrong"] = summary_plots.misconceptions(named, say)
    messages = {mutant.name: mutant.messages.get(lang, "") for mutant in lab.mutants}
    return render(
        "summary.html",
        lang,
        title=lab.title[lang],
        other=other_language(FILE, lang),
        notes=[*_warnings(batch, say), *(note[lang] for note in batch.notes)],
        cards=_cards(batch, stats, say),
        stats=stats,
        about_marks=say(
            "marks_about",
            graded=stats.graded,
            unreadable=stats.unreadable,
            ungraded=stats.ungraded,
        ),
        about_questions=say("questions_about", least=MIN_LEARNERS),
        questions=[_question(lab, item, lang) for item in stats.questions],
        checks=[_check(c, say, lang) for q in stats.questions for c in q.checks],
        misconceptions=[
            {"name": name, "count": -count, "message": messages.get(name, "")}
            for count, name in wrong
        ],
        plots=plots,
        heat_limit=summary_plots.HEAT_LIMIT if stats.graded else 0,
        final=batch.marks is not None,
        rows=_rows(lab, batch, lang),
        mode=name_of("walls", batch.walls, lang),
        memory=_memory(batch, say),
        limits=limit_rows((batch.about or {}).get("limits"), lang),
        links=[(file, texts[lang]) for file, texts in batch.links],
    )


def _memory(batch: Batch, say: Say) -> str:
    """Whether the memory limit is a hard one, if the journal knows."""
    hard = (batch.about or {}).get("hard_memory_limit")
    return "" if hard is None else say("hard_memory" if hard else "soft_memory")


def _counted(batch: Batch) -> list[Record]:
    """One record per student where that is known, else all."""
    if batch.marks is None:
        return list(batch.records)
    return [mark.record for mark in batch.marks if mark.record is not None]


def _cards(batch: Batch, stats: Any, say: Say) -> list[tuple[str, str]]:
    cards = [(say("submissions"), str(len(batch.records)))]
    if batch.marks is not None:
        cards.insert(0, (say("learners"), str(len(batch.marks))))
    spread = "–"
    if stats.quartiles:
        spread = f"{number(stats.quartiles[0])} – {number(stats.quartiles[1])}"
    return [
        *cards,
        (say("mean"), f"{number(_rounded(stats.mean))} / {number(stats.points)}"),
        (say("median"), number(_rounded(stats.median))),
        (say("deviation"), number(_rounded(stats.deviation))),
        (say("quartiles"), spread),
        (say("alpha"), decimal(stats.alpha)),
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _warnings(batch: Batch, say: Say) -> list[str]:
    states = [record.state for record in batch.records]
    notes = []
    if count := states.count("ungraded"):
        notes.append(say("warn_ungraded", count=count))
    if count := states.count("unreadable"):
        notes.append(say("warn_unreadable", count=count))
    open_marks = [m for m in batch.marks or () if m.record and m.manual is None]
    if open_marks:
        notes.append(say("warn_manual", count=len(open_marks)))
    return notes


def _question(lab: Lab, item: QuestionItem, lang: str) -> dict[str, Any]:
    hints = []
    if item.difficulty is not None and item.count >= MIN_LEARNERS:
        hints += ["hint_hard"] * (item.difficulty < HARD)
        hints += ["hint_easy"] * (item.difficulty > EASY)
    if item.discrimination is not None:
        negative = item.discrimination < 0
        hints += ["hint_negative"] * negative
        hints += ["hint_flat"] * (not negative and item.discrimination < TELLS_FEW)
    return {
        "item": item,
        "title": lab.questions[item.question].title[lang],
        "hints": hints,
        "difficulty": percent(item.difficulty),
        "discrimination": decimal(item.discrimination),
    }


def _check(item: CheckItem, say: Say, lang: str) -> dict[str, Any]:
    reasons = (f"{why.count} × {reason(why.name, lang)}" for why in item.reasons)
    return {
        "item": item,
        "difficulty": percent(item.difficulty),
        "discrimination": decimal(item.discrimination),
        "reasons": " · ".join(reasons),
    }


def _rows(lab: Lab, batch: Batch, lang: str) -> list[dict[str, Any]]:
    if batch.marks is None:
        return [_row(lab, record, lang) for record in batch.records]
    rows = []
    for mark in batch.marks:
        row = _row(lab, mark.record, lang)
        row |= {
            "learner": mark.student,
            "name": mark.name,
            "points": mark.points,
            "possible": mark.max_points,
            "auto": mark.auto,
            "manual": mark.manual,
            "late": round(mark.late_days, 1) or "",
            "attempts": mark.attempts,
        }
        rows.append(row)
    return rows


def _row(lab: Lab, record: Record | None, lang: str) -> dict[str, Any]:
    say = speaker(lang)
    if record is None:
        nothing = _cell(None, lang)
        return {
            "page": "",
            "file": "",
            "state": say("missing"),
            "reason": "",
            "cells": [nothing for _ in lab.questions],
        }
    why = record.reason if record.reason != record.state else ""
    return {
        "page": f"reports/{report_name(record)}",
        "learner": record.student,
        "file": record.key,
        "state": word(record.state, lang),
        "reason": reason(why, lang) if why else "",
        "points": record.points,
        "possible": lab.points,
        "cells": [_cell(record.results.get(name), lang) for name in lab.questions],
    }


def _cell(result: QuestionResult | None, lang: str) -> dict[str, Any]:
    if result is None or result.state != "graded":
        return {"points": None, "why": "", "wrong": ""}
    why = "" if result.reason == "ok" else name_of("short", result.reason, lang)
    return {"points": result.points, "why": why, "wrong": result.misconception}
