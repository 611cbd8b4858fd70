"""Draw the mermaid diagrams that are not drawn yet.

    python book/_ext/render_diagrams.py

Every diagram of the sources becomes `book/_static/diagrams/<hash of its text>.svg`;
pictures that no source asks for any more are removed. Needs npm (for Mermaid itself,
fetched once into `_build/mermaid`), Chromium and the Python package playwright. What is
drawn is committed, so that building the book needs none of them.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

sys.path.insert(0, str(Path(__file__).parent))

from mermaid_static import DIAGRAMS, accessible_texts, diagram_name

MERMAID = "mermaid@11.17.2"
# Drawn in the font of the pages: its metrics decide how wide the boxes are.
SETTINGS = """{
  startOnLoad: false, theme: "base", deterministicIds: true, htmlLabels: false,
  fontFamily: "'Noto Sans KR Variable', sans-serif",
  themeCSS: ".edgeLabel rect { opacity: 1; }",  // no line through the words of an arrow
  flowchart: {htmlLabels: false, curve: "basis", padding: 12},
  themeVariables: {
    primaryColor: "#e8f0fb", primaryBorderColor: "#3d6aa8", primaryTextColor: "#1b1f24",
    secondaryColor: "#fdf1dc", secondaryBorderColor: "#a86e1b",
    tertiaryColor: "#eef6ec", tertiaryBorderColor: "#4b7f43",
    lineColor: "#4a5568", edgeLabelBackground: "#ffffff", fontSize: "16px"
  }
}"""


def fences(text: str) -> Iterator[str]:
    """The text of every mermaid fence, without its block of options."""
    for token in MarkdownIt("commonmark").use(front_matter_plugin).parse(text):
        if token.type == "fence" and token.info.strip() in ("mermaid", "{mermaid}"):
            yield _without_options(token.content)


def _without_options(content: str) -> str:
    """A first block between `---` lines is options for the book, not Mermaid's."""
    found = re.match(r"\A---\n.*?^---\n", content, re.DOTALL | re.MULTILINE)
    return content[found.end() :] if found else content


def wanted(sources: list[Path]) -> dict[str, str]:
    """File name to diagram, for all diagrams of the sources."""
    texts = (path.read_text(encoding="utf-8") for path in sources)
    return {diagram_name(code): code for text in texts for code in fences(text)}


def fetch_mermaid(folder: Path) -> Path:
    """Fetch Mermaid with npm unless it is there."""
    script = folder / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is needed to fetch Mermaid; it is not installed")
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund"]
        subprocess.run([*command, MERMAID], check=True)
    return script


def draw(diagrams: dict[str, str], folder: Path, root: Path) -> None:
    """Draw the diagrams in a headless browser."""
    from playwright.sync_api import sync_playwright

    script = fetch_mermaid(root / "_build" / "mermaid")
    fonts = root / "book" / "_static" / "vendor" / "fonts" / "noto-sans-kr.css"
    page_file = root / "_build" / "mermaid" / "page.html"
    page_file.write_text(
        f'<!DOCTYPE html><html><head><meta charset="utf-8">'
        f'<link rel="stylesheet" href="{fonts.as_uri()}">'
        f'<script src="{script.as_uri()}"></script></head>'
        f"<body style=\"font-family:'Noto Sans KR Variable'\"></body></html>",
        encoding="utf-8",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome")
        )
        page = browser.new_page()
        page.goto(page_file.as_uri())
        page.evaluate(f"() => mermaid.initialize({SETTINGS})")
        for name, code in diagrams.items():
            svg = page.evaluate(
                """async ([id, code]) => {
                  // Load the font's subsets that the text needs before it is measured.
                  await document.fonts.load("16px 'Noto Sans KR Variable'", code);
                  return (await mermaid.render(id, code)).svg;
                }""",
                [f"d{name[:10]}", code],
            )
            (folder / name).write_text(tidy(svg, code), encoding="utf-8")
            print(f"drew {name}  {accessible_texts(code)[0]}")
        browser.close()


def tidy(svg: str, code: str) -> str:
    """Make the picture an image with a name, that shrinks with the page."""
    title, description = accessible_texts(code)
    described = html.escape(f"{title}. {description}", quote=True)
    head = re.match(r"<svg[^>]*>", svg)
    if head is None:
        raise SystemExit(f"Mermaid returned no picture for {title!r}")
    tag = re.sub(r' (aria-[a-z]+|role|aria-roledescription|width)="[^"]*"', "", head[0])
    tag = tag.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)
    body = re.sub(r"<(title|desc)\b[^>]*>.*?</\1>", "", svg[head.end() :], flags=re.S)
    body = re.sub(r' data-[a-z-]+="[^"]*"', "", body)  # half the file, for editors only
    body = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", body)
    return f"{tag}{_without_unused_markers(body)}\n"


def _without_unused_markers(body: str) -> str:
    """Mermaid defines every arrowhead that it knows; keep those that are used."""
    return re.sub(
        r'<marker id="([^"]+)".*?</marker>',
        lambda found: found[0] if f"#{found[1]})" in body else "",
        body,
        flags=re.S,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--all", action="store_true", help="draw everything again")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    folder = root / DIAGRAMS
    folder.mkdir(parents=True, exist_ok=True)
    sources = [*(root / "book").rglob("*.md"), *(root / "labs").glob("*/lab.md")]
    diagrams = wanted([path for path in sources if "_static" not in path.parts])
    for path in folder.glob("*.svg"):
        if path.name not in diagrams:
            path.unlink()
            print(f"removed {path.name}")
    missing = {
        name: code
        for name, code in diagrams.items()
        if arguments.all or not (folder / name).exists()
    }
    if missing:
        draw(missing, folder, root)
    print(f"{len(diagrams)} diagrams, {len(missing)} drawn")


if __name__ == "__main__":
    main()
