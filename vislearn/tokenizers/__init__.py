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
    "bilingual_bpe": "bilingual",
    "bytes_per_token": "cost",
    "tokens_per_text": "cost",
}
_MODULES = ("batch", "bilingual", "bpe", "clip", "clip_cleaning", "cost")

if TYPE_CHECKING:
    from vislearn.tokenizers.bilingual import bilingual_bpe as bilingual_bpe
    from vislearn.tokenizers.bpe import BPE as BPE
    from vislearn.tokenizers.clip import CLIPTokenizer as CLIPTokenizer
    from vislearn.tokenizers.cost import bytes_per_token as bytes_per_token
    from vislearn.tokenizers.cost import tokens_per_text as tokens_per_text


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return getattr(importlib.import_module(f"{__name__}.{_PARTS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PARTS, *_MODULES])
