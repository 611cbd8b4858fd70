"""ResNet: the same output contract as a transformer, strides, errors."""

from __future__ import annotations

import pytest
import torch

from vislearn.encoders.resnet import Bottleneck, ResNet, ResNetConfig


def tiny(**options) -> ResNet:
    torch.manual_seed(0)
    return ResNet(
        ResNetConfig(**{"depths": (1, 1, 1, 1), "width": 8, **options})
    ).eval()


@pytest.mark.parametrize(("size", "grid"), [((64, 64), (2, 2)), ((65, 100), (3, 4))])
@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_tokens_are_the_last_map_in_raster_order(size, grid, block) -> None:
    model = tiny(block=block, num_classes=5)
    images = torch.randn(2, 3, *size)
    out = model(images)
    last = model.feature_maps(images)[-1]
    assert out.grid == grid
    assert torch.equal(out.feature_map, last)
    assert out.prefix.shape == (2, 0, model.config.features)
    torch.testing.assert_close(out.pooled, last.mean((2, 3)))
    torch.testing.assert_close(out.logits, model.fc(out.pooled))


def test_maps_halve_in_size_and_double_in_channels() -> None:
    maps = tiny().feature_maps(torch.zeros(1, 3, 64, 64))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (32, 16, 16),
        (64, 8, 8),
        (128, 4, 4),
        (256, 2, 2),
    ]


def test_stride_sits_on_the_3x3_convolution() -> None:
    block = Bottleneck(16, 8, stride=2)
    assert block.conv1.stride == (1, 1)
    assert block.conv2.stride == (2, 2)


@pytest.mark.parametrize("img_size", [224, (65, 100)])
def test_config_knows_the_grid_before_the_model_runs(img_size) -> None:
    config = ResNetConfig(img_size=img_size, depths=(1, 1, 1, 1), width=8)
    out = ResNet(config)(torch.zeros(1, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.tokens.shape[1:] == (config.tokens, config.features)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": "wide"}, "got 'wide'"),
        ({"depths": (1, 0)}, r"at least 1, got \(1, 0\)"),
        ({"depths": ()}, "at least 1"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_grey_images_are_refused_by_shape() -> None:
    with pytest.raises(ValueError, match=r"got \(1, 1, 64, 64\)"):
        tiny()(torch.zeros(1, 1, 64, 64))
