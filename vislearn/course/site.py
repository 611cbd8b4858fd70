"""What a page may refer to: labels, pages, citations, terms, facts, the published site.

One `Course` is read per run; the notebooks resolve references with it and the checker
looks up whether they exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from vislearn.course import facts, glossary
from vislearn.course.source import Document, read


@dataclass(frozen=True)
class Course:
    """The files of one course, found from the folder that holds `_config.yml`."""

    root: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        path = self.root / "_config.yml"
        return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}

    @property
    def repository(self) -> str:
        return self.config.get("repository", {}).get("url", "").rstrip("/")

    @property
    def site(self) -> str:
        """Where the book is published, without a slash at the end."""
        return self.config.get("html", {}).get("baseurl", "").rstrip("/")

    @cached_property
    def chapters(self) -> tuple[Document, ...]:
        """The bilingual chapters in order, `book/NN_name.md`."""
        paths = sorted((self.root / "book").glob("[0-9][0-9]_*.md"))
        return tuple(read(path) for path in paths)

    @cached_property
    def pages(self) -> tuple[Document, ...]:
        """The chapters and the start page, `book/index.md`."""
        start = self.root / "book" / "index.md"
        return (*([read(start)] if start.exists() else []), *self.chapters)

    @cached_property
    def labs(self) -> tuple[Document, ...]:
        paths = sorted((self.root / "labs").glob("*/lab.md"))
        return tuple(read(path) for path in paths)

    @cached_property
    def titles(self) -> dict[tuple[str, str], str]:
        """(page, language) to the page's title."""
        return {
            (document.name, lang): title(document, lang)
            for document in (*self.pages, *self.labs)
            for lang in ("ko", "en")
        }

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label to the page that holds it."""
        found: dict[str, str] = {}
        for document in self.pages:
            for cell in document.cells:
                if cell.kind == "markdown":
                    found.update(dict.fromkeys(labels(cell.text), document.name))
        return found

    @cached_property
    def citations(self) -> dict[str, Any]:
        """Citation key to its entry in `book/references.bib`."""
        from pybtex.database import parse_file

        path = self.root / "book" / "references.bib"
        return dict(parse_file(str(path)).entries) if path.exists() else {}

    def term(self, name: str, lang: str) -> str:
        return glossary.find_term(name, lang, self.root).name(lang)

    def fact(self, key: str, lang: str) -> str:
        return facts.fact(key, lang, self.root)

    def page_url(self, page: str, lang: str, anchor: str = "") -> str:
        """The published page; without a site, the page's file name."""
        where = f"{self.site}/{lang}/book/{page}.html" if self.site else f"{page}.html"
        return f"{where}#{anchor}" if anchor else where


def title(document: Document, lang: str) -> str:
    """The first heading of a document in one language."""
    for cell in document.in_language(lang):
        if cell.kind == "markdown":
            for line in cell.text.splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return document.name


def labels(text: str) -> list[str]:
    """Every label that a piece of prose defines: `(name)=` and `:label:`/`:name:`."""
    from mdit_py_plugins.myst_blocks import myst_block_plugin

    found = []
    for token in MarkdownIt("commonmark").use(myst_block_plugin).parse(text):
        if token.type == "myst_target":
            found.append(token.content)
        elif token.type == "fence" and token.info.startswith("{"):
            for line in token.content.splitlines():
                option, _, value = line.partition(": ")
                if option in (":label", ":name"):
                    found.append(value.strip())
                elif not line.startswith(":"):
                    found += labels(token.content) if "```" in token.content else []
                    break
    return found


def find_root(start: Path | None = None) -> Path:
    """The nearest folder upwards that holds `_config.yml` and `book/`.

    Raises:
        FileNotFoundError: if there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "_config.yml").exists() and (folder / "book").is_dir():
            return folder
    installed = Path(__file__).resolve().parents[2]
    if (installed / "book").is_dir():
        return installed
    raise FileNotFoundError(f"no course (_config.yml and book/) at or above {here}")
