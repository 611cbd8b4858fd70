"""The names of a CLIP's parameters in other packages, and ours.

Ours are timm's ViT under "visual." and the same kind of names under "text.". open_clip
kept OpenAI's names: the image tower has the prefix "visual.", the text tower has none
(or "text.", in later models), and both projections are stored as D × E, to be
multiplied from the right. transformers keeps q, k and v apart.
"""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.clip import CLIP, CLIPVision
from vislearn.encoders.modified_resnet import ModifiedResNet
from vislearn.encoders.vit import ViT
from vislearn.weights import modified_resnet_names, vit_names
from vislearn.weights.renaming import join, rename

State = dict[str, Tensor]

# What older checkpoints hold beside the weights.
_SPARE = ("input_resolution", "context_length", "vocab_size", "position_ids")

_OPEN_CLIP_BLOCKS = [
    (r"\.transformer\.resblocks\.", ".blocks."),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.attn\.in_proj_(weight|bias)$", r".attn.qkv.\1"),
    (r"\.attn\.out_proj\.", ".attn.proj."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
]
_OPEN_CLIP_VIT = [
    (r"^visual\.class_embedding$", "visual.cls_token"),
    (r"^visual\.positional_embedding$", "visual.pos_embed"),
    (r"^visual\.conv1\.", "visual.patch_embed.proj."),
    (r"^visual\.ln_pre\.", "visual.norm_pre."),
    (r"^visual\.ln_post\.", "visual.norm."),
    (r"^visual\.proj$", "visual.proj.weight"),
    *_OPEN_CLIP_BLOCKS,
]
_OPEN_CLIP_TEXT = [
    (r"^(text\.)?(?=token_embedding|positional_|transformer|ln_final|text_)", "text."),
    (r"^text\.token_embedding\.", "text.token_embed."),
    (r"^text\.positional_embedding$", "text.pos_embed"),
    (r"^text\.ln_final\.", "text.norm."),
    (r"^text\.text_projection$", "text.proj.weight"),
    *_OPEN_CLIP_BLOCKS,
]

_TRANSFORMERS = [
    (r"^(?=embeddings\.|encoder\.|pre_layrnorm|post_layernorm)", "visual."),  # alone
    (r"^vision_model\.", "visual."),
    (r"^text_model\.", "text."),
    (r"^visual_projection\.", "visual.proj."),
    (r"^text_projection\.", "text.proj."),
    (r"\.embeddings\.class_embedding$", ".cls_token"),
    (r"\.embeddings\.patch_embedding\.", ".patch_embed.proj."),
    (r"\.embeddings\.position_embedding\.weight$", ".pos_embed"),
    (r"\.embeddings\.token_embedding\.", ".token_embed."),
    (r"\.pre_layrnorm\.", ".norm_pre."),  # the package's spelling
    (r"\.(post_layernorm|final_layer_norm)\.", ".norm."),
    (r"\.encoder\.layers\.", ".blocks."),
    (r"\.self_attn\.out_proj\.", ".attn.proj."),
    (r"\.self_attn\.", ".attn."),
    (r"\.layer_norm(\d)\.", r".norm\1."),
]


def from_open_clip(state: State) -> State:
    """open_clip's or OpenAI's CLIP, or its image tower alone."""
    state = _without_spare(state)
    if "class_embedding" in state:  # the image tower alone
        state = _under("visual.", state)
    image = _part("visual.", state)
    text = {key: value for key, value in state.items() if key not in image}
    if "visual.class_embedding" in image:  # a ViT; a ResNet's names are ours
        image = rename(image, _OPEN_CLIP_VIT)
    state = {**image, **rename(text, _OPEN_CLIP_TEXT)}
    for key in ("visual.proj.weight", "text.proj.weight"):
        if key in state:
            state[key] = state[key].T  # (D, E) -> (E, D)
    return _with_batch(state)


def from_transformers(state: State) -> State:
    """CLIPModel, or CLIPVisionModelWithProjection alone."""
    state = rename(_without_spare(state), _TRANSFORMERS)
    return _with_batch(join(state, "attn", ("q_proj", "k_proj", "v_proj"), "qkv"))


def from_timm(state: State) -> State:
    """timm's ViT with the projection as its head; the head's bias is zero in CLIP."""
    state = _under("visual.", rename(state, [(r"^head\.", "proj.")]))
    bias = state.get("visual.proj.bias")
    if bias is not None and not bias.any():
        del state["visual.proj.bias"]
    return state


def fit(model: CLIP | CLIPVision, state: State) -> State:
    """Position tables for this model's grid; the image tower's part for it alone."""
    image = {
        key.removeprefix("visual."): value
        for key, value in _part("visual.", state).items()
    }
    if isinstance(model, CLIPVision):
        return vit_names.fit(model, image or state)
    if isinstance(model.visual, ViT):
        image = vit_names.fit(model.visual, image)
    elif isinstance(model.visual, ModifiedResNet):
        image = modified_resnet_names.fit(model.visual, image)
    return {**state, **_under("visual.", image)}


def _part(prefix: str, state: State) -> State:
    return {key: value for key, value in state.items() if key.startswith(prefix)}


def _under(prefix: str, state: State) -> State:
    return {f"{prefix}{key}": value for key, value in state.items()}


def _without_spare(state: State) -> State:
    return {key: value for key, value in state.items() if not key.endswith(_SPARE)}


def _with_batch(state: State) -> State:
    """CLS and the positions of a ViT have a batch axis with us."""
    for key in ("visual.cls_token", "visual.pos_embed"):
        while key in state and state[key].ndim < 3:
            state[key] = state[key][None]
    return state


FORMATS = {
    "open_clip": from_open_clip,
    "transformers": from_transformers,
    "timm": from_timm,
}
