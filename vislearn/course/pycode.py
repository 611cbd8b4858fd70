"""Looking into code cells without running them."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from vislearn.course.source import Cell


def tree(code: str) -> ast.Module:
    """The syntax tree of a cell; IPython's magics are understood.

    Raises:
        SyntaxError: if it is not Python.
    """
    try:
        return ast.parse(code)
    except SyntaxError:
        if not any(row.lstrip().startswith(("%", "!")) for row in code.split("\n")):
            raise
    from IPython.core.inputtransformer2 import TransformerManager

    return ast.parse(TransformerManager().transform_cell(code))


def calls(cell: Cell) -> Iterator[tuple[int, ast.Call]]:
    """(line in the file, call) for every call in a cell; none if it is not Python."""
    try:
        module = tree(cell.text)
    except SyntaxError:
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield cell.line + node.lineno - 1, node


def string_value(node: ast.expr) -> str | None:
    """The text of a string, an f-string without its `{…}`; None if it is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return " ".join(string_value(part) or "" for part in node.values)
    return None


def placeholders(node: ast.expr) -> set[str]:
    """The expressions that an f-string prints."""
    values = node.values if isinstance(node, ast.JoinedStr) else []
    return {ast.unparse(v.value) for v in values if isinstance(v, ast.FormattedValue)}


def comments_and_names(code: str) -> Iterator[tuple[int, str]]:
    """(line, text) of comments and identifiers: what is not data."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in (tokenize.COMMENT, tokenize.NAME):
                yield token.start[0], token.string
    except (tokenize.TokenError, IndentationError):
        return
