"""`{fact}` and `{term}`: numbers and words that are kept in one place.

{fact}`vit_b16.parameters` prints the number from `book/facts.yml`; {term}`attention`
prints the term of the page's language and leads to the glossary. A Korean particle may
follow either directly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective, SphinxRole
from sphinx.util.nodes import make_id

from vislearn.course import facts, glossary

LOG = logging.getLogger(__name__)


class FactRole(SphinxRole):
    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / facts.FILE))
        try:
            text = facts.fact(self.text.strip(), self.config.language, root)
        except ValueError as error:
            LOG.warning("%s", error, location=self.get_location())
            text = self.text
        # "1 GiB" and "768 px" stay on one line.
        return [nodes.inline("", text.replace(" ", "\N{NO-BREAK SPACE}"))], []


class TermRole(ReferenceRole):
    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / glossary.FILE))
        language = self.config.language
        try:
            term = glossary.find_term(self.target, language, root)
        except ValueError as error:
            LOG.warning("%s", error, location=self.get_location())
            return [nodes.inline(self.rawtext, self.title)], []
        title = self.title if self.has_explicit_title else term.name(language)
        reference = addnodes.pending_xref(
            self.rawtext,
            nodes.inline("", title, classes=["xref", "std", "std-term"]),
            refdomain="std",
            reftype="term",
            reftarget=term.key,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        self.set_source_info(reference)
        return [reference], []


class GlossaryPage(SphinxDirective):
    """`{vl-glossary}`: every term, sorted by its name in the page's language."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / glossary.FILE))
        language = self.config.language
        other = "en" if language == "ko" else "ko"
        listing = nodes.definition_list(classes=["glossary", "simple"])
        entries = glossary.load_terms(root).values()
        for term in sorted(entries, key=lambda t: t.name(language).casefold()):
            head = nodes.term("", term.name(language))
            head += nodes.inline("", f" {term.name(other)}", classes=["vl-other-name"])
            self._register(head, term.key)
            body = nodes.definition()
            body += self.parse_text_to_nodes(str(term.definition[language]))
            listing += nodes.definition_list_item("", head, body)
        return [addnodes.glossary("", listing, sorted=False)]

    def _register(self, head: nodes.term, key: str) -> None:
        identifier = make_id(self.env, self.state.document, "term", key)
        head["ids"].append(identifier)
        self.state.document.note_explicit_target(head)
        self.env.get_domain("std")._note_term(key, identifier, head)  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("fact", FactRole())
    app.add_role_to_domain("std", "term", TermRole(), override=True)
    app.add_directive("vl-glossary", GlossaryPage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
