"""How much one forward pass computes: multiply-adds, counted on the meta device.

torch's own counter looks at every matrix product, convolution and attention while a
tensor without memory runs through the model, so the count belongs to the code that
runs, not to a formula about it. It reports FLOPs, two for each multiply-add; papers
mostly print multiply-adds ("GMACs") and often call them FLOPs. Additions of biases,
norms, activations and softmax are not counted, here as there.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from vislearn.registry import create_model

Size = int | tuple[int, int]


def count_flops(
    name_or_model: str | nn.Module, img_size: Size | None = None, **overrides: Any
) -> int:
    """Multiply-adds of one image through the model.

    Args:
        name_or_model: a name of `list_models()`, or a module of this package on any
            device. A module keeps its weights, its mode and its place.
        img_size: pixels, or (height, width); None takes the config's.
        overrides: options of `create_model`, for a name; for example num_classes=1000.

    Raises:
        ValueError: if overrides are given with a module, or the size does not fit.
    """
    _, counter = _count(name_or_model, img_size, overrides)
    return counter.get_total_flops() // 2


def flops_by_part(
    name_or_model: str | nn.Module, img_size: Size | None = None, **overrides: Any
) -> dict[str, int]:
    """The same for each direct part, as {"patch_embed": …, "blocks": …, "head": …}.

    Parts without matrix products are left out; what no part computes is "self".
    """
    model, counter = _count(name_or_model, img_size, overrides)
    counts = counter.get_flop_counts()

    def inside(path: str, module: nn.Module) -> int:
        if path in counts:
            return sum(counts[path].values()) // 2
        # A list of modules is never called itself; its entries are.
        children = module.named_children()
        return sum(inside(f"{path}.{name}", child) for name, child in children)

    root = type(model).__name__
    parts = {
        name: inside(f"{root}.{name}", child) for name, child in model.named_children()
    }
    parts["self"] = counter.get_total_flops() // 2 - sum(parts.values())
    return {name: flops for name, flops in parts.items() if flops}


def _count(
    name_or_model: str | nn.Module, img_size: Size | None, overrides: dict[str, Any]
) -> tuple[nn.Module, FlopCounterMode]:
    model = _on_meta(name_or_model, img_size, overrides)
    config: Any = model.config
    shape = (img_size, img_size) if isinstance(img_size, int) else img_size
    height, width = config.image_shape if shape is None else shape
    images = torch.empty(1, config.channels, height, width, device="meta")
    with FlopCounterMode(display=False) as counter:
        model(images)
    return model, counter


def _on_meta(
    name_or_model: str | nn.Module, img_size: Size | None, overrides: dict[str, Any]
) -> nn.Module:
    """The model without memory or gradients, in eval mode; a module is copied."""
    if isinstance(name_or_model, str):
        if img_size is not None:
            overrides = {**overrides, "img_size": img_size}
        model: nn.Module = create_model(name_or_model, device="meta", **overrides)
    elif overrides:
        raise ValueError(f"options {', '.join(overrides)} need a name, not a module")
    else:
        model = copy.deepcopy(name_or_model).to("meta")
    return model.eval().requires_grad_(False)
