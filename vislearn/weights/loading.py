"""`load`: state dicts of timm, transformers and torchvision into this package's models.

The names of our parameters follow timm (ViT) and torchvision (ResNet), so most formats
are a matter of renaming; the tables are in `vit_names.py` and `resnet_names.py`.
Tested against: the models of those packages, loaded and compared (tests/parity).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from vislearn.encoders.resnet import ResNet
from vislearn.encoders.vit import ViT
from vislearn.layers import positions
from vislearn.weights import resnet_names, vit_names
from vislearn.weights.cache import read_cached

State = dict[str, Tensor]


def _as_they_are(state: State) -> State:
    return state


_CONVERTERS: dict[type[nn.Module], dict[str, Callable[[State], State]]] = {
    ViT: {
        "vislearn": _as_they_are,
        "timm": _as_they_are,
        "transformers": vit_names.from_transformers,
        "torchvision": vit_names.from_torchvision,
    },
    ResNet: {
        "vislearn": _as_they_are,
        "timm": _as_they_are,
        "transformers": resnet_names.from_transformers,
        "torchvision": _as_they_are,
    },
}


def load(
    model: nn.Module, source: str | Mapping[str, Tensor], format: str | None = None
) -> nn.Module:
    """Copy weights into `model`, or change nothing and say what does not fit.

        load(create_model("vit_b16"), "timm:vit_base_patch16_224.augreg2_in21k_ft_in1k")
        load(create_model("vit_b16"), "transformers:google/vit-base-patch16-224")
        load(model, other.state_dict(), format="torchvision")

    Two differences are expected and bridged: a classifier in the source is left out
    when the model has none, and a table of learned position embeddings for another
    (square) grid is resized to the model's, as `positions.interpolate` does.

    What a state dict does not hold must be right in the model's config: activation,
    ε of the norms (transformers' ViT uses 1e-12), heads. No error would tell.

    Args:
        model: a model of this package, on a real device.
        source: a state dict, or "timm:NAME" or "transformers:NAME" for pretrained
            weights that are already in the local Hugging Face cache. Nothing is ever
            downloaded.
        format: whose names a state dict uses: "vislearn" (default), "timm",
            "transformers" or "torchvision".

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
    state = _converter(model, format)(state)
    state = _without_spare_head(model, state)
    if isinstance(model, ViT):
        state = _with_fitting_positions(model, state)
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


def _converter(model: nn.Module, format: str) -> Callable[[State], State]:
    for kind, converters in _CONVERTERS.items():
        if isinstance(model, kind):
            if format not in converters:
                raise ValueError(
                    f"format must be one of {', '.join(converters)}, got {format!r}"
                )
            return converters[format]
    known = ", ".join(kind.__name__ for kind in _CONVERTERS)
    raise ValueError(f"can load weights into {known}, got {type(model).__name__}")


def _without_spare_head(model: nn.Module, state: State) -> State:
    """Leave out the source's classifier if the model has none."""
    if getattr(model.config, "num_classes", None) is not None:
        return state
    return {
        key: value
        for key, value in state.items()
        if not key.startswith(("head.", "fc."))
    }


def _with_fitting_positions(model: ViT, state: State) -> State:
    """Resize a learned position table of another square grid to the model's grid.

    A table does not say which grid it was made for: with as many rows as the model
    needs it is taken as it is, otherwise its grid is assumed to be square.
    """
    table, own = state.get("pos_embed"), model.pos_embed
    if model.config.pos != "learned" or table is None or table.shape == own.shape:
        return state
    prefix = model.prefix_rows
    side = math.isqrt(max(table.shape[1] - prefix, 0)) if table.ndim == 3 else 0
    if side == 0 or side**2 != table.shape[1] - prefix:
        return state  # the comparison of shapes will report it
    grid, antialias = model.config.grid, model.config.pos_antialias
    table = positions.interpolate(
        table, (side, side), grid, prefix, antialias=antialias
    )
    return {**state, "pos_embed": table}


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
