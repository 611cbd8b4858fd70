"""The names of SigLIP's parameters in other packages, and ours.

The image tower alone goes by timm's names, the whole model by those names behind
"visual." and the text tower's behind "text.". A whole model's state dict also fits our
image tower alone: `load(create_model("siglip_b16").visual, state, "open_clip")`.
"""

from __future__ import annotations

from torch import Tensor, nn

from vislearn.encoders.siglip import SigLIPVision
from vislearn.weights.renaming import behind, join, rename, within
from vislearn.weights.tables import fit_table

State = dict[str, Tensor]

_QKV = ("q_proj", "k_proj", "v_proj")
_BLOCKS = [
    (r"\bencoder\.layers\.", "blocks."),
    (r"\.layer_norm(\d)\.", r".norm\1."),
    (r"\.self_attn\.out_proj\.", ".attn.proj."),
    (r"\.self_attn\.", ".attn."),
]
_VISION = [
    (r"^embeddings\.patch_embedding\.", "patch_embed.proj."),
    (r"^embeddings\.position_embedding\.weight$", "pos_embed"),
    (r"^post_layernorm\.", "norm."),
    (r"^head\.probe$", "attn_pool.latent"),
    (r"^head\.attention\.out_proj\.", "attn_pool.proj."),
    (r"^head\.layernorm\.", "attn_pool.norm."),
    (r"^head\.mlp\.", "attn_pool.mlp."),
    *_BLOCKS,
]
_TEXT = [
    (r"^embeddings\.token_embedding\.", "token_embed."),
    (r"^embeddings\.position_embedding\.weight$", "pos_embed"),
    (r"^final_layer_norm\.", "norm."),
    (r"^head\.", "proj."),
    *_BLOCKS,
]
_OPEN_CLIP = [
    (r"^visual\.trunk\.", "visual."),
    (r"^text\.token_embedding\.", "text.token_embed."),
    (r"^text\.positional_embedding$", "text.pos_embed"),
    (r"^text\.transformer\.resblocks\.", "text.blocks."),
    (r"^text\.ln_final\.", "text.norm."),
    (r"^text\.text_projection\.", "text.proj."),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.attn\.in_proj_(weight|bias)$", r".attn.qkv.\1"),
    (r"\.attn\.out_proj\.", ".attn.proj."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
]


def from_transformers(state: State) -> State:
    """SiglipModel, SiglipVisionModel, or Siglip2Model but for its patch embedding.

    The vision model by itself has no prefix in transformers 5 and "vision_model." in 4.
    Scale and bias are tables of one number there.
    """
    text = within(state, "text_model.")
    vision = within(state, "vision_model.") or state
    tower = vision_from_transformers(vision)
    if not text:
        return tower
    words = join(rename(text, _TEXT), "attn", _QKV, "qkv")
    scalars = {k: v.reshape(()) for k, v in state.items() if k.startswith("logit_")}
    return {**behind("visual.", tower), **behind("text.", words), **scalars}


def vision_from_transformers(state: State) -> State:
    """The image tower: q, k and v in one, the probe's q apart from its k and v."""
    state = join(rename(state, _VISION), "attn", _QKV, "qkv")
    for kind in ("weight", "bias"):
        packed = state.pop(f"head.attention.in_proj_{kind}", None)
        if packed is not None:
            D = packed.shape[0] // 3
            state[f"attn_pool.q.{kind}"] = packed[:D]
            state[f"attn_pool.kv.{kind}"] = packed[D:]
    if "pos_embed" in state:
        state["pos_embed"] = state["pos_embed"][None]  # (1, N, D)
    return state


def from_open_clip(state: State) -> State:
    """open_clip's model: timm's image tower as its trunk, and CLIP's names for text."""
    return rename(state, _OPEN_CLIP)


def fit(model: nn.Module, state: State) -> State:
    """Resize the position table of another square grid to the model's.

    A whole model's state is also welcome to the image tower, which takes its part.
    """
    if isinstance(model, SigLIPVision):
        return fit_tower(model, within(state, "visual.") or state)
    tower = model.get_submodule("visual")
    assert isinstance(tower, SigLIPVision)
    fitted = fit_tower(tower, within(state, "visual."))
    return {**state, **behind("visual.", fitted)}


def fit_tower(tower: SigLIPVision, state: State) -> State:
    """Resize a position table of another square grid to the tower's grid."""
    if "pos_embed" not in state:
        return state
    antialias = tower.config.pos_antialias
    table = fit_table(state["pos_embed"], tower.config.grid, antialias=antialias)
    return {**state, "pos_embed": table}


FORMATS = {
    "timm": dict,
    "transformers": from_transformers,
    "open_clip": from_open_clip,
}
