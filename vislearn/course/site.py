"""What a page may refer to: labels, pages, citations, terms, facts, the published site.

One `Course` is read per run; the notebooks resolve references with it and the checker
looks up whether they exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from vislearn.course import facts, glossary
from vislearn.course.markdown import FENCES, directive, parse, walk
from vislearn.course.source import LANGUAGES, Document, read


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
    def sources(self) -> tuple[Path, ...]:
        """Every source file of the course: start page, chapters, appendix, labs."""
        book, labs = self.root / "book", self.root / "labs"
        start = [book / "index.md"] if (book / "index.md").exists() else []
        chapters = sorted(book.glob("[0-9][0-9]_*.md"))
        appendix = sorted((book / "appendix").glob("*.md"))
        return (*start, *chapters, *appendix, *sorted(labs.glob("*/lab.md")))

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All of them, read."""
        return tuple(read(path) for path in self.sources)

    @property
    def labs(self) -> tuple[Document, ...]:
        return tuple(d for d in self.documents if d.is_lab)

    @property
    def pages(self) -> tuple[Document, ...]:
        """What the book shows."""
        return tuple(d for d in self.documents if not d.is_lab)

    @property
    def chapters(self) -> tuple[Document, ...]:
        """The numbered chapters in order, `book/NN_name.md`."""
        return tuple(page for page in self.pages if page.name[:2].isdigit())

    @cached_property
    def titles(self) -> dict[tuple[str, str], str]:
        """(docname, language) to the page's title."""
        return {
            (document.docname, lang): title(document, lang)
            for document in self.documents
            for lang in LANGUAGES
        }

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label to the docname of the page that holds it."""
        return {label: page.docname for page in self.pages for _, label in labels(page)}

    @cached_property
    def _label_titles(self) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for page in self.pages:
            for lang in LANGUAGES:
                for label, text in _named(page, lang):
                    found[label, lang] = text
        return found

    def label_title(self, label: str, lang: str) -> str:
        """What a reference to a label says: its heading, else the page's title."""
        page = self.labels.get(label, label)
        return self._label_titles.get((label, lang)) or self.titles.get(
            (page, lang), label
        )

    def docname(self, target: str, here: Document) -> str | None:
        """The page that a `{doc}` role means, `/book/03_vit` or relative to here."""
        folder = self.root if target.startswith("/") else here.path.resolve().parent
        path = (folder / target.strip("/")).resolve()
        try:
            name = path.relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return None
        return name if any(page.docname == name for page in self.pages) else None

    def file(self, address: str, here: Document) -> Path:
        """The file that a picture's address means: from the root, or relative."""
        if address.startswith("/"):
            return self.root / address.strip("/")
        return here.path.parent / address

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

    def page_url(self, docname: str, lang: str, anchor: str = "") -> str:
        """The published page; without a site, the page's file name."""
        name = docname.rpartition("/")[2]
        where = f"{self.site}/{lang}/{docname}.html" if self.site else f"{name}.html"
        return f"{where}#{anchor}" if anchor else where

    def colab_url(self, name: str, lang: str) -> str | None:
        """Where Colab opens a notebook; it reads GitHub's branch `notebooks`."""
        owner = self.repository.removeprefix("https://github.com/")
        if not owner or owner == self.repository:
            return None
        where = f"{owner}/blob/notebooks/{lang}/{name}.ipynb"
        return f"https://colab.research.google.com/github/{where}"


def title(document: Document, lang: str) -> str:
    """The first heading of a document in one language."""
    for cell in document.in_language(lang):
        if cell.kind != "markdown":
            continue
        tokens = parse(cell.text)
        for token, inside in pairwise(tokens):
            if token.type == "heading_open":
                return inside.content
    return document.name


def _named(document: Document, lang: str) -> Iterator[tuple[str, str]]:
    """(label, heading) where a label stands before a heading."""
    for cell in document.in_language(lang):
        if cell.kind != "markdown":
            continue
        tokens = parse(cell.text)
        for index, token in enumerate(tokens[:-2]):
            if token.type == "myst_target" and tokens[index + 1].type == "heading_open":
                yield token.content, tokens[index + 2].content


def labels(document: Document, lang: str = "ko") -> Iterator[tuple[int, str]]:
    """(line, label) of every label that a page defines in one language.

    `(name)=`, an equation's `$$ … $$ (name)`, and `:label:`/`:name:` of a directive.
    """
    for cell in document.in_language(lang):
        if cell.kind != "markdown":
            continue
        for line, token in walk(cell.text, cell.line):
            if token.type == "myst_target":
                yield line, token.content
            elif token.type == "math_block_label":
                yield line, token.info
            elif token.type in FENCES and (found := directive(token)):
                for key in ("label", "name"):
                    if key in found.options:
                        yield line, found.options[key]


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
