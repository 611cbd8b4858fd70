"""EVA-CLIP against open_clip: both towers, their embeddings and logits, gradients.

open_clip's EVA models take their image tower from timm by its name; here timm is asked
for that model in a small size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.eva_clip import EVACLIP, EVACLIPConfig
from vislearn.weights import load
from vislearn.weights.eva_clip_names import fit, from_open_clip

SYSTEM = "EVA-CLIP"
STDS = (0.02, 0.2)
SIZES = ((64, 64), (96, 96), (48, 80))  # the config's, a larger one, not square
EVA02 = EVACLIPConfig(
    img_size=64,
    width=48,
    depth=2,
    heads=4,
    mlp_hidden=128,
    embed_dim=24,
    text_width=32,
    text_depth=2,
    text_heads=4,
    context=12,
    vocab_size=60,
)
EVA01 = replace(EVA02, act="gelu", turn=False, mlp_norm=False, attn_norm=False)
VARIANTS = {
    "EVA02-B-16": EVA02,
    "EVA01-g-14": EVA01,
    "EVA02-E-14-plus": replace(EVA01, post_norm=True),
}


@pytest.fixture
def build(reference, monkeypatch) -> Callable[[str, EVACLIPConfig], nn.Module]:
    """open_clip's model of that name in the sizes of a config."""

    def make(name: str, config: EVACLIPConfig) -> nn.Module:
        open_clip, timm = reference("open_clip"), reference("timm")
        settings = open_clip.get_model_config(name)
        small = functools.partial(
            timm.create_model,
            img_size=config.image_shape,
            patch_size=config.patch_size,
            embed_dim=config.width,
            depth=config.depth,
            num_heads=config.heads,
            mlp_ratio=(config.visual.hidden + 0.5) / config.width,
            dynamic_img_size=True,
        )
        with monkeypatch.context() as patch:
            patch.setattr(open_clip.timm_model.timm, "create_model", small)
            return open_clip.CustomTextCLIP(
                embed_dim=config.embed_dim,
                vision_cfg=settings["vision_cfg"],
                text_cfg={
                    "context_length": config.context,
                    "vocab_size": config.vocab_size,
                    "width": config.text_width,
                    "heads": config.text_heads,
                    "layers": config.text_depth,
                },
            )

    return make


@pytest.fixture
def pair(build, randomise) -> Callable[..., Any]:
    """open_clip's model and ours with the same weights."""

    def make(name: str, std: float) -> Any:
        config = VARIANTS[name]
        theirs = randomise(build(name, config), std)
        ours = load(EVACLIP(config).eval(), theirs.state_dict(), "open_clip")
        return ours, theirs

    return make


def texts() -> Tensor:
    """Ids (3, 12) with an end of text, the largest id, at three places."""
    ids = torch.randint(1, 58, (3, 12), generator=torch.Generator().manual_seed(2))
    for row, end in enumerate((11, 5, 1)):
        ids[row, end:] = 0
        ids[row, end] = 59
    return ids


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("name", VARIANTS)
def test_embeddings_and_logits_equal_open_clip(
    name, std, size, pair, images, difference, record_parity
) -> None:
    ours, theirs = pair(name, std)
    x, ids = images(*size), texts()
    with torch.no_grad():
        image, text = ours.encode_image(x), ours.encode_text(ids)
        their_image, their_text, scale = theirs(x, ids)
        for mine, their, quantity in (
            (ours(x).all_tokens, theirs.visual.trunk.forward_features(x), "tokens"),
            (ours(x).pooled, theirs.encode_image(x), "pooled"),
            (image, their_image, "image embedding"),
            (ours.encode_text(ids, normalize=False), theirs.encode_text(ids), "text"),
            (text, their_text, "text embedding"),
            (ours.logits(image, text), scale * their_image @ their_text.T, "logits"),
        ):
            record_parity(SYSTEM, "open_clip", quantity, difference(mine, their))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_of_both_towers_equal_open_clip(
    name, std, pair, images, gradient_difference, record_parity
) -> None:
    ours, theirs = pair(name, std)
    x, ids, direction = images(48, 80), texts(), torch.arange(6.0).view(2, 3)
    image, text, scale = theirs(x, ids)
    (scale * image @ text.T * direction).sum().backward()
    scores = ours.logits(ours.encode_image(x), ours.encode_text(ids))
    (scores * direction).sum().backward()
    expected = {key: value.grad for key, value in theirs.named_parameters()}
    error = gradient_difference(
        {key: value.grad for key, value in ours.named_parameters()},
        fit(ours, from_open_clip(expected)),
    )
    record_parity(SYSTEM, "open_clip", "gradients", error)


