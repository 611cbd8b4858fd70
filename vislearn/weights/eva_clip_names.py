"""The names of EVA-CLIP's parameters in open_clip, whose image tower is timm's."""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.eva_clip import EVACLIP
from vislearn.weights import eva_names
from vislearn.weights.renaming import rename

State = dict[str, Tensor]

_TEXT = [
    (r"^text\.token_embedding\.", "text.token_embed."),
    (r"^text\.positional_embedding$", "text.pos_embed"),
    (r"^text\.transformer\.resblocks\.", "text.blocks."),
    (r"^text\.ln_final\.", "text.norm."),
    (r"^text\.text_projection$", "text.proj.weight"),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.attn\.in_proj_(weight|bias)$", r".attn.qkv.\1"),
    (r"\.attn\.out_proj\.", ".attn.proj."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
]
_TRUNK = "visual.trunk."


def from_open_clip(state: State) -> State:
    """open_clip's EVA models; it stores the text projection as (D, E)."""
    trunk = {
        key.removeprefix(_TRUNK): value
        for key, value in state.items()
        if key.startswith(_TRUNK)
    }
    rest = {key: value for key, value in state.items() if not key.startswith(_TRUNK)}
    rest = rename(rest, _TEXT)
    rest.pop("text.attn_mask", None)  # of older versions: the causal mask
    if "text.proj.weight" in rest:
        rest["text.proj.weight"] = rest["text.proj.weight"].T
    tower = {f"visual.{key}": eva for key, eva in eva_names.from_timm(trunk).items()}
    return {**tower, **rest}


def fit(model: EVACLIP, state: State) -> State:
    """As for the image tower alone: the positions, and the head's name."""
    tower = {
        key.removeprefix("visual."): value
        for key, value in state.items()
        if key.startswith("visual.")
    }
    rest = {key: value for key, value in state.items() if not key.startswith("visual.")}
    fitted = eva_names.fit(model.visual, tower)
    return {**{f"visual.{key}": value for key, value in fitted.items()}, **rest}


FORMATS = {"open_clip": from_open_clip}
