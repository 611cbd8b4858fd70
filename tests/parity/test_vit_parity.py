"""ViT and DINOv2 against timm, transformers and torchvision, and mistakes caught.

Every reference is a tiny model with random weights; they are copied into ours with
`vislearn.weights.load`, so its tables of names are tested here, too.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.attention import record_attention
from vislearn.layers.blocks import Block
from vislearn.layers.positions import fixed_table, interpolate
from vislearn.weights import load
from vislearn.weights.vit_names import from_torchvision, from_transformers

STDS = (0.02, 0.2)  # the small one shows a wrong ε, the large one a wrong GELU
SIZES = ((32, 32), (48, 48), (24, 40))  # the config's, a larger one, not square
BASE = ViTConfig(img_size=32, patch_size=8, width=64, depth=2, heads=4, num_classes=7)
DINOV2 = replace(BASE, layer_scale=1.0, num_classes=None)

VARIANTS = {
    "ViT": BASE,
    "ViT, wide image": replace(BASE, img_size=(24, 40)),
    "ViT, average pooling": replace(BASE, pooling="gap", class_token=False),
    "ViT, attention pooling": replace(BASE, pooling="map", class_token=False),
    "ViT, norm before, no biases": replace(
        BASE, pre_norm=True, qkv_bias=False, patch_bias=False
    ),
    "ViT, tanh GELU": replace(BASE, act="gelu_tanh"),
    "ViT, QuickGELU": replace(BASE, act="quick_gelu"),
    "DINOv2": DINOV2,
    "DINOv2 with registers": replace(DINOV2, registers=4, pos_prefix=False),
    "DINOv2 giant (SwiGLU)": replace(DINOV2, act="swiglu", mlp_hidden=176),
}


def build_timm(timm, config: ViTConfig) -> nn.Module:
    """timm's VisionTransformer of the same config."""
    layers = timm.layers
    swiglu = config.act == "swiglu"
    pooling = {"cls": "token", "gap": "avg", "map": "map"}[config.pooling]
    return timm.models.vision_transformer.VisionTransformer(
        img_size=config.image_shape,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        mlp_ratio=(2 if swiglu else 1) * config.hidden / config.width,
        mlp_layer=layers.SwiGLUPacked if swiglu else layers.Mlp,
        act_layer="silu" if swiglu else config.act,
        num_classes=config.num_classes or 0,
        qkv_bias=config.qkv_bias,
        pre_norm=config.pre_norm,
        init_values=config.layer_scale,
        class_token=config.class_token,
        reg_tokens=config.registers,
        no_embed_class=not config.pos_prefix,
        global_pool=pooling,
        fc_norm=False,
        dynamic_img_size=True,
    )


def gradients(module: nn.Module, tokens: Tensor) -> dict[str, Tensor]:
    """Gradients of a fixed random projection of the tokens, by parameter name."""
    generator = torch.Generator().manual_seed(2)
    direction = torch.randn(tokens.shape, generator=generator)
    module.zero_grad()
    (tokens * direction).sum().backward()
    return {
        name: parameter.grad
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", VARIANTS)
def test_equals_timm(
    system, std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), VARIANTS[system]), std)
    ours = load(ViT(VARIANTS[system]).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        pooled = theirs.forward_head(expected, pre_logits=True)
        record_parity(system, "timm", "tokens", difference(out.all_tokens, expected))
        record_parity(system, "timm", "pooled", difference(out.pooled, pooled))
        if out.logits is not None:
            record_parity(system, "timm", "logits", difference(out.logits, theirs(x)))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", VARIANTS)
def test_gradients_equal_timm(
    system, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), VARIANTS[system]), std)
    ours = load(ViT(VARIANTS[system]).eval(), theirs.state_dict(), format="timm")
    x = images(24, 40)
    error = gradient_difference(
        gradients(ours, ours(x).all_tokens),
        gradients(theirs, theirs.forward_features(x)),
    )
    record_parity(system, "timm", "gradients", error)


@pytest.mark.parametrize("std", STDS)
def test_residual_stream_equals_timm_block_by_block(
    std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), BASE), std)
    ours = load(ViT(BASE).eval(), theirs.state_dict(), format="timm")
    x = images(32, 32)
    with torch.no_grad():
        expected = theirs.forward_intermediates(
            x, return_prefix_tokens=True, output_fmt="NLC", intermediates_only=True
        )
        for state, (tokens, prefix) in zip(
            ours.hidden_states(x)[1:], expected, strict=True
        ):
            error = difference(state, torch.cat([prefix, tokens], dim=1))
            record_parity("ViT", "timm", "blocks", error)


