"""SigLIP and SigLIP 2: both towers, exact parameter counts, cut images, errors."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
import torch

import vislearn
from vislearn.budget.tokens import count_tokens, model_tokens
from vislearn.encoders.siglip import (
    SigLIP,
    SigLIPConfig,
    SigLIPVision,
    SigLIPVisionConfig,
    cut_grid,
)
from vislearn.layers.attention import record_attention
from vislearn.weights import load

TINY: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 8,
    "width": 48,
    "depth": 2,
    "heads": 4,
    "mlp_hidden": 96,
    "text_width": 32,
    "text_depth": 2,
    "text_heads": 4,
    "text_hidden": 64,
    "context": 10,
    "vocab_size": 50,
}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    return SigLIP(SigLIPConfig(**{**TINY, **options})).eval()


@functools.cache
def full_size(name: str) -> Any:
    """A preset on the meta device, built once for several tests that change nothing."""
    return vislearn.create_model(name, device="meta")


# Image tower with its MAP head, both towers with scale and bias.
COUNTS = {
    "siglip_b16": (92_884_224, 203_155_970),
    "siglip_b16_256": (92_930_304, 203_202_050),
    "siglip_b16_256_i18n": (92_930_304, 370_626_050),
    "siglip_b16_384": (93_176_064, 203_447_810),
    "siglip_b16_512": (93_520_128, 203_791_874),
    "siglip_l16_256": (315_956_224, 652_150_786),
    "siglip_l16_384": (316_283_904, 652_478_466),
    "siglip_so400m14": (427_680_704, 877_360_306),
    "siglip_so400m14_384": (428_225_600, 877_960_498),
    "siglip2_b32_256": (94_552_320, 376_856_066),
    "siglip2_b16": (92_884_224, 375_187_970),
    "siglip2_l16_256": (315_956_224, 881_526_786),
    "siglip2_so400m14": (427_680_704, 1_135_463_602),
    "siglip2_so400m16_256": (427_888_064, 1_135_670_962),
    "siglip2_so400m16_384": (428_256_704, 1_136_039_602),
    "siglip2_so400m16_512": (428_772_800, 1_136_555_698),
    "siglip2_gopt16_256": (1_163_168_256, 1_871_393_906),
    "siglip2_gopt16_384": (1_163_659_776, 1_871_885_426),
}
TOKENS = {"b16": 196, "b32_256": 64, "so400m14": 256, "so400m14_384": 729}


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_counts_cover_every_preset() -> None:
    names = {*vislearn.list_models("siglip"), *vislearn.list_models("siglip2")}
    assert set(COUNTS) == names


@pytest.mark.parametrize("name", COUNTS)
def test_preset_has_exactly_the_parameters(name: str) -> None:
    model = full_size(name)
    assert (count(model.visual), count(model)) == COUNTS[name]


@pytest.mark.parametrize("name", COUNTS)
def test_preset_runs_on_the_meta_device(name: str) -> None:
    model = full_size(name)
    config = model.config
    images = torch.empty(2, 3, *config.image_shape, device="meta")
    ids = torch.empty(5, config.context, dtype=torch.int64, device="meta")
    out, text = model(images), model.encode_text(ids)
    assert out.tokens.shape == (2, config.tokens, config.width)
    assert out.prefix.shape == (2, 0, config.width)
    assert out.pooled.shape == (2, config.embed_dim)
    assert model.logits(model.encode_image(images), text).shape == (2, 5)
    assert model.preprocess.size == model.visual.preprocess.size == config.img_size


def test_the_probe_of_so400m_has_15_million_parameters() -> None:
    model = full_size("siglip_so400m14_384")
    assert count(model.visual.attn_pool) == 15_238_352


@pytest.mark.parametrize("size", TOKENS)
def test_tokens_of_a_picture(size: str) -> None:
    family = "siglip" if "b32" not in size else "siglip2"
    assert model_tokens(f"{family}_{size}") == TOKENS[size]


def test_embeddings_have_length_one_and_logits_are_scaled_and_shifted() -> None:
    model = tiny()
    image = model.encode_image(torch.randn(3, 3, 32, 32))
    text = model.encode_text(torch.randint(50, (4, 10)))
    torch.testing.assert_close(image.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(text.norm(dim=-1), torch.ones(4))
    torch.testing.assert_close(model.logits(image, text), 10 * image @ text.T - 10)


def test_at_the_start_nearly_no_pair_is_believed_to_match() -> None:
    model = tiny()
    image = model.encode_image(torch.randn(8, 3, 32, 32))
    text = model.encode_text(torch.randint(50, (8, 10)))
    assert model.logits(image, text).sigmoid().max() < 0.5
    at_zero = torch.sigmoid(model.logit_bias)
    torch.testing.assert_close(at_zero, torch.tensor(4.5398e-5), rtol=1e-4, atol=0)


def test_start_values_are_those_of_the_paper() -> None:
    model = tiny()
    assert model.logit_scale.item() == pytest.approx(math.log(10))
    assert model.logit_bias.item() == -10
    assert model.scale.item() == pytest.approx(10)


def test_batches_may_be_empty() -> None:
    model = tiny()
    image = model.encode_image(torch.zeros(0, 3, 32, 32))
    text = model.encode_text(torch.zeros(0, 10, dtype=torch.int64))
    assert image.shape == text.shape == (0, 48)
    assert model.logits(image, text).shape == (0, 0)


def test_what_does_not_fill_a_patch_is_not_looked_at() -> None:
    model, images = tiny(img_size=37).visual, torch.randn(2, 3, 37, 37)
    changed = images.clone()
    changed[..., 32:] = 9.0
    changed[..., 32:, :] = 9.0
    with torch.no_grad():
        assert model(images).grid == model.config.grid == (4, 4)
        assert torch.equal(model(images).pooled, model(changed).pooled)
        assert torch.equal(model(images).tokens, model(images[..., :32, :32]).tokens)


def test_384_pixels_in_patches_of_14_are_27_by_27() -> None:
    assert cut_grid(384, 384, 14) == (27, 27)
    assert model_tokens("siglip_so400m14_384") == 729 == 378**2 / 14**2
    assert model_tokens("siglip_so400m14_384") == count_tokens(384, 14)
    model = tiny(img_size=384, patch_size=14, depth=1)
    images = torch.randn(1, 3, 384, 384)
    with torch.no_grad():
        whole = model(images)
        part = model(images[..., :378, :378])
    assert whole.grid == (27, 27)
    assert torch.equal(whole.tokens, part.tokens)


@pytest.mark.parametrize("size", [(32, 32), (48, 48), (24, 41), (8, 8)], ids=str)
def test_other_sizes_get_resized_positions(size) -> None:
    out = tiny()(torch.randn(2, 3, *size))
    h, w = size[0] // 8, size[1] // 8
    assert out.grid == (h, w)
    assert out.tokens.shape == (2, h * w, 48)


def test_every_token_of_a_text_sees_every_other() -> None:
    """Unlike CLIP's: a change at the end reaches the first token."""
    model, ids = tiny(), torch.randint(49, (1, 10))
    changed = ids.clone()
    changed[0, -1] = 49
    first = model.text.encode(ids)[0, 0]
    assert not torch.allclose(first, model.text.encode(changed)[0, 0], atol=1e-4)


