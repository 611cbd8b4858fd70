"""The names of a Swin Transformer's parameters in other packages, and ours.

Ours are timm's but for the classifier. torchvision and transformers put the merging of
patches at the end of a stage, we put it at the start of the next one, as timm does;
torchvision counts stages and mergings in one list. transformers keeps q, k and v apart
and renamed its parts in version 5; both the old and the new names are understood here.
"""

from __future__ import annotations

import re

from torch import Tensor

from vislearn.weights.renaming import join, rename

State = dict[str, Tensor]

# Tables that are computed, not learned; older checkpoints hold them.
_COMPUTED = ("relative_position_index", "attn_mask")

_TRANSFORMERS = [
    (r"^swin\.", ""),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^embeddings\.norm\.", "patch_embed.norm."),
    (r"^layernorm\.", "norm."),
    (r"^classifier\.", "head."),
    (r"^encoder\.layers\.", "layers."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    # transformers 4: attention.self.query, attention.output.dense, …
    (r"\.attention\.self\.(query|key|value)\.", r".attn.\1."),
    (r"\.attention\.self\.", ".attn."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    # transformers 5
    (r"\.attention\.q_proj\.", ".attn.query."),
    (r"\.attention\.k_proj\.", ".attn.key."),
    (r"\.attention\.v_proj\.", ".attn.value."),
    (r"\.attention\.o_proj\.", ".attn.proj."),
    (r"\.attention\.relative_position_bias\.", ".attn."),
]

_TORCHVISION = [
    (r"^features\.0\.0\.", "patch_embed.proj."),
    (r"^features\.0\.2\.", "patch_embed.norm."),
    (r"\.mlp\.0\.", ".mlp.fc1."),
    (r"\.mlp\.3\.", ".mlp.fc2."),
]


def from_timm(state: State) -> State:
    """timm's Swin Transformer."""
    return rename(_learned(state), [(r"^head\.fc\.", "head.")])


def from_transformers(state: State) -> State:
    """transformers' SwinModel and SwinForImageClassification; no mask token."""
    state = rename(_learned(state), _TRANSFORMERS)
    state.pop("embeddings.mask_token", None)
    state = {_merging_first(key): value for key, value in state.items()}
    return join(state, "attn", ("query", "key", "value"), "qkv")


def from_torchvision(state: State) -> State:
    """torchvision's SwinTransformer (not version 2 of the paper)."""
    state = rename(_learned(state), _TORCHVISION)
    return {_stage_name(key): value for key, value in state.items()}


def _learned(state: State) -> State:
    return {key: value for key, value in state.items() if not key.endswith(_COMPUTED)}


def _merging_first(key: str) -> str:
    """`layers.0.downsample.` becomes `layers.1.downsample.`"""
    if match := re.match(r"^layers\.(\d+)\.downsample\.", key):
        return f"layers.{int(match[1]) + 1}.downsample.{key[match.end() :]}"
    return key


def _stage_name(key: str) -> str:
    """Number 1, 3, 5, 7 of torchvision's list are stages, 2, 4, 6 mergings."""
    if match := re.match(r"^features\.(\d+)\.", key):
        place, rest = int(match[1]), key[match.end() :]
        if place % 2:
            return f"layers.{place // 2}.blocks.{rest}"
        return f"layers.{place // 2}.downsample.{rest}"
    return key


FORMATS = {
    "timm": from_timm,
    "transformers": from_transformers,
    "torchvision": from_torchvision,
}
