"""The sample site in a real browser: offline, accessible, usable by hand and keyboard.

These tests need Chromium and playwright; without them they are skipped and say so.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def load(path: Path):
    """Import a file that belongs to no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


look = load(HERE / "look.py")
search_ko = load(HERE.parents[1] / "book" / "_ext" / "search_ko.py")

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
pytestmark = pytest.mark.skipif(
    look.find_browser() is None, reason="chromium is not installed"
)
PAGES = [
    f"{lang}/book/{name}.html"
    for lang in ("ko", "en")
    for name in ("01_sample", "appendix/models", "appendix/glossary")
]


@pytest.fixture(scope="module")
def chromium():
    with look.browser() as started:
        yield started


@pytest.fixture
def page(chromium, built):
    """A page of the sample site, opened from the disk."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto((built.site / "ko" / "book" / "01_sample.html").as_uri())
    look.settle(opened)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def over_http(chromium, built):
    with look.served(built.site) as base:
        yield look.look(chromium, PAGES, base)


@pytest.fixture(scope="module")
def from_disk(chromium, built):
    base = built.site.as_uri()
    return look.look(chromium, PAGES, base, axe=False)


def test_pages_are_accessible_in_both_modes_and_widths(over_http):
    assert over_http.violations == []


@pytest.mark.parametrize("how", ["over_http", "from_disk"])
def test_nothing_is_asked_of_another_machine(how: str, request):
    report = request.getfixturevalue(how)

    assert report.outside == []
    assert report.failed == []
    assert report.console == []


def test_no_page_scrolls_sideways(over_http):
    assert over_http.wide == []


def test_a_request_to_another_machine_would_be_noticed(chromium, built):
    page_file = built.site / "bad.html"
    page_file.write_text(
        "<!DOCTYPE html><title>x</title><img src='https://example.invalid/x.png'>"
    )
    try:
        with look.served(built.site) as base:
            report = look.look(chromium, ["bad.html"], base)
    finally:
        page_file.unlink()

    assert "https://example.invalid/x.png" in report.outside[0]
    assert any("image-alt" in line for line in report.violations)


def test_the_switcher_leads_to_the_same_page_on_a_phone(page):
    page.click(".vl-languages a[lang=en]")
    page.wait_for_load_state()

    assert page.url.endswith("/en/book/01_sample.html")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_quiz_explains_only_after_an_answer(page):
    quiz = page.locator("#quiz-temperature")
    why = quiz.locator(".vl-quiz-why")
    assert not any(one.is_visible() for one in why.all())

    quiz.locator("button").click()
    assert quiz.locator("[role=status]").inner_text() == "먼저 답을 고르세요."

    quiz.get_by_label("가장 큰 점수에 몰립니다.").check()
    quiz.locator("button").click()
    assert quiz.locator("[role=status]").inner_text() == "맞았습니다."
    assert all(one.is_visible() for one in why.all())


def test_a_quiz_is_answered_with_the_keyboard(page):
    quiz = page.locator("#quiz-temperature")
    quiz.locator("input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    assert quiz.locator("[role=status]").inner_text().startswith("다시 생각해")


def test_a_quiz_with_several_answers_wants_all_of_them(page):
    quiz = page.locator("#quiz-several")
    quiz.get_by_label("합이 1입니다.").check()
    quiz.locator("button").click()
    assert "다시" in quiz.locator("[role=status]").inner_text()

    quiz.locator("button").click()  # try again
    assert quiz.locator("[role=status]").inner_text() == ""
    quiz.get_by_label("합이 1입니다.").check()
    quiz.get_by_label("모두 0보다 큽니다.").check()
    quiz.locator("button").click()
    assert quiz.locator("[role=status]").inner_text() == "맞았습니다."


def test_formulas_are_set(page):
    assert page.locator("mjx-container").count() >= 3
    assert page.locator("mjx-merror").count() == 0


def test_the_front_page_follows_the_browser_language(chromium, built):
    for locale, lang in (("ko-KR", "ko"), ("en-GB", "en"), ("fr-FR", "en")):
        context = chromium.new_context(locale=locale)
        opened = context.new_page()
        opened.goto((built.site / "index.html").as_uri())
        opened.wait_for_url("**/book/index.html")
        assert f"/{lang}/book/" in opened.url
        context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_noun_with_a_particle(chromium, built, scheme: str):
    opened = chromium.new_page()
    with look.served(built.site) as address:
        base = address if scheme == "http" else built.site.as_uri()
        opened.goto(f"{base}/ko/search.html?q=점수를")
        opened.wait_for_selector("#search-results li a")
        found = opened.locator("#search-results li a").all_inner_texts()
    opened.close()

    assert any("소프트맥스와 온도" in title for title in found)


def test_the_browser_strips_particles_as_the_index_does(chromium, built):
    rows = json.loads((HERE / "nouns.json").read_text(encoding="utf-8"))
    words = sorted({w.lower() for text, _ in rows for w in text.split()})
    opened = chromium.new_page()
    opened.goto((built.site / "ko" / "search.html").as_uri())
    theirs = opened.evaluate(
        "words => words.map(w => splitQuery(w).map(p => new Stemmer().stemWord(p)))",
        words,
    )
    opened.close()

    assert theirs == [
        [search_ko.stem(p) for p in search_ko.WORDS.findall(w)] for w in words
    ]
