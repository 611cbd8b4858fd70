"""How texts become numbers: byte-level BPE, CLIP's own, and a small bilingual one.

Each file is one idea and needs nothing but torch and the standard library. The short
names below are loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PARTS = {
    "BPE": "bpe",
    "CLIPTokenizer": "clip",
}
_MODULES = ("batch", "bpe", "clip", "clip_cleaning")

if TYPE_CHECKING:
    from vislearn.tokenizers.bpe import BPE as BPE
    from vislearn.tokenizers.clip import CLIPTokenizer as CLIPTokenizer


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return getattr(importlib.import_module(f"{__name__}.{_PARTS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PARTS, *_MODULES])
