"""ResNet against torchvision, timm and transformers, and mistakes caught."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.resnet import ResNet, ResNetConfig
from vislearn.weights import load
from vislearn.weights.resnet_names import from_transformers

STDS = (0.02, 0.2)
SIZES = ((64, 64), (96, 96), (40, 72))
BLOCKS = ("basic", "bottleneck")
BASE = ResNetConfig(depths=(2, 1, 1, 1), width=64, num_classes=7)
NAMES = {"basic": "ResNet, basic blocks", "bottleneck": "ResNet, bottlenecks"}


def build_torchvision(torchvision, block: str) -> nn.Module:
    resnet = torchvision.models.resnet
    kind = {"basic": resnet.BasicBlock, "bottleneck": resnet.Bottleneck}[block]
    return resnet.ResNet(kind, list(BASE.depths), num_classes=7)


def build_timm(timm, block: str) -> nn.Module:
    resnet = timm.models.resnet
    kind = {"basic": resnet.BasicBlock, "bottleneck": resnet.Bottleneck}[block]
    return resnet.ResNet(kind, BASE.depths, num_classes=7)


def build_transformers(transformers, block: str) -> nn.Module:
    wider = 1 if block == "basic" else 4
    settings = transformers.ResNetConfig(
        embedding_size=64,
        hidden_sizes=[wider * 64 * 2**stage for stage in range(4)],
        depths=list(BASE.depths),
        layer_type=block,
        num_labels=7,
    )
    return transformers.ResNetForImageClassification(settings)


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Tensor]:
    module.zero_grad()
    (logits * torch.arange(1.0, 8.0)).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("block", BLOCKS)
def test_equals_timm(
    block, std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), block), std)
    config = replace(BASE, block=block)
    ours = load(ResNet(config).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        pooled = theirs.forward_head(expected, pre_logits=True)
        error = difference(out.feature_map, expected)
        record_parity(NAMES[block], "timm", "tokens", error)
        record_parity(NAMES[block], "timm", "pooled", difference(out.pooled, pooled))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("block", BLOCKS)
def test_equals_torchvision(
    block, std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision"), block), std)
    config = replace(BASE, block=block)
    ours = load(ResNet(config).eval(), theirs.state_dict(), format="torchvision")
    x = images(*size)
    with torch.no_grad():
        error = difference(ours(x).logits, theirs(x))
    record_parity(NAMES[block], "torchvision", "logits", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("block", BLOCKS)
def test_gradients_equal_torchvision(
    block, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision"), block), std)
    config = replace(BASE, block=block)
    ours = load(ResNet(config).eval(), theirs.state_dict(), format="torchvision")
    x = images(40, 72)
    error = gradient_difference(
        gradients(ours, ours(x).logits), gradients(theirs, theirs(x))
    )
    record_parity(NAMES[block], "torchvision", "gradients", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("block", BLOCKS)
def test_running_statistics_move_as_in_torchvision(
    block, std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision"), block), std)
    config = replace(BASE, block=block)
    ours = load(ResNet(config), theirs.state_dict(), format="torchvision")
    x = images(64, 64)
    with torch.no_grad():
        error = difference(ours.train()(x).logits, theirs.train()(x))
    record_parity(NAMES[block], "torchvision", "training", error)
    expected = theirs.state_dict()
    for key, value in ours.state_dict().items():
        if "running" in key:
            error = difference(value, expected[key])
            record_parity(NAMES[block], "torchvision", "statistics", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("block", BLOCKS)
def test_equals_transformers(
    block, std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers"), block), std)
    config = replace(BASE, block=block)
    ours = load(ResNet(config).eval(), theirs.state_dict(), format="transformers")
    x = images(40, 72)
    with torch.no_grad():
        error = difference(ours(x).logits, theirs(x).logits)
    record_parity(NAMES[block], "transformers", "logits", error)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_name_of_transformers_is_translated(block, reference) -> None:
    theirs = build_transformers(reference("transformers"), block).state_dict()
    ours = ResNet(replace(BASE, block=block)).state_dict()
    assert set(from_transformers(theirs)) == set(ours)


def move_stride_to_the_first_convolution(model: ResNet) -> None:
    block = model.layer2[0]
    block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)


def widen_epsilon(model: ResNet) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-3


def forget_the_running_mean(model: ResNet) -> None:
    model.bn1.running_mean.zero_()


def average_in_the_stem(model: ResNet) -> None:
    model.maxpool = nn.AvgPool2d(3, stride=2, padding=1)


@pytest.mark.parametrize(
    "mistake",
    [
        move_stride_to_the_first_convolution,
        widen_epsilon,
        forget_the_running_mean,
        average_in_the_stem,
    ],
)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    theirs = randomise(build_torchvision(reference("torchvision"), "bottleneck"), 0.02)
    ours = load(ResNet(BASE).eval(), theirs.state_dict(), format="torchvision")
    mistake(ours)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(ours(x).logits, theirs(x)) > 1e-5
