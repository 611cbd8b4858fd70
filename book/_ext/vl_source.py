"""`{vl-source} vislearn.layers.attention.attention`: the library's own source.

A chapter never copies a class: it shows the one that is tested. The file is read, not
imported. Options: `:nodoc:` leaves docstrings out, `:part: forward` shows one method.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOG = logging.getLogger(__name__)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Found:
    """Lines of a file that define an object."""

    path: Path  # relative to the repository
    first: int  # from 1
    last: int
    text: str


def find_source(root: Path, dotted: str, nodoc: bool = False) -> Found:
    """The source of a module, class, function, method or constant of the library.

    Raises:
        ValueError: if there is no such object in a file under `root`.
    """
    path, rest = _module_file(root, dotted)
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    node: ast.AST = tree
    for depth, name in enumerate(rest):
        inner = _member(node, name)
        if inner is None and depth == 0:
            elsewhere = _imported_from(tree, name, dotted, rest)
            if elsewhere:
                return find_source(root, elsewhere, nodoc)
        if inner is None:
            raise ValueError(f"vl-source {dotted!r}: {path.name} defines no {name!r}")
        node = inner
    lines = text.splitlines()
    first, last = 1, len(lines)
    if rest:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])  # type: ignore[attr-defined]
        last = node.end_lineno  # type: ignore[attr-defined]
    hidden = _docstring_lines(node) if nodoc else set()
    shown = [lines[i - 1] for i in range(first, last + 1) if i not in hidden]
    return Found(path.relative_to(root), first, last, _dedent(shown))


def _module_file(root: Path, dotted: str) -> tuple[Path, list[str]]:
    """The longest beginning of the name that is a file, and what is left of it."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        base = root.joinpath(*parts[:end])
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path, parts[end:]
    raise ValueError(f"vl-source {dotted!r}: no such module in the repository")


def _member(node: ast.AST, name: str) -> ast.AST | None:
    for child in getattr(node, "body", []):
        if isinstance(child, _DEFINITIONS) and child.name == name:
            return child
        targets = getattr(child, "targets", [getattr(child, "target", None)])
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            return child
    return None


def _imported_from(
    tree: ast.Module, name: str, dotted: str, rest: list[str]
) -> str | None:
    """Follow `from x import name` in the file, as a package's `__init__` has it."""
    for child in ast.walk(tree):
        if isinstance(child, ast.ImportFrom) and child.module and child.level == 0:
            for alias in child.names:
                if (alias.asname or alias.name) == name:
                    return ".".join([child.module, alias.name, *rest[1:]])
    return None


def _docstring_lines(node: ast.AST) -> set[int]:
    hidden: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, (*_DEFINITIONS, ast.Module)) and ast.get_docstring(inner):
            docstring = inner.body[0]
            if len(inner.body) > 1:  # a body must stay
                following = inner.body[1].lineno
                end = docstring.end_lineno or docstring.lineno
                hidden.update(range(docstring.lineno, min(end + 1, following)))
    return hidden


def _dedent(lines: list[str]) -> str:
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return "\n".join(line[indent:] for line in lines).strip("\n")


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
