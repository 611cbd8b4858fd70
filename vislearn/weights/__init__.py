"""Trained weights: loaded from local files and caches, never downloaded unasked."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vislearn.weights.loading import load as load
    from vislearn.weights.torchvision_ops import import_timm as import_timm

_EXPORTS = {
    "import_timm": "vislearn.weights.torchvision_ops",
    "load": "vislearn.weights.loading",
}


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
