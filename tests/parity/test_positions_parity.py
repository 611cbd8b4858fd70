"""Rotary and relative positions against timm and transformers, and mistakes caught.

The rotations alone in each paper's convention, then whole models: ours is the ViT with
another `pos`, theirs are timm's Eva and its ViT with relative positions, and the DINOv3
encoder of transformers.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers import rope
from vislearn.layers.relative import RelativeBias
from vislearn.layers.rope import DINOV3, EVA02, QWEN2_VL, RopeStyle, rotation
from vislearn.weights import load
from vislearn.weights.renaming import join, rename
from vislearn.weights.vit_names import from_transformers

STDS = (0.02, 0.2)
SIZES = ((32, 32), (48, 48), (24, 40))
BASE = ViTConfig(img_size=32, patch_size=8, width=64, depth=2, heads=4)
SYSTEMS = {
    "RoPE as in DINOv3": replace(BASE, pos="rope", rope=DINOV3, registers=4),
    "RoPE as in EVA-02": replace(BASE, pos="rope", rope=EVA02),
}
TOKENS = torch.randn(2, 3, 20, 16, generator=torch.Generator().manual_seed(3))
GRID = (4, 5)


def timm_turned(timm, style: RopeStyle) -> Tensor:
    """TOKENS, turned by timm's module for the style."""
    layers, half = timm.layers, style.pairs == "halves"
    if style is DINOV3:
        module = layers.RotaryEmbeddingDinoV3(16, rotate_half=True)
    else:
        reference = [style.reference] * 2 if style.reference else None
        module = layers.RotaryEmbeddingCat(
            16, in_pixels=False, ref_feat_shape=reference, rotate_half=half
        )
    embedding = module.eval().get_embed(GRID)
    return layers.apply_rot_embed_cat(TOKENS, embedding, half=half)


@pytest.mark.parametrize(
    ("name", "style"), [("DINOv3", DINOV3), ("EVA-02", EVA02), ("Qwen2-VL", QWEN2_VL)]
)
def test_rotation_equals_timm(
    name, style, reference, difference, record_parity
) -> None:
    expected = timm_turned(reference("timm"), style)
    error = difference(rotation(GRID, 16, style)(TOKENS), expected)
    record_parity(f"rotation as in {name}", "timm", "turned", error)


def test_rotation_equals_the_towers_of_transformers(
    reference, difference, record_parity
) -> None:
    reference("transformers")
    from transformers.models.dinov3_vit import modeling_dinov3_vit as dinov3
    from transformers.models.qwen2_vl import modeling_qwen2_vl as qwen

    settings = dinov3.DINOv3ViTConfig(
        hidden_size=64, num_attention_heads=4, patch_size=8
    )
    module = dinov3.DINOv3ViTRopePositionEmbedding(settings).eval()
    cos, sin = module(torch.zeros(1, 3, 32, 40))
    expected, _ = dinov3.apply_rotary_pos_emb(TOKENS, TOKENS, cos, sin)
    error = difference(rotation(GRID, 16, DINOV3)(TOKENS), expected)
    record_parity("rotation as in DINOv3", "transformers", "turned", error)

    tower = qwen.Qwen2VLVisionConfig(embed_dim=64, num_heads=4)
    where = rope.places(GRID, QWEN2_VL)  # (N, 2)
    cos, sin = qwen.Qwen2VLVisionRotaryEmbedding(tower)(TOKENS, where.long())
    tokens_first = TOKENS.transpose(1, 2)  # (B, N, h, Dh)
    expected, _ = qwen.apply_rotary_pos_emb_vision(tokens_first, tokens_first, cos, sin)
    ours = rotation(GRID, 16, QWEN2_VL)(TOKENS)
    error = difference(ours, expected.transpose(1, 2))
    record_parity("rotation as in Qwen2-VL", "transformers", "turned", error)


def build_eva(timm, config: ViTConfig) -> nn.Module:
    """timm's Eva without absolute positions, of the same config."""
    style = config.rope
    return timm.models.eva.Eva(
        img_size=config.img_size,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        num_classes=0,
        global_pool="token",
        num_reg_tokens=config.registers,
        use_abs_pos_emb=False,
        use_rot_pos_emb=True,
        rope_type="dinov3" if style is DINOV3 else "cat",
        rope_temperature=style.theta,
        rope_rotate_half=style.pairs == "halves",
        ref_feat_shape=style.reference,
        dynamic_img_size=True,
    )


