"""Expected values: the lab's own solution and its mutants, run and remembered.

They are computed in the same environment as the submissions and kept in the cache
folder under a hash of everything that they depend on: the lab, the library, the pins,
the platform and the secret of the course. A check whose value a learner could guess is
refused here, because only the values show it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vislearn.grading.checks.guessing import guessable
from vislearn.grading.checks.matching import set_difference
from vislearn.grading.checks.pictures import image_difference
from vislearn.grading.checks.values import Rules, decode, difference
from vislearn.grading.emit import CASE
from vislearn.grading.lab import Check, Lab, Question
from vislearn.grading.running import Measured, TrustedRunner, answers_of

PINS = ("torch", "numpy", "ipykernel", "ipython", "pillow")
OTHER_SECRETS = 3  # to see whether values depend on the seed


@dataclass(frozen=True)
class Reference:
    """Measured values of the solution, by question, and of the mutants, by name."""

    solutions: Mapping[str, Measured]
    mutants: Mapping[str, Measured]

    def to_json(self) -> dict[str, Any]:
        return {
            "solutions": {k: v.to_json() for k, v in self.solutions.items()},
            "mutants": {k: v.to_json() for k, v in self.mutants.items()},
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Reference:
        return cls(
            {k: Measured.from_json(v) for k, v in raw["solutions"].items()},
            {k: Measured.from_json(v) for k, v in raw["mutants"].items()},
        )


def reference(lab: Lab, secret: str, *, public: bool = False) -> Reference:
    """The reference under a secret, from the cache or by running the lab's answers.

    Args:
        public: with the cells that learners run (`vislearn check`), not the grader's,
            and with the small cases.

    Raises:
        ValueError: if a solution fails, or a check could be guessed.
    """
    file = cache_file(lab, secret, public)
    if file.is_file():
        try:
            return Reference.from_json(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError):
            file.unlink(missing_ok=True)  # cut off while it was written
    found = _measure(lab, secret, public)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(found.to_json()), encoding="utf-8")
    part.replace(file)
    return found


def cache_file(lab: Lab, secret: str, public: bool) -> Path:
    """Where the reference is kept once it has been computed."""
    return cache_folder() / f"{lab.id}-{cache_key(lab, secret, public)}.json"


def cache_folder() -> Path:
    """Where references are kept: VISLEARN_CACHE, or the user's cache folder."""
    if given := os.environ.get("VISLEARN_CACHE"):
        return Path(given) / "grading"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "vislearn" / "grading"


def cache_key(lab: Lab, secret: str, public: bool) -> str:
    """A hash of lab, library, pins, platform and secret."""
    digest = hashlib.sha256()
    for name, version in versions(PINS).items():
        digest.update(f"{name}={version};".encode())
    digest.update(f"{sys.version}{platform.platform()}{public}".encode())
    digest.update(os.environ.get("VISLEARN_SCALE", "cpu").encode())
    digest.update(folder_hash(lab.path).encode() + library_hash().encode())
    digest.update(hashlib.sha256(secret.encode()).digest())
    return digest.hexdigest()[:32]


