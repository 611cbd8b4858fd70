"""The names of SigLIP 2 NaFlex in other packages, and ours: SigLIP's, but for patches.

There, patches come flattened as (row, column, channel) and pass through a linear layer;
here they are (channel, row, column), as a convolution stores its filters.
"""

from __future__ import annotations

from torch import Tensor, nn

from vislearn.encoders.naflex import NaFlexVision
from vislearn.weights.renaming import behind, rename, within
from vislearn.weights.siglip_names import from_transformers
from vislearn.weights.tables import fit_table

State = dict[str, Tensor]

_TIMM = [
    (r"^embeds\.proj\.", "patch_embed.proj."),
    (r"^embeds\.pos_embed$", "pos_embed"),
]


def from_timm(state: State) -> State:
    """timm's image tower, whose position table is kept as a picture (1, h, w, D)."""
    state = rename(state, _TIMM)
    table = state.get("pos_embed")
    if table is not None and table.ndim == 4:
        state["pos_embed"] = table.flatten(1, 2)
    return state


def filters(weight: Tensor, patch_size: int) -> Tensor:
    """A linear layer on flattened patches as the filters of a convolution.

    Shapes:
        weight (D, P·P·C), rows, columns, channels -> (D, C, P, P)
    """
    square = weight.unflatten(1, (patch_size, patch_size, -1))  # (D, P, P, C)
    return square.permute(0, 3, 1, 2)


def fit(model: nn.Module, state: State) -> State:
    """Bring flattened filters and another square position table to the model's form.

    A whole model's state is also welcome to the image tower, which takes its part.
    """
    if isinstance(model, NaFlexVision):
        return fit_tower(model, within(state, "visual.") or state)
    tower = model.get_submodule("visual")
    assert isinstance(tower, NaFlexVision)
    return {**state, **behind("visual.", fit_tower(tower, within(state, "visual.")))}


def fit_tower(tower: NaFlexVision, state: State) -> State:
    """The same for the image tower's own state."""
    config, state = tower.config, dict(state)
    key, inputs = "patch_embed.proj.weight", config.channels * config.patch_size**2
    weight = state.get(key)
    if weight is not None and weight.ndim == 2 and weight.shape[1] == inputs:
        state[key] = filters(weight, config.patch_size)
    if "pos_embed" in state:
        state["pos_embed"] = fit_table(
            state["pos_embed"],
            config.pos_grid,
            mode="bilinear",
            antialias=config.pos_antialias,
        )
    return state


FORMATS = {"timm": from_timm, "transformers": from_transformers}
