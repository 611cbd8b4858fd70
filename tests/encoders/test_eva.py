"""EVA: what its config refuses, its parts, and the sizes of its presets."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

import vislearn
from vislearn.budget.flops import count_flops
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.eva import EVA, EVABlock, EVAConfig, PostNormBlock
from vislearn.layers.attention import record_attention
from vislearn.layers.linear import NormedLinear, QVLinear

TINY: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 8,
    "width": 32,
    "depth": 2,
    "heads": 4,
    "mlp_hidden": 40,
}
PLAIN: dict[str, Any] = {"act": "gelu", "turn": False, "mlp_norm": False}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    return EVA(EVAConfig(**{**TINY, **options})).eval()


@pytest.mark.parametrize("size", [(32, 32), (24, 40), (64, 64)], ids=str)
@pytest.mark.parametrize("pooling", ["gap", "cls"])
@pytest.mark.parametrize("options", [{}, PLAIN, {"attn_norm": True}], ids=str)
def test_output_has_one_prefix_token_and_the_grid(options, pooling, size) -> None:
    out = tiny(pooling=pooling, **options)(torch.randn(2, 3, *size))
    h, w = size[0] // 8, size[1] // 8
    assert out.grid == (h, w)
    assert out.tokens.shape == (2, h * w, 32)
    assert out.prefix.shape == (2, 1, 32)
    assert out.pooled.shape == (2, 32)
    assert out.logits is None


def test_average_is_normalised_and_the_tokens_are_not() -> None:
    model = tiny()
    out = model(torch.randn(2, 3, 32, 32))
    torch.testing.assert_close(out.pooled, model.fc_norm(out.tokens.mean(1)))
    assert isinstance(model.norm, nn.Identity)
    torch.testing.assert_close(out.pooled.mean(1), torch.zeros(2), atol=1e-5, rtol=0)


def test_cls_is_read_after_the_norm_of_all_tokens() -> None:
    model = tiny(pooling="cls", embed_dim=12)
    out = model(torch.randn(2, 3, 32, 32))
    assert isinstance(model.fc_norm, nn.Identity)
    torch.testing.assert_close(out.pooled, model.proj(out.prefix[:, 0]))
    assert out.pooled.shape == (2, 12)


def test_classifier_reads_the_pooled_embedding() -> None:
    model = tiny(num_classes=5)
    out = model(torch.randn(2, 3, 32, 32))
    torch.testing.assert_close(out.logits, model.head(out.pooled))


def test_positions_are_learned_and_turned_at_once() -> None:
    model, x = tiny(), torch.randn(1, 3, 32, 32)
    assert model.pos_embed.shape == (1, 17, 32)
    turn = model.rotation((4, 4), model.embed(x))
    assert turn.cos.shape == (16, 4)  # places, pairs of a head of width 8
    assert turn.pairs == "neighbours"
    assert tiny(turn=False).rotation((4, 4), model.embed(x)) is None


def test_places_of_any_grid_lie_within_the_grid_of_pre_training() -> None:
    """Side 16 at any size: the fastest pair of the row turns by its place."""
    model = tiny()
    for side in (4, 16, 32):
        turn = model.rotation((side, side), torch.zeros(1, 1, 32))
        row = turn.cos[side]  # the second row of patches, first column
        assert float(row[0]) == pytest.approx(math.cos(16 / side), abs=1e-6)


def test_cls_is_not_turned() -> None:
    model = tiny()
    turn = model.rotation((4, 4), torch.zeros(1, 1, 32))
    q = torch.randn(1, 4, 17, 8)
    assert torch.equal(turn(q)[:, :, 0], q[:, :, 0])
    assert not torch.allclose(turn(q)[:, :, 2:], q[:, :, 2:])


def test_hidden_states_end_in_the_tokens() -> None:
    model, x = tiny(), torch.randn(1, 3, 24, 40)
    states = model.hidden_states(x)
    assert len(states) == 3
    torch.testing.assert_close(states[-1], model(x).all_tokens)


def test_attention_maps_are_recorded() -> None:
    model = tiny(attn_norm=True)
    with torch.no_grad(), record_attention(model) as maps:
        model(torch.randn(1, 3, 32, 32))
    assert [tuple(m.shape) for m in maps] == [(1, 4, 17, 17)] * 2


def test_every_parameter_receives_a_gradient() -> None:
    for options in ({"num_classes": 3}, {"pooling": "cls", "embed_dim": 6}):
        model = tiny(**options)
        model(torch.randn(2, 3, 32, 32)).pooled.square().sum().backward()
        missing = [n for n, p in model.named_parameters() if p.grad is None]
        assert missing in ([], ["head.weight", "head.bias"])


def test_post_norm_block_normalises_what_it_adds() -> None:
    torch.manual_seed(0)
    block = PostNormBlock(EVAConfig(**TINY, post_norm=True, **PLAIN))
    x = 100 * torch.randn(2, 5, 32)
    added = block.norm1(block.attn(x))
    middle = x + added
    torch.testing.assert_close(block(x), middle + block.norm2(block.mlp(middle)))
    rms = added.detach().square().mean().sqrt()
    assert float(rms) == pytest.approx(1.0, abs=0.01)  # however large x is


def test_block_replaces_three_layers_of_vits() -> None:
    block = EVABlock(EVAConfig(**TINY, attn_norm=True))
    assert isinstance(block.attn.qkv, QVLinear)
    assert isinstance(block.attn.proj, NormedLinear)
    assert isinstance(block.mlp.fc2, NormedLinear)
    plain = EVABlock(EVAConfig(**TINY, mlp_norm=False, qkv_bias=False))
    assert type(plain.attn.qkv) is type(plain.attn.proj) is nn.Linear
    assert type(plain.mlp.fc2) is nn.Linear
    assert plain.attn.qkv.bias is None


def test_sub_ln_forgets_how_large_the_branch_is() -> None:
    for norm in (True, False):
        mlp, x = tiny(mlp_norm=norm).blocks[0].mlp, torch.randn(2, 5, 32)
        nn.init.normal_(mlp.fc1.weight, std=0.5)
        with torch.no_grad():
            before = mlp(x)
            mlp.fc1.weight[40:] *= 100  # the values, not the gates
            growth = float(mlp(x).norm() / before.norm())
        assert growth == pytest.approx(1 if norm else 100, rel=1e-3)


def test_gradient_of_a_k_bias_is_zero_without_rope_only() -> None:
    """Why the bias can be left out of EVA-01 without losing anything."""
    sizes = []
    for turn in (False, True):
        model = tiny(turn=turn, num_classes=3)
        for name, table in model.named_parameters():
            nn.init.normal_(table, std=0.5 if "bias" not in name else 0.1)
        qkv: Any = nn.Linear(32, 96)
        model.blocks[0].attn.qkv = qkv
        model(torch.randn(2, 3, 32, 32)).logits.square().sum().backward()
        k_bias = qkv.bias.grad[32:64].abs().max()
        sizes.append(float(k_bias / qkv.bias.grad.abs().max()))
    assert sizes[0] < 1e-5
    assert sizes[1] > 1e-3


def test_fresh_branches_are_quieter_the_deeper_they_are() -> None:
    torch.manual_seed(0)
    model: Any = EVA(
        EVAConfig(img_size=28, width=256, depth=4, heads=4, mlp_hidden=682)
    )
    model.requires_grad_(False)
    for index, block in enumerate(model.blocks, start=1):
        std = 0.02 / math.sqrt(2 * index)
        assert float(block.attn.proj.weight.std()) == pytest.approx(std, rel=0.03)
        assert float(block.mlp.fc2.weight.std()) == pytest.approx(std, rel=0.03)
        assert float(block.attn.qkv.weight.std()) == pytest.approx(0.02, rel=0.03)
    assert float(model.cls_token.std()) == pytest.approx(0.02, rel=0.15)


SIZES = {
    "eva02_ti14": (5_502_144, 257),
    "eva02_s14": (21_621_120, 257),
    "eva02_b14": (85_758_720, 257),
    "eva02_b14_448": (86_348_544, 1025),
    "eva02_l14": (303_268_800, 257),
    "eva02_l14_448": (304_055_232, 1025),
}


def test_sizes_are_known_for_every_preset() -> None:
    assert set(SIZES) == set(vislearn.list_models("eva02"))


@pytest.mark.parametrize("name", SIZES)
def test_presets_have_the_published_number_of_parameters_and_tokens(name) -> None:
    model: Any = vislearn.create_model(name, device="meta")
    assert sum(p.numel() for p in model.parameters()) == SIZES[name][0]
    assert model_tokens(name) == SIZES[name][1]
    D = model.config.width
    head = vislearn.create_model(name, device="meta", num_classes=1000)
    extra = sum(p.numel() for p in head.parameters()) - SIZES[name][0]
    assert extra == 1000 * D + 1000
    out = model(torch.empty(1, 3, 28, 42, device="meta"))
    assert (out.grid, out.pooled.shape) == ((2, 3), (1, D))


def test_hidden_width_is_two_thirds_of_vits_so_that_swiglu_costs_the_same() -> None:
    """Three matrices of 8/3 · D instead of two of 4 · D: as many multiply-adds."""
    for name in ("eva02_ti14", "eva02_s14", "eva02_b14", "eva02_l14"):
        config = vislearn.create_model(name, device="meta").config
        assert config.hidden == config.width * 8 // 3
    gated = count_flops("eva02_ti14", depth=2)
    plain = count_flops("eva02_ti14", depth=2, act="gelu", mlp_hidden=4 * 192)
    assert gated == plain
    assert 3 * 512 == 2 * 4 * 192


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pos": "rope"}, "the positions of EVA are 'learned', got 'rope'"),
        ({"pooling": "map"}, "EVA pools by 'gap' or 'cls', got 'map'"),
        ({"width": 24}, "2-D RoPE needs a head width divisible by 4, got 6"),
        ({"embed_dim": 0}, "embed_dim must be at least 1, got 0"),
        ({"embed_dim": 8, "num_classes": 3}, "num_classes must be None, got 3"),
        ({"class_token": False, "pooling": "cls"}, "needs class_token=True"),
        ({"registers": -1}, "registers must be at least 0, got -1"),
        ({"img_size": 30}, "img_size 30 is not divisible by patch_size 8"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 3, 33, 32)])
def test_impossible_images_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"expected images|not divisible"):
        tiny()(torch.zeros(shape))
