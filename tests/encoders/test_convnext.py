"""ConvNeXt: the contract of an encoder, sizes that do not divide, errors, counts."""

from __future__ import annotations

import pytest
import torch

import vislearn
from vislearn.budget.parameters import count_parameters
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.convnext import ConvNeXt, ConvNeXtBlock, ConvNeXtConfig

TINY = {"depths": (1, 1, 2, 1), "widths": (8, 16, 24, 32), "layer_scale": 1.0}


def tiny(**options) -> ConvNeXt:
    torch.manual_seed(0)
    return ConvNeXt(ConvNeXtConfig(**{**TINY, **options})).eval()


@pytest.mark.parametrize(
    ("size", "grid"), [((64, 64), (2, 2)), ((96, 64), (3, 2)), ((75, 100), (2, 3))]
)
def test_tokens_are_the_last_map_in_raster_order(size, grid) -> None:
    model = tiny(num_classes=5)
    images = torch.randn(2, 3, *size)
    out = model(images)
    last = model.feature_maps(images)[-1]
    assert out.grid == grid
    assert torch.equal(out.feature_map, last)
    assert out.prefix.shape == (2, 0, 32)
    torch.testing.assert_close(out.pooled, model.head.norm(last.mean((2, 3))))
    torch.testing.assert_close(out.logits, model.head.fc(out.pooled))


def test_model_without_classes_has_no_logits() -> None:
    assert tiny()(torch.zeros(1, 3, 64, 64)).logits is None


@pytest.mark.parametrize(
    ("size", "sides"),
    [((64, 64), [16, 8, 4, 2]), ((63, 63), [15, 7, 3, 1]), ((32, 35), [8, 4, 2, 1])],
    ids=str,
)
def test_each_stage_halves_the_map_and_rounds_down(size, sides) -> None:
    maps = tiny().feature_maps(torch.zeros(1, 3, *size))
    assert [m.shape[1] for m in maps] == [8, 16, 24, 32]
    assert [m.shape[2] for m in maps] == sides


def gradient_at_pixels(model: ConvNeXt, size: tuple[int, int]) -> torch.Tensor:
    images = torch.randn(1, 3, *size, requires_grad=True)
    model(images).pooled.square().sum().backward()
    assert images.grad is not None
    return images.grad.abs().amax((0, 1))


def test_pixels_beyond_the_last_whole_patch_are_never_seen() -> None:
    seen = gradient_at_pixels(tiny(), (67, 66)) > 0
    assert seen[:64, :64].all()
    assert not seen[64:].any()
    assert not seen[:, 64:].any()


def test_pixels_beyond_the_last_cell_act_through_their_neighbours() -> None:
    # 76 pixels are 19 patches; the later maps have 9, 4 and 2 columns, so the columns
    # of pixels from 64 on belong to no cell of the last map, but the 7 × 7 windows of
    # their neighbours reach them.
    gradient = gradient_at_pixels(tiny(), (64, 76))
    assert float(gradient[:, 64:].max()) > 0
    assert float(gradient[:, 72:].mean()) < 0.5 * float(gradient[:, :64].mean())


@pytest.mark.parametrize("img_size", [224, 64, (75, 100), (32, 63)])
def test_config_knows_the_grid_before_the_model_runs(img_size) -> None:
    config = ConvNeXtConfig(img_size=img_size, **TINY)
    out = ConvNeXt(config)(torch.zeros(1, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.tokens.shape[1:] == (config.tokens, config.features)


def test_budget_knows_the_tokens_of_the_presets() -> None:
    assert model_tokens("convnext_t") == 49
    assert model_tokens("convnext_t", 384) == 144


# Of the reference models with 1000 classes; tests/parity compares every tensor.
PARAMETERS = {
    "convnext_t": 28_589_128,
    "convnext_s": 50_223_688,
    "convnext_b": 88_591_464,
    "convnext_l": 197_767_336,
}


def test_every_preset_is_counted() -> None:
    assert set(PARAMETERS) == set(vislearn.list_models("convnext"))


@pytest.mark.parametrize("name", PARAMETERS)
def test_preset_has_exactly_this_many_parameters(name: str) -> None:
    assert count_parameters(name, num_classes=1000) == PARAMETERS[name]


@pytest.mark.parametrize("img_size", [None, (96, 128)])
def test_model_runs_on_the_meta_device(img_size) -> None:
    model = vislearn.create_model(
        "convnext_t", img_size=img_size, num_classes=10, device="meta"
    )
    out = model(torch.empty(2, 3, *model.config.image_shape, device="meta"))
    assert out.grid == model.config.grid
    assert out.logits.shape == (2, 10)


def test_block_mixes_places_channel_by_channel_then_channels_place_by_place() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(8, layer_scale=0.5)
    x = torch.randn(2, 8, 9, 9)
    around = torch.cat(
        [
            torch.nn.functional.conv2d(
                x[:, c : c + 1],
                block.conv_dw.weight[c : c + 1],
                block.conv_dw.bias[c : c + 1],
                padding=3,
            )
            for c in range(8)
        ],
        dim=1,
    )
    expected = x.clone()
    for row in range(9):
        for column in range(9):
            y = block.mlp(block.norm(around[:, :, row, column]))  # (B, C)
            expected[:, :, row, column] += 0.5 * y
    torch.testing.assert_close(block(x), expected)


def test_fresh_block_is_almost_the_identity() -> None:
    torch.manual_seed(0)
    block, x = ConvNeXtBlock(8), torch.randn(2, 8, 9, 9)
    assert 0 < float((block(x) - x).detach().abs().max()) < 1e-4


def test_fresh_weights_are_normal_and_fresh_biases_zero() -> None:
    model = tiny()
    weights = torch.cat(
        [p.detach().flatten() for p in model.parameters() if p.ndim > 1]
    )
    assert float(weights.std()) == pytest.approx(0.02, rel=0.05)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert all(not bias.any() for bias in biases)


def test_drop_path_grows_linearly_over_all_blocks() -> None:
    model = tiny(drop_path=0.4)
    rates = [m.rate for m in model.modules() if hasattr(m, "rate")]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_drop_path_acts_in_training_only() -> None:
    model, images = tiny(drop_path=0.9), torch.randn(4, 3, 64, 64)
    plain = tiny()
    torch.testing.assert_close(model(images).pooled, plain(images).pooled)
    torch.manual_seed(1)
    dropped = model.train()(images).pooled
    assert not torch.allclose(dropped, plain(images).pooled)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depths": (1, 1, 1)}, r"got \(1, 1, 1\) and \(8, 16, 24, 32\)"),
        ({"depths": (), "widths": ()}, "one number for each stage"),
        ({"depths": (1, 0, 1, 1)}, r"depths must be at least 1, got \(1, 0, 1, 1\)"),
        ({"widths": (8, 0, 8, 8)}, "widths must be at least 1"),
        ({"patch_size": 0}, "patch_size must be at least 1, got 0"),
        ({"kernel_size": 6}, "kernel_size must be odd, got 6"),
        ({"kernel_size": -1}, "kernel_size must be odd, got -1"),
        ({"img_size": (64, 31)}, r"img_size \(64, 31\) is smaller than .* 32 pixels"),
        ({"act": "relu"}, "got 'relu'"),
        ({"drop_path": 1.0}, "got 1.0"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 1, 64, 64), r"got \(1, 1, 64, 64\)"), ((1, 3, 64, 31), "at least 32 pixels")],
)
def test_images_that_do_not_fit_are_refused_by_shape(shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(torch.zeros(shape))
