"""PVT v2 against timm and transformers, and mistakes caught."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.pvt_v2 import PVTv2, PVTv2Config
from vislearn.weights import load
from vislearn.weights.pvt_v2_names import from_transformers

STDS = (0.02, 0.2)
SIZES = ((64, 64), (96, 64), (75, 101))  # the last map is rounded up
NAMES = {False: "PVT v2", True: "PVT v2, linear"}
BASE = PVTv2Config(img_size=64, widths=(8, 16, 40, 64), num_classes=7)
TRANSFORMERS = replace(BASE, conv_norm_eps=1e-6)  # it has one ε for all norms
PRESETS = [f"pvt_v2_b{number}" for number in range(6)]

linear_or_not = pytest.mark.parametrize("linear", [False, True], ids=["SR", "linear"])


def build_timm(timm, linear: bool) -> Any:
    return timm.models.pvt_v2.PyramidVisionTransformerV2(
        num_classes=7,
        depths=BASE.depths,
        embed_dims=BASE.widths,
        num_heads=BASE.heads,
        sr_ratios=BASE.reductions,
        mlp_ratios=BASE.mlp_ratios,
        linear=linear,
    )


def transformers_settings(transformers, config: PVTv2Config):
    return transformers.PvtV2Config(
        depths=list(config.depths),
        hidden_sizes=list(config.widths),
        num_attention_heads=list(config.heads),
        sr_ratios=list(config.reductions),
        mlp_ratios=list(config.mlp_ratios),
        linear_attention=config.linear,
        layer_norm_eps=config.norm_eps,
        num_labels=config.num_classes,
    )


def build_transformers(transformers, linear: bool) -> Any:
    settings = transformers_settings(transformers, replace(BASE, linear=linear))
    return transformers.PvtV2ForImageClassification(settings)


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Any]:
    module.zero_grad()
    (logits * torch.arange(1.0, 8.0)).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


def shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


def stage_difference(ours: Any, theirs: Any, x: Tensor, difference) -> float:
    """The largest difference of the four maps between our model and timm's."""
    with torch.no_grad():
        maps = zip(
            ours.feature_maps(x), theirs.forward_intermediates(x)[1], strict=True
        )
        return max(difference(own, other) for own, other in maps)


@linear_or_not
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_timm(
    std, size, linear, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), linear), std)
    config = replace(BASE, linear=linear)
    ours = load(PVTv2(config).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        pooled = theirs.forward_head(expected, pre_logits=True)
        error = difference(out.feature_map, expected)
        record_parity(NAMES[linear], "timm", "tokens", error)
        error = difference(out.pooled, pooled)
        record_parity(NAMES[linear], "timm", "pooled", error)
        error = difference(out.logits, theirs(x))
        record_parity(NAMES[linear], "timm", "logits", error)
    error = stage_difference(ours, theirs, x, difference)
    record_parity(NAMES[linear], "timm", "stages", error)


@linear_or_not
@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_timm(
    std, linear, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), linear), std)
    config = replace(BASE, linear=linear)
    ours = load(PVTv2(config).eval(), theirs.state_dict(), format="timm")
    x = images(75, 101)
    error = gradient_difference(
        gradients(ours, ours(x).logits), gradients(theirs, theirs(x))
    )
    record_parity(NAMES[linear], "timm", "gradients", error)


