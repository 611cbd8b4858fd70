"""Mistakes that people make with CLIP: each one moves the logits beyond the tolerance.

Ours holds open_clip's weights; then one thing is broken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.clip import CLIP, CLIPConfig
from vislearn.layers.blocks import Block
from vislearn.layers.mlp import activation
from vislearn.weights import load

CONFIG = CLIPConfig(
    img_size=32,
    patch_size=8,
    width=128,  # two heads of 64, as in OpenAI's code
    depth=2,
    heads=2,
    embed_dim=128,  # so that a transposed projection still fits
    text_width=64,
    text_depth=2,
    text_heads=4,
    context=16,
    vocab_size=100,
)


def build_open_clip(open_clip) -> nn.Module:
    return open_clip.CLIP(
        CONFIG.embed_dim,
        open_clip.CLIPVisionCfg(layers=2, width=128, patch_size=8, image_size=32),
        open_clip.CLIPTextCfg(
            context_length=16, vocab_size=100, width=64, heads=4, layers=2
        ),
        quick_gelu=True,
    )


def texts() -> Tensor:
    """Two texts that end in the middle of the context."""
    ids = torch.randint(1, 99, (2, 16), generator=torch.Generator().manual_seed(3))
    for row, end in enumerate((4, 9)):
        ids[row, end:] = 0
        ids[row, end] = 99
    return ids


def logits(model: CLIP, x: Tensor, ids: Tensor) -> Tensor:
    return model.logits(model.encode_image(x), model.encode_text(ids))


def blocks_of(module: nn.Module) -> list[Block]:
    return [block for block in module.modules() if isinstance(block, Block)]


def gelu_in_the_image_tower(model: Any) -> None:
    for block in blocks_of(model.visual):
        block.mlp.act = activation("gelu")


def gelu_in_the_text_tower(model: Any) -> None:
    for block in blocks_of(model.text):
        block.mlp.act = activation("gelu")


def tanh_gelu_in_the_image_tower(model: Any) -> None:
    for block in blocks_of(model.visual):
        block.mlp.act = activation("gelu_tanh")


def words_that_see_the_future(model: Any) -> None:
    model.text.config = replace(model.text.config, causal=False)


def text_read_at_the_last_position(model: Any) -> None:
    model.text.config = replace(model.text.config, pooling="last")


def text_read_at_the_first_position(model: Any) -> None:
    model.text.pool = lambda x, ids: x[:, 0]


def epsilon_of_vit_in_the_image_tower(model: Any) -> None:
    for module in model.visual.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6


def epsilon_of_vit_in_the_text_tower(model: Any) -> None:
    for module in model.text.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6


def norm_before_the_blocks_lost(model: Any) -> None:
    model.visual.norm_pre = nn.Identity()


def last_norm_of_the_image_tower_lost(model: Any) -> None:
    model.visual.norm = nn.Identity()


def last_norm_of_the_text_tower_lost(model: Any) -> None:
    model.text.norm = nn.Identity()


def scale_not_exponentiated(model: Any) -> None:
    model.logits = lambda image, text: model.logit_scale * image @ text.T


def embeddings_not_normalised(model: Any) -> None:
    encode = model.encode_image
    model.encode_image = lambda x: encode(x, normalize=False)


def bias_in_the_patch_embedding(model: Any) -> None:
    """One that differs by channel: the norm before the blocks takes out a constant."""
    bias = torch.randn(128, generator=torch.Generator().manual_seed(4)) / 10
    model.visual.patch_embed.proj.bias = nn.Parameter(bias)


def projection_not_transposed(model: Any) -> None:
    weight = model.visual.proj.weight
    weight.data = weight.data.T.contiguous()


def patches_averaged_instead_of_the_class_token(model: Any) -> None:
    model.visual.pool = lambda prefix, tokens: model.visual.proj(tokens.mean(dim=1))


def class_token_takes_the_last_position(model: Any) -> None:
    table = model.visual.pos_embed
    table.data = table.data.roll(-1, dims=1)


def positions_of_the_text_shifted(model: Any) -> None:
    table = model.text.pos_embed
    table.data = table.data.roll(1, dims=0)


def twice_as_many_heads(model: Any) -> None:
    for block in blocks_of(model.visual):
        block.attn.heads *= 2


def scores_divided_by_the_head_width(model: Any) -> None:
    """By Dh instead of its root: the queries get smaller."""
    for block in blocks_of(model.visual):
        width = block.attn.width
        block.attn.qkv.weight.data[:width] /= math.sqrt(width / block.attn.heads)


MISTAKES: dict[Callable[[Any], None], float] = {  # and the scale that shows it
    gelu_in_the_image_tower: 0.2,
    gelu_in_the_text_tower: 0.2,
    tanh_gelu_in_the_image_tower: 0.2,
    words_that_see_the_future: 0.2,
    text_read_at_the_last_position: 0.2,
    text_read_at_the_first_position: 0.2,
    epsilon_of_vit_in_the_image_tower: 0.02,
    epsilon_of_vit_in_the_text_tower: 0.02,
    norm_before_the_blocks_lost: 0.2,
    last_norm_of_the_image_tower_lost: 0.2,
    last_norm_of_the_text_tower_lost: 0.2,
    scale_not_exponentiated: 0.2,
    embeddings_not_normalised: 0.2,
    bias_in_the_patch_embedding: 0.2,
    projection_not_transposed: 0.2,
    patches_averaged_instead_of_the_class_token: 0.2,
    class_token_takes_the_last_position: 0.2,
    positions_of_the_text_shifted: 0.2,
    twice_as_many_heads: 0.2,
    scores_divided_by_the_head_width: 0.2,
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    theirs = randomise(build_open_clip(reference("open_clip")), MISTAKES[mistake])
    ours = CLIP(CONFIG).eval()
    load(ours, theirs.state_dict(), "open_clip")
    x, ids = images(32, 32), texts()
    with torch.no_grad():
        expected, _ = theirs.get_logits(x, ids)
        assert difference(logits(ours, x, ids), expected) < 1e-6
        mistake(ours)
        error = difference(logits(ours, x, ids), expected)
    print(f"{mistake.__name__}: {error:.1e}")
    assert error > 1e-5
