"""Hybrids against timm and torchvision, and mistakes caught.

The BiT stem is compared with timm's ResNetV2, the convolutional one with timm's
ConvNormAct, both under timm's HybridEmbed and VisionTransformer. torchvision has the
convolutional stem only.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vislearn
from vislearn.encoders import hybrid
from vislearn.encoders.hybrid import Hybrid, HybridConfig, StdBottleneck, StdConv
from vislearn.weights import load
from vislearn.weights.hybrid_names import from_torchvision

STDS = (0.02, 0.2)
BIT = HybridConfig(
    img_size=64,
    patch_size=8,
    width=64,
    depth=2,
    heads=4,
    num_classes=7,
    stem_width=32,
    stem_depths=(2, 1),
)
CONV = replace(BIT, stem="conv", stem_width=8, stem_depths=(1, 2, 1))
SYSTEMS = {
    "Hybrid, BiT stem": BIT,
    "Hybrid, BiT, 2×2 patches": replace(BIT, patch_size=16),
    "Hybrid, convolutional stem": CONV,
}
SIZES = ((64, 64), (96, 96), (48, 80))
ODD = ((45, 71), (57, 40))  # only with patches of one place


def build_timm(timm, config: HybridConfig) -> Any:
    """timm's VisionTransformer over a HybridEmbed of the same config."""
    layers, width = timm.layers, config.stem_width
    if config.stem == "bit":
        backbone = timm.models.resnetv2.ResNetV2(
            layers=config.stem_depths,
            channels=tuple(4 * width * 2**i for i in range(len(config.stem_depths))),
            stem_chs=width,
            num_classes=0,
            global_pool="",
            preact=False,
            stem_type="same",
            conv_layer=partial(layers.StdConv2dSame, eps=1e-8),
        )
    else:
        backbone, inputs = nn.Sequential(), 3
        for stage, depth in enumerate(config.stem_depths):
            for index in range(depth):
                outputs, stride = width * 2**stage, 2 if index == 0 else 1
                layer = layers.ConvNormAct(inputs, outputs, 3, stride=stride)
                backbone.append(layer)
                inputs = outputs
    return timm.models.vision_transformer.VisionTransformer(
        img_size=config.image_shape,
        patch_size=config.map_patch,
        embed_layer=partial(layers.HybridEmbed, backbone=backbone),
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        num_classes=config.num_classes,
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


CASES = [(system, size) for system in SYSTEMS for size in SIZES] + [
    (system, size)
    for system in ("Hybrid, BiT stem", "Hybrid, convolutional stem")
    for size in ODD
]


@pytest.mark.parametrize(("system", "size"), CASES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_timm(
    system, std, size, reference, randomise, images, difference, record_parity
) -> None:
    config = SYSTEMS[system]
    if size in ODD:  # timm counts the places of other odd sizes wrongly
        config = replace(config, img_size=size)
    theirs = randomise(build_timm(reference("timm"), config), std)
    ours = load(Hybrid(config).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        pooled = theirs.forward_head(expected, pre_logits=True)
        record_parity(system, "timm", "tokens", difference(out.all_tokens, expected))
        record_parity(system, "timm", "pooled", difference(out.pooled, pooled))
        record_parity(system, "timm", "logits", difference(out.logits, theirs(x)))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_gradients_equal_timm(
    system, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    """In float64: in float32 either is as far from the truth as from the other.

    Standardised filters are divided by their deviation, and so are their gradients.
    """
    theirs = randomise(build_timm(reference("timm"), SYSTEMS[system]), std).double()
    ours = Hybrid(SYSTEMS[system]).eval().double()
    load(ours, theirs.state_dict(), format="timm")
    x = images(48, 80).double()
    error = gradient_difference(
        gradients(ours, ours(x).all_tokens),
        gradients(theirs, theirs.forward_features(x)),
    )
    record_parity(system, "timm", "gradients", error)


@pytest.mark.parametrize("size", [(64, 64), (45, 71)], ids=str)
@pytest.mark.parametrize("std", STDS)
def test_maps_of_each_stage_equal_timm(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), BIT), std)
    ours: Any = load(Hybrid(BIT).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        expected = theirs.patch_embed.backbone.forward_intermediates(
            x, indices=[1, 2], intermediates_only=True
        )
        for map_, expected_map in zip(ours.stem_maps(x), expected, strict=True):
            error = difference(map_, expected_map)
            record_parity("Hybrid, BiT stem", "timm", "maps", error)


@pytest.mark.parametrize("size", [(8, 8), (9, 9), (12, 7)], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("std", STDS)
def test_standardised_convolution_equals_timm(
    std, kernel, stride, size, reference, randomise, difference, record_parity
) -> None:
    timm = reference("timm")
    theirs = timm.layers.StdConv2dSame(4, 6, kernel, stride=stride, eps=1e-8)
    randomise(theirs, std)
    ours = StdConv(4, 6, kernel, stride)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 4, *size, generator=torch.Generator().manual_seed(0))
    error = difference(ours(x), theirs(x))
    record_parity("standardised convolution", "timm", "output", error)


def build_torchvision(torchvision, config: HybridConfig) -> nn.Module:
    vit = torchvision.models.vision_transformer
    stages = enumerate(config.stem_depths)
    return vit.VisionTransformer(
        image_size=config.img_size,
        patch_size=config.patch_size,
        num_layers=config.depth,
        num_heads=config.heads,
        hidden_dim=config.width,
        mlp_dim=config.hidden,
        num_classes=config.num_classes,
        conv_stem_configs=[
            vit.ConvStemConfig(config.stem_width * 2**stage, 3, 2 if first else 1)
            for stage, depth in stages
            for first in [True] + [False] * (depth - 1)
        ],
    )


@pytest.mark.parametrize("std", STDS)
def test_convolutional_stem_equals_torchvision(
    std, reference, randomise, images, difference, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision"), CONV), std)
    ours = load(Hybrid(CONV).eval(), theirs.state_dict(), format="torchvision")
    system, x = "Hybrid, convolutional stem", images(64, 64)
    out, expected = ours(x), theirs(x)
    record_parity(system, "torchvision", "logits", difference(out.logits, expected))
    error = gradient_difference(
        gradients(ours, out.logits), from_torchvision(gradients(theirs, expected))
    )
    record_parity(system, "torchvision", "gradients", error)


def test_running_statistics_move_as_in_timm(
    reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), CONV), 0.2)
    ours = load(Hybrid(CONV), theirs.state_dict(), format="timm")
    x = images(64, 64)
    system = "Hybrid, convolutional stem"
    with torch.no_grad():
        error = difference(ours.train()(x).logits, theirs.train()(x))
    record_parity(system, "timm", "training", error)
    expected = theirs.state_dict()
    moved = [key for key in expected if "running" in key]
    assert len(moved) == 2 * 4
    for key in moved:
        error = difference(ours.state_dict()[key], expected[key])
        record_parity(system, "timm", "statistics", error)


TIMM = {
    "hybrid_s_r26": "vit_small_r26_s32_224",
    "hybrid_b_r50": "vit_base_r50_s16_224",
}


def test_table_covers_every_hybrid() -> None:
    assert set(TIMM) == set(vislearn.list_models("hybrid"))


@pytest.mark.parametrize("name", TIMM)
def test_preset_has_the_tensors_and_preprocessing_of_timms_model(
    name: str, reference
) -> None:
    timm = reference("timm")
    with torch.device("meta"):
        theirs = timm.create_model(TIMM[name], num_classes=1000)
    ours = vislearn.create_model(name, num_classes=1000, device="meta")

    def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
        return {key: tuple(value.shape) for key, value in model.state_dict().items()}

    assert shapes(ours) == shapes(theirs)
    settings, preprocess = timm.get_pretrained_cfg(TIMM[name]), ours.preprocess
    assert preprocess.size == settings.input_size[-1]
    assert (preprocess.mean, preprocess.std) == (settings.mean, settings.std)
    assert preprocess.interpolation == settings.interpolation
    assert preprocess.crop == settings.crop_pct


def pad_symmetrically(x: Tensor, kernel: int, stride: int) -> Tensor:
    return F.pad(x, [(kernel - 1) // 2] * 4)


def pad_at_the_start(x: Tensor, kernel: int, stride: int) -> Tensor:
    padded = hybrid_same_pad(x.flip(-1, -2), kernel, stride)
    return padded.flip(-1, -2)


hybrid_same_pad = hybrid.same_pad


def raw_filters(self: StdConv) -> Tensor:
    return self.weight


def keep_the_mean(self: StdConv) -> Tensor:
    return (
        self.weight / self.weight.flatten(1).std(1, correction=0)[:, None, None, None]
    )


def standardise_whole_layer(self: StdConv) -> Tensor:
    weight = self.weight
    return (weight - weight.mean()) / weight.std(correction=0)


def no_relu_at_the_end(self: StdBottleneck, x: Tensor) -> Tensor:
    y = F.relu(self.norm1(self.conv1(x)))
    return self.norm3(self.conv3(F.relu(self.norm2(self.conv2(y))))) + (
        self.downsample(x)
    )


def add_before_the_norm(self: StdBottleneck, x: Tensor) -> Tensor:
    y = F.relu(self.norm1(self.conv1(x)))
    y = self.conv3(F.relu(self.norm2(self.conv2(y))))
    return F.relu(self.norm3(y + self.downsample(x)))


def stride_on_the_first(model: Any) -> None:
    block = model.patch_embed.backbone.stages[1].blocks[0]
    block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)


def set_norms(model: Hybrid, **values) -> None:
    for module in model.modules():
        if isinstance(module, nn.GroupNorm):
            for name, value in values.items():
                setattr(module, name, value)


def lose_projection_bias(model: Any) -> None:
    nn.init.zeros_(model.patch_embed.proj.bias)


MISTAKES: dict[str, Any] = {
    "padding=1 of torch": (hybrid, "same_pad", pad_symmetrically),
    "the odd zero in front": (hybrid, "same_pad", pad_at_the_start),
    "filters not standardised": (StdConv, "standardised", raw_filters),
    "mean of the filter kept": (StdConv, "standardised", keep_the_mean),
    "one statistic for the layer": (StdConv, "standardised", standardise_whole_layer),
    "ε of the filters 1e-6": (StdConv, "eps", 1e-6),
    "no ReLU after the addition": (StdBottleneck, "forward", no_relu_at_the_end),
    "norm after the addition": (StdBottleneck, "forward", add_before_the_norm),
    "stride on the 1×1": stride_on_the_first,
    "16 groups": partial(set_norms, num_groups=16),
    "ε of GroupNorm 1e-3": partial(set_norms, eps=1e-3),
    "bias of the projection lost": lose_projection_bias,
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(
    mistake, reference, randomise, images, difference, monkeypatch
) -> None:
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    timm, change = reference("timm"), MISTAKES[mistake]
    errors = []
    for std in STDS:
        theirs = randomise(build_timm(timm, BIT), std)
        ours = load(Hybrid(BIT).eval(), theirs.state_dict(), format="timm")
        if isinstance(change, tuple):
            monkeypatch.setattr(*change)
        else:
            change(ours)
        x = images(48, 80)
        with torch.no_grad():
            out, expected = ours(x), theirs.forward_features(x)
            errors.append(difference(out.all_tokens, expected))
    assert max(errors) > 1e-5


def sample_variance(self: StdConv) -> Tensor:
    deviation, mean = torch.std_mean(self.weight, (1, 2, 3), keepdim=True)
    return (self.weight - mean) / deviation


def test_the_layer_shows_a_sample_variance_that_group_norm_hides(
    reference, randomise, images, difference, monkeypatch
) -> None:
    """n or n − 1 scales a whole layer alike, and the norm behind it takes that out."""
    timm = reference("timm")
    layer = randomise(timm.layers.StdConv2dSame(4, 6, 3, eps=1e-8), 0.2)
    theirs = randomise(build_timm(timm, BIT), 0.2)
    monkeypatch.setattr(StdConv, "standardised", sample_variance)
    ours = StdConv(4, 6, 3)
    ours.load_state_dict(layer.state_dict())
    x = torch.randn(2, 4, 8, 8)
    assert difference(ours(x), layer(x)) > 1e-3
    model = load(Hybrid(BIT).eval(), theirs.state_dict(), format="timm")
    x = images(64, 64)
    with torch.no_grad():
        hidden = difference(model(x).all_tokens, theirs.forward_features(x))
    assert hidden < 1e-4
