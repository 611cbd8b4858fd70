"""What changed between two versions of the code, from the code itself.

    print(source_diff(Bottleneck, DepthwiseBottleneck))
    print(config_diff(before, after))

Nothing is typed by hand: the lines come from `inspect`, the comparison from `difflib`.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import fields
from typing import Any


def source_diff(old: Callable[..., Any], new: Callable[..., Any]) -> str:
    """Lines that only one of two functions or classes has, marked − and +.

    Docstrings and the first line (which holds the name) are left out, and so is what
    the two have in common; the indentation that all lines share is taken away.

    Raises:
        ValueError: if there is no source to compare.
    """
    before, after = _code(old), _code(new)
    marks, lines = "", []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, n in matcher.get_opcodes():
        if kind != "equal":
            marks += "-" * (j - i) + "+" * (n - k)
            lines += before[i:j] + after[k:n]
    lines = textwrap.dedent("\n".join(lines)).splitlines()
    return "\n".join(f"{mark} {line}" for mark, line in zip(marks, lines, strict=True))


def config_diff(old: Any, new: Any) -> str:
    """Fields of two dataclass instances of one kind that differ.

    Functions and classes are compared by their source, everything else by value.

    Raises:
        ValueError: if the two are not of the same dataclass.
    """
    if type(old) is not type(new):
        raise ValueError(
            f"expected two configs of one kind, got {type(old).__name__} "
            f"and {type(new).__name__}"
        )
    parts = []
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after:
            continue
        if callable(after):
            parts.append(source_diff(before, after))
        else:
            parts.append(f"- {field.name} = {before!r}\n+ {field.name} = {after!r}")
    return "\n".join(parts)


def _code(thing: Callable[..., Any]) -> list[str]:
    """The lines of a definition without its first line and its docstrings."""
    try:
        source = textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError):
        raise ValueError(f"{thing!r} has no source to compare") from None
    lines, hidden = source.splitlines(), {1}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            text = node.body[0]
            hidden |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return [
        line
        for number, line in enumerate(lines, start=1)
        if number not in hidden and line.strip()
    ]