@pytest.mark.parametrize("new", [(6, 6), (3, 5), (2, 2)], ids=str)
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
def test_position_interpolation_equals_timm(
    new, antialias, mode, reference, difference, record_parity
) -> None:
    resample = reference("timm").layers.resample_abs_pos_embed
    table = torch.randn(1, 1 + 4 * 5, 16, generator=torch.Generator().manual_seed(0))
    expected = resample(
        table, list(new), [4, 5], interpolation=mode, antialias=antialias
    )
    ours = interpolate(table, (4, 5), new, prefix=1, mode=mode, antialias=antialias)
    record_parity("position table", "timm", "resized", difference(ours, expected))


def build_transformers(transformers, config: ViTConfig) -> nn.Module:
    """The transformers model of the same config; its ε must be set by hand."""
    same = {
        "image_size": config.img_size,
        "patch_size": config.patch_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.depth,
        "num_attention_heads": config.heads,
        "layer_norm_eps": config.norm_eps,
        "attn_implementation": "eager",
    }
    if config.layer_scale is None:
        settings = transformers.ViTConfig(intermediate_size=config.hidden, **same)
        return transformers.ViTModel(settings, add_pooling_layer=False)
    same["use_swiglu_ffn"] = config.act == "swiglu"
    if config.registers:
        settings = transformers.Dinov2WithRegistersConfig(
            num_register_tokens=config.registers, **same
        )
        return transformers.Dinov2WithRegistersModel(settings)
    return transformers.Dinov2Model(transformers.Dinov2Config(**same))


