"""Models by name: `list_models` and `create_model`.

A preset is a name, a module class, a frozen config and the preprocessing its weights
were trained with. The files in `vislearn/encoders/` register theirs when imported;
this file imports all of them the first time somebody asks.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from typing import Any

import torch

from vislearn.encoders.output import VisionEncoder
from vislearn.preprocess import Preprocess


@dataclass(frozen=True)
class Preset:
    """Everything that is needed to build one named model."""

    name: str
    family: str
    build: Callable[[Any], VisionEncoder]  # config -> module
    config: Any  # frozen dataclass with img_size and num_classes
    preprocess: Preprocess


_PRESETS: dict[str, Preset] = {}


def register(preset: Preset) -> None:
    """Make a preset known by its name.

    Raises:
        ValueError: if the name is taken.
    """
    if preset.name in _PRESETS:
        raise ValueError(f"model {preset.name!r} is registered twice")
    _PRESETS[preset.name] = preset


def list_models(family: str | None = None) -> list[str]:
    """Names of all presets, sorted; of one family if given.

    Raises:
        ValueError: if no model belongs to the family.
    """
    _import_encoders()
    families = sorted({preset.family for preset in _PRESETS.values()})
    if family is not None and family not in families:
        raise ValueError(f"unknown family {family!r}; there are {', '.join(families)}")
    return sorted(
        name
        for name, preset in _PRESETS.items()
        if family is None or preset.family == family
    )


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ValueError: if there is none; the message lists the closest names.
    """
    _import_encoders()
    if name not in _PRESETS:
        raise ValueError(
            f"unknown model {name!r}; closest names: {_closest(name, _PRESETS)}"
        )
    return _PRESETS[name]


def configure(name: str, **overrides: Any) -> Any:
    """The config of a preset with some fields replaced; builds nothing.

    Raises:
        ValueError: if the name or a field is unknown, or a value does not fit.
    """
    config = find_preset(name).config
    known = [field.name for field in fields(config)]
    for option in overrides:
        if option not in known:
            raise ValueError(
                f"unknown option {option!r} for {name}; "
                f"closest names: {_closest(option, known)}"
            )
    return replace(config, **overrides)


def create_model(
    name: str,
    *,
    img_size: int | tuple[int, int] | None = None,
    num_classes: int | None = None,
    device: str | torch.device | None = None,
    **overrides: Any,
) -> VisionEncoder:
    """Build a model by name, with random weights (see `vislearn.weights.load`).

        create_model("vit_b16")
        create_model("vit_b16", img_size=32, patch_size=8, depth=2, width=64, heads=4)
        create_model("vit_gigantic14", device="meta")  # shapes only, no memory

    Args:
        name: one of `list_models()`.
        img_size: pixels, or (height, width); None keeps the preset's.
        num_classes: K; adds a linear classifier and `logits` to the output.
        device: where the parameters are made; "meta" allocates nothing.
        overrides: other fields of the model's config to replace.

    Returns:
        a module with `.config` and `.preprocess`; called with images (B, C, H, W) it
        returns a `VisionOutput`.

    Raises:
        ValueError: if the name or an option is unknown, or a value does not fit.
    """
    if img_size is not None:
        overrides["img_size"] = img_size
    if num_classes is not None:
        overrides["num_classes"] = num_classes
    config = configure(name, **overrides)
    preset = find_preset(name)
    with torch.device(device) if device is not None else nullcontext():
        model = preset.build(config)
    preprocess = replace(preset.preprocess, size=config.img_size)
    for encoder in (model, getattr(model, "visual", None)):  # of a dual encoder both
        if encoder is not None:
            encoder.preprocess = preprocess
    return model


def _closest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=4, cutoff=0.4)
    return ", ".join(close or sorted(known))


@functools.cache
def _import_encoders() -> None:
    package = importlib.import_module("vislearn.encoders")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