def versions(names: Iterable[str]) -> dict[str, str]:
    """Installed versions by name of the package; "none" where it is missing."""
    found = dict.fromkeys(names, "none")
    for name in found:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def folder_hash(folder: Path) -> str:
    """A hash of a lab's files: names and contents."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        hidden = any(part[0] in "._" for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden:
            digest.update(str(file.relative_to(folder)).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def library_hash() -> str:
    """A hash of the library's own sources."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parent.parent
    for file in sorted(package.rglob("*.py")):
        digest.update(str(file.relative_to(package)).encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _measure(lab: Lab, secret: str, public: bool) -> Reference:
    answers = answers_of(lab)
    probes = {
        name: (*q.cases, *q.public_probes) if public else q.probes
        for name, q in lab.questions.items()
    }
    with TrustedRunner(lab, secret) as runner:
        solutions = {
            name: runner.run(name, answers, probes[name]) for name in lab.questions
        }
        _refuse_broken(lab, solutions, public)
        mutants = {
            mutant.name: runner.run(
                mutant.question,
                {**answers, mutant.question: (mutant.source,)},
                probes[mutant.question],
            )
            for mutant in lab.mutants
        }
    if not public:
        refuse_guessable(lab, solutions, secret)
    return Reference(solutions, mutants)


def _refuse_broken(lab: Lab, solutions: Mapping[str, Measured], public: bool) -> None:
    for name, question in lab.questions.items():
        measured = solutions[name]
        if measured.state != "ok":
            raise ValueError(
                f"lab {lab.id}, {name}: the solution ends in {measured.state} "
                f"({measured.error_name}: {measured.error_text})"
            )
        declared = {check.name for check in question.checks}
        emitted = {key for key in measured.values if not key.startswith(CASE)}
        if unknown := sorted(emitted - declared):
            raise ValueError(
                f"lab {lab.id}, {name}: {unknown[0]!r} is emitted but is no check"
            )
        if not public and (missing := sorted(declared - set(measured.values))):
            raise ValueError(
                f"lab {lab.id}, {name}: check {missing[0]!r} is never emitted"
            )


def refuse_guessable(lab: Lab, known: Mapping[str, Measured], secret: str) -> None:
    """Refuse checks whose value could be written down without solving the question.

    Raises:
        ValueError: with one line per such check.
    """
    checks = [(q, check) for q in lab.questions.values() for check in q.checks]
    found = {
        f"{q.id}.{check.name}": guessable(check, known[q.id].values[check.name], lab)
        for q, check in checks
    }
    problems = {name: problem for name, problem in found.items() if problem}
    drawn = [
        (question, check)
        for question, check in checks
        if check.kind in ("values", "set", "image", "error")
        and f"{question.id}.{check.name}" not in problems
    ]
    for question, check in _constant(lab, drawn, known, secret):
        kind = "; or say `kind: small`" if check.kind == "values" else ""
        problem = f"the values do not depend on case_seed{kind}"
        problems[f"{question.id}.{check.name}"] = problem
    if problems:
        lines = [f"{name}: {problem}" for name, problem in problems.items()]
        raise ValueError(
            f"lab {lab.id} has checks that could be guessed:\n- " + "\n- ".join(lines)
        )


def _constant(
    lab: Lab,
    checks: list[tuple[Question, Check]],
    known: Mapping[str, Measured],
    secret: str,
) -> list[tuple[Question, Check]]:
    """The checks with the same values under several other secrets."""
    answers = answers_of(lab)
    for number in range(OTHER_SECRETS):
        if not checks:
            break
        with TrustedRunner(lab, f"{secret}-other-{number}") as runner:
            asked = {question.id for question, _ in checks}
            again = {name: runner.run(name, answers) for name in sorted(asked)}
        checks = [
            (question, check)
            for question, check in checks
            if _equal(check, known[question.id], again[question.id])
        ]
    return checks


def _equal(check: Check, one: Measured, other: Measured) -> bool:
    """Whether the values stay the same under another secret.

    Where a part of the values earns a part of the points, one that stays is enough.
    """
    rules = Rules(check.rtol, check.atol, nan_equal=True)
    pairs = zip(one.values[check.name], other.values.get(check.name, []), strict=False)
    same = (_same(check, a, b, rules) for a, b in pairs)
    return any(same) if check.partial else all(same)


def _same(
    check: Check, one: Mapping[str, Any], other: Mapping[str, Any], rules: Rules
) -> bool:
    if check.kind == "image":
        return image_difference(one, other, check.distance, check.limit) is None
    if check.kind == "error":
        return bool(one["data"]["type"] == other["data"]["type"])
    if check.kind == "set":
        return set_difference(decode(one), decode(other), rules) is None
    return difference(decode(one), decode(other), rules) is None
