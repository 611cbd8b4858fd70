"""The names of CLIP's ResNet in a whole CLIP model, and ours (without "visual.")."""

from __future__ import annotations

from torch import Tensor

State = dict[str, Tensor]


def from_open_clip(state: State) -> State:
    """open_clip's or OpenAI's CLIP: the image tower, whether alone or with the text."""
    tower = {
        key.removeprefix("visual."): value
        for key, value in state.items()
        if key.startswith("visual.")
    }
    return tower or dict(state)


FORMATS = {"open_clip": from_open_clip}
