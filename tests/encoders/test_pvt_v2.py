"""PVT v2: the output contract, sizes of every preset, padding, linear form, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import vislearn
from vislearn.budget.parameters import count_parameters
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.pvt_v2 import ConvMlp, PVTv2, PVTv2Config

PARAMETERS = {  # with 1000 classes
    "pvt_v2_b0": 3_666_760,
    "pvt_v2_b1": 14_009_000,
    "pvt_v2_b2": 25_362_856,
    "pvt_v2_b3": 45_238_696,
    "pvt_v2_b4": 62_556_072,
    "pvt_v2_b5": 81_956_008,
}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "img_size": 64,
        "depths": (1,) * 4,
        "widths": (8, 16, 40, 64),
    }
    return PVTv2(PVTv2Config(**{**settings, **options})).eval()


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_published_ones(name: str) -> None:
    assert count_parameters(name, num_classes=1000) == PARAMETERS[name]


def test_table_covers_every_preset() -> None:
    assert set(PARAMETERS) == set(vislearn.list_models("pvt_v2"))


def test_linear_form_of_b2_has_fewer_parameters() -> None:
    # A 1 × 1 convolution in place of 8 × 8, 4 × 4 and 2 × 2; one more in stage 4.
    count = count_parameters("pvt_v2_b2", linear=True, num_classes=1000)
    assert count == 22_553_512


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize(
    ("size", "grid"), [((64, 64), (2, 2)), ((75, 101), (3, 4)), ((29, 33), (1, 2))]
)
def test_tokens_are_the_last_map_rounded_up(size, grid, linear) -> None:
    model = tiny(num_classes=5, linear=linear)
    images = torch.randn(2, 3, *size)
    out = model(images)
    assert out.grid == grid
    assert out.prefix.shape == (2, 0, 64)
    torch.testing.assert_close(out.feature_map, model.feature_maps(images)[-1])
    torch.testing.assert_close(out.pooled, out.tokens.mean(1))
    torch.testing.assert_close(out.logits, model.head(out.pooled))


@pytest.mark.parametrize("size", [(64, 64), (75, 101)], ids=str)
def test_maps_have_the_grids_of_the_config(size) -> None:
    model = tiny(img_size=size)
    maps = model.feature_maps(torch.zeros(1, 3, *size))
    assert [m.shape[1] for m in maps] == [8, 16, 40, 64]
    assert [tuple(m.shape[2:]) for m in maps] == model.config.grids()


@pytest.mark.parametrize("img_size", [64, (97, 40)])
def test_config_knows_the_grid_before_the_model_runs(img_size) -> None:
    config = PVTv2Config(img_size=img_size, depths=(1,) * 4)
    with torch.device("meta"):
        out = PVTv2(config)(torch.zeros(1, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.tokens.shape == (1, config.tokens, config.features)


def test_tokens_have_no_prefix() -> None:
    assert model_tokens("pvt_v2_b0") == 7 * 7
    assert model_tokens("pvt_v2_b0", 225) == 8 * 8


def test_every_map_is_normalised() -> None:
    for features in tiny().feature_maps(torch.randn(1, 3, 64, 64)):
        mean, std = features.mean(1), features.std(1, unbiased=False)
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-5, rtol=0)
        torch.testing.assert_close(std, torch.ones_like(std), atol=1e-2, rtol=0)


def test_padding_tells_the_border_from_the_middle() -> None:
    # Of a flat image, a model without padding and positions would see one token.
    tokens = tiny().feature_maps(torch.ones(1, 3, 128, 128))[0][0]  # (8, 32, 32)
    middle = tokens[:, 15:17, 15:17].flatten(1)
    assert torch.allclose(middle[:, 0], middle[:, 3], atol=1e-6)
    assert (tokens[:, 0, 0] - middle[:, 0]).abs().max() > 1e-3


def test_neighbouring_patches_overlap() -> None:
    model = tiny()
    image: Any = torch.zeros(1, 3, 64, 64, requires_grad=True)
    model.patch_embed.proj(image)[0, :, 5, 5].sum().backward()
    rows = image.grad[0].abs().sum((0, 2)).nonzero().flatten()
    assert (int(rows[0]), int(rows[-1])) == (5 * 4 - 3, 5 * 4 + 3)


def test_mlp_looks_at_the_eight_neighbours_and_no_further() -> None:
    torch.manual_seed(0)
    mlp = ConvMlp(8, 16, relu=False)
    x: Any = torch.randn(1, 49, 8, requires_grad=True)
    mlp(x, (7, 7))[0, 24].sum().backward()  # the middle of 7 × 7
    seen = x.grad[0].abs().sum(1).unflatten(0, (7, 7)) > 0
    expected = torch.zeros(7, 7, dtype=torch.bool)
    expected[2:5, 2:5] = True
    assert torch.equal(seen, expected)


@pytest.mark.parametrize(
    ("linear", "keys"), [(False, [4, 4, 4, 4]), (True, [49, 49, 49, 49])]
)
def test_recorded_maps_have_the_keys_of_the_reduced_map(linear, keys) -> None:
    model = tiny(linear=linear)
    with vislearn.layers.record_attention(model) as maps:
        model(torch.randn(2, 3, 64, 64))
    assert [tuple(m.shape) for m in maps] == [
        (2, heads, queries, number)
        for heads, queries, number in zip(
            (1, 2, 5, 8), (256, 64, 16, 4), keys, strict=True
        )
    ]


def test_linear_form_has_as_many_keys_at_any_size() -> None:
    model = tiny(linear=True)
    with vislearn.layers.record_attention(model) as maps:
        model(torch.randn(1, 3, 96, 160))
    assert {m.shape[-1] for m in maps} == {7 * 7}


def test_drop_path_grows_over_all_stages_and_rests_in_eval() -> None:
    model = tiny(drop_path=0.3)
    rates = [block.drop_path.rate for stage in model.stages for block in stage.blocks]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])
    images = torch.randn(4, 3, 64, 64)
    assert torch.equal(model(images).pooled, model(images).pooled)
    model.train()
    assert not torch.equal(model(images).pooled, model(images).pooled)


def test_both_branches_of_a_block_can_be_dropped() -> None:
    block = tiny().stages[0].blocks[0].train()
    x = torch.randn(2, 64, 8)
    assert not torch.allclose(block(x, (8, 8)), x, atol=1e-3)
    block.drop_path.rate = 1 - 1e-7  # gone, but for one draw in ten millions
    torch.testing.assert_close(block(x, (8, 8)), x)


def test_gradients_reach_every_parameter() -> None:
    model = tiny(num_classes=3)
    model(torch.randn(2, 3, 64, 64)).logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (8, 16)}, r"got widths \(8, 16\) with depths \(1, 1, 1, 1\)"),
        ({"heads": (1, 2, 3, 8)}, "width 40 is not divisible by heads 3"),
        ({"img_size": 28}, r"28 × 28 pixels is too small for stage 1.*7 × 7"),
        ({"img_size": 0, "linear": True}, "img_size must be a number of pixels"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_every_stage_may_be_reduced() -> None:
    assert tiny(reductions=(8, 4, 2, 2))(torch.randn(1, 3, 64, 64)).grid == (2, 2)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(1, 1, 64, 64), r"got \(1, 1, 64, 64\)"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "floating-point"),
        (torch.zeros(1, 3, 64, 28), "64 × 28 pixels is too small for stage 1"),
    ],
    ids=["channels", "bytes", "size"],
)
def test_images_that_do_not_fit_are_refused(images, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(images)


def test_fresh_weights_are_normal_by_fan_out_in_convolutions() -> None:
    model: Any = vislearn.create_model("pvt_v2_b0", num_classes=10).requires_grad_(
        False
    )
    block = model.stages[0].blocks[0]
    assert float(block.mlp.fc1.weight.std()) == pytest.approx(0.02, rel=0.05)
    fan_out = {  # places of the kernel · output channels of one group
        block.mlp.dwconv: 9 * 1,
        model.patch_embed.proj: 49 * 32,
        model.stages[1].downsample.proj: 9 * 64,
    }
    for conv, outputs in fan_out.items():
        expected = (2 / outputs) ** 0.5
        assert float(conv.weight.std()) == pytest.approx(expected, rel=0.05)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert not any(bias.any() for bias in biases)
