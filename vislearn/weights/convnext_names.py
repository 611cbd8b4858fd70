"""The names of a ConvNeXt's parameters in other packages, and ours (timm's)."""

from __future__ import annotations

import re

from torch import Tensor

from vislearn.weights.renaming import rename

State = dict[str, Tensor]

_TRANSFORMERS = [
    (r"^convnext\.", ""),
    (r"^embeddings\.patch_embeddings\.", "stem.0."),
    (r"^embeddings\.layernorm\.", "stem.1."),
    (r"^encoder\.stages\.", "stages."),
    (r"\.downsampling_layer\.", ".downsample."),
    (r"\.layers\.", ".blocks."),
    (r"\.dwconv\.", ".conv_dw."),
    (r"\.layernorm\.", ".norm."),
    (r"\.pwconv(\d)\.", r".mlp.fc\1."),
    (r"\.layer_scale_parameter$", ".gamma"),
    (r"^layernorm\.", "head.norm."),
    (r"^classifier\.", "head.fc."),
]

# torchvision numbers everything: the stem is features.0, the stages are 1, 3, 5 and 7,
# and the down-sampling layers in front of the later stages are 2, 4 and 6.
_TORCHVISION = [
    (r"^features\.0\.", "stem."),
    (r"^classifier\.0\.", "head.norm."),
    (r"^classifier\.2\.", "head.fc."),
    (r"\.block\.0\.", ".conv_dw."),
    (r"\.block\.2\.", ".norm."),
    (r"\.block\.3\.", ".mlp.fc1."),
    (r"\.block\.5\.", ".mlp.fc2."),
    (r"\.layer_scale$", ".gamma"),
]
_FEATURES = re.compile(r"^features\.(\d+)\.")


def from_transformers(state: State) -> State:
    """ConvNextModel and ConvNextForImageClassification.

    Their last LayerNorm has an ε of its own, 1e-12 by default, which a state dict does
    not hold; the paper's code has 1e-6 everywhere.
    """
    return rename(state, _TRANSFORMERS)


def from_torchvision(state: State) -> State:
    """torchvision's ConvNeXt; its LayerScale is kept as (C, 1, 1)."""
    named = {_stage(key): value for key, value in rename(state, _TORCHVISION).items()}
    return {
        key: value.flatten() if key.endswith(".gamma") else value
        for key, value in named.items()
    }


def _stage(key: str) -> str:
    match = _FEATURES.match(key)
    if match is None:
        return key
    stage, is_stage = divmod(int(match[1]), 2)
    part = "blocks" if is_stage else "downsample"
    return f"stages.{stage}.{part}.{key[match.end() :]}"


FORMATS = {
    "timm": dict,
    "transformers": from_transformers,
    "torchvision": from_torchvision,
}
CLASSIFIER = ("head.fc.",)
