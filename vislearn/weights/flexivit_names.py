"""Weights of FlexiViT: timm's names are ours; filters and positions fit themselves.

A FlexiViT may be stored with filters and positions of any size. What comes in another
size than the model's is resized, as the model itself would do it.
"""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.flexivit import FlexiViT
from vislearn.layers.patches import resize_patch_embed
from vislearn.weights.tables import fit_table

State = dict[str, Tensor]


def fit(model: FlexiViT, state: State) -> State:
    """Resize square filters, and a position table of a square grid, to the model's."""
    config, state = model.config, dict(state)
    kernel = state.get("patch_embed.proj.weight")
    if kernel is not None and kernel.ndim == 4 and kernel.shape[2] == kernel.shape[3]:
        state["patch_embed.proj.weight"] = resize_patch_embed(
            kernel, config.kernel_size, config.kernel_mode, config.kernel_antialias
        )
    if "pos_embed" in state:
        state["pos_embed"] = fit_table(
            state["pos_embed"],
            config.table_grid,
            model.prefix_rows,
            config.pos_mode,
            config.pos_antialias,
        )
    return state


FORMATS = {"timm": dict}
