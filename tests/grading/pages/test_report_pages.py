"""A learner's page and the tables: complete, honest, in the right language, safe."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages import learner_page as pages
from vislearn.grading.pages.render import inline
from vislearn.grading.pages.report import (
    feedback_lines,
    grades_csv,
    learner_page,
    report_name,
    submissions_csv,
    write_reports,
)
from vislearn.grading.pages.words import speaker, texts
from vislearn.grading.people.policy import Mark
from vislearn.grading.people.rubric import RubricLine

Answer = Callable[..., QuestionResult]
EVIL = "<img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"


class Reader(HTMLParser):
    """The words of a page, its elements, and whether every one of them is closed."""

    VOID = ("meta", "link", "br", "input", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.tags, self.open = "", list[str](), list[str]()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.words += f" {data.strip()}"


def words_of(page: str) -> str:
    return " ".join(Reader(page).words.split())


@pytest.fixture
def record(minilab: Lab, answered: Answer) -> Record:
    """q1 right, q2 a misconception and blocked, q3 timed out."""
    q1, q2, q3 = minilab.questions.values()
    results = {
        "q1": answered(q1, [True, True]),
        "q2": answered(q2, [False, True], misconception="q2_no_scale"),
        "q3": answered(q3, [False], "timeout"),
    }
    return Record("kim/a.ipynb", "kim", "0", "graded", "ko", "", (), results)


def mark_of(record: Record | None, **changes: Any) -> Mark:
    made = Mark(
        student=record.student if record else "lee",
        name="김철수",
        email="kim@example.org",
        record=record,
        attempts=2,
        handed_in="2026-11-21T09:30:00+09:00",
        auto=record.points if record else None,
        manual=5.0,
        penalty=1.5,
        points=7.5,
        max_points=20.0,
        late_days=1.25,
    )
    return dataclasses.replace(made, **changes)


def test_points_reasons_and_messages_are_told(minilab: Lab, record: Record) -> None:
    said = words_of(learner_page(minilab, record, "bwrap"))
    assert "4 / 10" in said
    assert "√d로 나누지 않았습니다." in said
    assert "제한 시간을 넘겼습니다." in said
    assert "✗ 실패" in said


def test_the_page_speaks_the_notebooks_language(minilab: Lab, record: Record) -> None:
    english = dataclasses.replace(record, lang="en")
    page = learner_page(minilab, english, "bwrap")
    assert '<html lang="en">' in page
    hangul = [c for c in Reader(page).words if "가" <= c <= "힣"]
    assert hangul == []
    assert '<html lang="ko">' in learner_page(minilab, record, "bwrap")


def test_a_misconception_comes_with_its_counter_example(
    minilab: Lab, record: Record
) -> None:
    cases = {"q2_no_scale": {"ko": ["입력 q = [[1 < 2]]", "기대 0.73"], "en": []}}
    page = learner_page(minilab, record, "bwrap", cases=cases)
    assert "입력 q = [[1 &lt; 2]]\n기대 0.73" in page
    assert speaker("ko")("example") not in learner_page(minilab, record, "bwrap")


def test_a_stub_is_no_error_but_an_answer_that_is_not_there(
    minilab: Lab, record: Record
) -> None:
    untouched = dataclasses.replace(
        record.results["q2"],
        reason="error",
        error="NotImplementedError",
        misconception="",
    )
    for blocked_by, told, not_told in (
        ((), "아직 답을 쓰지", "오류가 났습니다"),
        (("q1",), "오류가 났습니다", "아직 답을 쓰지"),
    ):
        q2 = dataclasses.replace(untouched, blocked_by=blocked_by)
        results = {**record.results, "q2": q2}
        page = dataclasses.replace(record, results=results)
        said = words_of(learner_page(minilab, page, "bwrap"))
        assert told in said
        assert not_told not in said


def test_what_an_earlier_question_caused_is_said(minilab: Lab, record: Record) -> None:
    q2 = dataclasses.replace(record.results["q2"], blocked_by=("q1",))
    results = {**record.results, "q2": q2}
    page = learner_page(minilab, dataclasses.replace(record, results=results), "bwrap")
    assert speaker("ko")("blocked", question="q1") in words_of(page)
    # The blocking question comes first in what to do, this one last.
    steps = words_of(page).split("다음에 할 일")[1]
    assert steps.index("q3 ‘") < steps.index("q2 ‘")


def test_the_next_steps_begin_where_most_is_to_gain(
    minilab: Lab, record: Record
) -> None:
    said = words_of(learner_page(minilab, record, "bwrap")).split("다음에 할 일")[1]
    assert "q1 ‘" not in said
    assert said.index("q2 ‘") < said.index("q3 ‘")
    assert "vislearn check" in said


def test_the_final_mark_is_taken_apart(minilab: Lab, record: Record) -> None:
    said = words_of(learner_page(minilab, record, "bwrap", mark=mark_of(record)))
    assert "7.5 / 20" in said
    assert "김철수" in said
    assert "지각 감점 −1.5" in said
    assert "2026-11-21 09:30 (+09:00) · 1.2일 늦음" in said
    assert "2번 가운데 이 파일이 점수가 됩니다." in said


def test_another_attempts_page_says_which_one_counts(
    minilab: Lab, record: Record
) -> None:
    other = dataclasses.replace(record, key="kim/b.ipynb")
    said = words_of(learner_page(minilab, other, "bwrap", mark=mark_of(record)))
    assert "이 파일이 아니라 kim/a.ipynb의 점수가 기록됩니다." in said
    assert "4 / 10" in said
    assert "7.5 / 20" not in said


def test_an_open_manual_mark_is_no_number(minilab: Lab, record: Record) -> None:
    mark = mark_of(record, manual=None, points=None)
    said = words_of(learner_page(minilab, record, "bwrap", mark=mark))
    assert "– / 20" in said
    assert "아직 채점하지 않았습니다." in said


def test_what_a_person_wrote_is_shown_and_escaped(
    minilab: Lab, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(*_: Any) -> list[RubricLine]:
        return [
            RubricLine("분석", 20.0, 40.0, "근거가 부족합니다", EVIL),
            RubricLine("발표", None, 10.0, "", ""),
        ]

    monkeypatch.setattr(pages, "rubric_lines", lines)
    page = learner_page(minilab, record, "bwrap", mark=mark_of(record), manual=[])
    assert "20 / 40 근거가 부족합니다" in words_of(page)
    assert "– / 10" in words_of(page)
    assert "img" not in Reader(page).tags


def test_ungraded_is_never_zero(minilab: Lab, record: Record) -> None:
    results = {"q1": record.results["q1"]}
    open_record = dataclasses.replace(
        record, state="ungraded", reason="ungraded", results=results
    )
    said = words_of(learner_page(minilab, open_record, "bwrap"))
    assert "– / 10" in said
    assert "0 / 10" not in said
    assert "기다리면 됩니다." in said
    row = next(csv.DictReader(grades_csv(minilab, [open_record], "bwrap").splitlines()))
    assert (row["points"], row["q1"], row["q2"]) == ("", "3", "")


def test_an_unreadable_file_has_no_questions_but_a_way_on(minilab: Lab) -> None:
    record = Record("x.ipynb", "x", "", "unreadable", "en", "not_json", (), {})
    said = words_of(learner_page(minilab, record, "bwrap"))
    assert "The notebook is damaged" in said
    assert "Save the file again" in said
    assert "q1 ·" not in said


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_nothing_that_learners_choose_is_markup(
    minilab: Lab, record: Record, lang: str
) -> None:
    bad = dataclasses.replace(record, student=EVIL, key=f"{EVIL}.ipynb", lang=lang)
    mark = mark_of(bad, name=EVIL, handed_in=EVIL)
    for page in (
        learner_page(minilab, bad, "bwrap", mark=mark),
        learner_page(minilab, bad, "bwrap"),
    ):
        assert not {"img", "script"} & set(Reader(page).tags)
        assert "49" not in Reader(page).words


def test_pages_allow_no_connection(minilab: Lab, record: Record) -> None:
    page = learner_page(minilab, record, "bwrap")
    assert "default-src 'none'" in page
    for far in ("http://", "https://", "url(", "@import"):
        assert far not in page.replace("http-equiv", "")


def test_grades_have_one_row_per_student_and_submissions_one_per_file(
    minilab: Lab, record: Record, tmp_path: Path
) -> None:
    other = dataclasses.replace(record, key="kim/b.ipynb")
    absent = mark_of(None, points=None, manual=None, penalty=0.0, attempts=0)
    marks = [mark_of(record), absent]
    write_reports(minilab, [record, other], tmp_path, "bwrap", marks=marks)
    text = (tmp_path / "grades.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [(r["student"], r["file"], r["points"], r["auto"]) for r in rows] == [
        ("kim", "kim/a.ipynb", "7.5", "4"),
        ("lee", "", "", ""),
    ]
    assert rows[1]["state"] == "missing"
    files = (tmp_path / "submissions.csv").read_text("utf-8-sig")
    assert [row["file"] for row in csv.DictReader(files.splitlines())] == [
        "kim/a.ipynb",
        "kim/b.ipynb",
    ]
    assert (tmp_path / "reports" / report_name(other)).is_file()


def test_tables_disarm_formulas(minilab: Lab, record: Record) -> None:
    bad = dataclasses.replace(record, student="=1+1", key="@x.ipynb")
    mark = mark_of(bad, name="+cmd", email="-x@y")
    row = next(csv.DictReader(grades_csv(minilab, [], "bwrap", [mark]).splitlines()))
    assert [row[name] for name in ("student", "file", "name", "email")] == [
        "'=1+1",
        "'@x.ipynb",
        "'+cmd",
        "'-x@y",
    ]
    row = next(csv.DictReader(submissions_csv(minilab, [bad], "bwrap").splitlines()))
    assert row["student"] == "'=1+1"


def test_sums_of_fractions_are_written_as_people_do(
    minilab: Lab, record: Record
) -> None:
    mark = mark_of(record, points=0.1 + 0.2)
    row = next(csv.DictReader(grades_csv(minilab, [], "bwrap", [mark]).splitlines()))
    assert row["points"] == "0.3"


def test_plain_feedback_puts_the_misconception_first(
    minilab: Lab, record: Record
) -> None:
    lines = feedback_lines(minilab, record.results["q2"], "ko")
    assert lines[0] == "√d로 나누지 않았습니다."
    assert feedback_lines(minilab, record.results["q1"], "en") == ["Right."]


def test_authors_code_and_stress_are_shown_and_nothing_else() -> None:
    assert inline("`a<b` is **not** <b>") == (
        "<code>a&lt;b</code> is <strong>not</strong> &lt;b&gt;"
    )


def test_every_sentence_is_there_in_both_languages() -> None:
    for kind, sentences in texts().items():
        for key, both in sentences.items():
            assert set(both) == {"ko", "en"}, (kind, key)
            assert all(isinstance(t, str) and t.strip() for t in both.values()), key


def test_sentences_ask_for_the_same_values_in_both_languages() -> None:
    import string

    for key, both in texts()["pages"].items():
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in both.values()
        ]
        assert fields[0] == fields[1], key


def test_unknown_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="language 'fr', expected 'ko' or 'en'"):
        speaker("fr")
