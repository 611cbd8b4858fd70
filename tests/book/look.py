"""Look at a built site: screenshots, accessibility, and what the pages ask for.

    python tests/book/look.py _build/site /tmp/pictures [page …]

Each page is opened in Chromium in both colour modes at the width of a desktop and of a
phone. axe-core checks it, and every request that leaves the machine, fails, or makes
the console complain is noted. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import itertools
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
# Known faults of the theme, in its own parts: search, mode button, sidebar.
THEME_RULES = {"label-content-name-mismatch", "region"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@dataclass
class Report:
    """What was wrong; empty lists are good."""

    violations: list[str] = field(default_factory=list)  # page: rule: element
    outside: list[str] = field(default_factory=list)  # page: URL
    failed: list[str] = field(default_factory=list)  # page: URL
    console: list[str] = field(default_factory=list)  # page: message
    wide: list[str] = field(default_factory=list)  # pages that scroll sideways

    def lines(self) -> list[str]:
        return [
            f"{kind}: {line}"
            for kind, found in vars(self).items()
            for line in dict.fromkeys(found)
        ]


def find_browser() -> str | None:
    """Chromium's path, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium that playwright drives."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_browser())
        yield started
        started.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yields the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def watch(page: Any, name: str, base: str, report: Report) -> None:
    """Note requests that leave `base`, that fail, and what the console says."""

    def requested(request: Any) -> None:
        if not request.url.startswith((base, "data:", "blob:")):
            report.outside.append(f"{name}: {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400:
            report.failed.append(f"{name}: {response.status} {response.url}")

    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            report.console.append(f"{name}: {message.text}")

    page.on("request", requested)
    page.on("response", answered)
    page.on("requestfailed", lambda r: report.failed.append(f"{name}: {r.url}"))
    page.on("console", said)
    page.on("pageerror", lambda e: report.console.append(f"{name}: {e}"))


def settle(page: Any) -> None:
    """Wait for fonts and formulas."""
    page.evaluate(
        """async () => {
          await document.fonts.ready;
          if (window.MathJax?.startup) await MathJax.startup.promise;
        }"""
    )
    page.wait_for_timeout(150)


def accessibility(page: Any, name: str) -> list[str]:
    """axe-core's findings on the page as it stands."""
    import axe_playwright_python

    script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    page.add_script_tag(content=script.read_text(encoding="utf-8"))
    result = page.evaluate(
        # Without preload: it would ask for imported styles at wrong addresses.
        "tags => axe.run({preload: false, runOnly: {type: 'tag', values: tags}})",
        RULES,
    )
    return [
        f"{name}: {rule['id']} ({rule['impact']}): {node['html'][:160]}"
        for rule in result["violations"]
        if rule["id"] not in THEME_RULES
        for node in rule["nodes"]
    ]


def look(
    chromium: Any,
    pages: list[str],
    base: str,
    out: Path | None = None,
    axe: bool = True,
) -> Report:
    """Open each page (`ko/book/03_vit.html`) in four ways.

    Args:
        chromium: from `browser()`.
        pages: paths below it.
        base: address of the site, http or file, without a slash at the end.
        out: folder for screenshots, if they are wanted.
        axe: check accessibility, too.
    """
    report = Report()
    for colour, device in itertools.product(("light", "dark"), WIDTHS):
        width, height = WIDTHS[device]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=colour
        )
        for path in pages:
            name = f"{path} {colour} {device}"
            page = context.new_page()
            watch(page, name, base, report)
            page.goto(f"{base}/{path}", wait_until="load")
            settle(page)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                report.wide.append(name)
            if axe:
                report.violations += accessibility(page, name)
            if out:
                stem = path.removesuffix(".html").replace("/", "-")
                picture = out / f"{stem}-{colour}-{device}.png"
                page.screenshot(path=picture, full_page=True)
            page.close()
        context.close()
    return report


def all_pages(site: Path) -> list[str]:
    """Every page of the book, without Sphinx's own index pages."""
    found = sorted(site.glob("*/book/**/*.html"))
    return [path.relative_to(site).as_posix() for path in found]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("pages", nargs="*", help="default: all pages")
    arguments = parser.parse_args()
    site, out = arguments.site.resolve(), arguments.out
    out.mkdir(parents=True, exist_ok=True)
    pages = arguments.pages or all_pages(site)
    with browser() as chromium, served(site) as base:
        report = look(chromium, pages, base, out)
    print("\n".join(report.lines()) or f"{len(pages)} pages, nothing wrong")
    return bool(report.lines())


if __name__ == "__main__":
    sys.exit(main())
