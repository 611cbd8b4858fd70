"""CLIP's ResNet against open_clip, and mistakes caught."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.modified_resnet import (
    CLIP_RESNETS,
    AntiAliasedBottleneck,
    ModifiedResNet,
    ModifiedResNetConfig,
)
from vislearn.weights import load

STDS = (0.02, 0.2)
BASE = ModifiedResNetConfig(
    img_size=64, depths=(2, 1, 1, 1), width=8, head_width=16, embed_dim=24
)
SYSTEM = "CLIP ResNet"


def build_open_clip(open_clip, config: ModifiedResNetConfig) -> nn.Module:
    return open_clip.modified_resnet.ModifiedResNet(
        layers=list(config.depths),
        output_dim=config.embed_dim,
        heads=config.heads,
        image_size=config.image_shape[0],
        width=config.width,
    )


def maps_of(theirs: nn.Module, x: Tensor) -> list[Tensor]:
    x = theirs.stem(x)
    maps = []
    for stage in (theirs.layer1, theirs.layer2, theirs.layer3, theirs.layer4):
        x = stage(x)
        maps.append(x)
    return maps


def gradients(module: nn.Module, pooled: Tensor) -> dict[str, Tensor]:
    module.zero_grad()
    (pooled * torch.arange(1.0, 25.0)).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


@pytest.mark.parametrize("side", [64, 96])
@pytest.mark.parametrize("std", STDS)
def test_embedding_equals_open_clip(
    side, std, reference, randomise, images, difference, record_parity
) -> None:
    config = replace(BASE, img_size=side)
    theirs = randomise(build_open_clip(reference("open_clip"), config), std)
    ours = load(ModifiedResNet(config).eval(), theirs.state_dict(), "open_clip")
    x = images(side, side)
    with torch.no_grad():
        error = difference(ours(x).pooled, theirs(x))
    record_parity(SYSTEM, "open_clip", "pooled", error)


@pytest.mark.parametrize("size", [(64, 64), (96, 64), (32, 128)], ids=str)
@pytest.mark.parametrize("std", STDS)
def test_stage_maps_equal_open_clip(
    size, std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_open_clip(reference("open_clip"), BASE), std)
    ours = load(ModifiedResNet(BASE).eval(), theirs.state_dict(), "open_clip")
    x = images(*size)
    with torch.no_grad():
        pairs = zip(ours.feature_maps(x), maps_of(theirs, x), strict=True)
        for map_, expected in pairs:
            record_parity(SYSTEM, "open_clip", "tokens", difference(map_, expected))


@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_open_clip(
    std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    """In double precision: large random scores saturate the softmax of the pooling."""
    theirs = randomise(build_open_clip(reference("open_clip"), BASE), std)
    ours = load(ModifiedResNet(BASE).eval(), theirs.state_dict(), "open_clip")
    x = images(64, 64).double()
    error = gradient_difference(
        gradients(ours, ours.double()(x).pooled), gradients(theirs, theirs.double()(x))
    )
    record_parity(SYSTEM, "open_clip", "gradients", error)


def test_image_tower_is_found_in_a_whole_clip(reference, randomise) -> None:
    theirs = randomise(build_open_clip(reference("open_clip"), BASE), 0.2)
    clip = {f"visual.{key}": value for key, value in theirs.state_dict().items()}
    clip["logit_scale"] = torch.zeros(())
    ours = load(ModifiedResNet(BASE).eval(), clip, "open_clip")
    for key, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[key]), key


@pytest.mark.parametrize("name", CLIP_RESNETS)
def test_sizes_are_those_of_open_clip(name: str, reference) -> None:
    open_clip = reference("open_clip")
    folder = Path(open_clip.__file__).parent / "model_configs"
    file = f"{name.replace('rn', 'RN')}.json"
    settings = json.loads((folder / file).read_text())
    vision, config = settings["vision_cfg"], CLIP_RESNETS[name]
    assert config.img_size == vision["image_size"]
    assert config.embed_dim == settings["embed_dim"]
    assert config.depths == tuple(vision["layers"])
    assert config.width == vision["width"]
    with torch.device("meta"):
        theirs = build_open_clip(open_clip, config).state_dict()
        ours = ModifiedResNet(config).state_dict()
    shapes = {key: value.shape for key, value in theirs.items()}
    assert {key: value.shape for key, value in ours.items()} == shapes


def stride_without_averaging(model: ModifiedResNet) -> None:
    block = model.layer2[0]
    block.conv2.stride, block.avgpool = (2, 2), nn.Identity()


def largest_instead_of_average(model: ModifiedResNet) -> None:
    model.avgpool = nn.MaxPool2d(2)


def positions_of_the_query_lost(model: ModifiedResNet) -> None:
    with torch.no_grad():
        model.attnpool.positional_embedding[0] = 0


def half_as_many_heads(model: ModifiedResNet) -> None:
    model.attnpool.heads //= 2


def shortcut_averaged_after_the_convolution(model: ModifiedResNet) -> None:
    for module in model.modules():
        if isinstance(module, AntiAliasedBottleneck):
            if isinstance(module.downsample, nn.Identity):
                continue
            pool, conv, norm = module.downsample
            module.downsample = nn.Sequential(conv, norm, nn.ReLU(), pool)


@pytest.mark.parametrize(
    "mistake",
    [
        stride_without_averaging,
        largest_instead_of_average,
        positions_of_the_query_lost,
        half_as_many_heads,
        shortcut_averaged_after_the_convolution,
    ],
)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    theirs = randomise(build_open_clip(reference("open_clip"), BASE), 0.2)
    ours = load(ModifiedResNet(BASE).eval(), theirs.state_dict(), "open_clip")
    mistake(ours)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(ours(x).pooled, theirs(x)) > 1e-5
