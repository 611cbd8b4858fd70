"""CLIP against open_clip, transformers and timm, and mistakes caught.

Both towers, the logits and the gradients through all of it; with ViT and ResNet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.clip import (
    CLIP,
    CLIPConfig,
    CLIPResNetConfig,
    CLIPVision,
)
from vislearn.weights import load
from vislearn.weights.clip_names import from_open_clip, from_transformers

STDS = (0.02, 0.2)  # the small one shows a wrong ε, the large one a wrong GELU
SIZES = ((32, 32), (48, 48), (24, 40))  # the config's, a larger one, not square
BASE = CLIPConfig(
    img_size=32,
    patch_size=8,
    width=48,
    depth=2,
    heads=3,
    embed_dim=48,
    text_width=32,
    text_depth=2,
    text_heads=4,
    context=16,
    vocab_size=100,
)
VITS = {
    "CLIP": BASE,
    "OpenCLIP": replace(BASE, act="gelu", mlp_hidden=208, embed_dim=24),
}
RESNET = CLIPResNetConfig(
    img_size=64,
    depths=(2, 1, 1, 1),
    width=8,
    head_width=16,
    embed_dim=24,
    text_width=32,
    text_depth=2,
    text_heads=4,
    context=16,
    vocab_size=100,
)
MODELS: dict[str, CLIPConfig | CLIPResNetConfig] = {**VITS, "CLIP with ResNet": RESNET}


def texts(length: int = 16) -> Tensor:
    """Three texts of different lengths: words, the largest id, zeros to the end."""
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(1, 99, (3, length), generator=generator)
    for row, end in enumerate((2, length // 2, length - 1)):
        ids[row, end:] = 0
        ids[row, end] = 99
    return ids


def build_open_clip(open_clip: Any, config: CLIPConfig | CLIPResNetConfig) -> nn.Module:
    """open_clip's CLIP of the same config."""
    vision: dict[str, Any] = {"image_size": config.img_size, "width": config.width}
    if isinstance(config, CLIPResNetConfig):
        vision |= {"layers": config.depths, "head_width": config.head_width}
    else:
        vision |= {
            "layers": config.depth,
            "head_width": config.width // config.heads,
            "mlp_ratio": config.visual.hidden / config.width,
            "patch_size": config.patch_size,
        }
    text = open_clip.CLIPTextCfg(
        context_length=config.context,
        vocab_size=config.vocab_size,
        width=config.text_width,
        heads=config.text_heads,
        layers=config.text_depth,
    )
    return open_clip.CLIP(
        config.embed_dim,
        open_clip.CLIPVisionCfg(**vision),
        text,
        quick_gelu=config.act == "quick_gelu",
    )


def build_transformers(transformers: Any, config: CLIPConfig) -> nn.Module:
    """transformers' CLIPModel of the same config."""
    shared = {"hidden_act": config.act, "projection_dim": config.embed_dim}
    text = {
        "hidden_size": config.text_width,
        "intermediate_size": config.text.hidden,
        "num_hidden_layers": config.text_depth,
        "num_attention_heads": config.text_heads,
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "bos_token_id": config.vocab_size - 2,
        "eos_token_id": config.vocab_size - 1,
    }
    vision = {
        "hidden_size": config.width,
        "intermediate_size": config.visual.hidden,
        "num_hidden_layers": config.depth,
        "num_attention_heads": config.heads,
        "image_size": config.img_size,
        "patch_size": config.patch_size,
    }
    return transformers.CLIPModel(
        transformers.CLIPConfig(
            text_config={**shared, **text},
            vision_config={**shared, **vision},
            projection_dim=config.embed_dim,
        )
    )


@pytest.fixture
def pair(reference, randomise) -> Callable[..., tuple[CLIP, nn.Module]]:
    """Ours and open_clip's with the same random weights."""

    def build(config, std: float) -> tuple[CLIP, nn.Module]:
        theirs = randomise(build_open_clip(reference("open_clip"), config), std)
        ours = CLIP(config).eval()
        load(ours, theirs.state_dict(), "open_clip")
        return ours, theirs

    return build


@pytest.fixture
def hugging_pair(reference, randomise) -> Callable[..., tuple[CLIP, nn.Module]]:
    """Ours and transformers' with the same random weights."""

    def build(config, std: float) -> tuple[CLIP, nn.Module]:
        theirs = randomise(build_transformers(reference("transformers"), config), std)
        ours = CLIP(config).eval()
        load(ours, theirs.state_dict(), "transformers")
        return ours, theirs

    return build


def of_size(theirs: nn.Module, config: CLIPConfig, size, open_clip) -> nn.Module:
    """open_clip's model for another image size, with its own resizing of positions."""
    other = build_open_clip(open_clip, replace(config, img_size=size)).eval()
    state = dict(theirs.state_dict())
    open_clip.model.resize_pos_embed(state, other)
    other.load_state_dict(state)
    return other


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", VITS)
def test_image_tower_equals_open_clip(
    system, std, size, pair, reference, images, difference, record_parity
) -> None:
    ours, theirs = pair(VITS[system], std)
    visual: Any = of_size(theirs, VITS[system], size, reference("open_clip")).visual
    visual.output_tokens = True
    x = images(*size)
    with torch.no_grad():
        out, (pooled, tokens) = ours(x), visual(x)
    record_parity(system, "open_clip", "tokens", difference(out.tokens, tokens))
    record_parity(system, "open_clip", "pooled", difference(out.pooled, pooled))


