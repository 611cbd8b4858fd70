"""Data that needs no network: a procedural world and sets that ship in packages.

Every set has a card: source, licence, size, splits, known flaws.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vislearn.data.card import Card as Card
    from vislearn.data.card import cards as cards

_ROOMS = (
    "captions",
    "composition",
    "images",
    "korean",
    "pairs",
    "questions",
    "shapes",
)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"vislearn.data.{name}")
    if name in ("Card", "cards"):
        value = getattr(importlib.import_module("vislearn.data.card"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'vislearn.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS, "Card", "cards"])