HUGGING = {
    "ViT": replace(BASE, num_classes=None, pos_antialias=False),
    "DINOv2": replace(DINOV2, pos_antialias=False),
    "DINOv2 with registers": VARIANTS["DINOv2 with registers"],
    "DINOv2 giant (SwiGLU)": replace(
        VARIANTS["DINOv2 giant (SwiGLU)"], pos_antialias=False
    ),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", HUGGING)
def test_equals_transformers(
    system, std, size, reference, randomise, images, difference, record_parity
) -> None:
    transformers, config = reference("transformers"), HUGGING[system]
    theirs = randomise(build_transformers(transformers, config), std)
    ours = load(ViT(config).eval(), theirs.state_dict(), format="transformers")
    x = images(*size)
    options = {"interpolate_pos_encoding": True} if system == "ViT" else {}
    with torch.no_grad():
        expected = theirs(x, **options).last_hidden_state
        error = difference(ours(x).all_tokens, expected)
    record_parity(system, "transformers", "tokens", error)


@pytest.mark.parametrize("std", STDS)
def test_classifier_equals_transformers(
    std, reference, randomise, images, difference, record_parity
) -> None:
    transformers = reference("transformers")
    settings = build_transformers(transformers, HUGGING["ViT"]).config
    settings.num_labels = 7
    theirs = randomise(transformers.ViTForImageClassification(settings), std)
    ours = load(ViT(BASE).eval(), theirs.state_dict(), format="transformers")
    x = images(32, 32)
    with torch.no_grad():
        error = difference(ours(x).logits, theirs(x).logits)
    record_parity("ViT", "transformers", "logits", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", ["ViT", "DINOv2", "DINOv2 giant (SwiGLU)"])
def test_gradients_equal_transformers(
    system, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    config = HUGGING[system]
    theirs = randomise(build_transformers(reference("transformers"), config), std)
    ours = load(ViT(config).eval(), theirs.state_dict(), format="transformers")
    x = images(32, 32)
    expected = gradients(theirs, theirs(x).last_hidden_state)
    error = gradient_difference(
        gradients(ours, ours(x).all_tokens), from_transformers(expected)
    )
    record_parity(system, "transformers", "gradients", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", ["ViT", "DINOv2 with registers"])
def test_attention_maps_equal_transformers(
    system, std, reference, randomise, images, difference, record_parity
) -> None:
    config = HUGGING[system]
    theirs = randomise(build_transformers(reference("transformers"), config), std)
    ours = load(ViT(config).eval(), theirs.state_dict(), format="transformers")
    x = images(32, 32)
    with torch.no_grad(), record_attention(ours) as maps:
        ours(x)
        expected = theirs(x, output_attentions=True).attentions
    for map_, expected_map in zip(maps, expected, strict=True):
        record_parity(system, "transformers", "maps", difference(map_, expected_map))


def test_sincos_equals_the_table_of_transformers_mae(
    reference, difference, record_parity
) -> None:
    transformers = reference("transformers")
    settings = transformers.ViTMAEConfig(
        image_size=40, patch_size=8, hidden_size=64, num_attention_heads=4
    )
    settings.num_hidden_layers = 1
    embeddings = transformers.ViTMAEModel(settings).embeddings
    # transformers 5 skips its own initialisation when this mark is set, and leaves
    # the table at zero.
    embeddings.patch_embeddings.projection._is_hf_initialized = False
    embeddings.initialize_weights()
    ours = fixed_table("sincos_2d", (5, 5), 64, prefix=1)
    error = difference(ours, embeddings.position_embeddings)
    record_parity("sin-cos 2-D", "transformers", "table", error)


@pytest.mark.parametrize("std", STDS)
def test_equals_torchvision(
    std, reference, randomise, images, difference, gradient_difference, record_parity
) -> None:
    torchvision = reference("torchvision")
    theirs = randomise(
        torchvision.models.VisionTransformer(
            image_size=32,
            patch_size=8,
            num_layers=2,
            num_heads=4,
            hidden_dim=64,
            mlp_dim=256,
            num_classes=7,
        ),
        std,
    )
    ours = load(ViT(BASE).eval(), theirs.state_dict(), format="torchvision")
    x = images(32, 32)
    out, expected = ours(x), theirs(x)
    record_parity("ViT", "torchvision", "logits", difference(out.logits, expected))
    error = gradient_difference(
        gradients(ours, out.logits), from_torchvision(gradients(theirs, expected))
    )
    record_parity("ViT", "torchvision", "gradients", error)


class PostNormBlock(Block):
    """The original transformer's order: normalise after each addition."""

    def forward(self, x, mask=None, rotation=None) -> Tensor:
        x = self.norm1(x + self.attn(x, mask, rotation))
        return self.norm2(x + self.mlp(x))


def swap_queries_and_keys(state: dict[str, Tensor]) -> dict[str, Tensor]:
    changed = dict(state)
    for key, value in state.items():
        if ".qkv." in key:
            q, k, v = value.chunk(3)
            changed[key] = torch.cat([k, q, v])
    return changed


def drop_qkv_bias(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: 0 * v if k.endswith("qkv.bias") else v for k, v in state.items()}


def transpose_positions(state: dict[str, Tensor]) -> dict[str, Tensor]:
    table = state["pos_embed"]
    grid = table[:, 1:].unflatten(1, (4, 4)).transpose(1, 2).flatten(1, 2)
    return {**state, "pos_embed": torch.cat([table[:, :1], grid], dim=1)}


MISTAKES = {
    "LayerNorm ε of torch's default": {"norm_eps": 1e-5},
    "LayerNorm ε of transformers": {"norm_eps": 1e-12},
    "tanh GELU": {"act": "gelu_tanh"},
    "QuickGELU": {"act": "quick_gelu"},
    "positions resized without smoothing": {"pos_antialias": False},
    "no positions": {"pos": "none"},
    "average pooling": {"pooling": "gap"},
    "queries and keys swapped": swap_queries_and_keys,
    "qkv bias lost": drop_qkv_bias,
    "position grid transposed": transpose_positions,
    "post-norm": PostNormBlock,
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    timm, change = reference("timm"), MISTAKES[mistake]
    config = replace(BASE, **change) if isinstance(change, dict) else BASE
    errors = []
    for std in STDS:
        theirs = randomise(build_timm(timm, BASE), std)
        state = theirs.state_dict()
        if config.pos == "none":
            del state["pos_embed"]
        if change in (swap_queries_and_keys, drop_qkv_bias, transpose_positions):
            state = change(state)
        ours = load(ViT(config).eval(), state, format="timm")
        if change is PostNormBlock:
            for block in ours.blocks:
                block.__class__ = PostNormBlock
        x = images(24, 40)
        with torch.no_grad():
            out, expected = ours(x), theirs.forward_features(x)
            errors.append(difference(out.all_tokens, expected))
            errors.append(difference(out.logits, theirs(x)))
    assert max(errors) > 1e-5