@pytest.mark.parametrize("length", [16, 9])
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", MODELS)
def test_text_tower_equals_open_clip(
    system, std, length, pair, difference, record_parity
) -> None:
    """open_clip wants texts as long as the context; what follows the end is unseen."""
    ours, theirs = pair(MODELS[system], std)
    ids = texts(length)
    padded = F.pad(ids, (0, 16 - length))
    with torch.no_grad():
        error = difference(
            ours.encode_text(ids, normalize=False), theirs.encode_text(padded)
        )
    record_parity(system, "open_clip", "text", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", MODELS)
def test_logits_equal_open_clip(
    system, std, pair, images, difference, record_parity
) -> None:
    ours, theirs = pair(MODELS[system], std)
    x, ids = images(*ours.config.image_shape), texts()
    with torch.no_grad():
        image, text = ours.encode_image(x), ours.encode_text(ids)
        expected, _ = theirs.get_logits(x, ids)
        error = difference(ours.logits(image, text), expected)
    record_parity(system, "open_clip", "logits", error)


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Any]:
    """Gradients of a fixed random projection of the logits, by parameter name."""
    generator = torch.Generator().manual_seed(2)
    direction = torch.randn(logits.shape, generator=generator, dtype=torch.float64)
    module.zero_grad()
    (logits * direction).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


def own_logits(model: CLIP, x: Tensor, ids: Tensor) -> Tensor:
    return model.logits(model.encode_image(x), model.encode_text(ids))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", MODELS)
def test_gradients_equal_open_clip(
    system, std, pair, images, gradient_difference, record_parity
) -> None:
    """In double precision: large random weights make the gradients steep."""
    ours, theirs = (model.double() for model in pair(MODELS[system], std))
    x, ids = images(*ours.config.image_shape).double(), texts()
    error = gradient_difference(
        gradients(ours, own_logits(ours, x, ids)),
        from_open_clip(gradients(theirs, theirs.get_logits(x, ids)[0])),
    )
    record_parity(system, "open_clip", "gradients", error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", VITS)
def test_equals_transformers(
    system, std, size, hugging_pair, images, difference, record_parity
) -> None:
    """transformers resizes positions without smoothing and leaves the last norm out."""
    ours, theirs = hugging_pair(replace(VITS[system], pos_antialias=False), std)
    x, ids = images(*size), texts(9)
    with torch.no_grad():
        out, text = ours(x), ours.encode_text(ids)
        expected = theirs(
            input_ids=ids, pixel_values=x, interpolate_pos_encoding=size != (32, 32)
        )
        vision = theirs.vision_model
        tokens = vision.post_layernorm(expected.vision_model_output.last_hidden_state)
        pooled = expected.vision_model_output.pooler_output  # projected already
        image = ours.encode_image(x)
        for quantity, mine, other in (
            ("tokens", out.tokens, tokens[:, 1:]),
            ("pooled", out.pooled, pooled),
            ("image", image, expected.image_embeds),
            ("text", text, expected.text_embeds),
            ("logits", ours.logits(image, text), expected.logits_per_image),
        ):
            record_parity(system, "transformers", quantity, difference(mine, other))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", VITS)
def test_gradients_equal_transformers(
    system, std, hugging_pair, images, gradient_difference, record_parity
) -> None:
    ours, theirs = (model.double() for model in hugging_pair(VITS[system], std))
    x, ids = images(32, 32).double(), texts()
    logits = theirs(input_ids=ids, pixel_values=x).logits_per_image
    error = gradient_difference(
        gradients(ours, own_logits(ours, x, ids)),
        from_transformers(gradients(theirs, logits)),
    )
    record_parity(system, "transformers", "gradients", error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_image_tower_equals_timm(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    config, timm = BASE.visual, reference("timm")
    theirs = timm.models.vision_transformer.VisionTransformer(
        img_size=config.img_size,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        norm_layer=partial(nn.LayerNorm, eps=1e-5),
        act_layer="quick_gelu",
        pre_norm=True,
        num_classes=config.embed_dim,
        dynamic_img_size=True,
    )
    randomise(theirs, std)
    with torch.no_grad():
        theirs.head.bias.zero_()
    ours = load(CLIPVision(config).eval(), theirs.state_dict(), "timm")
    x = images(*size)
    with torch.no_grad():
        out, tokens = ours(x), theirs.forward_features(x)
        record_parity("CLIP", "timm", "tokens", difference(out.all_tokens, tokens))
        record_parity("CLIP", "timm", "pooled", difference(out.pooled, theirs(x)))


@pytest.mark.parametrize("part", ["CLIPVisionModelWithProjection", "whole"])
def test_image_tower_alone_takes_transformers_weights(
    part, reference, randomise, images
) -> None:
    transformers = reference("transformers")
    whole = randomise(build_transformers(transformers, BASE), 0.2)
    state = whole.state_dict()
    if part != "whole":
        alone = getattr(transformers, part)(whole.config.vision_config)
        alone.load_state_dict({key: state[key] for key in alone.state_dict()})
        state = alone.state_dict()
    ours = load(CLIPVision(BASE.visual).eval(), state, "transformers")
    expected = load(CLIP(BASE).eval(), whole.state_dict(), "transformers")
    x = images(32, 32)
    assert torch.equal(ours(x).pooled, expected(x).pooled)
