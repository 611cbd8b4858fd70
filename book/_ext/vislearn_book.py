"""The book's two languages: which lines are read, and the links between the pages.

A source file holds both languages. At `source-read` the lines of the other one are
blanked (not removed: line numbers in warnings stay right). Every page links to the same
page of the other tree, relatively, so that it works from `file://`, too.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from vislearn.course.cache import cache_path
from vislearn.course.source import select_language

# What must not begin a line after a formula: a Korean particle, punctuation.
_CLOSE = re.compile(r"[가-힣,.;:!?)\]”’]+")
_EMPTY_HEADING = re.compile(r'<th class="[^"]*head[^"]*">(<p></p>)?</th>')
NAMES = {"ko": "한국어", "en": "English"}


def configure(app: Sphinx, config: Any) -> None:
    """Point the execution cache at the folder of the present library.

    `html: baseurl` names the site of both languages; Sphinx wants that of this one.
    """
    root = Path(app.srcdir)
    site = config.html_baseurl.rstrip("/")
    config.vislearn_site_url = site
    config.html_baseurl = f"{site}/{config.language}/" if site else ""
    if not config.nb_execution_cache_path:  # `vislearn course book` has set it
        config.nb_execution_cache_path = str(cache_path(root))
    digest = hashlib.sha256()
    for path in sorted((root / "book" / "_ext").rglob("*.py")):
        digest.update(path.read_bytes())
    config.vislearn_extensions_hash = digest.hexdigest()


def choose_language(app: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = select_language(source[0], app.config.language)


def add_language_links(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: Any
) -> None:
    """Tell the templates where this page stands in each language."""
    languages = app.config.vislearn_languages
    here = app.config.language
    up = "../" * pagename.count("/") + "../"
    site = app.config.vislearn_site_url
    context["vl_language"] = here
    context["vl_language_links"] = [
        {
            "lang": lang,
            "name": NAMES[lang],
            "current": lang == here,
            "href": f"{up}{lang}/{pagename}.html",
            "absolute": f"{site}/{lang}/{pagename}.html" if site else None,
        }
        for lang in languages
    ]


def drop_thebe(app: Sphinx, *_: Any) -> None:
    """Silence sphinx-thebe: Jupyter Book always loads it, and it names a CDN.

    It would put its scripts into every page, twice, and nothing here uses them.
    """
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            one for one in listeners if one.handler.__module__ != "sphinx_thebe"
        ]


def mend_html(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: Any
) -> None:
    """Two things that docutils writes and screen readers stumble over.

    Entries of a bibliography have a role that browsers no longer know, and the empty
    corner of a table is marked as a heading.
    """
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = _EMPTY_HEADING.sub("<td></td>", body)


class DropOtherLanguage(SphinxPostTransform):
    """Take the other language's pictures out of figures that one cell drew for both.

    The stylesheet would hide them; without them a page has half the bytes, and search
    finds no words that the reader cannot see.
    """

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        other = {"ko": "en", "en": "ko"}.get(self.config.language)
        pattern = re.compile(
            rf'<img class="vl-lang-{other}"[^>]*>'
            rf'|<figcaption class="vl-lang-{other}".*?</figcaption>',
            re.DOTALL,
        )
        for node in list(self.document.findall(nodes.raw)):
            if f"vl-lang-{other}" in node.astext():
                text = pattern.sub("", node.astext())
                node.replace_self(nodes.raw("", text, format=node["format"]))


class KeepTogether(SphinxPostTransform):
    """Keep a particle or a comma on the line of the formula that it follows.

    A browser may break after every formula, because MathJax draws it as one box.
    """

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for formula in list(self.document.findall(nodes.math)):
            parent, place = formula.parent, formula.parent.index(formula)
            after = parent[place + 1] if place + 1 < len(parent) else None
            closing = _CLOSE.match(after) if isinstance(after, nodes.Text) else None
            if closing:
                parent[place + 1] = nodes.Text(after[closing.end() :])
                together = nodes.inline("", "", classes=["vl-together"])
                parent[place] = together
                together += [formula, nodes.Text(closing[0])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("vislearn_languages", [], "html", list)
    app.add_config_value("vislearn_site_url", "", "html", str)
    app.add_config_value("vislearn_extensions_hash", "", "env", str)
    app.connect("config-inited", configure)
    app.connect("source-read", choose_language, priority=100)
    app.connect("html-page-context", add_language_links)
    app.connect("html-page-context", mend_html)
    app.connect("builder-inited", drop_thebe, priority=100)
    app.add_post_transform(DropOtherLanguage)
    app.add_post_transform(KeepTogether)
    # pydata-sphinx-theme has no Korean catalogue; ours adds to what Sphinx brings.
    app.add_message_catalog("sphinx", str(Path(__file__).parent / "locale"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
