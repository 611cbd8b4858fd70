"""The pages in a browser: accessible, no wider than the screen, silent, at work."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages.report import write_reports
from vislearn.grading.pages.similarity import compare
from vislearn.grading.people.policy import Mark
from vislearn.grading.submission import Submission


@pytest.fixture(scope="module")
def twelve(lab01: Lab, class_of: Callable[..., list[Record]]) -> list[Record]:
    return class_of(lab01, 20)[:14][2:]


@pytest.fixture(scope="module")
def site(
    lab01: Lab,
    twelve: list[Record],
    alike: list[Submission],
    marks_for: Callable[..., list[Mark]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    out = tmp_path_factory.mktemp("site")
    found = compare(lab01, alike)
    marks = marks_for(lab01, twelve)
    write_reports(lab01, twelve, out, "bwrap", marks=marks, similarity=found)
    return out


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("NO BROWSER on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def watch(page: Any, wrong: list[str]) -> None:
    """Note what the console says and what is asked for outside the folder."""
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda r: wrong.extend([r.url] * (not r.url.startswith(("file:", "data:")))),
    )


@pytest.mark.parametrize(("colour", "width"), [("light", 1280), ("dark", 390)])
def test_pages_are_accessible_fit_the_screen_and_stay_quiet(
    chromium: Any, site: Path, colour: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=colour, bypass_csp=True
    )
    reports = sorted((site / "reports").glob("*.html"))
    wrong: list[str] = []
    for name in ("summary.html", "similarity.en.html", reports[0], reports[3]):
        page = context.new_page()
        watch(page, wrong)
        page.goto((site / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = 1)")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} is too wide")
        page.add_script_tag(content=script)
        # What is drawn inside a plot is one picture to a screen reader.
        found = page.evaluate("axe.run({exclude: ['svg > *']}, {preload: false})")
        wrong += [f"{name}: {rule['id']}" for rule in found["violations"]]
        page.close()
    context.close()
    assert wrong == []


def test_the_table_sorts_and_searches_under_its_own_policy(
    chromium: Any, site: Path, twelve: list[Record]
) -> None:
    page = chromium.new_page()
    wrong: list[str] = []
    watch(page, wrong)
    page.goto((site / "summary.html").as_uri())
    head = page.get_by_role("button", name="자동 채점")
    column = "table.sortable tbody tr:not([hidden]) td:nth-child(5)"
    head.click()
    head.click()
    shown = page.locator(column).all_inner_texts()
    points = sorted((r.points for r in twelve if r.points is not None), reverse=True)
    assert shown[: len(points)] == [f"{value:g}" for value in points]
    assert shown[len(points) :] == ["–"]  # without a mark: last either way
    page.get_by_label("학습자 찾기").fill(twelve[3].student)
    assert page.locator(column).count() == 1
    assert page.locator("#shown").inner_text() == "1명 표시"
    assert wrong == []
    page.close()
