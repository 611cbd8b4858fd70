"""From a lab to what learners and instructors get.

A release is one notebook per language, without solutions and without the cells that
measure, and a check bundle: what `vislearn check` needs on a machine that has no
course. The bundle holds the set-up, the measuring cells, the small cases and the
values that the solution and the known misconceptions give for *public* inputs, but no
solution; grading draws other inputs, so that nothing can be copied from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat

from vislearn.grading.emit import PUBLIC_SECRET
from vislearn.grading.lab import LANGUAGES, Check, Lab, Question, Variant
from vislearn.grading.reference import Reference, reference

BUNDLE_VERSION = 2


def release(
    lab: Lab, languages: Iterable[str], out: Path, *, instructor: bool = False
) -> list[Path]:
    """Write the notebooks and the check bundle of a lab into `out`.

    Names: `<lab>.<lang>.ipynb`, `<lab>.check.json`, and for instructors
    `<lab>.<lang>.instructor.ipynb`.

    Raises:
        ValueError: if the lab is refused (its solution fails, a check is guessable).
    """
    from vislearn.course.notebooks import build_notebook
    from vislearn.course.site import Course, find_root
    from vislearn.course.source import read

    reference(lab, PUBLIC_SECRET)  # refuses a lab whose checks could be guessed
    known = reference(lab, PUBLIC_SECRET, public=True)
    out.mkdir(parents=True, exist_ok=True)
    document, course = read(lab.path / "lab.md"), Course(find_root(lab.path))
    written = []
    for lang in languages:
        editions = ["student", *(["instructor"] if instructor else [])]
        for audience in editions:
            notebook = build_notebook(document, lang, audience, course)
            suffix = ".instructor" if audience == "instructor" else ""
            path = out / f"{lab.id}.{lang}{suffix}.ipynb"
            nbformat.write(notebook, path)
            written.append(path)
    path = out / f"{lab.id}.check.json"
    path.write_text(
        json.dumps(bundle(lab, known), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    return [*written, path]


def bundle(lab: Lab, known: Reference) -> dict[str, Any]:
    """Everything that `vislearn check` needs, as JSON, and no solution."""
    return {
        "version": BUNDLE_VERSION,
        "lab": {
            "id": lab.id,
            "title": dict(lab.title),
            "memory_budget_mb": lab.memory_budget_mb,
            "question_timeout_s": lab.question_timeout_s,
            "masked_modules": list(lab.masked_modules),
            "forbidden_calls": list(lab.forbidden_calls),
            "setup": list(lab.setup),
            "release_ids": sorted(lab.release_ids),
        },
        "questions": [_question(q) for q in lab.questions.values()],
        "mutants": [
            {
                "name": m.name,
                "question": m.question,
                "messages": dict(m.messages),
                "recognise": m.recognise,
            }
            for m in lab.mutants
        ],
        "predicates": _predicates(lab),
        "reference": known.to_json(),
    }


def _predicates(lab: Lab) -> dict[str, str]:
    """Sources of the files that judge stochastic answers, right and wrong ones."""
    checks = (c for q in lab.questions.values() for c in q.checks)
    named = [c.predicate for c in checks] + [m.recognise for m in lab.mutants]
    names = {name.partition(":")[0] for name in named if name}
    return {
        name: (lab.path / f"{name}.py").read_text(encoding="utf-8")
        for name in sorted(names)
    }


def _question(question: Question) -> dict[str, Any]:
    raw = asdict(question)
    del raw["solution"], raw["stub"], raw["probes"], raw["visible"]
    return raw


def lab_of_bundle(raw: dict[str, Any], folder: Path) -> tuple[Lab, Reference]:
    """A lab without answers, and the public reference, from a check bundle.

    Args:
        folder: where the files of predicates may be written.

    Raises:
        ValueError: if the bundle is of another version.
    """
    if raw.get("version") != BUNDLE_VERSION:
        raise ValueError(
            f"check bundle of version {raw.get('version')!r}, expected {BUNDLE_VERSION}"
        )
    for name, source in raw["predicates"].items():
        (folder / f"{Path(name).name}.py").write_text(source, encoding="utf-8")
    about = raw["lab"]
    questions = {q["id"]: _question_of(q) for q in raw["questions"]}
    lab = Lab(
        id=about["id"],
        path=folder,
        title=about["title"],
        minutes=0,
        time_budget_s=0,
        memory_budget_mb=about["memory_budget_mb"],
        question_timeout_s=about["question_timeout_s"],
        masked_modules=tuple(about["masked_modules"]),
        forbidden_calls=tuple(about["forbidden_calls"]),
        setup=tuple(about["setup"]),
        questions=questions,
        mutants=tuple(Variant(source="", **mutant) for mutant in raw["mutants"]),
        alternatives=(),
        release_ids=frozenset(about["release_ids"]),
    )
    return lab, Reference.from_json(raw["reference"])


def _question_of(raw: dict[str, Any]) -> Question:
    values = {**raw, "checks": tuple(Check(**check) for check in raw["checks"])}
    for name in ("needs", "public_probes", "cell_ids", "cases"):
        values[name] = tuple(values[name])
    values["needs_from"] = "learner"  # there is no other answer in a bundle
    return Question(**values, solution=(), stub=(), probes=(), visible=())


__all__ = ["LANGUAGES", "bundle", "lab_of_bundle", "release"]
