"""The names of CLIP's ResNet in a whole CLIP model, and ours (without "visual.")."""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.modified_resnet import ModifiedResNet
from vislearn.weights.renaming import within
from vislearn.weights.tables import fit_table

State = dict[str, Tensor]


def from_open_clip(state: State) -> State:
    """open_clip's or OpenAI's CLIP: the image tower, whether alone or with the text."""
    return within(state, "visual.") or dict(state)


def fit(model: ModifiedResNet, state: State) -> State:
    """Resize the pooling's positions of another square map to the model's.

    A whole CLIP's state is also welcome to the image tower, which takes its part.
    """
    state = within(state, "visual.") or state
    table = state.get("attnpool.positional_embedding")  # (1 + h · w, D)
    if table is None:
        return state
    fitted = fit_table(table[None], model.config.grid, prefix=1)[0]
    return {**state, "attnpool.positional_embedding": fitted}


FORMATS = {"open_clip": from_open_clip}
