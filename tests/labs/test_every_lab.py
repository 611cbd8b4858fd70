"""What holds for every lab: expected outputs, visible checks, figures, messages."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from tests.labs.workbook import LABS, ROOT, Workbook

BOOKS = {name: Workbook(name) for name in LABS}
GLOSSARY = yaml.safe_load((ROOT / "book" / "glossary.yml").read_text("utf-8"))
BANNED = [word for term in GLOSSARY.values() for word in term.get("banned") or ()]
# Left to the hidden checks: nothing in the visible ones uses another temperature.
HIDDEN_ONLY = {"q5_temperature_ignored"}

QUESTIONS = [(lab, q) for lab, book in BOOKS.items() for q in book.lab.questions]
MUTANTS = [(lab, m) for lab, book in BOOKS.items() for m in book.lab.mutants]
IDS = [f"{lab}-{mutant.name}" for lab, mutant in MUTANTS]


@cache
def solved(lab: str) -> dict[str, Any]:
    return BOOKS[lab].namespace()


@pytest.mark.parametrize(("lab", "question"), QUESTIONS)
def test_expected_output_in_both_languages_is_what_the_cell_prints(lab, question):
    *shown, last = BOOKS[lab].printed(question, solved(lab))
    assert last == f"{question}: OK"
    assert shown
    for line in shown:
        assert BOOKS[lab].prose.count(f"\n```\n{line}\n```\n") == 2, line


@pytest.mark.parametrize(("lab", "mutant"), MUTANTS, ids=IDS)
def test_visible_checks_catch_the_mutant(lab, mutant):
    names = BOOKS[lab].namespace({mutant.question: mutant.source})
    if mutant.name in HIDDEN_ONLY:
        BOOKS[lab].printed(mutant.question, names)
        return
    with pytest.raises((AssertionError, RuntimeError)) as caught:
        BOOKS[lab].printed(mutant.question, names)
    if isinstance(caught.value, AssertionError):
        assert " / " in str(caught.value)  # a message in both languages


@pytest.mark.parametrize("name", LABS)
def test_minutes_add_up_and_fit_a_lesson(name):
    lab = BOOKS[name].lab
    assert sum(question.minutes for question in lab.questions.values()) == lab.minutes
    assert 60 <= lab.minutes <= 100
    assert 60 <= lab.points <= 100


@pytest.mark.parametrize(("lab", "name"), QUESTIONS)
def test_statement_tells_minutes_points_and_difficulty(lab, name):
    question, prose = BOOKS[lab].lab.questions[name], BOOKS[lab].prose
    told = question.minutes, question.points, question.difficulty
    assert "{:g}분 · {:g}점 · 난이도 {}/5".format(*told) in prose
    assert "{:g} minutes · {:g} points · difficulty {}/5".format(*told) in prose
    for language in ("ko", "en"):
        assert re.search(rf"^## .*{re.escape(question.title[language])}", prose, re.M)


@pytest.mark.parametrize(("lab", "mutant"), MUTANTS, ids=IDS)
def test_mutant_speaks_the_course_s_korean_and_explains(lab, mutant):
    korean, english = mutant.messages["ko"], mutant.messages["en"]
    assert not [word for word in BANNED if word in korean]
    assert re.search(r"(니다|세요)\.\)?$", korean)
    assert not re.search(r"[가-힣]", english)
    # A message explains; "wrong" alone would be one short sentence.
    assert len(english.split()) >= 20
