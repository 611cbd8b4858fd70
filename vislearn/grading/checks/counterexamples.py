"""The smallest public case that shows a misconception, or a learner's own mistake.

The public reference has run the small cases with the solution and with every mutant;
what a report shows is taken from there, never from the hidden inputs of a grading.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vislearn.grading.checks.cases import case_lines, smallest_difference
from vislearn.grading.emit import CASE, PUBLIC_SECRET
from vislearn.grading.lab import LANGUAGES, Lab
from vislearn.grading.reference import Reference, reference
from vislearn.grading.running import Measured

FILE = "cases.json"
Lines = Mapping[str, Mapping[str, list[str]]]


def cases_in(measured: Measured, question: str) -> Sequence[Mapping[str, Any]]:
    """The small cases of a question that a run has emitted."""
    return measured.values.get(f"{CASE}{question}", [])


def counter_example_lines(
    lab: Lab, known_public: Reference, misconception: str, lang: str
) -> list[str]:
    """Input, expected and got of the smallest case that shows a misconception.

    Args:
        known_public: `reference(lab, PUBLIC_SECRET, public=True)`.
        misconception: the name of a mutant.

    Returns:
        at most six lines; none if no small case shows it.
    """
    mutant = next((m for m in lab.mutants if m.name == misconception), None)
    if mutant is None or misconception not in known_public.mutants:
        return []
    return own_example_lines(
        known_public, mutant.question, known_public.mutants[misconception], lang
    )


def own_example_lines(
    known_public: Reference, question: str, measured: Measured, lang: str
) -> list[str]:
    """The same for an answer that has run on the small cases itself."""
    expected = cases_in(known_public.solutions[question], question)
    found = smallest_difference(expected, cases_in(measured, question))
    return case_lines(*found, lang) if found else []


def counter_examples(lab: Lab, known_public: Reference) -> dict[str, Any]:
    """Lines for every misconception of a lab, by its name and by language."""
    return {
        mutant.name: {
            lang: counter_example_lines(lab, known_public, mutant.name, lang)
            for lang in LANGUAGES
        }
        for mutant in lab.mutants
    }


def write_cases(lab: Lab, out: Path) -> Path:
    """Keep the counter-examples of a lab in an output folder, for its reports.

    The public reference comes from the cache, or is computed once.
    """
    known = reference(lab, PUBLIC_SECRET, public=True)
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(counter_examples(lab, known), ensure_ascii=False, indent=1)
    part = (out / FILE).with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(out / FILE)
    return out / FILE


def read_cases(out: Path) -> Lines:
    """What `write_cases` has written, or nothing."""
    try:
        raw = json.loads((out / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}
