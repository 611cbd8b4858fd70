"""EVA-01 and EVA-02 against timm's Eva, and mistakes caught.

Every reference is one of timm's named models, made small, with random weights; it reads
images of any size (`dynamic_img_size`), as ours do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.eva import EVA, EVABlock, EVAConfig
from vislearn.layers.attention import record_attention
from vislearn.layers.blocks import Block
from vislearn.layers.linear import QVLinear
from vislearn.layers.rope import places, rotation_at
from vislearn.weights import load

SYSTEM = "EVA"
STDS = (0.02, 0.2)  # the small one shows a wrong ε, the large one a wrong activation
SIZES = ((64, 64), (96, 96), (48, 80))  # the config's, a larger one, not square
SMALL: dict[str, Any] = {
    "img_size": 64,
    "patch_size": 16,
    "width": 48,
    "depth": 2,
    "heads": 4,
}

TINY = EVAConfig(**SMALL, mlp_hidden=128, mlp_norm=False, num_classes=7)
BASE = replace(TINY, mlp_norm=True)
CLIP = replace(BASE, attn_norm=True, pooling="cls", embed_dim=7, num_classes=None)
GIANT = replace(
    CLIP, act="gelu", mlp_hidden=160, turn=False, mlp_norm=False, attn_norm=False
)
# timm's model -> our config of the same small size
VARIANTS: dict[str, EVAConfig] = {
    "eva02_tiny_patch14_224": TINY,
    "eva02_base_patch14_224": BASE,
    "eva02_base_patch16_clip_224": CLIP,
    "eva_giant_patch14_clip_224": GIANT,
    "eva02_enormous_patch14_clip_224": replace(GIANT, post_norm=True),
    "eva_giant_patch14_224": replace(
        GIANT, pooling="gap", embed_dim=None, num_classes=7
    ),
}


def build_timm(timm, name: str, **options: Any) -> nn.Module:
    """timm's model of that name in the size of the configs above."""
    config = VARIANTS[name]
    return timm.create_model(
        name,
        img_size=config.image_shape,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        mlp_ratio=(config.hidden + 0.5) / config.width,  # timm rounds down
        num_classes=7,
        dynamic_img_size=True,
        **options,
    )


def pair(timm, randomise, name: str, std: float, **options: Any) -> Any:
    """timm's model and ours with the same weights."""
    theirs = randomise(build_timm(timm, name, **options), std)
    ours = EVA(VARIANTS[name]).eval()
    return load(ours, theirs.state_dict(), format="timm"), theirs


def blocks_of(model: EVA) -> list[Block]:
    return [block for block in model.blocks if isinstance(block, Block)]


def last(ours: EVA, x: Tensor) -> Tensor:
    """What timm's forward gives: logits, or the projected embedding."""
    out = ours(x)
    return out.pooled if out.logits is None else out.logits


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("name", VARIANTS)
def test_equals_timm(
    name, std, size, reference, randomise, images, difference, record_parity
) -> None:
    ours, theirs = pair(reference("timm"), randomise, name, std)
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        record_parity(SYSTEM, "timm", "tokens", difference(out.all_tokens, expected))
        if out.logits is not None:
            pooled = theirs.forward_head(expected, pre_logits=True)
            record_parity(SYSTEM, "timm", "pooled", difference(out.pooled, pooled))
        quantity = "pooled" if out.logits is None else "logits"
        record_parity(SYSTEM, "timm", quantity, difference(last(ours, x), theirs(x)))


