"""The names of a PVT's parameters in transformers, and ours; timm has no PVT v1."""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.pvt import PVT
from vislearn.weights.renaming import join, rename
from vislearn.weights.tables import fit_table

State = dict[str, Tensor]

_TRANSFORMERS = [
    (r"^pvt\.", ""),
    (r"^classifier\.", "head."),
    (r"^encoder\.layer_norm\.", "norm."),
    (r"^encoder\.patch_embeddings\.(\d+)\.cls_token$", r"stages.\1.cls_token"),
    (r"^encoder\.patch_embeddings\.(\d+)\.position_em.*$", r"stages.\1.pos_embed"),
    (r"^encoder\.patch_embeddings\.(\d+)\.", r"stages.\1.patch_embed."),
    (r"\.patch_embed\.projection\.", ".patch_embed.proj."),
    (r"\.patch_embed\.layer_norm\.", ".patch_embed.norm."),
    (r"^encoder\.block\.(\d+)\.", r"stages.\1.blocks."),
    (r"\.layer_norm_(\d)\.", r".norm\1."),
    (r"\.attention\.self\.sequence_reduction\.", ".attn.sr."),
    (r"\.attention\.self\.layer_norm\.", ".attn.norm."),
    (r"\.attention\.self\.query\.", ".attn.q."),
    (r"\.attention\.self\.(key|value)\.", r".attn.\1."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.mlp\.dense(\d)\.", r".mlp.fc\1."),
]


def from_transformers(state: State) -> State:
    """PvtModel and PvtForImageClassification."""
    return join(rename(state, _TRANSFORMERS), "attn", ("key", "value"), "kv")


def fit(model: PVT, state: State) -> State:
    """Resize the position tables of another square image size to the model's grids."""
    state, config = dict(state), model.config
    for stage, grid in enumerate(config.grids()):
        key, prefix = f"stages.{stage}.pos_embed", int(stage == len(config.depths) - 1)
        if key in state:
            state[key] = fit_table(state[key], grid, prefix, "bilinear", False)
    return state


FORMATS = {"transformers": from_transformers}