@linear_or_not
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_transformers(
    std, size, linear, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers"), linear), std)
    config = replace(TRANSFORMERS, linear=linear)
    ours = load(PVTv2(config).eval(), theirs.state_dict(), format="transformers")
    x = images(*size)
    with torch.no_grad(), vislearn.layers.record_attention(ours) as maps:
        out, logits = ours(x), theirs(x).logits
        expected = theirs.pvt_v2(x, output_attentions=True)
    attentions = [weights for stage in expected.attentions for weights in stage]
    error = difference(out.feature_map, expected.last_hidden_state)
    record_parity(NAMES[linear], "transformers", "tokens", error)
    error = difference(out.logits, logits)
    record_parity(NAMES[linear], "transformers", "logits", error)
    for ours_map, theirs_map in zip(maps, attentions, strict=True):
        error = difference(ours_map, theirs_map)
        record_parity(NAMES[linear], "transformers", "attention", error)


@linear_or_not
@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_transformers(
    std, linear, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers"), linear), std)
    config = replace(TRANSFORMERS, linear=linear)
    ours = load(PVTv2(config).eval(), theirs.state_dict(), format="transformers")
    x = images(64, 64)
    expected = from_transformers(gradients(theirs, theirs(x).logits))
    error = gradient_difference(gradients(ours, ours(x).logits), expected)
    record_parity(NAMES[linear], "transformers", "gradients", error)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_tensors_of_timms_model(name: str, reference) -> None:
    timm = reference("timm")
    with torch.device("meta"):
        theirs = timm.create_model(name)
    ours: Any = vislearn.create_model(name, num_classes=1000, device="meta")
    assert shapes(ours.state_dict()) == shapes(theirs.state_dict())


def test_linear_b2_has_the_tensors_of_timms_model(reference) -> None:
    timm = reference("timm")
    with torch.device("meta"):
        theirs = timm.create_model("pvt_v2_b2_li")
    ours: Any = vislearn.create_model(
        "pvt_v2_b2", linear=True, num_classes=1000, device="meta"
    )
    assert shapes(ours.state_dict()) == shapes(theirs.state_dict())


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_tensors_of_transformers_model(name: str, reference) -> None:
    transformers = reference("transformers")
    ours: Any = vislearn.create_model(name, num_classes=1000, device="meta")
    with torch.device("meta"):
        theirs = transformers.PvtV2ForImageClassification(
            transformers_settings(transformers, ours.config)
        )
    state = from_transformers(theirs.state_dict())
    assert shapes(ours.state_dict()) == shapes(state)


def test_table_covers_every_preset() -> None:
    assert vislearn.list_models("pvt_v2") == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_preprocessing_of_timms_weights(name: str, reference) -> None:
    theirs = reference("timm").get_pretrained_cfg(name)
    ours: Any = vislearn.create_model(name, device="meta").preprocess
    assert ours.size == theirs.input_size[-1]
    assert ours.mean == theirs.mean
    assert ours.std == theirs.std
    assert ours.interpolation == theirs.interpolation
    assert ours.crop == theirs.crop_pct


def use_one_epsilon(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6


def approximate_gelu(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.GELU):
            module.approximate = "tanh"


def forget_the_convolution_of_the_mlp(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("mlp"):
            module.dwconv = nn.Identity()


def pad_with_the_border(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("dwconv"):
            module.padding_mode = "replicate"
            module._reversed_padding_repeated_twice = [1, 1, 1, 1]


def do_not_overlap(model: Any) -> None:
    proj = model.patch_embed.proj
    proj.weight.data = proj.weight.data[:, :, 1:5, 1:5]
    proj.padding = (0, 0)


def forget_the_norm_of_a_stage(model: Any) -> None:
    model.stages[1].norm = nn.Identity()


def swap_keys_and_values(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("attn.kv"):
            module.weight.data = torch.cat(module.weight.data.chunk(2)[::-1])


def reduce_by_averaging(model: Any) -> None:
    attn = model.stages[0].blocks[0].attn
    attn.sr = nn.AvgPool2d(attn.reduction)


@pytest.mark.parametrize(
    ("mistake", "std"),
    [
        (use_one_epsilon, 0.02),
        (approximate_gelu, 0.2),
        (forget_the_convolution_of_the_mlp, 0.02),
        (pad_with_the_border, 0.2),
        (do_not_overlap, 0.02),
        (forget_the_norm_of_a_stage, 0.2),
        (swap_keys_and_values, 0.2),
        (reduce_by_averaging, 0.2),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_tolerance_catches(mistake, std, reference, randomise, images, difference):
    theirs = randomise(build_timm(reference("timm"), linear=False), std)
    ours = load(PVTv2(BASE).eval(), theirs.state_dict(), format="timm")
    mistake(ours)
    assert stage_difference(ours, theirs, images(64, 64), difference) > 1e-5


def forget_the_relu(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("mlp"):
            module.relu = False


def forget_the_activation_of_the_keys(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("attn"):
            module.pool = nn.Sequential(module.pool)
            module.reduce = lambda x, grid, attn=module: attn.norm(
                attn.sr(attn.pool(x.transpose(1, 2).unflatten(2, grid)))
                .flatten(2)
                .transpose(1, 2)
            )


def pool_to_another_size(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("attn"):
            module.pool = nn.AdaptiveAvgPool2d(6)


@pytest.mark.parametrize(
    "mistake",
    [forget_the_relu, forget_the_activation_of_the_keys, pool_to_another_size],
)
def test_the_tolerance_catches_in_the_linear_form(
    mistake, reference, randomise, images, difference
) -> None:
    theirs = randomise(build_timm(reference("timm"), linear=True), 0.2)
    config = replace(BASE, linear=True)
    ours = load(PVTv2(config).eval(), theirs.state_dict(), format="timm")
    mistake(ours)
    assert stage_difference(ours, theirs, images(64, 64), difference) > 1e-5
