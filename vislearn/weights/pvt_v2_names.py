"""The names of a PVT v2's parameters in transformers, and ours (timm's)."""

from __future__ import annotations

from torch import Tensor

from vislearn.weights.renaming import join, rename

State = dict[str, Tensor]

_TRANSFORMERS = [
    (r"^pvt_v2\.", ""),
    (r"^classifier\.", "head."),
    (r"^encoder\.layers\.0\.patch_embedding\.", "patch_embed."),
    (r"^encoder\.layers\.(\d+)\.patch_embedding\.", r"stages.\1.downsample."),
    (r"^(patch_embed|stages\.\d+\.downsample)\.layer_norm\.", r"\1.norm."),
    (r"^encoder\.layers\.", "stages."),
    (r"^(stages\.\d+)\.layer_norm\.", r"\1.norm."),
    (r"\.layer_norm_(\d)\.", r".norm\1."),
    (r"\.attention\.spatial_reduction\.", ".attn.sr."),
    (r"\.attention\.layer_norm\.", ".attn.norm."),
    (r"\.attention\.query\.", ".attn.q."),
    (r"\.attention\.(key|value|proj)\.", r".attn.\1."),
    (r"\.mlp\.dense(\d)\.", r".mlp.fc\1."),
    (r"\.dwconv\.dwconv\.", ".dwconv."),
]


def from_transformers(state: State) -> State:
    """PvtV2Model and PvtV2ForImageClassification, with or without linear attention."""
    return join(rename(state, _TRANSFORMERS), "attn", ("key", "value"), "kv")


FORMATS = {"timm": dict, "transformers": from_transformers}