def renamed(ours: EVA, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
    """timm's gradients under our names, by the table that loads its weights."""
    from vislearn.weights.eva_names import fit, from_timm

    return fit(ours, from_timm(gradients))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_equal_timm(
    name, std, size, reference, randomise, images, gradient_difference, record_parity
) -> None:
    ours, theirs = pair(reference("timm"), randomise, name, std)
    x, direction = images(*size), torch.arange(14.0).view(2, 7)
    (theirs(x) * direction).sum().backward()
    (last(ours, x) * direction).sum().backward()
    expected = {key: value.grad for key, value in theirs.named_parameters()}
    error = gradient_difference(
        {key: value.grad for key, value in ours.named_parameters()},
        renamed(ours, expected),
    )
    record_parity(SYSTEM, "timm", "gradients", error)


@pytest.mark.parametrize("fused", [True, False], ids=["packed", "separate"])
@pytest.mark.parametrize("name", ["eva02_tiny_patch14_224", "eva02_base_patch14_224"])
def test_both_layouts_of_q_k_and_v_are_read(
    name, fused, reference, randomise, images, difference
) -> None:
    ours, theirs = pair(reference("timm"), randomise, name, 0.2, qkv_fused=fused)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(ours(x).logits, theirs(x)) <= 1e-5


def test_spare_classifier_is_left_out_and_a_missing_projection_is_missed(
    reference, randomise, images, difference
) -> None:
    theirs = randomise(build_timm(reference("timm"), "eva02_base_patch14_224"), 0.2)
    state = theirs.state_dict()
    ours = load(EVA(replace(BASE, num_classes=None)).eval(), state, "timm")
    x = images(64, 64)
    with torch.no_grad():
        expected = theirs.forward_head(theirs.forward_features(x), pre_logits=True)
        assert difference(ours(x).pooled, expected) <= 1e-5
    without = {key: value for key, value in state.items() if "head" not in key}
    with pytest.raises(ValueError, match=r"2 missing \(head.weight, head.bias\)"):
        load(EVA(BASE), without, "timm")


def test_angles_that_older_files_store_are_no_weights(reference, randomise) -> None:
    state = build_timm(reference("timm"), "eva02_tiny_patch14_224").state_dict()
    angles = torch.zeros(16, 12)
    extra = {"rope.freqs_cos": angles, "blocks.0.attn.rope.freqs_sin": angles}
    load(EVA(TINY), {**state, **extra}, format="timm")


def test_positions_of_another_grid_are_resized_like_timms(
    reference, randomise, images, difference
) -> None:
    theirs = randomise(build_timm(reference("timm"), "eva02_base_patch14_224"), 0.2)
    ours = load(EVA(replace(BASE, img_size=96)).eval(), theirs.state_dict(), "timm")
    x = images(96, 96)
    with torch.no_grad():
        assert difference(ours(x).logits, theirs(x)) <= 1e-5


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_readable_attention_equals_the_fused_one(size, images, difference) -> None:
    torch.manual_seed(0)
    model, x = EVA(CLIP).eval(), images(*size)
    with torch.no_grad():
        fused = model(x).pooled
        for block in blocks_of(model):
            block.attn.fused = False
        assert difference(model(x).pooled, fused) <= 1e-5


PRESETS = {
    "eva02_ti14": "eva02_tiny_patch14_224",
    "eva02_s14": "eva02_small_patch14_224",
    "eva02_b14": "eva02_base_patch14_224",
    "eva02_b14_448": "eva02_base_patch14_448",
    "eva02_l14": "eva02_large_patch14_224",
    "eva02_l14_448": "eva02_large_patch14_448",
}


def test_table_covers_every_eva02() -> None:
    assert set(PRESETS) == set(vislearn.list_models("eva02"))


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_tensors_and_preprocessing_of_timms_model(
    name: str, reference
) -> None:
    from vislearn.weights.eva_names import from_timm

    timm = reference("timm")
    settings = timm.get_pretrained_cfg(PRESETS[name])
    with torch.device("meta"):
        theirs = timm.create_model(PRESETS[name], num_classes=1000)
    ours = vislearn.create_model(name, num_classes=1000, device="meta")
    expected = from_timm(theirs.state_dict())
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in expected.items()
    }
    preprocess = ours.preprocess
    assert preprocess.size == settings.input_size[-1]
    assert (preprocess.mean, preprocess.std) == (settings.mean, settings.std)
    assert preprocess.interpolation == settings.interpolation
    squashed = settings.crop_mode == "squash"
    assert preprocess.crop == (None if squashed else settings.crop_pct)


def k_bias_added(model: EVA) -> None:
    generator = torch.Generator().manual_seed(3)
    for block in blocks_of(model):
        old = block.attn.qkv
        assert isinstance(old, QVLinear)
        new = nn.Linear(old.in_features, old.out_features)
        k_bias = 0.2 * torch.randn(old.in_features, generator=generator)
        new.weight.data = old.weight.data
        new.bias.data = torch.cat([old.q_bias.data, k_bias, old.v_bias.data])
        block.attn.qkv = new


def v_bias_lost(model: EVA) -> None:
    for block in blocks_of(model):
        assert isinstance(block.attn.qkv, QVLinear)
        nn.init.zeros_(block.attn.qkv.v_bias)


def cls_turned_like_the_last_patch(model: Any) -> None:
    style, head_width = model.config.rope, model.config.width // model.config.heads

    def turn(grid: tuple[int, int], x: Tensor) -> Any:
        where = places(grid, style)
        where = torch.cat([where[-1:], where])  # (1 + N, 2)
        return rotation_at(where, head_width, style)

    model.rotation = turn


