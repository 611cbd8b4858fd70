"""The sample course, built: one execution, two languages, no word of the other one."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import urllib.request
from functools import partial
from pathlib import Path

import nbformat
import pytest

from vislearn.course.book import serve_site

LANGS = ("ko", "en")


def test_the_last_line_is_the_page_to_open(built):
    assert built.said[-1].strip() == str(built.site / "index.html")
    assert re.search(r"\[1/1\] book/01_sample … [\d.]+ s", built.text)


def test_both_languages_share_one_execution(built):
    for lang in LANGS:
        assert "Using cached notebook" in built.log(lang)
        assert "Executing notebook" not in built.log(lang)


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_speaks_its_language(built, lang: str):
    page = built.page(f"{lang}/book/01_sample.html")

    assert f'<html lang="{lang}"' in page
    korean, english = "학습 목표", "Learning goals"
    assert (korean in page, english in page) == (lang == "ko", lang == "en")
    assert "temperature 0.5: [0.842 0.114 0.042 0.002]" in page


@pytest.mark.parametrize("lang", LANGS)
def test_a_figure_drawn_for_both_languages_appears_in_one(built, lang: str):
    page = built.page(f"{lang}/book/01_sample.html")
    other = {"ko": "en", "en": "ko"}[lang]

    assert page.count(f'<img class="vl-lang-{lang}"') == 1
    assert f"vl-lang-{other}" not in page
    assert re.search(r'<img class="vl-lang-[^>]*alt="[^"]{10,}"', page)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["01_sample", "appendix/glossary", "index"])
def test_every_page_leads_to_itself_in_the_other_language(built, lang: str, name: str):
    other = {"ko": "en", "en": "ko"}[lang]
    page = built.site / lang / "book" / f"{name}.html"
    text = page.read_text(encoding="utf-8")

    link = re.search(rf'<a lang="{other}" hreflang="{other}"[^>]*href="([^"]+)"', text)
    assert link is not None
    target = (page.parent / link[1]).resolve()
    assert target == (built.site / other / "book" / f"{name}.html").resolve()
    for tongue in ("ko", "en", "x-default"):
        assert f'<link rel="alternate" hreflang="{tongue}"' in text


@pytest.mark.parametrize("lang", LANGS)
def test_the_notebook_of_the_language_lies_beside_the_pages(built, lang: str):
    page = built.site / lang / "book" / "01_sample.html"
    text = page.read_text(encoding="utf-8")

    link = re.search(r'href="([^"]+\.ipynb)" download', text)
    assert link is not None
    notebook = nbformat.read(page.parent / link[1], as_version=4)
    words = "".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert bool(re.search("[가-힣]", words)) == (lang == "ko")
    where = f"blob/notebooks/{lang}/01_sample.ipynb"
    assert re.search(rf'href="https://colab\.research\.google\.com/[^"]*{where}"', text)


def test_a_page_without_code_has_no_notebook(built):
    assert ".ipynb" not in built.page("ko/book/00_welcome.html")
    assert not (built.site / "ko" / "notebooks" / "00_welcome.ipynb").exists()


@pytest.mark.parametrize("lang", LANGS)
def test_facts_terms_and_sources_are_filled_in(built, lang: str):
    page = built.page(f"{lang}/book/01_sample.html")

    assert "85,798,656" in page
    term = {"ko": "어텐션", "en": "attention"}[lang]
    assert re.search(
        rf'href="appendix/glossary\.html#term-attention"[^<]*>\s*<span[^>]*>{term}<',
        page,
    )
    assert "vislearn/layers/attention.py:" in page


def test_a_korean_particle_follows_a_role_without_a_gap(built):
    page = built.page("ko/book/01_sample.html")

    assert re.search(r"어텐션</span></a>은 점수를", page)
    assert "85,798,656</span>개입니다" in page


@pytest.mark.parametrize("lang", LANGS)
def test_executed_pages_are_listed_with_their_time(built, lang: str):
    page = built.page(f"{lang}/book/appendix/execution.html")
    table = page[page.index("<table") : page.index("</table>")]

    assert {"ko": "소프트맥스와 온도", "en": "Softmax and temperature"}[lang] in table
    assert {"ko": "성공", "en": "succeeded"}[lang] in table
    assert "00_welcome" not in table


@pytest.mark.parametrize("lang", LANGS)
def test_models_and_data_are_listed(built, lang: str):
    assert "85,798,656" in built.page(f"{lang}/book/appendix/models.html")
    title = {"ko": "도형 세계", "en": "Shapes world"}[lang]
    assert title in built.page(f"{lang}/book/appendix/data.html")


def test_no_page_names_a_script_or_style_of_another_machine(built):
    for page in built.site.glob("*/**/*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(
            r'<(?:script|img|iframe)\b[^>]*\bsrc="([^"]+)"'
            r'|<link\b[^>]*rel="(?:stylesheet|icon|preload)"[^>]*href="([^"]+)"',
            text,
        )
        for one, other in loaded:
            assert not re.match(r"(https?:)?//", one or other), page
        assert "unpkg.com" not in text
        assert "cdn." not in text


def test_the_front_page_has_links_for_readers_without_scripts(built):
    page = built.page("index.html")

    for lang in LANGS:
        assert f'href="{lang}/book/index.html"' in page
        assert (built.site / lang / "book" / "index.html").is_file()
    assert "navigator.languages" in page


def test_a_build_without_changes_runs_nothing(built):
    assert built.build() == 0, built.text

    assert "book/01_sample … unchanged" in built.text
    for lang in LANGS:
        assert "0 added, 0 changed, 0 removed" in built.log(lang)


def test_a_warning_fails_the_build_twice_and_keeps_the_earlier_site(built):
    chapter = built.root / "book" / "00_welcome.md"
    good = chapter.read_text(encoding="utf-8")
    earlier = built.page("en/book/00_welcome.html")
    try:
        bad = good.replace("This page has", "{ref}`sec-nowhere` has")
        chapter.write_text(bad, encoding="utf-8")
        for _ in range(2):
            assert built.build() == 1
            assert "sec-nowhere" in built.text
            assert "00_welcome.md" in built.text
            assert built.page("en/book/00_welcome.html") == earlier
    finally:
        chapter.write_text(good, encoding="utf-8")


def test_a_failing_chapter_fails_the_build_and_keeps_the_earlier_site(built):
    chapter = built.root / "book" / "01_sample.md"
    good = chapter.read_text(encoding="utf-8")
    earlier = built.page("ko/book/01_sample.html")
    try:
        bad = good.replace("scores = np.array(", "scores = np.aray(")
        chapter.write_text(bad, encoding="utf-8")
        assert built.build() == 1
        assert "book/01_sample, code cell 1: import numpy as np" in built.text
        assert "AttributeError" in built.text
        assert built.page("ko/book/01_sample.html") == earlier
    finally:
        chapter.write_text(good, encoding="utf-8")


def test_jupyter_book_alone_builds_the_korean_book(course: Path):
    run = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", run, "build", ".", "-W", "-n", "--keep-going"]
    done = subprocess.run(
        command, cwd=course, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    page = (course / "_build" / "html" / "book" / "01_sample.html").read_text()
    assert '<html lang="ko"' in page
    assert "vl-languages" not in page  # there is no other tree to lead to
    table = (
        course / "_build" / "html" / "book" / "appendix" / "models.html"
    ).read_text()
    assert "85,798,656" in table


def test_a_preview_of_one_chapter_leaves_the_site_alone(built):
    before = built.page("ko/book/01_sample.html")

    assert built.build(only=["00_welcome"], langs=("en",)) == 0, built.text

    preview = built.root / "_build" / "preview" / "en" / "book"
    assert (preview / "00_welcome.html").is_file()
    assert not (preview / "01_sample.html").exists()
    assert built.page("ko/book/01_sample.html") == before


def test_the_site_is_served_to_this_machine(built):
    said: list[str] = []
    serve = partial(serve_site, built.site, 0, lambda *words: said.append(str(words)))
    threading.Thread(target=serve, daemon=True).start()
    for _ in range(100):
        if said:
            break
        time.sleep(0.05)
    address = re.search(r"http://127\.0\.0\.1:\d+/", said[0])

    assert address is not None
    with urllib.request.urlopen(address[0]) as response:
        assert response.read().decode() == built.page("index.html")
