"""EVA-CLIP: two towers from one flat config, and the sizes of its presets."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import vislearn
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.eva import EVABlock, PostNormBlock
from vislearn.layers.norms import RMSNorm

SMALL = {
    "img_size": 32,
    "patch_size": 8,
    "width": 32,
    "depth": 2,
    "heads": 4,
    "mlp_hidden": 40,
    "embed_dim": 24,
    "text_width": 16,
    "text_depth": 2,
    "text_heads": 2,
    "context": 8,
    "vocab_size": 50,
}


def tiny(name: str = "eva_clip_b16", **options) -> Any:
    torch.manual_seed(0)
    return vislearn.create_model(name, **{**SMALL, **options}).eval()


@pytest.mark.parametrize("size", [(32, 32), (24, 40)], ids=str)
@pytest.mark.parametrize(
    "name", ["eva_clip_b16", "eva_clip_g14", "eva_clip_e14", "eva_clip_18b"]
)
def test_images_and_texts_meet_in_one_space(name, size) -> None:
    model = tiny(name)
    image = model.encode_image(torch.randn(3, 3, *size))
    text = model.encode_text(torch.randint(0, 50, (2, 8)))
    assert image.shape == (3, 24)
    assert text.shape == (2, 24)
    for embedding in (image, text):
        lengths = embedding.norm(dim=1)
        torch.testing.assert_close(lengths, torch.ones_like(lengths))
    assert model.logits(image, text).shape == (3, 2)


def test_called_with_images_it_answers_like_its_image_tower() -> None:
    model, images = tiny(), torch.randn(2, 3, 32, 32)
    out = model(images)
    assert out.tokens.shape == (2, 16, 32)
    torch.testing.assert_close(out.pooled, model.visual(images).pooled)
    raw = model.encode_image(images, normalize=False)
    torch.testing.assert_close(out.pooled, raw)


def test_only_e_and_18b_normalise_behind_their_branches_only_eva02_turns() -> None:
    for name in vislearn.list_models("eva_clip"):
        model: Any = vislearn.create_model(name, device="meta")
        behind = "_e14" in name or "_18b" in name
        assert type(model.visual.blocks[0]) is (PostNormBlock if behind else EVABlock)
        eva02 = "_b16" in name or "_l14" in name
        config = model.config.visual
        assert (config.turn, config.mlp_norm, config.attn_norm) == (eva02,) * 3
        assert (config.act == "swiglu") == eva02


def test_larger_e_differs_in_its_text_tower_alone() -> None:
    one, plus = (
        vislearn.create_model(name, device="meta").config
        for name in ("eva_clip_e14", "eva_clip_e14_plus")
    )
    assert one.visual == plus.visual
    assert one.text != plus.text


def test_only_8b_and_18b_have_rms_norm_and_no_biases_beside_the_mlps() -> None:
    for name in vislearn.list_models("eva_clip"):
        model: Any = vislearn.create_model(name, device="meta")
        tower, large = model.visual, name.endswith(("8b", "8b_448"))
        norms = [m for m in tower.modules() if isinstance(m, (nn.LayerNorm, RMSNorm))]
        assert {isinstance(norm, RMSNorm) for norm in norms} == {large}
        assert (tower.proj.bias is None) == large
        names = {n for n, _ in tower.blocks[0].named_parameters() if "bias" in n}
        without = {"attn.proj.bias", "mlp.fc1.bias", "mlp.fc2.bias"}
        assert (names == without) == large
        assert not any(isinstance(m, RMSNorm) for m in model.text.modules())


@pytest.mark.parametrize("name", ["eva_clip_b16", "eva_clip_8b", "eva_clip_18b"])
def test_every_parameter_receives_a_gradient(name) -> None:
    model = tiny(name)
    image = model.encode_image(torch.randn(2, 3, 32, 32))
    text = model.encode_text(torch.randint(0, 50, (2, 8)))
    model.logits(image, text).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


# image tower with its projection, both towers, image tokens
SIZES = {
    "eva_clip_g14": (1_012_588_928, 1_136_435_841, 257),
    "eva_clip_b16": (86_263_040, 149_691_137, 197),
    "eva_clip_l14": (304_105_152, 427_755_457, 257),
    "eva_clip_l14_336": (304_432_832, 428_083_137, 577),
    "eva_clip_e14": (4_350_556_928, 4_704_589_569, 257),
    "eva_clip_e14_plus": (4_350_556_928, 5_044_889_089, 257),
    "eva_clip_8b": (7_526_088_704, 8_220_748_545, 257),  # the authors' code has so many
    "eva_clip_8b_448": (7_529_234_432, 8_223_894_273, 1025),
    "eva_clip_18b": (17_630_494_720, 18_325_482_241, 257),
}


def test_sizes_are_known_for_every_preset() -> None:
    assert set(SIZES) == set(vislearn.list_models("eva_clip"))


@pytest.mark.parametrize("name", SIZES)
def test_presets_have_the_published_number_of_parameters_and_tokens(name) -> None:
    def count(module: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    model: Any = vislearn.create_model(name, device="meta")
    image, both, tokens = SIZES[name]
    assert (count(model.visual), count(model)) == (image, both)
    assert model_tokens(name) == tokens
    side = 2 * model.config.patch_size
    x = torch.empty(1, 3, side, side, device="meta")
    assert model.encode_image(x).shape == (1, model.config.embed_dim)
    ids = torch.empty(2, 77, device="meta", dtype=torch.long)
    assert model.encode_text(ids).shape == (2, model.config.embed_dim)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 10}, "num_classes must be None, got 10"),
        ({"embed_dim": 0}, "embed_dim must be at least 1, got 0"),
        ({"width": 24}, "2-D RoPE needs a head width divisible by 4, got 6"),
        ({"text_heads": 3}, "text width 16 is not divisible by heads 3"),
        ({"norm": "batch"}, "norm must be one of layer, rms, got 'batch'"),
        ({"norm": "rms"}, "mlp_norm, attn_norm and pre_norm must be False"),
        ({"img_size": 30}, "img_size 30 is not divisible by patch_size 8"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)
