"""vislearn: how pixels become tokens, as code that can be read.

One legend for every shape comment in the package:

    B  batch size               C      image channels
    N  patch tokens             H, W   image height and width, in pixels
    R  prefix tokens (CLS, registers)  P  patch size, in pixels
    T  all tokens, R + N        h      attention heads (never H)
    D  token width              Dh     width of one head, D / h
    E  embedding size           K      classes, or codes of a codebook

Importing the package costs nothing: rooms are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = (
    "budget",
    "course",
    "data",
    "encoders",
    "evaluate",
    "grading",
    "layers",
    "losses",
    "preprocess",
    "show",
    "tokenizers",
    "train",
    "weights",
)
_EXPORTS = {
    "VisionOutput": "vislearn.encoders.output",
    "create_model": "vislearn.registry",
    "list_models": "vislearn.registry",
}

if TYPE_CHECKING:
    from vislearn.encoders.output import VisionOutput as VisionOutput
    from vislearn.registry import create_model as create_model
    from vislearn.registry import list_models as list_models


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"vislearn.{name}")
    raise AttributeError(f"module 'vislearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS, *_ROOMS])
