"""A syntax tree without what does not count, and with one way to write each thing."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, cast

_SHOWS = ("print", "display", "pprint", "help")
_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_FOLDED: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


def tidy(tree: ast.Module) -> tuple[ast.Module, dict[str, str]]:
    """The tree in its plain form, and what imported names stand for."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.split(".")[0]
                aliases[name.asname or top] = name.name if name.asname else top
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                aliases[name.asname or name.name] = f"{node.module}.{name.name}"
    plain = cast("ast.Module", _Tidy().visit(tree))
    return plain, aliases


class _Tidy(ast.NodeTransformer):
    """Drops comments' kin, hints, prints; turns twins into one form."""

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        shown = isinstance(node.value, ast.Call) and (
            getattr(node.value.func, "id", "") in _SHOWS
        )
        if shown or isinstance(node.value, (ast.Constant, ast.JoinedStr)):
            return None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain = ast.Assign(targets=[node.target], value=node.value)
        return self.generic_visit(ast.copy_location(plain, node))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        value = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        plain = ast.Assign(targets=[node.target], value=value)
        return self.visit(ast.copy_location(plain, node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords.sort(key=lambda word: word.arg or "")
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        test = node.test
        negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        if negated and node.orelse:
            node.test = cast("ast.UnaryOp", test).operand
            node.body, node.orelse = node.orelse, node.body
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and type(node.ops[0]) in _TURNED:
            node.left, node.comparators[0] = node.comparators[0], node.left
            node.ops[0] = _TURNED[type(node.ops[0])]()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare):
            opposite = _OPPOSITE.get(type(inner.ops[0]))
            if opposite and len(inner.ops) == 1:
                inner.ops[0] = opposite()
                return inner
        if isinstance(node.op, ast.USub) and _number(inner) is not None:
            return ast.copy_location(ast.Constant(-cast("Any", inner).value), node)
        return inner if isinstance(node.op, ast.UAdd) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Small sums of numbers as their value; large ones could take for ever."""
        self.generic_visit(node)
        left, right = _number(node.left), _number(node.right)
        fold = _FOLDED.get(type(node.op))
        if fold is None or left is None or right is None:
            return node
        if max(abs(left), abs(right)) > (64 if fold is operator.pow else 1e12):
            return node
        try:
            value = fold(left, right)
        except (ArithmeticError, ValueError):
            return node
        if isinstance(value, complex):
            return node
        return ast.copy_location(ast.Constant(value), node)


def _number(node: ast.AST) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return None
