"""What a cell defines, without what it does.

The source is a learner's: Python's parser must survive it. Deep nesting ends in an
error, which is caught; what takes memory or time out of proportion to its length is
refused before it is parsed.
"""

from __future__ import annotations

import ast
import re
import warnings

MAX_DOTS = 500  # of one line; `import a.a.a…` takes memory with the square of them
MAX_FIELDS = 10_000  # of texts such as f"{a}{b}…"; they take time with the square
FORMATTED = re.compile(r"fr?['\"]", re.IGNORECASE)
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
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for some in (lines, _without_magics(lines)):
        try:
            tree = _parsed(some)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        encoded = [line.encode("utf-8", "replace") for line in some]
        kept = [_text_of(node, encoded) for node in tree.body if _defines(node)]
        return "\n".join(kept)
    return ""


def _text_of(node: ast.stmt, lines: list[bytes]) -> str:
    """A statement as it was written; positions count bytes."""
    begin, column = node.lineno, node.col_offset
    if decorators := getattr(node, "decorator_list", []):
        begin, column = decorators[0].lineno, 0
    text = lines[begin - 1 : node.end_lineno]
    text[-1] = text[-1][: node.end_col_offset]
    text[0] = text[0][column:]
    return b"\n".join(text).decode("utf-8")


def _parsed(lines: list[str]) -> ast.Module:
    """The syntax tree.

    Raises:
        ValueError: if parsing could take the memory of the machine, or seconds.
    """
    source = "\n".join(lines)
    for line in source.replace("\\\n", "").split("\n"):
        if line.count(".") > MAX_DOTS and ("import" in line or "from" in line):
            raise ValueError(f"more than {MAX_DOTS} dots in a line with an import")
    if source.count("{") > MAX_FIELDS and FORMATTED.search(source):
        raise ValueError(f"more than {MAX_FIELDS} braces, and texts with fields")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "invalid escape sequence" and the like
        return ast.parse(source)


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return all(map(_is_name, node.targets)) and _is_literal(node.value)
    if isinstance(node, ast.AnnAssign):
        literal = node.value is not None and _is_literal(node.value)
        return literal and _is_name(node.target)
    return isinstance(node, DEFINES)


def _is_name(node: ast.expr) -> bool:
    """Whether names are bound: `np.pi = 3` changes what belongs to everybody."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(map(_is_name, node.elts))
    if isinstance(node, ast.Starred):
        return _is_name(node.value)
    return isinstance(node, ast.Name)


def _is_literal(node: ast.expr) -> bool:
    """Whether it is written with numbers and texts only."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if not isinstance(node, LITERALS):
        return False
    parts = ast.iter_child_nodes(node)
    return all(_is_literal(part) for part in parts if isinstance(part, ast.expr))


def _without_magics(lines: list[str]) -> list[str]:
    """IPython's own lines (`%pip …`, `!ls`, `x = !ls`, `help?`) made to do nothing."""
    plain = []
    for line in lines:
        code = line.lstrip()
        value = code.partition("=")[2].lstrip()
        asks = code.rstrip().endswith("?") and "#" not in code
        if code[:1] in ("%", "!", "?") or value[:1] in ("%", "!") or asks:
            line = line[: len(line) - len(code)] + "pass"
        plain.append(line)
    return plain
