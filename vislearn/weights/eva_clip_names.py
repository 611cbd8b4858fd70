"""The names of EVA-CLIP's parameters in open_clip, and in the official code.

Both call the text tower's as open_clip does. The image tower's are timm's in one and
their own in the other.
"""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.eva_clip import EVACLIP
from vislearn.weights import clip_names, eva_names

State = dict[str, Tensor]


def from_open_clip(state: State) -> State:
    """open_clip's EVA models."""
    return _both(eva_names.from_open_clip(state), state)


def from_official(state: State) -> State:
    """The official EVA-CLIP: the way to 8B and 18B, which open_clip does not have."""
    return _both(eva_names.from_official(state), state)


def _both(image: State, state: State) -> State:
    """An image tower that has our names already, and the text tower of the source."""
    text = {key: value for key, value in state.items() if not key.startswith("visual.")}
    text.pop("text.attn_mask", None)  # of older versions: the causal mask
    tower = {f"visual.{key}": value for key, value in image.items()}
    return {**tower, **clip_names.from_open_clip(text)}


def fit(model: EVACLIP, state: State) -> State:
    """As for the image tower alone: the positions, and the name of the last layer."""
    image = {
        key.removeprefix("visual."): value
        for key, value in state.items()
        if key.startswith("visual.")
    }
    text = {key: value for key, value in state.items() if not key.startswith("visual.")}
    fitted = eva_names.fit(model.visual, image)
    return {**{f"visual.{key}": value for key, value in fitted.items()}, **text}


FORMATS = {"open_clip": from_open_clip, "official": from_official}
