"""The names of EVA's parameters in timm, and ours.

timm has two layouts, one for q, k and v in one product and one for three, and another
two for the gate and the values of SwiGLU; both become packed here. The official code
has names of its own for EVA-02. The angles of RoPE are no weights: timm does not store
them, the official code does.
"""

from __future__ import annotations

from torch import Tensor

from vislearn.encoders.eva import EVA
from vislearn.weights import vit_names
from vislearn.weights.renaming import join, rename, within

State = dict[str, Tensor]

_TIMM = [
    (r"\.attn\.([qv])_proj\.bias$", r".attn.\1_bias"),
    (r"\.attn\.([qv]_bias)$", r".attn.qkv.\1"),
    (r"\.attn\.norm\.", ".attn.proj.norm."),
    (r"\.mlp\.norm\.", ".mlp.fc2.norm."),
    (r"\.gamma_(\d)$", r".ls\1.gamma"),
]

_OFFICIAL = [  # where they differ from timm's
    (r"\.mlp\.w1\.", ".mlp.fc1_g."),
    (r"\.mlp\.w2\.", ".mlp.fc1_x."),
    (r"\.mlp\.w3\.", ".mlp.fc2."),
    (r"\.mlp\.ffn_ln\.", ".mlp.norm."),
    (r"\.attn\.inner_attn_ln\.", ".attn.norm."),
]

CLASSIFIER = ()  # which `fit` looks after: for CLIP the head is the last layer


def from_timm(state: State) -> State:
    """timm's Eva, in all its layouts."""
    state = {
        key: value
        for key, value in state.items()
        if not key.startswith("rope.") and ".rope." not in key
    }
    state = join(rename(state, _TIMM), "attn", ("q_proj", "k_proj", "v_proj"), "qkv")
    return join(state, "mlp", ("fc1_g", "fc1_x"), "fc1")


def from_open_clip(state: State) -> State:
    """The image tower of open_clip's EVA-CLIP, out of the whole model: timm's."""
    return from_timm(within(state, "visual.trunk."))


def from_official(state: State) -> State:
    """The image tower of the official EVA-CLIP, alone or out of the whole model."""
    return from_timm(rename(within(state, "visual.") or state, _OFFICIAL))


def fit(model: EVA, state: State) -> State:
    """Resize the positions; a head in the source is the model's last layer, or spare.

    timm and open_clip call the map to CLIP's space "head", as if it were a classifier.
    A whole EVA-CLIP's state is also welcome to the image tower, which takes its part.
    """
    state = within(state, "visual.") or state
    head = {key: value for key, value in state.items() if key.startswith("head.")}
    if model.config.num_classes is None:
        state = {key: value for key, value in state.items() if key not in head}
    if model.config.embed_dim is not None:
        renamed = {key.replace("head.", "proj."): head[key] for key in head}
        state = {**renamed, **state}
    return vit_names.fit(model, state)


FORMATS = {
    "timm": from_timm,
    "open_clip": from_open_clip,
    "official": from_official,
}