def quick_gelu_in_the_text_tower(model: EVACLIP) -> None:
    config = replace(model.config.text, act="quick_gelu")
    state = model.text.state_dict()
    model.text = type(model.text)(config)
    model.text.load_state_dict(state)


def causal_mask_lost(model: EVACLIP) -> None:
    model.text.config = replace(model.text.config, causal=False)


def read_at_the_last_position(model: EVACLIP) -> None:
    model.text.config = replace(model.text.config, pooling="last")


def bias_of_the_projection_lost(model: Any) -> None:
    nn.init.zeros_(model.visual.proj.bias)


def average_instead_of_cls(model: Any) -> None:
    def pool(prefix: Tensor, tokens: Tensor) -> Tensor:
        return model.visual.proj(tokens.mean(1))

    model.visual.pool = pool


def not_normalised(model: Any) -> None:
    both = (model.encode_image, model.encode_text)
    model.encode_image, model.encode_text = (
        functools.partial(encode, normalize=False) for encode in both
    )


@pytest.mark.parametrize(
    "mistake",
    [
        quick_gelu_in_the_text_tower,
        causal_mask_lost,
        read_at_the_last_position,
        bias_of_the_projection_lost,
        average_instead_of_cls,
        not_normalised,
    ],
)
def test_the_tolerance_catches(mistake, pair, images, difference) -> None:
    ours, theirs = pair("EVA02-B-16", 0.2)
    mistake(ours)
    x, ids = images(64, 64), texts()
    with torch.no_grad():
        image, text, scale = theirs(x, ids)
        mine = ours.logits(ours.encode_image(x), ours.encode_text(ids))
        assert difference(mine, scale * image @ text.T) > 1e-5


def test_positions_of_another_grid_are_resized_like_open_clips(
    pair, images, difference
) -> None:
    _, theirs = pair("EVA02-B-16", 0.2)
    larger = EVACLIP(replace(EVA02, img_size=(48, 80))).eval()
    load(larger, theirs.state_dict(), "open_clip")
    assert larger.visual.pos_embed.shape == (1, 16, 48)
    x = images(48, 80)
    with torch.no_grad():
        assert difference(larger(x).pooled, theirs.encode_image(x)) <= 1e-5


@pytest.mark.parametrize("format", ["timm", "open_clip"])
def test_image_tower_is_read_into_the_tower_alone(
    format, pair, images, difference
) -> None:
    ours, theirs = pair("EVA02-B-16", 0.2)
    tower = type(ours.visual)(ours.config.visual).eval()
    source = theirs if format == "open_clip" else theirs.visual.trunk
    load(tower, source.state_dict(), format=format)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(tower(x).pooled, theirs.encode_image(x)) <= 1e-5


PRESETS = {
    "eva_clip_g14": "EVA01-g-14",
    "eva_clip_b16": "EVA02-B-16",
    "eva_clip_l14": "EVA02-L-14",
    "eva_clip_l14_336": "EVA02-L-14-336",
    "eva_clip_e14": "EVA02-E-14",
    "eva_clip_e14_plus": "EVA02-E-14-plus",
}


def test_table_covers_every_eva_clip() -> None:
    assert set(PRESETS) == set(vislearn.list_models("eva_clip"))


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_tensors_of_open_clips_model(name: str, reference) -> None:
    open_clip = reference("open_clip")
    settings = open_clip.get_model_config(PRESETS[name])
    settings.pop("custom_text")
    with torch.device("meta"):
        theirs = open_clip.CustomTextCLIP(**settings)
    ours: Any = vislearn.create_model(name, device="meta")
    expected = fit(ours, from_open_clip(theirs.state_dict()))
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in expected.items()
    }
    heads = settings["text_cfg"]["heads"]
    assert theirs.text.transformer.resblocks[0].attn.num_heads == heads
    assert ours.config.text_heads == heads
    assert theirs.visual.trunk.blocks[0].attn.num_heads == ours.config.heads
    assert ours.preprocess.size == settings["vision_cfg"]["image_size"]


def test_preprocessing_is_open_clips_for_these_weights(reference) -> None:
    open_clip = reference("open_clip")
    for name, theirs in PRESETS.items():
        tag = open_clip.list_pretrained_tags_by_model(theirs)[0]
        settings = open_clip.get_pretrained_cfg(theirs, tag)
        ours = vislearn.create_model(name, device="meta").preprocess
        assert (ours.mean, ours.std) == (settings["mean"], settings["std"])
        assert ours.interpolation == settings["interpolation"]
        assert settings["resize_mode"] == "shortest"
        assert ours.crop == 1.0
