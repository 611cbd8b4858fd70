"""ConvNeXt against timm, torchvision and transformers, and mistakes caught."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.convnext import ConvNeXt, ConvNeXtBlock, ConvNeXtConfig
from vislearn.weights import load
from vislearn.weights.convnext_names import from_torchvision, from_transformers

STDS = (0.02, 0.2)  # the small one shows a wrong ε, the large one a wrong GELU
SIZES = ((64, 64), (96, 96), (64, 128), (75, 109))  # the last one is cut, not padded
BASE = ConvNeXtConfig(
    img_size=64, depths=(2, 1, 2, 1), widths=(16, 24, 32, 40), num_classes=7
)


def build_timm(timm, config: ConvNeXtConfig = BASE) -> nn.Module:
    return timm.models.convnext.ConvNeXt(
        depths=config.depths,
        dims=config.widths,
        kernel_sizes=config.kernel_size,
        ls_init_value=config.layer_scale,
        num_classes=config.num_classes or 0,
    )


def build_torchvision(torchvision) -> nn.Module:
    kind = torchvision.models.convnext.CNBlockConfig
    following = [*BASE.widths[1:], None]
    setting = [kind(*s) for s in zip(BASE.widths, following, BASE.depths, strict=True)]
    return torchvision.models.ConvNeXt(setting, num_classes=7)


def build_transformers(transformers) -> nn.Module:
    """Its last norm has an ε of its own, 1e-12 unless it is set by hand."""
    settings = transformers.ConvNextConfig(
        hidden_sizes=list(BASE.widths),
        depths=list(BASE.depths),
        layer_norm_eps=BASE.norm_eps,
        num_labels=7,
    )
    return transformers.ConvNextForImageClassification(settings)


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Tensor]:
    module.zero_grad()
    (logits * torch.arange(1.0, 8.0)).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


def ours_with(theirs: nn.Module, format: str, config: ConvNeXtConfig = BASE):
    return load(ConvNeXt(config).eval(), theirs.state_dict(), format=format)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_timm(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm")), std)
    ours, x = ours_with(theirs, "timm"), images(*size)
    with torch.no_grad():
        out, (last, maps) = ours(x), theirs.forward_intermediates(x)
        pooled = theirs.forward_head(last, pre_logits=True)
        error = difference(out.feature_map, theirs.forward_features(x))
        record_parity("ConvNeXt", "timm", "tokens", error)
        record_parity("ConvNeXt", "timm", "pooled", difference(out.pooled, pooled))
        record_parity("ConvNeXt", "timm", "logits", difference(out.logits, theirs(x)))
        for map_, expected in zip(ours.feature_maps(x), maps, strict=True):
            record_parity("ConvNeXt", "timm", "maps", difference(map_, expected))


@pytest.mark.parametrize(
    "change",
    [{"layer_scale": None}, {"kernel_size": 3}, {"num_classes": None}],
    ids=str,
)
@pytest.mark.parametrize("std", STDS)
def test_variant_equals_timm(
    std, change, reference, randomise, images, difference, record_parity
) -> None:
    config = replace(BASE, **change)
    theirs = randomise(build_timm(reference("timm"), config), std)
    ours, x = ours_with(theirs, "timm", config), images(64, 96)
    with torch.no_grad():
        last = theirs.forward_features(x)
        pooled = theirs.forward_head(last, pre_logits=True)
        error = difference(ours(x).pooled, pooled)
    record_parity("ConvNeXt, variants", "timm", "pooled", error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_torchvision(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision")), std)
    ours, x = ours_with(theirs, "torchvision"), images(*size)
    with torch.no_grad():
        out, last = ours(x), theirs.features(x)
        error = difference(out.feature_map, last)
        record_parity("ConvNeXt", "torchvision", "tokens", error)
        error = difference(out.logits, theirs(x))
        record_parity("ConvNeXt", "torchvision", "logits", error)
        pooled = theirs.classifier[0](theirs.avgpool(last)).flatten(1)
        error = difference(out.pooled, pooled)
        record_parity("ConvNeXt", "torchvision", "pooled", error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers")), std)
    ours, x = ours_with(theirs, "transformers"), images(*size)
    with torch.no_grad():
        out, maps = ours(x), ours.feature_maps(x)
        expected = theirs(x, output_hidden_states=True)
        pooled = theirs.convnext(x).pooler_output
    error = difference(out.logits, expected.logits)
    record_parity("ConvNeXt", "transformers", "logits", error)
    error = difference(out.pooled, pooled)
    record_parity("ConvNeXt", "transformers", "pooled", error)
    error = difference(out.feature_map, expected.hidden_states[-1])
    record_parity("ConvNeXt", "transformers", "tokens", error)
    for map_, stage in zip(maps, expected.hidden_states[-4:], strict=True):
        record_parity("ConvNeXt", "transformers", "maps", difference(map_, stage))


BUILDERS = {
    "timm": (build_timm, dict),
    "torchvision": (build_torchvision, from_torchvision),
    "transformers": (build_transformers, from_transformers),
}


@pytest.mark.parametrize("package", BUILDERS)
@pytest.mark.parametrize("std", STDS)
def test_gradients_equal(
    std, package, reference, randomise, images, gradient_difference, record_parity
) -> None:
    build, rename = BUILDERS[package]
    theirs = randomise(build(reference(package)), std)
    ours, x = ours_with(theirs, package), images(75, 109)
    expected = theirs(x)
    expected = getattr(expected, "logits", expected)
    error = gradient_difference(
        gradients(ours, ours(x).logits), rename(gradients(theirs, expected))
    )
    record_parity("ConvNeXt", package, "gradients", error)


@pytest.mark.parametrize("package", BUILDERS)
def test_every_name_is_translated(package: str, reference) -> None:
    build, rename = BUILDERS[package]
    theirs = rename(build(reference(package)).state_dict())
    assert set(theirs) == set(ConvNeXt(BASE).state_dict())


SIZES_OF_TIMM = {
    "convnext_t": "convnext_tiny.fb_in1k",
    "convnext_s": "convnext_small.fb_in1k",
    "convnext_b": "convnext_base.fb_in1k",
    "convnext_l": "convnext_large.fb_in1k",
}


@pytest.mark.parametrize("name", SIZES_OF_TIMM)
def test_preset_has_the_tensors_of_timms_model(name: str, reference) -> None:
    with torch.device("meta"):
        theirs = reference("timm").create_model(SIZES_OF_TIMM[name])
    ours = vislearn.create_model(name, num_classes=1000, device="meta")

    def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
        return {key: tuple(value.shape) for key, value in model.state_dict().items()}

    assert shapes(ours) == shapes(theirs)


@pytest.mark.parametrize("name", SIZES_OF_TIMM)
def test_preset_has_the_preprocessing_of_the_papers_weights(name, reference) -> None:
    settings = reference("timm").get_pretrained_cfg(SIZES_OF_TIMM[name])
    ours = vislearn.create_model(name, device="meta").preprocess
    assert ours.size == settings.input_size[-1]
    assert (ours.mean, ours.std) == (settings.mean, settings.std)
    assert ours.interpolation == settings.interpolation
    assert ours.crop == settings.crop_pct


class NormBeforeConvolution(ConvNeXtBlock):
    """The norm in the place where a transformer has it."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = self.mlp(self.conv_dw(y).permute(0, 2, 3, 1))
        return x + (y * self.gamma).permute(0, 3, 1, 2)


