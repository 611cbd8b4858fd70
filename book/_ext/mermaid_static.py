"""Mermaid diagrams as pictures that are already drawn and lie in the repository.

The file's name is the hash of the diagram's text, so that a changed diagram without a
new picture is a warning, and a warning fails the build. Neither readers nor CI need
node or a browser: `python book/_ext/render_diagrams.py` draws what is missing.

`accTitle:` becomes the caption, `accDescr:` the text for those who cannot see it; both
are ordinary Mermaid, so GitHub still draws the same fence. A block of options
(`---`, `name: fig-x`, `---`) gives the figure a label.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

DIAGRAMS = Path("book") / "_static" / "diagrams"
LOG = logging.getLogger(__name__)


def diagram_name(code: str) -> str:
    """File name of this diagram's picture; blank lines at the ends do not count."""
    return hashlib.sha256(code.strip().encode()).hexdigest()[:20] + ".svg"


def accessible_texts(code: str) -> tuple[str, str]:
    """The diagram's `accTitle` and `accDescr` (one line, or a block in braces)."""
    title = re.search(r"^\s*accTitle:\s*(.+)$", code, re.MULTILINE)
    line = re.search(r"^\s*accDescr:\s*(.+)$", code, re.MULTILINE)
    block = re.search(r"^\s*accDescr\s*\{(.*?)\}", code, re.MULTILINE | re.DOTALL)
    described = line or block
    return (
        title.group(1).strip() if title else "",
        " ".join(described.group(1).split()) if described else "",
    )


class Mermaid(SphinxDirective):
    """```` ```mermaid ````: the drawn picture with caption and description."""

    has_content = True
    option_spec: ClassVar = {"name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        title, description = accessible_texts(code)
        where = self.get_location()
        if not title or not description:
            LOG.warning("diagram without accTitle or accDescr", location=where)
        picture = Path(self.env.srcdir) / DIAGRAMS / diagram_name(code)
        self.env.note_dependency(str(picture))
        if not picture.exists():
            LOG.warning(
                "diagram %r is not drawn: run `python book/_ext/render_diagrams.py`",
                title,
                location=where,
            )
            return [nodes.literal_block(code, code, language="text")]
        svg = picture.read_text(encoding="utf-8")
        figure = nodes.figure(classes=["vl-diagram", *(["vl-wide"] * is_wide(svg))])
        figure += nodes.raw("", f'<div class="vl-scroll">{svg}</div>', format="html")
        figure += nodes.caption(title, title)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]


def is_wide(svg: str) -> bool:
    """Whether a drawing is wider than a phone can show at its natural size."""
    box = re.search(r'viewBox="\S+ \S+ (\S+) ', svg)
    return box is not None and float(box[1]) > 544  # pixels: 34rem in book.css


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
