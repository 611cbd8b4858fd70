"""CvT against transformers (timm has none), and mistakes caught.

transformers picks the drop rate of a stage with the stage's number, so it needs more
blocks in each stage than that number: depth[i] > i. Its MLP has the exact GELU, the
authors' QuickGELU.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.cvt import CvT, CvTConfig
from vislearn.layers.mlp import QuickGELU
from vislearn.weights import load
from vislearn.weights.cvt_names import from_transformers

STDS = (0.02, 0.2)
SIZES = ((64, 64), (96, 96), (48, 80), (67, 51))  # odd maps at several stages
BASE = CvTConfig(
    img_size=64, depths=(1, 2, 3), widths=(8, 24, 48), act="gelu", num_classes=7
)


def build(transformers, config: CvTConfig) -> Any:
    settings = transformers.CvtConfig(
        depth=list(config.depths),
        embed_dim=list(config.widths),
        num_heads=list(config.heads),
        mlp_ratio=[float(config.mlp_ratio)] * 3,
        stride_kv=[config.kv_stride] * 3,
        num_labels=config.num_classes,
    )
    return transformers.CvtForImageClassification(settings)


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Any]:
    module.zero_grad()
    (logits * torch.arange(1.0, 8.0)).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build(reference("transformers"), BASE), std)
    ours: Any = load(CvT(BASE).eval(), theirs.state_dict(), format="transformers")
    x = images(*size)
    with torch.no_grad():
        out, maps = ours(x), ours.feature_maps(x)
        expected = theirs.cvt(x, output_hidden_states=True)
        logits = theirs(x).logits
        pooled = theirs.layernorm(expected.cls_token_value)[:, 0]
    error = difference(out.feature_map, expected.last_hidden_state)
    record_parity("CvT", "transformers", "tokens", error)
    error = difference(out.prefix, expected.cls_token_value)
    record_parity("CvT", "transformers", "prefix", error)
    record_parity("CvT", "transformers", "pooled", difference(out.pooled, pooled))
    record_parity("CvT", "transformers", "logits", difference(out.logits, logits))
    for own, other in zip(maps, expected.hidden_states, strict=True):
        record_parity("CvT", "transformers", "stages", difference(own, other))


def test_equals_transformers_without_strides(
    reference, randomise, images, difference, record_parity
) -> None:
    config = replace(BASE, kv_stride=1)
    theirs = randomise(build(reference("transformers"), config), 0.2)
    ours: Any = load(CvT(config).eval(), theirs.state_dict(), format="transformers")
    x = images(48, 80)
    with torch.no_grad():
        error = difference(ours(x).logits, theirs(x).logits)
    record_parity("CvT", "transformers", "logits", error)


@pytest.mark.parametrize("size", [(64, 64), (67, 51)], ids=str)
@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_transformers(
    std, size, reference, randomise, images, gradient_difference, record_parity
) -> None:
    """In float64: a bias of the keys has no gradient, only rounding in its place."""
    theirs = randomise(build(reference("transformers"), BASE), std).double()
    ours = CvT(BASE).eval().double()
    load(ours, theirs.state_dict(), format="transformers")
    x = images(*size).double()
    expected = from_transformers(gradients(theirs, theirs(x).logits))
    error = gradient_difference(gradients(ours, ours(x).logits), expected)
    record_parity("CvT", "transformers", "gradients", error)


@pytest.mark.parametrize("std", STDS)
def test_running_statistics_move_as_in_transformers(
    std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build(reference("transformers"), BASE), std)
    for module in theirs.modules():
        if type(module).__name__ == "CvtDropPath":
            module.drop_prob = 0.0
    ours: Any = load(CvT(BASE), theirs.state_dict(), format="transformers")
    x = images(64, 64)
    with torch.no_grad():
        error = difference(ours.train()(x).logits, theirs.train()(x).logits)
    record_parity("CvT", "transformers", "training", error)
    expected = from_transformers(theirs.state_dict())
    for key, value in ours.state_dict().items():
        if "running" in key:
            error = difference(value, expected[key])
            record_parity("CvT", "transformers", "statistics", error)


@pytest.mark.parametrize("name", ["cvt_13", "cvt_21", "cvt_w24"])
def test_preset_has_the_tensors_of_transformers_model(name: str, reference) -> None:
    transformers = reference("transformers")
    ours: Any = vislearn.create_model(name, num_classes=1000, device="meta")
    with torch.device("meta"):
        theirs = build(transformers, ours.config)
    expected = from_transformers(theirs.state_dict())
    assert {key: tuple(value.shape) for key, value in ours.state_dict().items()} == {
        key: tuple(value.shape) for key, value in expected.items()
    }


def test_defaults_are_those_of_transformers(reference) -> None:
    theirs, ours = reference("transformers").CvtConfig(), CvTConfig()
    assert ours.depths == tuple(theirs.depth)
    assert ours.widths == tuple(theirs.embed_dim)
    assert ours.heads == tuple(theirs.num_heads)
    assert {ours.mlp_ratio} == set(theirs.mlp_ratio)
    assert {ours.kv_stride} == set(theirs.stride_kv)


def divide_by_the_width_of_a_head(model: Any) -> None:
    for stage in model.stages:
        for block in stage.blocks:
            linear = block.attn.q
            linear.weight.data *= block.attn.heads**0.5
            linear.bias.data *= block.attn.heads**0.5


def use_quick_gelu(model: Any) -> None:
    for stage in model.stages:
        for block in stage.blocks:
            block.mlp.act = QuickGELU()


def approximate_gelu(model: Any) -> None:
    for stage in model.stages:
        for block in stage.blocks:
            block.mlp.act = nn.GELU(approximate="tanh")


def pad_the_first_embedding_by_3(model: Any) -> None:
    model.stages[0].embed.proj.padding = (3, 3)


def shrink_the_layer_epsilon(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6


def widen_the_batch_epsilon(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-3


def forget_the_running_mean(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            torch.nn.init.zeros_(module.get_buffer("running_mean"))


def swap_keys_and_values(model: Any) -> None:
    for stage in model.stages:
        for block in stage.blocks:
            attn = block.attn
            attn.conv_k, attn.conv_v = attn.conv_v, attn.conv_k


def average_the_tokens(model: Any) -> None:
    model.stages[-1].register_forward_hook(
        lambda module, inputs, out: (out[1].mean(1, keepdim=True), out[1], out[2])
    )


def normalise_twice(model: Any) -> None:
    model.norm = nn.Sequential(model.norm, model.norm)


@pytest.mark.parametrize(
    ("mistake", "std"),
    [
        (divide_by_the_width_of_a_head, 0.2),
        (use_quick_gelu, 0.2),
        (approximate_gelu, 0.2),
        (pad_the_first_embedding_by_3, 0.02),
        (shrink_the_layer_epsilon, 0.02),
        (widen_the_batch_epsilon, 0.2),
        (forget_the_running_mean, 0.2),
        (swap_keys_and_values, 0.2),
        (average_the_tokens, 0.02),
        (normalise_twice, 0.2),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_tolerance_catches(mistake, std, reference, randomise, images, difference):
    theirs = randomise(build(reference("transformers"), BASE), std)
    ours: Any = load(CvT(BASE).eval(), theirs.state_dict(), format="transformers")
    mistake(ours)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(ours(x).logits, theirs(x).logits) > 1e-5
