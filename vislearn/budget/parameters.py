"""How many parameters a model has: counted on the meta device, and by formula.

The meta device makes tensors that have a shape and no memory, so the 1.8 billion
parameters of ViT-G are counted in milliseconds. The formula says where they are.
"""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from vislearn.encoders.vit import ViTConfig
from vislearn.registry import create_model


def count_parameters(
    name_or_model: str | nn.Module, by: str = "total", **overrides: Any
) -> int | dict[str, int]:
    """The number of trainable and frozen parameters (buffers do not count).

    Args:
        name_or_model: a name of `list_models()`, built on the meta device, or a module.
        by: "total" for one number, "module" for one per direct part, such as
            {"cls_token": 768, "pos_embed": 151296, "patch_embed": 590592, …}.
        overrides: options of `create_model`, for a name; for example num_classes=1000.

    Raises:
        ValueError: if `by` is neither, or overrides are given with a module.
    """
    if by not in ("total", "module"):
        raise ValueError(f"by must be 'total' or 'module', got {by!r}")
    if isinstance(name_or_model, str):
        model: nn.Module = create_model(name_or_model, device="meta", **overrides)
    elif overrides:
        raise ValueError(f"options {', '.join(overrides)} need a name, not a module")
    else:
        model = name_or_model
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = name.partition(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    return sum(counts.values()) if by == "total" else counts


def vit_parameters(config: ViTConfig) -> int:
    """The same number for a plain ViT, by the formula.

    Each block has 4 D² + 2 D F weights, and 9 D + F numbers that grow only linearly:
    biases and LayerNorms.

    Raises:
        ValueError: if the config is not a plain ViT (learned positions with a row for
            each token, CLS pooling, an MLP without gate, every bias).
    """
    if type(config) is not ViTConfig:
        raise ValueError(f"the formula needs a ViTConfig, got {type(config).__name__}")
    plain = ViTConfig()
    for field in ("pos", "pos_prefix", "pooling", "qkv_bias", "patch_bias", "pre_norm"):
        value, wanted = getattr(config, field), getattr(plain, field)
        if value != wanted:
            raise ValueError(f"the formula needs {field}={wanted!r}, got {value!r}")
    if config.act == "swiglu":
        raise ValueError("the formula needs an MLP without gate, got act='swiglu'")
    D, F, P, C = config.width, config.hidden, config.patch_size, config.channels
    attention = 4 * D**2 + 4 * D  # q, k, v and the output projection, with biases
    mlp = 2 * D * F + F + D
    norms = 2 * 2 * D  # weight and bias, twice
    scales = 0 if config.layer_scale is None else 2 * D
    block = attention + mlp + norms + scales
    patch_embed = C * P**2 * D + D
    prefix = config.prefix * D
    positions = (config.prefix + math.prod(config.grid)) * D
    last_norm = 2 * D
    K = config.num_classes
    head = 0 if K is None else D * K + K
    return patch_embed + prefix + positions + config.depth * block + last_norm + head
