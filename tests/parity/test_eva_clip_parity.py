"""EVA-CLIP against open_clip: both towers, their embeddings and logits, gradients.

open_clip's EVA models take their image tower from timm by its name; here timm is asked
for that model in a small size. Nobody has the image towers of 8B and 18B, but timm has
all their parts: EVA-01's tower is built with RMSNorm and without biases on q, k and v.
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
from vislearn.encoders.eva import EVABlock
from vislearn.encoders.eva_clip import EVACLIP, EVACLIPConfig
from vislearn.layers.norms import RMSNorm
from vislearn.weights import eva_names, load
from vislearn.weights.eva_clip_names import fit, from_open_clip
from vislearn.weights.renaming import rename

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
EVA_8B = replace(EVA01, norm="rms", qkv_bias=False)
VARIANTS = {
    "EVA02-B-16": EVA02,
    "EVA01-g-14": EVA01,
    "EVA02-E-14-plus": replace(EVA01, post_norm=True),
    "EVA-CLIP-8B": EVA_8B,
    "EVA-CLIP-18B": replace(EVA_8B, post_norm=True),
}


@pytest.fixture
def build(reference, monkeypatch) -> Callable[[str, EVACLIPConfig], nn.Module]:
    """open_clip's model of that name in the sizes of a config."""

    def make(name: str, config: EVACLIPConfig) -> nn.Module:
        open_clip, timm = reference("open_clip"), reference("timm")
        settings = open_clip.get_model_config("EVA01-g-14" if "8B" in name else name)
        small = functools.partial(
            timm.create_model,
            img_size=config.image_shape,
            patch_size=config.patch_size,
            embed_dim=config.width,
            depth=config.depth,
            num_heads=config.heads,
            mlp_ratio=(config.visual.hidden + 0.5) / config.width,
            dynamic_img_size=True,
            **({} if config.norm == "layer" else parts_of_18b(timm, config)),
        )
        with monkeypatch.context() as patch:
            patch.setattr(open_clip.timm_model.timm, "create_model", small)
            model = open_clip.CustomTextCLIP(
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
        if not config.qkv_bias:
            model.visual.trunk.head.bias = None
        return model

    return make


def parts_of_18b(timm: Any, config: EVACLIPConfig) -> dict[str, Any]:
    """What timm's EVA-01 needs to become the image tower of 8B or 18B."""
    return {
        "norm_layer": functools.partial(timm.layers.RmsNorm, eps=1e-6),
        "qkv_bias": config.qkv_bias,
        "use_post_norm": config.post_norm,
    }


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


def mean_subtracted(model: Any) -> None:
    for module in model.visual.modules():
        if isinstance(module, RMSNorm):
            module.register_forward_pre_hook(
                lambda _, given: (given[0] - given[0].mean(-1, keepdim=True),)
            )


def norms_before_the_branches(model: Any) -> None:
    for block in model.visual.blocks:
        block.forward = functools.partial(EVABlock.forward, block)


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


@pytest.mark.parametrize("mistake", [mean_subtracted, norms_before_the_branches])
def test_the_tolerance_catches_mistakes_of_18b(
    mistake, pair, images, difference
) -> None:
    ours, theirs = pair("EVA-CLIP-18B", 0.2)
    mistake(ours)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(ours(x).pooled, theirs.encode_image(x)) > 1e-5


OFFICIAL = [  # how the authors' code calls what timm calls so
    (r"^visual\.trunk\.", "visual."),
    (r"\.mlp\.fc1_g\.", ".mlp.w1."),
    (r"\.mlp\.fc1_x\.", ".mlp.w2."),
    (r"\.mlp\.norm\.", ".mlp.ffn_ln."),
    (r"\.attn\.norm\.", ".attn.inner_attn_ln."),
    (r"\.attn\.([qv])_proj\.bias$", r".attn.\1_bias"),
]


@pytest.mark.parametrize("name", VARIANTS)
def test_weights_with_the_official_names_are_read(
    name, pair, images, difference
) -> None:
    ours, theirs = pair(name, 0.2)
    state = rename(theirs.state_dict(), OFFICIAL)
    if name == "EVA02-B-16":
        state = rename(state, [(r"\.mlp\.fc2\.", ".mlp.w3.")])
        state["visual.rope.freqs_cos"] = torch.zeros(16, 12)
        state["visual.blocks.0.attn.rope.freqs_sin"] = torch.zeros(16, 12)
        assert any(".ffn_ln." in key for key in state)
        assert any(".inner_attn_ln." in key for key in state)
    whole = load(EVACLIP(ours.config).eval(), state, "official")
    tower = type(ours.visual)(ours.config.visual).eval()
    load(tower, state, "official")
    x, ids = images(64, 64), texts()
    with torch.no_grad():
        expected = theirs.encode_image(x)
        assert difference(whole.encode_image(x, normalize=False), expected) <= 1e-5
        assert difference(tower(x).pooled, expected) <= 1e-5
        text = whole.encode_text(ids, normalize=False)
        assert difference(text, theirs.encode_text(ids)) <= 1e-5


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


# the official configs of these three: image size, width, depth, heads, hidden, E
LARGE = {
    "eva_clip_8b": (224, 4096, 32, 4096 // 128, 5 * 4096, 1280),
    "eva_clip_8b_448": (448, 4096, 32, 4096 // 128, 5 * 4096, 1280),
    "eva_clip_18b": (224, 5120, 48, 5120 // 128, 5 * 5120, 1536),
}


def test_table_covers_every_eva_clip() -> None:
    assert {*PRESETS, *LARGE} == set(vislearn.list_models("eva_clip"))


@pytest.mark.parametrize("name", LARGE)
def test_large_preset_has_the_tensors_of_timms_parts(name: str, reference) -> None:
    timm = reference("timm")
    size, width, depth, heads, hidden, embed = LARGE[name]
    ours: Any = vislearn.create_model(name, device="meta")
    with torch.device("meta"):
        theirs = timm.create_model(
            "eva_giant_patch14_224",
            img_size=size,
            embed_dim=width,
            depth=depth,
            num_heads=heads,
            mlp_ratio=hidden / width,
            num_classes=embed,
            global_pool="token",
            **parts_of_18b(timm, ours.config),
        )
    theirs.head.bias = None
    expected = eva_names.fit(ours.visual, eva_names.from_timm(theirs.state_dict()))
    assert {key: value.shape for key, value in ours.visual.state_dict().items()} == {
        key: value.shape for key, value in expected.items()
    }
    plus: Any = vislearn.create_model("eva_clip_e14_plus", device="meta")
    assert replace(ours.config.text, embed_dim=1024) == plus.config.text
    assert ours.config.heads == heads
    assert ours.config.post_norm == (name == "eva_clip_18b")
    assert ours.preprocess.size == size


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
