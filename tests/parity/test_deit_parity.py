"""Distilled ViT against timm and transformers, and mistakes caught.

DeiT without distillation is ViT, compared in test_vit_parity; here its presets are.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.deit import DistilledViT, DistilledViTConfig
from vislearn.weights import load
from vislearn.weights.deit_names import from_transformers

STDS = (0.02, 0.2)
SIZES = ((32, 32), (48, 48), (24, 40))
BASE = DistilledViTConfig(
    img_size=32, patch_size=8, width=64, depth=2, heads=4, num_classes=7
)
HUGGING = replace(BASE, norm_eps=1e-12, pos_antialias=False)
SYSTEM = "DeiT, distilled"


def build_timm(timm) -> nn.Module:
    return timm.models.deit.VisionTransformerDistilled(
        img_size=32,
        patch_size=8,
        embed_dim=64,
        depth=2,
        num_heads=4,
        num_classes=7,
        dynamic_img_size=True,
    )


def build_transformers(transformers) -> nn.Module:
    settings = transformers.DeiTConfig(
        image_size=32,
        patch_size=8,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        num_labels=7,
        attn_implementation="eager",
    )
    assert settings.layer_norm_eps == HUGGING.norm_eps
    return transformers.DeiTForImageClassificationWithTeacher(settings)


def gradients(module: nn.Module, *outputs: Tensor) -> dict[str, Tensor]:
    """Gradients of fixed random projections of the outputs, by parameter name."""
    generator = torch.Generator().manual_seed(2)
    module.zero_grad()
    torch.stack(
        [(out * torch.randn(out.shape, generator=generator)).sum() for out in outputs]
    ).sum().backward()
    return {
        name: parameter.grad
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_timm(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm")), std)
    ours = load(DistilledViT(BASE).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        pooled = theirs.forward_head(expected, pre_logits=True)
        record_parity(SYSTEM, "timm", "tokens", difference(out.all_tokens, expected))
        record_parity(SYSTEM, "timm", "pooled", difference(out.pooled, pooled))
        record_parity(SYSTEM, "timm", "logits", difference(out.logits, theirs(x)))


@pytest.mark.parametrize("std", STDS)
def test_both_heads_and_gradients_equal_timm_in_training(
    std,
    reference,
    randomise,
    images,
    difference,
    gradient_difference,
    record_parity,
) -> None:
    theirs = randomise(build_timm(reference("timm")), std).train()
    theirs.set_distilled_training(True)
    ours = load(DistilledViT(BASE).train(), theirs.state_dict(), format="timm")
    x = images(24, 40)
    out, expected = ours(x), theirs(x)
    heads = (out.class_logits, out.distill_logits)
    for mine, other in zip(heads, expected, strict=True):
        record_parity(SYSTEM, "timm", "both heads", difference(mine, other))
    error = gradient_difference(gradients(ours, *heads), gradients(theirs, *expected))
    record_parity(SYSTEM, "timm", "gradients", error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers")), std)
    ours = DistilledViT(HUGGING).eval()
    load(ours, theirs.state_dict(), format="transformers")
    x = images(*size)
    with torch.no_grad():
        out = ours(x)
        expected = theirs(x, interpolate_pos_encoding=True)
        hidden = theirs.deit(x, interpolate_pos_encoding=True).last_hidden_state
    for quantity, mine, other in (
        ("tokens", out.all_tokens, hidden),
        ("logits", out.logits, expected.logits),
        ("both heads", out.class_logits, expected.cls_logits),
        ("both heads", out.distill_logits, expected.distillation_logits),
    ):
        record_parity(SYSTEM, "transformers", quantity, difference(mine, other))


@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_transformers(
    std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers")), std)
    ours = DistilledViT(HUGGING).eval()
    load(ours, theirs.state_dict(), format="transformers")
    x = images(32, 32)
    expected = gradients(theirs, theirs(x).logits)
    error = gradient_difference(
        gradients(ours, ours(x).logits), from_transformers(expected)
    )
    record_parity(SYSTEM, "transformers", "gradients", error)


def test_headless_model_leaves_both_heads_of_the_source(reference) -> None:
    theirs = build_timm(reference("timm")).state_dict()
    ours = DistilledViT(replace(BASE, num_classes=None))
    load(ours, theirs, format="timm")
    assert torch.equal(ours.dist_token, theirs["dist_token"])


def test_weights_without_distillation_are_refused_by_name(reference) -> None:
    timm = reference("timm")
    theirs = timm.models.vision_transformer.VisionTransformer(
        img_size=32, patch_size=8, embed_dim=64, depth=2, num_heads=4, num_classes=7
    )
    with pytest.raises(ValueError, match=r"3 missing .*dist_token"):
        load(DistilledViT(BASE), theirs.state_dict(), format="timm")


def test_positions_of_another_grid_are_resized_behind_both_tokens(
    reference, difference
) -> None:
    timm = reference("timm")
    theirs = build_timm(timm)
    ours = DistilledViT(replace(BASE, img_size=48))
    load(ours, theirs.state_dict(), format="timm")
    expected = timm.layers.resample_abs_pos_embed(
        theirs.pos_embed, [6, 6], num_prefix_tokens=2
    )
    assert difference(ours.pos_embed, expected) < 1e-6


TIMM = {
    "deit_ti16": "deit_tiny_patch16_224",
    "deit_s16": "deit_small_patch16_224",
    "deit_b16": "deit_base_patch16_224",
    "deit_ti16_distilled": "deit_tiny_distilled_patch16_224",
    "deit_s16_distilled": "deit_small_distilled_patch16_224",
    "deit_b16_distilled": "deit_base_distilled_patch16_224",
}


def test_table_covers_every_deit() -> None:
    assert set(TIMM) == set(vislearn.list_models("deit"))


@pytest.mark.parametrize("name", TIMM)
def test_preset_has_the_tensors_and_preprocessing_of_timms_model(
    name: str, reference
) -> None:
    timm = reference("timm")
    with torch.device("meta"):
        theirs = timm.create_model(TIMM[name])
    ours = vislearn.create_model(name, num_classes=1000, device="meta")

    def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
        return {key: tuple(value.shape) for key, value in model.state_dict().items()}

    assert shapes(ours) == shapes(theirs)
    settings, preprocess = timm.get_pretrained_cfg(TIMM[name]), ours.preprocess
    assert preprocess.size == settings.input_size[-1]
    assert (preprocess.mean, preprocess.std) == (settings.mean, settings.std)
    assert preprocess.interpolation == settings.interpolation
    assert preprocess.crop == settings.crop_pct


def swap_tokens(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        **state,
        "cls_token": state["dist_token"],
        "dist_token": state["cls_token"],
    }


def swap_position_rows(state: dict[str, Tensor]) -> dict[str, Tensor]:
    table = state["pos_embed"]
    rows = torch.cat([table[:, 1:2], table[:, :1], table[:, 2:]], dim=1)
    return {**state, "pos_embed": rows}


def swap_heads(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        **state,
        **{f"head.{key}": state[f"head_dist.{key}"] for key in ("weight", "bias")},
        **{f"head_dist.{key}": state[f"head.{key}"] for key in ("weight", "bias")},
    }


def one_head(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        **state,
        **{f"head_dist.{key}": state[f"head.{key}"] for key in ("weight", "bias")},
    }


class DistLast(DistilledViT):
    """The distillation token behind the patches."""

    def place(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        x = super().place(x, grid)
        return torch.cat([x[:, :1], x[:, 2:], x[:, 1:2]], dim=1)


class ReadsClsTwice(DistilledViT):
    """Both heads on CLS."""

    def read_out(self, prefix, tokens, grid):
        prefix = torch.cat([prefix[:, :1], prefix[:, :1], prefix[:, 2:]], dim=1)
        return super().read_out(prefix, tokens, grid)


MISTAKES = {
    "ε of transformers": {"norm_eps": 1e-12},
    "positions resized without smoothing": {"pos_antialias": False},
    "CLS and DIST swapped": swap_tokens,
    "their positions swapped": swap_position_rows,
    "heads swapped": swap_heads,
    "one head for both": one_head,
    "DIST last": DistLast,
    "both heads on CLS": ReadsClsTwice,
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    timm, change = reference("timm"), MISTAKES[mistake]
    config = replace(BASE, **change) if isinstance(change, dict) else BASE
    kind = change if isinstance(change, type) else DistilledViT
    errors = []
    for std in STDS:
        theirs = randomise(build_timm(timm), std)
        state = theirs.state_dict()
        if kind is DistilledViT and callable(change):
            state = change(state)
        ours = load(DistilledViT(config).eval(), state, format="timm")
        ours.__class__ = kind
        x = images(24, 40)
        with torch.no_grad():
            errors.append(difference(ours(x).logits, theirs(x)))
    assert max(errors) > 1e-5
