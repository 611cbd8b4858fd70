"""Accepted pairs are known by their wording, wherever they stand."""

from __future__ import annotations

import json

from vislearn.course import lock
from vislearn.course.source import parse


def pair(ko: str, en: str) -> str:
    return f'+++ {{"lang": "ko"}}\n{ko}\n\n+++ {{"lang": "en"}}\n{en}\n\n'


FIRST, SECOND = pair("# 하나", "# One"), pair("둘입니다.", "It is two.")
THIRD = pair("셋입니다.", "It is three.")


def drifts(text: str, root) -> list[str]:
    return [message for _, message in lock.drifts(parse(text, "book/05_x.md"), root)]


def test_moving_and_inserting_pairs_keeps_them_accepted(tmp_path) -> None:
    (tmp_path / "book").mkdir()
    assert lock.accept(parse(FIRST + SECOND + THIRD, "book/05_x.md"), tmp_path) == 3
    assert drifts(FIRST + THIRD + SECOND, tmp_path) == []
    between = FIRST + pair("새 글입니다.", "A new text.") + SECOND + THIRD
    assert len(drifts(between, tmp_path)) == 1


def test_the_twin_that_stayed_behind_is_named(tmp_path) -> None:
    (tmp_path / "book").mkdir()
    lock.accept(parse(FIRST + SECOND, "book/05_x.md"), tmp_path)
    changed = FIRST + pair("둘이었습니다.", "It is two.")
    assert drifts(changed, tmp_path) == [
        "ko changed since the pair was accepted, en did not"
    ]
    changed = FIRST + pair("둘입니다.", "It was two.")
    assert drifts(changed, tmp_path) == [
        "en changed since the pair was accepted, ko did not"
    ]
    changed = FIRST + pair("둘이었습니다.", "It was two.")
    assert drifts(changed, tmp_path) == ["both twins changed and were not accepted yet"]


def test_spaces_at_line_ends_do_not_count(tmp_path) -> None:
    (tmp_path / "book").mkdir()
    lock.accept(parse(FIRST, "book/05_x.md"), tmp_path)
    assert drifts(FIRST.replace("# One", "# One  "), tmp_path) == []


def test_documents_that_are_gone_are_forgotten(tmp_path) -> None:
    (tmp_path / "book").mkdir()
    old, new = parse(FIRST, "book/05_x.md"), parse(SECOND, "book/06_y.md")
    lock.accept(old, tmp_path)
    lock.accept(new, tmp_path)
    lock.forget([new], tmp_path)
    assert list(json.loads((tmp_path / lock.FILE).read_text())) == ["06_y"]
