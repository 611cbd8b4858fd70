"""The names of a ViT's parameters in other packages, and ours (timm's).

transformers keeps q, k and v apart and renamed its ViT family in version 5; both the
old and the new names are understood here. DINOv2 differs from ViT in three names.
"""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.vit import ViT
from vislearn.weights.renaming import join, rename
from vislearn.weights.tables import fit_table

State = dict[str, Tensor]

# What a transformers checkpoint may hold that a plain encoder has no place for:
# the tanh pooler of ViTModel and the mask token of masked pre-training.
_SPARE = ("pooler.", "embeddings.mask_token")

_TRANSFORMERS = [
    (r"^(vit|deit|dinov2|dinov2_with_registers)\.", ""),
    (r"^encoder\.layers?\.", "blocks."),
    (r"^layers\.", "blocks."),
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.register_tokens$", "reg_token"),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^layernorm\.", "norm."),
    (r"^classifier\.", "head."),
    # transformers 4: attention.attention.query, attention.output.dense, …
    (r"\.attention\.attention\.(query|key|value)\.", r".attn.\1."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.mlp\.weights_in\.", ".mlp.fc1."),
    (r"\.mlp\.weights_out\.", ".mlp.fc2."),
    # transformers 5
    (r"\.attention\.q_proj\.", ".attn.query."),
    (r"\.attention\.k_proj\.", ".attn.key."),
    (r"\.attention\.v_proj\.", ".attn.value."),
    (r"\.attention\.o_proj\.", ".attn.proj."),
    (r"\.mlp\.down_proj\.", ".mlp.fc2."),
    # both
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.layer_scale(\d)\.lambda1$", r".ls\1.gamma"),
]

_TORCHVISION = [
    (r"^class_token$", "cls_token"),
    (r"^conv_proj\.", "patch_embed.proj."),
    (r"^encoder\.pos_embedding$", "pos_embed"),
    (r"^encoder\.layers\.encoder_layer_", "blocks."),
    (r"^encoder\.ln\.", "norm."),
    (r"^heads\.head\.", "head."),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.self_attention\.in_proj_(weight|bias)$", r".attn.qkv.\1"),
    (r"\.self_attention\.out_proj\.", ".attn.proj."),
    (r"\.mlp\.(0|linear_1)\.", ".mlp.fc1."),
    (r"\.mlp\.(3|linear_2)\.", ".mlp.fc2."),
]


_TIMM_RELATIVE = [
    (r"^blocks\.(\d+)\.attn\.rel_pos\.", r"rel_pos.\1."),
]


def from_timm(state: State) -> State:
    """timm's ViT, whose names are ours, also the one with relative positions."""
    return rename(state, _TIMM_RELATIVE)


def from_transformers(state: State) -> State:
    """ViT, DeiT without distillation, DINOv2 with or without registers.

    With registers, transformers gives CLS a row in the position table and timm does
    not; that row is added to the CLS token, which is what happens to it anyway.
    """
    state = rename(state, _TRANSFORMERS)
    state = {key: value for key, value in state.items() if not key.startswith(_SPARE)}
    state = join(state, "attn", ("query", "key", "value"), "qkv")
    state = join(state, "mlp", ("gate_proj", "up_proj"), "fc1")
    if {"reg_token", "cls_token", "pos_embed"} <= state.keys():
        table = state["pos_embed"]  # (1, 1 + N, D)
        state["cls_token"] = state["cls_token"] + table[:, :1]
        state["pos_embed"] = table[:, 1:]
    return state


def from_torchvision(state: State) -> State:
    """torchvision's VisionTransformer, older and newer names of its MLP."""
    return rename(state, _TORCHVISION)


def fit(model: ViT, state: State) -> State:
    """Resize a learned position table of another square grid to the model's grid."""
    table, config = state.get("pos_embed"), model.config
    if config.pos != "learned" or table is None:
        return state
    fitted = fit_table(
        table, config.grid, model.prefix_rows, antialias=config.pos_antialias
    )
    return {**state, "pos_embed": fitted}


FORMATS = {
    "timm": from_timm,
    "transformers": from_transformers,
    "torchvision": from_torchvision,
}
