"""The names of a ResNet's parameters in transformers, and ours (torchvision's)."""

from __future__ import annotations

import re

from torch import Tensor

State = dict[str, Tensor]

_STEM = re.compile(r"^embedder\.embedder\.(convolution|normalization)\.")
_LAYER = re.compile(
    r"^encoder\.stages\.(\d+)\.layers\.(\d+)\."
    r"(shortcut|layer\.\d+)\.(convolution|normalization)\."
)


def from_transformers(state: State) -> State:
    """ResNet of transformers: stages, layers and convolutions counted from 0."""
    return {_name(key): value for key, value in state.items()}


def _name(key: str) -> str:
    key = key.removeprefix("resnet.")
    if key.startswith("classifier.1."):
        return key.replace("classifier.1.", "fc.")
    if match := _STEM.match(key):
        first = "conv1." if match[1] == "convolution" else "bn1."
        return first + key[match.end() :]
    if match := _LAYER.match(key):
        stage, layer, place, kind = match.groups()
        if place == "shortcut":
            part = "downsample.0" if kind == "convolution" else "downsample.1"
        else:
            number = int(place.removeprefix("layer.")) + 1
            part = f"conv{number}" if kind == "convolution" else f"bn{number}"
        return f"layer{int(stage) + 1}.{layer}.{part}.{key[match.end() :]}"
    return key


FORMATS = {
    "timm": dict,
    "torchvision": dict,
    "transformers": from_transformers,
}
CLASSIFIER = ("fc.",)