def plain(layer: Any) -> nn.Linear:
    new = nn.Linear(layer.in_features, layer.out_features)
    new.weight, new.bias = layer.weight, layer.bias
    return new


def norm_in_the_mlp_lost(model: EVA) -> None:
    for block in blocks_of(model):
        block.mlp.fc2 = plain(block.mlp.fc2)


def norm_in_the_attention_lost(model: EVA) -> None:
    for block in blocks_of(model):
        block.attn.proj = plain(block.attn.proj)


def gate_and_values_swapped(model: EVA) -> None:
    for block in blocks_of(model):
        for part in (block.mlp.fc1.weight.data, block.mlp.fc1.bias.data):
            part.copy_(torch.cat(part.chunk(2)[::-1]))


def normalised_before_the_average(model: Any) -> None:
    model.norm, model.fc_norm = model.fc_norm, nn.Identity()


def average_not_normalised(model: Any) -> None:
    model.fc_norm = nn.Identity()


def average_with_cls(model: Any) -> None:
    def pool(prefix: Tensor, tokens: Tensor) -> Tensor:
        return model.fc_norm(torch.cat([prefix, tokens], dim=1).mean(1))

    model.pool = pool


def learned_positions_lost(model: EVA) -> None:
    model.pos_embed.data.zero_()


def epsilon_of_torch(model: EVA) -> None:
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-5


def tanh_gelu(model: EVA) -> None:
    for block in blocks_of(model):
        block.mlp.act = nn.GELU(approximate="tanh")


class OriginalPostNorm(EVABlock):
    def forward(self, x: Tensor, *_: Any) -> Tensor:
        x = self.norm1(x + self.attn(x))
        return self.norm2(x + self.mlp(x))


def original_post_norm(model: EVA) -> None:
    for block in blocks_of(model):
        block.__class__ = OriginalPostNorm


def pre_norm(model: EVA) -> None:
    for block in blocks_of(model):
        block.__class__ = EVABlock


def with_style(**changes: Any) -> Callable[[EVA], None]:
    def change(model: EVA) -> None:
        style = replace(model.config.rope, **changes)
        model.config = replace(model.config, rope=style)

    return change


def without_rope(model: EVA) -> None:
    model.config = replace(model.config, turn=False)


B, C, E = (
    "eva02_base_patch14_224",
    "eva02_base_patch16_clip_224",
    "eva02_enormous_patch14_clip_224",
)
MISTAKES: dict[str, tuple[str, Callable[[EVA], None]]] = {
    "k bias added": (B, k_bias_added),
    "v bias lost": (B, v_bias_lost),
    "pairs are halves": (B, with_style(pairs="halves")),
    "places are indices": (B, with_style(coordinates="index", reference=None)),
    "another θ": (B, with_style(theta=100.0)),
    "CLS turned": (C, cls_turned_like_the_last_patch),
    "no RoPE": (B, without_rope),
    "no learned positions": (B, learned_positions_lost),
    "no norm in the MLP": (B, norm_in_the_mlp_lost),
    "no norm in the attention": (C, norm_in_the_attention_lost),
    "gate and values swapped": (B, gate_and_values_swapped),
    "norm before the average": (B, normalised_before_the_average),
    "average not normalised": (B, average_not_normalised),
    "average with CLS": (B, average_with_cls),
    "ε of torch's LayerNorm": (B, epsilon_of_torch),
    "tanh GELU in E": (E, tanh_gelu),
    "post-norm of 2017 in E": (E, original_post_norm),
    "pre-norm in E": (E, pre_norm),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    (name, change), errors = MISTAKES[mistake], []
    for std in STDS:
        ours, theirs = pair(reference("timm"), randomise, name, std)
        x = images(48, 80)
        with torch.no_grad():
            assert difference(last(ours, x), theirs(x)) <= 1e-5
            change(ours)
            errors.append(difference(last(ours, x), theirs(x)))
    assert max(errors) > 1e-5


@pytest.mark.parametrize("name", ["eva_giant_patch14_clip_224", E])
def test_without_rope_a_k_bias_changes_nothing(
    name, reference, randomise, images, difference
) -> None:
    ours, theirs = pair(reference("timm"), randomise, name, 0.2)
    k_bias_added(ours)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(last(ours, x), theirs(x)) <= 1e-5


def test_with_rope_a_k_bias_changes_the_attention(reference, randomise, images) -> None:
    ours, _ = pair(reference("timm"), randomise, B, 0.2)
    x = images(64, 64)
    with torch.no_grad(), record_attention(ours) as maps:
        ours(x)
        k_bias_added(ours)
        ours(x)
    assert float((maps[0] - maps[2]).abs().max()) > 1e-3