def test_a_text_is_read_at_its_last_position_padding_or_not() -> None:
    model, ids = tiny(), torch.randint(49, (2, 10))
    ids[:, 3] = 49  # the largest id is no sign of anything here
    last = model.text.encode(ids)[:, -1]
    torch.testing.assert_close(
        model.encode_text(ids, normalize=False), model.text.proj(last)
    )
    short = model.encode_text(ids[:, :6])
    assert not torch.allclose(short, model.encode_text(ids), atol=1e-3)


def test_the_probe_shows_where_it_looks() -> None:
    model = tiny().visual
    with record_attention(model) as maps:
        model(torch.randn(2, 3, 32, 32))
    assert [tuple(m.shape) for m in maps] == [(2, 4, 16, 16)] * 2 + [(2, 4, 1, 16)]


def test_every_parameter_gets_a_gradient() -> None:
    model = tiny()
    image = model.encode_image(torch.randn(3, 3, 32, 32))
    text = model.encode_text(torch.randint(50, (3, 10)))
    model.logits(image, text).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        if not name.startswith("text.token_embed"):  # words that do not occur
            assert parameter.grad.abs().max() > 0, name


def test_a_grid_of_another_size_is_fitted_when_loaded() -> None:
    small, large = tiny(), tiny(img_size=48)
    load(large, small.state_dict())
    assert large.visual.pos_embed.shape == (1, 36, 48)
    expected = small.visual.position_table((6, 6))
    torch.testing.assert_close(large.visual.pos_embed, expected)


def test_the_image_tower_takes_its_part_of_a_whole_state() -> None:
    model, tower = tiny(), SigLIPVision(SigLIPConfig(**TINY).visual).eval()
    torch.nn.init.normal_(model.visual.attn_pool.latent)
    load(tower, model.state_dict())
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(tower(images).pooled, model(images).pooled)


def test_an_image_tower_alone_can_have_a_classifier() -> None:
    config = SigLIPVisionConfig(
        img_size=32, patch_size=8, width=48, depth=1, heads=4, num_classes=5
    )
    assert SigLIPVision(config)(torch.randn(2, 3, 32, 32)).logits.shape == (2, 5)


def test_weights_that_do_not_fit_are_refused() -> None:
    state = tiny().state_dict()
    del state["visual.attn_pool.latent"]
    with pytest.raises(ValueError, match=r"missing \(visual.attn_pool.latent\)"):
        load(tiny(), state)
    with pytest.raises(ValueError, match="format must be one of vislearn, timm"):
        load(tiny(), state, format="torchvision")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"img_size": 7}, "img_size 7 is smaller than patch_size 8"),
        ({"img_size": (7, 32)}, r"img_size \(7, 32\) is smaller than patch_size 8"),
        ({"patch_size": 0}, "patch_size must be at least 1, got 0"),
        ({"heads": 5}, "width 48 is not divisible by heads 5"),
        ({"text_heads": 5}, "text width 32 is not divisible by heads 5"),
        ({"vocab_size": 0}, "text vocab_size must be at least 1, got 0"),
        ({"context": 0}, "text context must be at least 1, got 0"),
        ({"act": "relu"}, "act must be .* got 'relu'"),
        ({"text_act": "relu"}, "act must be .* got 'relu'"),
        ({"num_classes": 3}, "num_classes must be None, got 3"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 32, 32), r"expected images of shape \(B, 3, H, W\)"),
        ((3, 32, 32), r"expected images of shape \(B, 3, H, W\)"),
        ((1, 3, 7, 32), r"img_size \(7, 32\) is smaller than patch_size 8"),
    ],
)
def test_impossible_images_are_refused(shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(torch.zeros(shape))


def test_texts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="11 tokens do not fit the context of 10"):
        tiny().encode_text(torch.zeros(1, 11, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"must lie in 0 … 49, got 50"):
        tiny().encode_text(torch.full((1, 10), 50))
