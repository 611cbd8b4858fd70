"""The instructor's page: right figures, both languages, no request, usable anywhere."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages.items import statistics
from vislearn.grading.pages.report import write_reports
from vislearn.grading.pages.similarity import compare
from vislearn.grading.pages.similarity_page import similarity_page
from vislearn.grading.pages.summary import Batch, summary_page
from vislearn.grading.pages.words import speaker
from vislearn.grading.people.policy import Mark
from vislearn.grading.people.rubric import RubricItem
from vislearn.grading.submission import Submission
from vislearn.grading.walls.sandbox import Limits

Class = Callable[..., list[Record]]
Marks = Callable[..., list[Mark]]
EVIL = "$x$ \\frac{ <img src=x onerror=alert(1)>🙂"


class Page(HTMLParser):
    """Elements with their attributes, ids, and the words outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words, self.inside = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside not in ("style", "script"):
            self.words += f" {data.strip()}"

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def forty(lab01: Lab, class_of: Class) -> list[Record]:
    return class_of(lab01, 40)


@pytest.fixture(scope="module")
def page(lab01: Lab, forty: list[Record]) -> Page:
    return Page(summary_page(lab01, Batch(forty, "bwrap"), "ko"))


def test_every_submission_has_a_row_that_leads_to_its_page(
    lab01: Lab, forty: list[Record], tmp_path: Path
) -> None:
    write_reports(lab01, forty, tmp_path, "bwrap")
    found = Page((tmp_path / "summary.html").read_text("utf-8"))
    links = [str(a["href"]) for a in found.all("a")]
    reports = [link for link in links if link.startswith("reports/")]
    assert len(reports) == len(set(reports)) == 40
    for link in (*reports, "summary.en.html", "grades.csv", "submissions.csv"):
        assert (tmp_path / link).is_file()
        assert link in links


def test_the_figures_on_the_page_are_the_statistics(
    lab01: Lab, forty: list[Record], page: Page
) -> None:
    stats = statistics(lab01, forty)
    words = " ".join(page.words.split())
    assert f"크론바흐 알파 {stats.alpha:.2f}" in words
    assert f"평균 {stats.mean:.1f} / 60" in words
    for item in stats.questions:
        assert item.lost_check is not None
        assert f"{item.lost_check.name} ({item.lost_check.lost})" in words
        assert item.misconception is not None
        said = f"{item.misconception.name} ({item.misconception.count})"
        assert said in words


def test_ungraded_and_unreadable_are_announced(page: Page) -> None:
    assert "2개를 채점하지 못했습니다." in page.words
    assert "4개는 읽을 수 없습니다." in page.words


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_plot_has_its_text_in_the_pages_language(
    lab01: Lab, forty: list[Record], lang: str
) -> None:
    found = Page(summary_page(lab01, Batch(forty, "bwrap"), lang))
    plots = found.all("svg")
    assert len(plots) == 4
    for plot in plots:
        assert plot["role"] == "img"
        label = str(plot["aria-label"])
        assert re.search(r"\d", label)
        assert bool(re.search("[가-힣]", label)) == (lang == "ko")


def test_the_histograms_text_counts_every_graded_submission(
    lab01: Lab, forty: list[Record], page: Page
) -> None:
    label = str(page.all("svg")[0]["aria-label"])
    counts = [int(count) for count in re.findall(r": (\d+)", label)]
    assert sum(counts) == statistics(lab01, forty).graded


def test_an_english_page_holds_no_korean_but_the_switch_and_what_learners_chose(
    lab01: Lab, forty: list[Record]
) -> None:
    few = forty[:3]
    named = [
        dataclasses.replace(record, student=f"s{n}", key=f"s{n}.ipynb")
        for n, record in enumerate(few)
    ]
    found = Page(summary_page(lab01, Batch(named, "bwrap"), "en"))
    assert set(re.findall("[가-힣]+", found.words)) == {"한국어"}


