"""What a cell defines, without what it does.

The source is a learner's: Python's parser must survive it. Deep nesting ends in an
error, which is caught; what takes memory or time out of proportion to its length is
refused before it is parsed.
"""

from __future__ import annotations

import ast
import warnings

MAX_DOTS = 500  # of one line; `import a.a.a…` takes memory with the square of them
DEFINES = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)
LITERALS = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict)


def definitions(source: str) -> str:
    """The imports, functions, classes and plain constants of a cell, as code.

    What a cell above an answer defines, the answer may use; what it *does* (a loop, a
    training run) must not cost the answers below. A cell that cannot be parsed defines
    nothing.
    """
    for text in (source, _without_magics(source)):
        try:
            kept = [node for node in _parsed(text).body if _defines(node)]
            return "\n".join(ast.unparse(node) for node in kept)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return ""


def _parsed(source: str) -> ast.Module:
    """The syntax tree.

    Raises:
        ValueError: if parsing could take the memory of the machine.
    """
    for line in source.replace("\r\n", "\n").replace("\\\n", "").split("\n"):
        if line.count(".") > MAX_DOTS and ("import" in line or "from" in line):
            raise ValueError(f"more than {MAX_DOTS} dots in a line with an import")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "invalid escape sequence" and the like
        return ast.parse(source)


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is not None and _is_literal(node.value)
    return isinstance(node, DEFINES)


def _is_literal(node: ast.expr) -> bool:
    """Whether it is written with numbers and texts only."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if not isinstance(node, LITERALS):
        return False
    parts = ast.iter_child_nodes(node)
    return all(_is_literal(part) for part in parts if isinstance(part, ast.expr))


def _without_magics(source: str) -> str:
    """IPython's own lines (`%pip …`, `!ls`, `x = !ls`, `help?`) made to do nothing."""
    lines = []
    for line in source.split("\n"):
        code = line.lstrip()
        value = code.partition("=")[2].lstrip()
        asks = code.rstrip().endswith("?") and "#" not in code
        if code[:1] in ("%", "!", "?") or value[:1] in ("%", "!") or asks:
            line = line[: len(line) - len(code)] + "pass"
        lines.append(line)
    return "\n".join(lines)
