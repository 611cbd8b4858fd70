"""Data that needs no network: a procedural world and sets that ship in packages.

Every set has a card: source, licence, size, splits, known flaws.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vislearn.data.cards import Card as Card
    from vislearn.data.cards import cards as cards

_ROOMS = ("captions", "images", "korean", "questions", "shapes")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"vislearn.data.{name}")
    if name in ("Card", "cards"):
        # Importing the submodule `cards` binds its name here; the function is meant.
        value = getattr(importlib.import_module("vislearn.data.cards"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'vislearn.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS, "Card", "cards"])
