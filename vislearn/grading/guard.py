"""Runs inside the grading kernel, before anything else: what a lab does not allow.

Outside the sandbox it is also what hides the masked modules. Code in the same
process can undo this; the masking that holds is the one of `sandbox`, and the check
that a forbidden call was used is a matter of fairness, not of security.
"""

from __future__ import annotations

import importlib
import importlib.abc
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

MASK_TEXT = "{} is what this lab asks you to write; it cannot be imported while grading"


class _Mask(importlib.abc.MetaPathFinder):
    """A finder that refuses the names it hides."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname in self.names:
            raise ImportError(MASK_TEXT.format(fullname))
        return None


def install(masked: Iterable[str] = (), forbidden: Iterable[str] = ()) -> None:
    """Hide modules and replace functions by ones that say that they are forbidden.

    Raises:
        ValueError: if a forbidden call does not exist.
    """
    sys.meta_path.insert(0, _Mask(masked))
    for call in forbidden:
        owner, name = _resolve(call)
        setattr(owner, name, _refusal(call))


def _resolve(call: str) -> tuple[Any, str]:
    """The object that holds a dotted name: a module or a class in it."""
    *path, name = call.split(".")
    for length in range(len(path), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(path[:length]))
        except ImportError:
            continue
        for part in path[length:]:
            owner = getattr(owner, part, None)
        if hasattr(owner, name):
            return owner, name
    raise ValueError(f"forbidden call {call!r} does not exist")


def _refusal(call: str) -> Any:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(f"{call} is not allowed in this lab: write it yourself")

    return refuse
