"""`{vl-source} vislearn.layers.attention.attention`: the library's own source.

A chapter never copies a class: it shows the one that is tested. The file is read, not
imported. Options: `:nodoc:` leaves docstrings out, `:part: forward` shows one method.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from vislearn.course.library import Found, find_source

LOG = logging.getLogger(__name__)


class VlSource(SphinxDirective):
    required_arguments = 1
    option_spec: ClassVar = {"nodoc": directives.flag, "part": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        name = ".".join(filter(None, [self.arguments[0], self.options.get("part")]))
        root = Path(self.env.srcdir)
        try:
            found = find_source(root, name, "nodoc" in self.options)
        except (ValueError, SyntaxError) as error:
            LOG.warning("%s", error, location=self.get_location())
            return []
        self.env.note_dependency(str(root / found.path))
        block = nodes.literal_block(found.text, found.text, language="python")
        self.set_source_info(block)
        container = nodes.container(
            "", literal_block=True, classes=["literal-block-wrapper", "vl-source"]
        )
        container += nodes.caption("", "", *self._caption(name, found))
        container += block
        return [container]

    def _caption(self, name: str, found: Found) -> list[nodes.Node]:
        repository = self.config.html_theme_options.get("repository_url", "")
        branch = self.config.html_theme_options.get("repository_branch", "main")
        label = f"{found.path.as_posix()}:{found.first}"
        lines = f"#L{found.first}-L{found.last}"
        url = f"{repository}/blob/{branch}/{found.path.as_posix()}{lines}"
        return [
            nodes.literal("", name.rpartition(".")[2]),
            nodes.Text(" — "),
            nodes.reference("", label, refuri=url),
        ]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("vl-source", VlSource)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
