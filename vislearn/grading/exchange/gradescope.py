"""A mark as Gradescope's results.json.

Fields as in the public specification of autograders (specs and submission_metadata on
gradescope-autograders.readthedocs.io). A mark has a `score` and a test per check. What
is ungraded has neither a `score` nor tests: the specification knows no "no mark", and
a result without a score is its nearest form; a 0 would be taken for one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import LANGUAGES, Lab
from vislearn.grading.messages import reason, word
from vislearn.grading.pages.learner_page import feedback
from vislearn.grading.people.policy import tidy

VISIBILITY = ("visible", "after_due_date", "after_published", "hidden")


def results_of(
    lab: Lab,
    record: Record,
    *,
    visibility: str = "visible",
    seconds: float | None = None,
    notes: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of results.json for one graded, unreadable or ungraded hand-in.

    Args:
        visibility: of the tests, as Gradescope calls it. Nothing in them shows a
            hidden value; what they say is which check was lost and why.
        seconds: what grading took.
        notes: further keys of `messages.REASONS`; extra: goes into `extra_data`.

    Raises:
        ValueError: if the visibility is unknown.
    """
    check_visibility(visibility)
    about = {"lab": lab.id, "state": record.state, "file": record.key}
    said = [key for key in (record.reason, *record.notes, *notes) if key]
    lines = [lab.title[record.lang], *(reason(key, record.lang) for key in said)]
    results: dict[str, Any] = {
        "output": "\n".join(lines),
        "stdout_visibility": "hidden",
        "extra_data": {**about, "sha256": record.sha, **(extra or {})},
        "tests": [],
    }
    if seconds is not None:
        results["execution_time"] = round(seconds)
    if record.points is not None:
        results["score"] = tidy(record.points)
        for number, name in enumerate(lab.questions, 1):
            if result := record.results.get(name):
                found = _tests(lab, result, number, record.lang, visibility)
                results["tests"] += found
    return results


def check_visibility(visibility: str) -> None:
    if visibility not in VISIBILITY:
        raise ValueError(
            f"visibility is {visibility!r}, expected one of {', '.join(VISIBILITY)}"
        )


def _tests(
    lab: Lab, result: QuestionResult, number: int, lang: str, visibility: str
) -> list[dict[str, Any]]:
    """One test per check; what is about the question stands with the first lost one."""
    said = feedback(lab, result, lang)
    general = [line for line in (said.misconception, *said.lines) if line]
    title = lab.questions[result.question].title[lang]
    tests = []
    for part, check in enumerate(result.checks, 1):
        if check.passed:
            lines = [word("right", lang)]
        else:
            own = [line for line in said.checks.get(check.name, ()) if line]
            lines = [*general, *own] or [reason(check.reason, lang)]
            general = []
        tests.append(
            {
                "name": f"{result.question} · {title} · {check.name}",
                "number": f"{number}.{part}",
                "score": tidy(check.points),
                "max_score": check.max_points,
                "status": "passed" if check.passed else "failed",
                "output": "\n".join(lines),
                "tags": [result.question],
                "visibility": visibility,
            }
        )
    return tests


def failed(
    lab: str, why: str, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """results.json after a failure of ours: it says so, and holds no score.

    Args:
        why: goes into `extra_data` for instructors.
    """
    return {
        "output": "\n".join(reason("setup_failed", lang) for lang in LANGUAGES),
        "stdout_visibility": "hidden",
        "extra_data": {
            "lab": lab,
            "state": "ungraded",
            "why": why[:500],
            **(extra or {}),
        },
        "tests": [],
    }


def nothing_handed_in(
    lab: Lab, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """results.json where there is no notebook: 0 points, and why."""
    said = [reason("no_notebook", lang) for lang in LANGUAGES]
    about = {"lab": lab.id, "state": "unreadable"}
    return {
        "score": 0.0,
        "output": "\n".join(said),
        "stdout_visibility": "hidden",
        "extra_data": {**about, **(extra or {})},
        "tests": [],
    }


def about_submission(file: Path) -> dict[str, Any]:
    """When it was handed in and by when it was due, from submission_metadata.json.

    Gradescope deals with lateness itself, so nothing is taken off for it here.
    """
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        about = {"submission": raw["id"], "created_at": str(raw["created_at"])}
        due = raw["assignment"].get("due_date")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    if due:
        about["due_date"] = str(due)
        try:
            late = _time(about["created_at"]) - _time(str(due))
        except (TypeError, ValueError):
            return about
        about["seconds_late"] = max(0, round(late.total_seconds()))
    return about


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def write_results(results: Mapping[str, Any], file: Path) -> None:
    """Write results.json whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(file)
