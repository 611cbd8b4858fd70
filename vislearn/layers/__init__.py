"""Parts that encoders share; each file is one idea and needs nothing but torch.

The short names below are loaded on first use, so that reading one part never
imports the others. The function `attention` keeps its full name
(`vislearn.layers.attention.attention`), because a module has that name already.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PARTS = {
    "Attention": "attention",
    "AttentionPool": "pooling",
    "Block": "blocks",
    "DropPath": "scale",
    "LayerNorm2d": "norms",
    "LayerScale": "scale",
    "Mlp": "mlp",
    "NormedLinear": "linear",
    "PatchEmbed": "patches",
    "QVLinear": "linear",
    "RelativeBias": "relative",
    "SwiGLU": "mlp",
    "interpolate": "positions",
    "patchify": "patches",
    "record_attention": "attention",
    "resize_patch_embed": "patches",
    "rotation": "rope",
    "sincos_1d": "positions",
    "sincos_2d": "positions",
    "unpatchify": "patches",
}
_MODULES = (
    "attention",
    "blocks",
    "linear",
    "mlp",
    "norms",
    "patches",
    "pooling",
    "positions",
    "reduction",
    "relative",
    "rope",
    "scale",
    "windows",
)

if TYPE_CHECKING:
    from vislearn.layers.attention import Attention as Attention
    from vislearn.layers.attention import record_attention as record_attention
    from vislearn.layers.blocks import Block as Block
    from vislearn.layers.linear import NormedLinear as NormedLinear
    from vislearn.layers.linear import QVLinear as QVLinear
    from vislearn.layers.mlp import Mlp as Mlp
    from vislearn.layers.mlp import SwiGLU as SwiGLU
    from vislearn.layers.norms import LayerNorm2d as LayerNorm2d
    from vislearn.layers.patches import PatchEmbed as PatchEmbed
    from vislearn.layers.patches import patchify as patchify
    from vislearn.layers.patches import resize_patch_embed as resize_patch_embed
    from vislearn.layers.patches import unpatchify as unpatchify
    from vislearn.layers.pooling import AttentionPool as AttentionPool
    from vislearn.layers.positions import interpolate as interpolate
    from vislearn.layers.positions import sincos_1d as sincos_1d
    from vislearn.layers.positions import sincos_2d as sincos_2d
    from vislearn.layers.relative import RelativeBias as RelativeBias
    from vislearn.layers.rope import rotation as rotation
    from vislearn.layers.scale import DropPath as DropPath
    from vislearn.layers.scale import LayerScale as LayerScale


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return getattr(importlib.import_module(f"{__name__}.{_PARTS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PARTS, *_MODULES])