def test_ids_are_unique(page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_page_asks_for_nothing(lab01: Lab, forty: list[Record]) -> None:
    few = forty[:3]
    text = summary_page(lab01, Batch(few, "bwrap"), "ko")
    found = Page(text)
    for tag, attributes in found.elements:
        for name in ("src", "href", "xlink:href"):
            address = str(attributes.get(name) or "#")
            local = address.startswith(("#", "reports/", "data:"))
            assert local or address in ("summary.en.html",), (tag, address)
    assert "@import" not in text
    assert [a for a in found.all("script") if a] == []


def test_mode_and_limits_are_printed(lab01: Lab, forty: list[Record]) -> None:
    few = forty[:3]
    about = {"limits": dataclasses.asdict(Limits()), "hard_memory_limit": False}
    boxed = Page(summary_page(lab01, Batch(few, "bwrap", about=about), "en")).words
    assert "The grader watches the memory limit" in boxed
    assert "memory (MB)" in boxed
    assert "2,048" in boxed
    for walls, said in (("none", "--no-sandbox"), ("user", "throw-away container")):
        assert said in Page(summary_page(lab01, Batch(few, walls), "en")).words


def test_final_marks_are_shown_and_open_ones_announced(
    lab01: Lab, forty: list[Record], marks_for: Marks
) -> None:
    few = forty[:5]
    marks = marks_for(lab01, few)
    words = Page(summary_page(lab01, Batch(few, "bwrap", marks), "en")).words
    assert "No final mark yet for 1:" in words
    assert "이름 3" in words
    assert f"{(few[0].points or 0) + 3:g}" in words


def test_only_a_lab_with_a_rubric_announces_that_people_have_finished(
    lab01: Lab, forty: list[Record], marks_for: Marks, tmp_path: Path
) -> None:
    item = RubricItem("analysis", {"ko": "분석", "en": "Analysis"}, 3.0)
    ruled = dataclasses.replace(lab01, rubric=(item,))
    said = []
    for lab, few in ((lab01, forty[:4]), (ruled, forty[:4]), (ruled, forty[:5])):
        marks = marks_for(lab, few)
        write_reports(lab, few, tmp_path, "bwrap", marks=marks)
        page = (tmp_path / "summary.en.html").read_text("utf-8")
        said.append(speaker("en")("rubric_done") in Page(page).words)
    assert said == [False, True, False]


def test_somebody_who_handed_in_nothing_has_a_row_and_no_points(lab01: Lab) -> None:
    absent = dataclasses.replace(
        Mark("lee", "", "", None, 0, "", None, None, 0.0, None, 60.0, 0.0)
    )
    found = Page(summary_page(lab01, Batch([], "bwrap", [absent]), "en"))
    assert "lee" in found.words
    assert "nothing handed in" in found.words
    assert "– / 60" in " ".join(found.words.split())


def test_only_the_attempt_that_counts_enters_the_statistics(
    lab01: Lab, forty: list[Record], marks_for: Marks
) -> None:
    marks = marks_for(lab01, forty[:20])
    found = Page(summary_page(lab01, Batch(forty, "bwrap", marks), "en")).words
    assert f"of the {statistics(lab01, forty[:20]).graded} graded" in found


def test_names_are_neither_markup_nor_formulas(lab01: Lab, class_of: Class) -> None:
    records = [
        dataclasses.replace(record, student=EVIL, key=f"{EVIL}{n}.ipynb")
        for n, record in enumerate(class_of(lab01, 3))
    ]
    found = Page(summary_page(lab01, Batch(records, "bwrap"), "ko"))
    assert found.all("img") == []
    assert "onerror" in found.words


@pytest.mark.parametrize("size", [0, 1, 80])
def test_any_class_size_has_a_page(lab01: Lab, class_of: Class, size: int) -> None:
    text = summary_page(lab01, Batch(class_of(lab01, size), "bwrap"), "ko")
    labels = [str(plot["aria-label"]) for plot in Page(text).all("svg")]
    assert not any("nan" in label for label in labels)
    assert ('id="heat-' in text) == (size == 1)


def test_the_same_batch_gives_the_same_page(lab01: Lab, forty: list[Record]) -> None:
    few = forty[:3]
    batch = Batch(few, "bwrap")
    assert summary_page(lab01, batch, "ko") == summary_page(lab01, batch, "ko")


def test_the_summary_of_three_hundred_stays_small(
    lab01: Lab, class_of: Class, tmp_path: Path
) -> None:
    records = class_of(lab01, 300)
    write_reports(lab01, records, tmp_path, "bwrap")
    assert (tmp_path / "summary.html").stat().st_size < 2_000_000


# ---- the similarity report


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_pairs_are_shown_side_by_side_with_shared_lines_marked(
    lab01: Lab, alike: list[Submission], lang: str
) -> None:
    found = Page(similarity_page(lab01, compare(lab01, alike), lang))
    assert "kim ↔ lee" in found.words
    assert "choi" not in found.words
    marked = [a["data-line"] for a in found.all("mark")]
    assert marked
    assert "1" not in marked  # each side's own comment
    assert found.all("script") == found.all("b") == []
    assert "<script>alert(1)</script>" in found.words


def test_the_report_says_that_it_proves_and_costs_nothing(
    lab01: Lab, alike: list[Submission]
) -> None:
    found = compare(lab01, alike)
    english = Page(similarity_page(lab01, found, "en")).words
    assert "Likeness is no proof, and nothing is deducted" in english
    korean = Page(similarity_page(lab01, found, "ko")).words
    assert "증거가 아니며, 이 보고서 때문에 점수가 깎이지 않습니다." in korean


def test_names_can_be_hidden(lab01: Lab, alike: list[Submission]) -> None:
    found = compare(lab01, alike)
    words = Page(similarity_page(lab01, found, "en", hide_names=True)).words
    assert not {"kim", "lee"} & set(words.split())
    assert "Submission 2 ↔ Submission 3" in words


def test_the_summary_links_the_similarity_report(
    lab01: Lab, forty: list[Record], alike: list[Submission], tmp_path: Path
) -> None:
    few = forty[:3]
    found = compare(lab01, alike)
    write_reports(lab01, few, tmp_path, "bwrap", similarity=found)
    for name in ("similarity.html", "similarity.en.html"):
        assert (tmp_path / name).is_file()
    assert "similarity.html" in (tmp_path / "summary.html").read_text("utf-8")
