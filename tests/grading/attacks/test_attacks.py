"""Hostile submissions get what a fair grader gives, and hurt nobody else.

All attacks of `suite` are graded in one run. Integrity attacks get no point that was
not earned, attacks on availability cost their own question only, honest oddities cost
nothing, and nothing is left on the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import rehearsal
import suite
from forms import OwnForm
from specs import KINDS, Attack

from vislearn.grading.lab import load_lab
from vislearn.grading.submission import read_submission

ATTACKS = suite.attacks()
SLOW_TO_READ = 5.0  # seconds of a processor, which a crowded machine does not stretch


@pytest.fixture(scope="module")
def run(
    needs_sandbox: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[rehearsal.Rehearsal]:
    folder = tmp_path_factory.mktemp("attacks")
    try:
        yield rehearsal.rehearse(folder)
    finally:
        rehearsal.remove(folder)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gets_the_points_of_a_fair_grader(
    run: rehearsal.Rehearsal, attack: Attack
) -> None:
    records = suite.of_attack(run.records, attack.name)
    assert not suite.misgrade(records, attack.expected), attack.why


def test_nothing_reached_the_network(run: rehearsal.Rehearsal) -> None:
    assert not run.reached


def test_the_lab_and_the_system_are_untouched(run: rehearsal.Rehearsal) -> None:
    assert run.damage == []


@pytest.mark.parametrize(
    "kind", ["processes", "files", "mounts", "shared memory", "control groups"]
)
def test_nothing_is_left_behind(run: rehearsal.Rehearsal, kind: str) -> None:
    assert run.left.get(kind, set()) == set()


def test_no_text_of_an_attack_is_kept_with_its_mark(run: rehearsal.Rehearsal) -> None:
    kept = json.dumps(
        [result.to_json() for r in run.records for result in r.results.values()]
    )
    assert "script" not in kept
    assert "cmd|" not in kept
    assert rehearsal.TOKEN not in kept


def test_every_attack_says_what_it_is_and_why_its_points_are_fair() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names))
    for attack in ATTACKS:
        assert attack.kind in KINDS
        assert attack.why
        assert all(attack.title.values())
        assert 0 <= max(mark.points for mark in attack.expected) <= 10


@pytest.mark.parametrize("name", ["blank_lines", "mountain_of_code", "deep_expression"])
@pytest.mark.timeout(60)
def test_no_file_keeps_the_reader_busy(name: str, tmp_path: Path) -> None:
    import time

    attack = next(a for a in ATTACKS if a.name == name)
    lab = load_lab(rehearsal.MINILAB)
    path = tmp_path / "minilab.ipynb"
    attack.write(OwnForm(), path, suite.Stage(1, tmp_path, tmp_path))
    begin = time.process_time()
    read_submission(path, lab, tmp_path)
    assert time.process_time() - begin < SLOW_TO_READ


def test_a_mark_that_is_not_fair_is_found(run: rehearsal.Rehearsal) -> None:
    """The comparison itself: a point too many, a missing file, a stranger."""
    wrong = {name: marks for name, marks in run.expected.items() if name == "zeros"}
    (fair,) = wrong["zeros"]
    better = {"zeros": (type(fair)(fair.state, fair.points + 1),)}
    assert list(suite.misgrades(suite.of_attack(run.records, "zeros"), better)) == [
        "zeros"
    ]
    assert list(suite.misgrades([], wrong)) == ["zeros"]
    assert "correct" in suite.misgrades(run.records, wrong)


def test_the_watch_sees_what_is_left(tmp_path: Path) -> None:
    import tempfile

    from watch import Watch

    look = Watch()
    with tempfile.TemporaryDirectory(prefix="vislearn-left-") as folder:
        assert folder in look.left_behind(0.0)["files"]
    assert "files" not in look.left_behind(0.0)