def from_eva(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Eva's names are ours but for the bias: q and v have one, k has none."""
    state = dict(state)
    for key in [key for key in state if key.endswith(".q_bias")]:
        q, v = state.pop(key), state.pop(key.replace("q_bias", "v_bias"))
        state[key.replace("q_bias", "qkv.bias")] = torch.cat([q, 0 * q, v])
    return state


def pair(timm, system: str, std: float, randomise) -> tuple[ViT, nn.Module]:
    config = SYSTEMS[system]
    theirs = randomise(build_eva(timm, config), std)
    ours = load(ViT(config).eval(), from_eva(theirs.state_dict()), format="timm")
    return ours, theirs


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_vit_with_rope_equals_timm(
    system, std, size, reference, randomise, images, difference, record_parity
) -> None:
    ours, theirs = pair(reference("timm"), system, std, randomise)
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        record_parity(system, "timm", "tokens", difference(out.all_tokens, expected))
        record_parity(system, "timm", "pooled", difference(out.pooled, theirs(x)))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_gradients_with_rope_equal_timm(
    system, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    ours, theirs = pair(reference("timm"), system, std, randomise)
    x = images(24, 40)
    found, expected = (
        gradients(model, tokens)
        for model, tokens in [
            (ours, ours(x).all_tokens),
            (theirs, theirs.forward_features(x)),
        ]
    )
    expected = from_eva(expected)
    for key in expected:  # theirs has no bias of the keys, so no gradient for it
        if key.endswith("qkv.bias"):
            found[key][64:128] = 0
    record_parity(system, "timm", "gradients", gradient_difference(found, expected))


def gradients(module: nn.Module, tokens: Tensor) -> dict[str, Tensor]:
    """Gradients of a fixed random projection of the tokens, by parameter name."""
    generator = torch.Generator().manual_seed(2)
    direction = torch.randn(tokens.shape, generator=generator)
    (tokens * direction).sum().backward()
    return {
        name: parameter.grad
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }


def build_dinov3(transformers) -> nn.Module:
    settings = transformers.DINOv3ViTConfig(
        image_size=32,
        patch_size=8,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        num_register_tokens=4,
        attn_implementation="eager",
    )
    return transformers.DINOv3ViTModel(settings)


def from_dinov3(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names of a DINOv3 tower; its keys have no bias."""
    state = rename(
        dict(state),
        [
            (r"^model\.", ""),
            (r"^layer\.", "layers."),
            (r"^embeddings\.patch_embeddings\.", "patch_embed.proj."),
            (r"^norm\.", "layernorm."),
            (r"\.norm1\.", ".layernorm_before."),
            (r"\.norm2\.", ".layernorm_after."),
            (r"\.mlp\.up_proj\.", ".mlp.fc1."),
        ],
    )
    for key in [key for key in state if key.endswith("q_proj.bias")]:
        state[key.replace("q_proj", "k_proj")] = 0 * state[key]
    state.pop("embeddings.mask_token", None)
    state = from_transformers(state)
    return join(state, "attn", ("query", "key", "value"), "qkv")


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_vit_with_rope_equals_the_dinov3_of_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_dinov3(reference("transformers")), std)
    config = replace(SYSTEMS["RoPE as in DINOv3"], layer_scale=1.0, norm_eps=1e-5)
    ours = load(ViT(config).eval(), from_dinov3(theirs.state_dict()), format="timm")
    x = images(*size)
    with torch.no_grad():
        expected = theirs(x).last_hidden_state
        error = difference(ours(x).all_tokens, expected)
    record_parity("RoPE as in DINOv3", "transformers", "tokens", error)


RELATIVE = {
    "relative positions": replace(BASE, pos="relative"),
    "relative positions, no CLS": replace(
        BASE, pos="relative", class_token=False, pooling="gap"
    ),
}


def build_relative(timm, config: ViTConfig, size: tuple[int, int]) -> nn.Module:
    return timm.models.vision_transformer_relpos.VisionTransformerRelPos(
        img_size=size,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        num_classes=0,
        init_values=None,
        class_token=config.class_token,
        global_pool="token" if config.class_token else "avg",
        rel_pos_type="bias",
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", RELATIVE)
def test_vit_with_relative_positions_equals_timm(
    system,
    std,
    size,
    reference,
    randomise,
    images,
    difference,
    gradient_difference,
    record_parity,
) -> None:
    config = replace(RELATIVE[system], img_size=size)
    theirs = randomise(build_relative(reference("timm"), config, size), std)
    ours = load(ViT(config).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    out, expected = ours(x), theirs.forward_features(x)
    record_parity(system, "timm", "tokens", difference(out.all_tokens, expected))
    record_parity(system, "timm", "pooled", difference(out.pooled, theirs(x)))
    theirs_by_our_names = rename(
        gradients(theirs, expected),
        [(r"^blocks\.(\d+)\.attn\.rel_pos\.", r"rel_pos.\1.")],
    )
    error = gradient_difference(gradients(ours, out.all_tokens), theirs_by_our_names)
    record_parity(system, "timm", "gradients", error)


@pytest.mark.parametrize("new", [(6, 6), (3, 3), (8, 8)], ids=str)
def test_table_of_offsets_is_stretched_as_in_timm(
    new, reference, difference, record_parity
) -> None:
    stretch = reference("timm").layers.resize_rel_pos_bias_table_simple
    bias = RelativeBias((4, 4), 3, prefix=1)
    nn.init.normal_(bias.relative_position_bias_table)
    rows = (2 * new[0] - 1) * (2 * new[1] - 1) + 3
    expected = stretch(bias.relative_position_bias_table, new, (rows, 3))
    error = difference(torch.cat(bias.entries(new)), expected)
    record_parity("table of offsets", "timm", "resized", error)


def row_and_column_swapped(angles):
    return lambda where, width, style: angles(where.flip(-1), width, style)


def turned_backwards(rotate):
    return lambda x, cos, sin, pairs: rotate(x, cos, -sin, pairs)


def queries_only(self: rope.Rotation, x: Tensor) -> Tensor:
    queries_only.calls += 1
    return turn(self, x) if queries_only.calls % 2 else x


turn = rope.Rotation.__call__
STYLES = {
    "the other pairs": {"pairs": "neighbours"},
    "the other θ": {"theta": 10_000.0},
    "index, not −1 to 1": {"coordinates": "index"},
    "no 2π": {"turns": 1.0},
}


@pytest.mark.parametrize(
    "mistake",
    [*STYLES, "row and column swapped", "queries only", "CLS turned, too"],
)
def test_the_tolerance_catches_in_rope(
    mistake, reference, randomise, images, difference, monkeypatch
) -> None:
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    config, errors = SYSTEMS["RoPE as in DINOv3"], []
    if mistake in STYLES:
        config = replace(config, rope=replace(DINOV3, **STYLES[mistake]))
    elif mistake == "row and column swapped":
        swapped = row_and_column_swapped(rope.axial_angles)
        monkeypatch.setattr(rope, "axial_angles", swapped)
    elif mistake == "queries only":
        queries_only.calls = 0
        monkeypatch.setattr(rope.Rotation, "__call__", queries_only)
    else:
        monkeypatch.setattr(rope.Rotation, "__call__", prefix_turned)
    for std in STDS:
        theirs = randomise(
            build_eva(reference("timm"), SYSTEMS["RoPE as in DINOv3"]), std
        )
        ours = load(ViT(config).eval(), from_eva(theirs.state_dict()), format="timm")
        x = images(24, 40)
        with torch.no_grad():
            expected = theirs.forward_features(x)
            errors.append(difference(ours(x).all_tokens, expected))
    assert max(errors) > 1e-5


def prefix_turned(self: rope.Rotation, x: Tensor) -> Tensor:
    """The first N tokens turn, prefix included, and the last ones do not."""
    N = self.cos.shape[-2]
    turned = rope.rotate(x[..., :N, :], self.cos, self.sin, self.pairs)
    return torch.cat([turned, x[..., N:, :]], dim=-2)


@pytest.mark.parametrize(
    "mistake", ["key minus query", "prefix entries swapped", "no bias"]
)
def test_the_tolerance_catches_in_relative_positions(
    mistake, reference, randomise, images, difference
) -> None:
    config, errors = RELATIVE["relative positions"], []
    for std in STDS:
        theirs = randomise(build_relative(reference("timm"), config, (32, 32)), std)
        ours = load(ViT(config).eval(), theirs.state_dict(), format="timm")
        for bias in ours.rel_pos:
            table = bias.relative_position_bias_table.data
            if mistake == "key minus query":
                table[:-3] = table[:-3].flip(0)
            elif mistake == "prefix entries swapped":
                table[-3:] = table[-3:].flip(0)
            else:
                table.zero_()
        x = images(32, 32)
        with torch.no_grad():
            expected = theirs.forward_features(x)
            errors.append(difference(ours(x).all_tokens, expected))
    assert max(errors) > 1e-5