def put_the_norm_first(model: ConvNeXt) -> None:
    for stage in model.stages:
        for block in stage.blocks:
            block.__class__ = NormBeforeConvolution


def forget_layer_scale(model: ConvNeXt) -> None:
    for stage in model.stages:
        for block in stage.blocks:
            block.gamma = None


def forget_a_depthwise_bias(model: ConvNeXt) -> None:
    model.stages[2].blocks[1].conv_dw.bias.data.zero_()


def correlate_upside_down(model: ConvNeXt) -> None:
    kernel = model.stages[0].blocks[0].conv_dw.weight
    kernel.data = kernel.data.flip(2, 3)


def give_the_last_norm_the_epsilon_of_transformers(model: ConvNeXt) -> None:
    model.head.norm.eps = 1e-12


def normalise_before_averaging(model: ConvNeXt) -> None:
    norm = model.head.norm
    model.head.forward = lambda x: norm(x.permute(0, 2, 3, 1)).mean((1, 2))


def flatten_the_norms_between_stages(model: ConvNeXt) -> None:
    for stage in model.stages[1:]:
        norm = stage.downsample[0]
        norm.weight.data.fill_(1.0)
        norm.bias.data.zero_()


CHANGES = {
    "LayerNorm ε of torch's default": {"norm_eps": 1e-5},
    "LayerNorm ε of transformers": {"norm_eps": 1e-12},
    "tanh GELU": {"act": "gelu_tanh"},
    "ε of the last norm": give_the_last_norm_the_epsilon_of_transformers,
    "norm before the convolution": put_the_norm_first,
    "LayerScale forgotten": forget_layer_scale,
    "bias of one depth-wise convolution lost": forget_a_depthwise_bias,
    "one kernel turned by 180°": correlate_upside_down,
    "norm before the average": normalise_before_averaging,
    "affine part of the down-sampling norms lost": flatten_the_norms_between_stages,
}


@pytest.mark.parametrize("mistake", CHANGES)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    change = CHANGES[mistake]
    config = replace(BASE, **change) if isinstance(change, dict) else BASE
    errors = []
    for std in STDS:
        theirs = randomise(build_timm(reference("timm")), std)
        ours, x = ours_with(theirs, "timm", config), images(64, 96)
        if not isinstance(change, dict):
            change(ours)
        with torch.no_grad():
            out, last = ours(x), theirs.forward_features(x)
            pooled = theirs.forward_head(last, pre_logits=True)
            errors.append(difference(out.feature_map, last))
            errors.append(difference(out.pooled, pooled))
    assert max(errors) > 1e-5
