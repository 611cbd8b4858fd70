"""The peers get a lab as good as ours, and the published table is the suite's."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import peer_labs
import pytest
import suite
from forms import QUESTIONS, RIGHT, ZEROS
from specs import KINDS

from vislearn.grading.lab import load_lab

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "book" / "grading_attacks.json"
TOOLS = ("ours", "nbgrader", "otter")


def passed(name: str, answers: dict[str, str]) -> bool:
    """Whether a check of the peers' lab accepts these answers."""
    _, _, setup, check = peer_labs.CHECKS[name]
    world: dict[str, Any] = {"np": np}
    for source in answers.values():
        exec(source, world)
    try:
        exec(f"{setup}\n{check}", world)
    except AssertionError:
        return False
    return True


def test_the_peers_labs_have_the_questions_and_points_of_ours() -> None:
    lab = load_lab(ROOT / "tests" / "grading" / "minilab")
    ours = {
        (question.id, check.name): check.points
        for question in lab.questions.values()
        for check in question.checks
    }
    theirs = {
        (question, name): points
        for name, (question, points, _, _) in peer_labs.CHECKS.items()
    }
    assert theirs == ours


@pytest.mark.parametrize("name", peer_labs.CHECKS)
def test_their_checks_accept_right_answers_and_their_own_solution(name: str) -> None:
    own = {q: f"{peer_labs.STUBS[q]}\n{peer_labs.BODIES[q]}" for q in QUESTIONS}
    assert passed(name, RIGHT)
    assert passed(name, own)


@pytest.mark.parametrize("name", ["output", "width_mismatch"])
def test_their_checks_refuse_zeros(name: str) -> None:
    assert not passed(name, {**RIGHT, "q2": ZEROS})


def test_their_check_of_the_width_wants_more_than_an_error() -> None:
    always = "def attention(q, k, v):\n    raise ValueError('width')"
    assert not passed("width_mismatch", {**RIGHT, "q2": always})


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("right", [True, False])
def test_the_doctests_say_the_same(question: str, right: bool) -> None:
    world: dict[str, Any] = {"np": np}
    for source in RIGHT.values():
        exec(source, world)
    if not right:
        name = {"q1": "softmax", "q2": "attention", "q3": "random_mask"}[question]
        world[name] = lambda *_: np.zeros((5, 7))
    tree = ast.parse(peer_labs.otter_test(question))
    test = ast.literal_eval(tree.body[1].value)  # type: ignore[attr-defined]
    failed = 0
    for case in test["suites"][0]["cases"]:
        parsed = doctest.DocTestParser().get_doctest(case["code"], world, "", None, 0)
        with contextlib.redirect_stdout(io.StringIO()):
            failed += bool(doctest.DocTestRunner(verbose=False).run(parsed).failed)
    assert failed == (0 if right else len(test["suites"][0]["cases"]))


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return dict(json.loads(TABLE.read_text(encoding="utf-8")))


def test_the_table_covers_exactly_the_suite(table: dict[str, Any]) -> None:
    rows = {row["id"]: row for row in table["attacks"]}
    attacks = {attack.name: attack for attack in suite.attacks()}
    assert set(rows) == set(attacks)
    for name, attack in attacks.items():
        row = rows[name]
        assert row["kind"] == attack.kind in KINDS
        assert row["title"] == dict(attack.title)
        assert row["probes_walls"] == attack.probes_walls
        assert row["fair"] == attack.points / len(attack.expected)


def test_every_row_was_measured_or_says_why_not(table: dict[str, Any]) -> None:
    for row in table["attacks"]:
        tried = [tool for tool in TOOLS if tool in row]
        assert tried == (["ours"] if row["not_tried"] else list(TOOLS)), row["id"]
        for tool in tried:
            hangs = row[tool]["points"] is None
            assert hangs == (row[tool]["result"] in ("hang", "no result")), row["id"]


def test_our_grader_gives_the_fair_points_in_every_row(table: dict[str, Any]) -> None:
    assert {row["id"]: row["ours"]["points"] for row in table["attacks"]} == {
        row["id"]: row["fair"] for row in table["attacks"]
    }


def test_the_table_says_how_it_came_about(table: dict[str, Any]) -> None:
    assert table["points"] == 10
    assert set(table["versions"]) >= {"vislearn", "nbgrader", "otter", "python"}
    assert set(table["settings"]) >= {"limit_seconds", "address_space_gb"}
