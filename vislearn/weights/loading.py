"""`load`: state dicts of other packages into this package's models.

The names of our parameters follow one reference for each family (timm for ViT,
torchvision for ResNet), so most formats are a matter of renaming. The table of a family
in `vislearn/encoders/swin.py` is the file `swin_names.py` beside this one:

    FORMATS     format name -> function from their state dict to ours
    CLASSIFIER  prefixes of the classifier's keys in our names; ("head.",) if absent
    fit         (model, state) -> state for this model's sizes; nothing to fit if absent

A model class without a file of its own is loaded like its base class.
Tested against: the models of those packages, loaded and compared (tests/parity).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from types import ModuleType

from torch import Tensor, nn

from vislearn.weights.cache import read_cached

State = dict[str, Tensor]


def load(
    model: nn.Module, source: str | Mapping[str, Tensor], format: str | None = None
) -> nn.Module:
    """Copy weights into `model`, or change nothing and say what does not fit.

        load(create_model("vit_b16"), "timm:vit_base_patch16_224.augreg2_in21k_ft_in1k")
        load(create_model("vit_b16"), "transformers:google/vit-base-patch16-224")
        load(create_model("clip_vit_b32"), "open_clip:ViT-B-32/openai")
        load(model, other.state_dict(), format="torchvision")

    Two differences are expected and bridged: a classifier in the source is left out
    when the model has none, and a table of learned position embeddings for another
    (square) grid is resized to the model's, as `positions.interpolate` does.

    What a state dict does not hold must be right in the model's config: activation
    (OpenAI's CLIP has QuickGELU), ε of the norms (transformers' ViT uses 1e-12), heads.
    No error would tell.

    Args:
        model: a model of this package, on a real device.
        source: a state dict, or "timm:NAME", "transformers:NAME" or
            "open_clip:NAME/TAG" for pretrained weights that are already in the local
            Hugging Face cache. Nothing is ever downloaded.
        format: whose names a state dict uses: "vislearn" (default), "timm",
            "transformers", "torchvision", "open_clip", or "official" for the authors'
            own code (EVA-CLIP).

    Returns:
        the model.

    Raises:
        ValueError: if the format or source is unknown, the weights are not in the
            cache, or keys or shapes do not fit; the model is then unchanged.
    """
    if any(parameter.is_meta for parameter in model.parameters()):
        raise ValueError(
            "a model on the meta device has no memory to load weights into"
        )
    format, state = _read(source, format)
    names = _names_of(model)
    state = _converter(names, format)(state)
    state = _without_spare_head(model, names, state)
    if hasattr(names, "fit"):
        state = names.fit(model, state)
    _check_fit(model, state)
    model.load_state_dict(state, strict=False)  # only counters of BatchNorm may miss
    return model


def _read(source: str | Mapping[str, Tensor], format: str | None) -> tuple[str, State]:
    if not isinstance(source, str):
        return format or "vislearn", dict(source)
    named_format, state = read_cached(source)
    if format not in (None, named_format):
        raise ValueError(
            f"source {source!r} has format {named_format!r}, not {format!r}"
        )
    return named_format, state


def _names_of(model: nn.Module) -> ModuleType:
    """The file of names of the model's class, or of the nearest base class with one."""
    for kind in type(model).__mro__:
        place, _, family = kind.__module__.rpartition(".")
        name = f"{__package__}.{family}_names"
        if place == "vislearn.encoders" and importlib.util.find_spec(name):
            return importlib.import_module(name)
    raise ValueError(
        f"can load weights into this package's encoders, got {type(model).__name__}"
    )


def _converter(names: ModuleType, format: str) -> Callable[[State], State]:
    formats: dict[str, Callable[[State], State]] = {"vislearn": dict, **names.FORMATS}
    if format not in formats:
        raise ValueError(f"format must be one of {', '.join(formats)}, got {format!r}")
    return formats[format]


def _without_spare_head(model: nn.Module, names: ModuleType, state: State) -> State:
    """Leave out the source's classifier if the model has none."""
    if getattr(model.config, "num_classes", None) is not None:
        return state
    prefixes = getattr(names, "CLASSIFIER", ("head.",))
    return {key: value for key, value in state.items() if not key.startswith(prefixes)}


def _check_fit(model: nn.Module, state: State) -> None:
    """Raise one ValueError that lists all that does not fit."""
    own = model.state_dict()
    missing = [
        key
        for key in own
        if key not in state and not key.endswith("num_batches_tracked")
    ]
    unexpected = [key for key in state if key not in own]
    shapes = [
        f"{key} is {tuple(state[key].shape)}, expected {tuple(own[key].shape)}"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    faults = [
        f"{len(found)} {what} ({', '.join(found[:3])}{', …' if len(found) > 3 else ''})"
        for what, found in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", shapes),
        )
        if found
    ]
    if faults:
        raise ValueError(
            f"the weights do not fit this {type(model).__name__}: {'; '.join(faults)}"
        )
