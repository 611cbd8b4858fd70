"""PVT: the output contract, sizes of every preset, positions, reductions, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

import vislearn
from vislearn.budget.parameters import count_parameters
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.pvt import PVT, PVTConfig
from vislearn.weights import load

PARAMETERS = {  # with 1000 classes
    "pvt_tiny": 13_229_288,
    "pvt_small": 24_485_864,
    "pvt_medium": 44_208_104,
    "pvt_large": 61_369_320,
}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "img_size": 64,
        "depths": (1,) * 4,
        "widths": (8, 16, 40, 64),
    }
    return PVT(PVTConfig(**{**settings, **options})).eval()


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_published_ones(name: str) -> None:
    assert count_parameters(name, num_classes=1000) == PARAMETERS[name]


def test_table_covers_every_preset() -> None:
    assert set(PARAMETERS) == set(vislearn.list_models("pvt"))


@pytest.mark.parametrize("size", [(64, 64), (32, 96), (75, 101)], ids=str)
def test_output_has_a_class_token_and_the_last_map(size) -> None:
    model = tiny(num_classes=5)
    images = torch.randn(2, 3, *size)
    out = model(images)
    assert out.grid == (size[0] // 32, size[1] // 32)
    assert out.tokens.shape == (2, out.grid[0] * out.grid[1], 64)
    assert out.prefix.shape == (2, 1, 64)
    assert torch.equal(out.pooled, out.prefix[:, 0])
    torch.testing.assert_close(out.logits, model.head(out.pooled))
    last = model.feature_maps(images)[-1].flatten(2).transpose(1, 2)
    torch.testing.assert_close(out.tokens, model.norm(last))


@pytest.mark.parametrize("size", [(64, 64), (75, 101)], ids=str)
def test_maps_have_the_grids_of_the_config(size) -> None:
    model = tiny(img_size=size)
    maps = model.feature_maps(torch.zeros(1, 3, *size))
    assert [m.shape[1] for m in maps] == [8, 16, 40, 64]
    assert [tuple(m.shape[2:]) for m in maps] == model.config.grids()


@pytest.mark.parametrize("img_size", [64, (96, 40)])
def test_config_knows_the_grid_before_the_model_runs(img_size) -> None:
    config = PVTConfig(img_size=img_size, depths=(1,) * 4)
    with torch.device("meta"):
        out = PVT(config)(torch.zeros(1, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.all_tokens.shape == (1, config.tokens, config.features)


def test_tokens_of_the_last_stage_are_counted_with_the_class_token() -> None:
    assert model_tokens("pvt_tiny") == 7 * 7 + 1
    assert model_tokens("pvt_tiny", 384) == 12 * 12 + 1


def test_only_the_last_stage_has_a_class_token() -> None:
    assert [stage.cls_token is not None for stage in tiny().stages] == [
        False,
        False,
        False,
        True,
    ]


def test_every_stage_has_its_own_positions() -> None:
    model = tiny()
    assert [stage.pos_embed.shape[1] for stage in model.stages] == [256, 64, 16, 4 + 1]


def test_positions_are_resized_bilinearly_without_smoothing() -> None:
    stage = tiny().stages[3]
    torch.nn.init.normal_(stage.pos_embed)
    table = stage.position_table((1, 4))
    assert torch.equal(table[:, 0], stage.pos_embed[:, 0])  # the class token's row
    picture = stage.pos_embed[:, 1:].transpose(1, 2).reshape(1, 64, 2, 2)
    resized = F.interpolate(picture, size=(1, 4), mode="bilinear")
    torch.testing.assert_close(table[:, 1:], resized.flatten(2).transpose(1, 2))


def test_positions_tell_equal_patches_apart() -> None:
    model = tiny()
    flat = torch.ones(1, 3, 64, 64)
    tokens = model(flat).tokens[0]
    assert (tokens[0] - tokens[1]).abs().max() > 1e-3
    for stage in model.stages:
        torch.nn.init.zeros_(stage.pos_embed)
    tokens = model(flat).tokens[0]
    torch.testing.assert_close(tokens, tokens[:1].expand_as(tokens))


def test_pixels_beyond_the_last_patch_are_not_read() -> None:
    model = tiny()
    images = torch.randn(1, 3, 67, 64)
    changed = images.clone()
    changed[:, :, 64:] = 9.0
    assert torch.equal(model(images).all_tokens, model(changed).all_tokens)


def test_recorded_maps_have_fewer_keys_than_queries() -> None:
    model = tiny()
    with vislearn.layers.record_attention(model) as maps:
        out = model(torch.randn(2, 3, 64, 64))
    assert [tuple(m.shape) for m in maps] == [
        (2, 1, 256, 4),
        (2, 2, 64, 4),
        (2, 5, 16, 4),
        (2, 8, 5, 5),
    ]
    for weights in maps:
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    assert not any(m.requires_grad for m in maps)
    assert out.tokens.requires_grad


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


def test_tables_of_another_image_size_are_resized_when_loaded() -> None:
    small, large = tiny(), tiny(img_size=96)
    for stage in small.stages:
        torch.nn.init.normal_(stage.pos_embed)
    load(large, small.state_dict())
    images = torch.randn(1, 3, 96, 96)
    torch.testing.assert_close(large(images).tokens, small(images).tokens)


def test_tables_that_are_no_square_are_reported() -> None:
    state = tiny(img_size=(32, 64)).state_dict()
    with pytest.raises(ValueError, match=r"stages\.0\.pos_embed is \(1, 128, 8\)"):
        load(tiny(), state)


def test_gradients_reach_every_parameter() -> None:
    model = tiny(num_classes=3)
    model(torch.randn(2, 3, 64, 64)).logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depths": (1, 1)}, r"got widths \(8, 16, 40, 64\) with depths \(1, 1\)"),
        ({"depths": ()}, r"got depths \(\)"),
        ({"depths": (1, 1, 1, 0)}, "at least 1 for each stage"),
        ({"heads": (1, 2, 3, 8)}, "width 40 is not divisible by heads 3"),
        ({"reductions": (8, 4, 2, 2)}, r"end in 1, got \(8, 4, 2, 2\)"),
        ({"img_size": 28}, r"28 × 28 pixels is too small for stage 1.*7 × 7"),
        ({"img_size": 16, "reductions": (1, 1, 1, 1)}, "too small for stage 4"),
        ({"drop_path": 1.5}, r"\[0, 1\)"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(1, 1, 64, 64), r"got \(1, 1, 64, 64\)"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "floating-point"),
        (torch.zeros(1, 3, 64, 31), "64 × 31 pixels is too small for stage 1"),
    ],
    ids=["channels", "bytes", "size"],
)
def test_images_that_do_not_fit_are_refused(images, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(images)


def test_fresh_weights_are_normal_with_std_002_and_zero_biases() -> None:
    model: Any = vislearn.create_model("pvt_tiny", num_classes=10).requires_grad_(False)
    block = model.stages[2].blocks[0]
    for weight in (
        model.head.weight,
        model.stages[3].cls_token,
        model.stages[0].pos_embed,
        block.attn.kv.weight,
        block.attn.sr.weight,
    ):
        assert float(weight.std()) == pytest.approx(0.02, rel=0.1)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert not any(bias.any() for bias in biases)
    assert (block.attn.norm.weight == 1).all()
