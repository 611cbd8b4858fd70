"""Swin: stages, windows that meet, two paths, masks for any size, errors."""

from __future__ import annotations

import copy

import pytest
import torch

import vislearn
from vislearn import show
from vislearn.budget.parameters import count_parameters
from vislearn.encoders.swin import PatchMerging, Swin, SwinConfig
from vislearn.layers.windows import WindowAttention, shift_mask
from vislearn.train.loop import parameter_groups

TINY = {
    "img_size": 32,
    "patch_size": 2,
    "width": 8,
    "depths": (2, 2),
    "heads": (2, 4),
    "window": 4,
}


def tiny(**options) -> Swin:
    torch.manual_seed(0)
    model = Swin(SwinConfig(**{**TINY, **options})).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("swin_t", 28_288_354),
        ("swin_s", 49_606_258),
        ("swin_b", 87_768_224),
        ("swin_l", 196_532_476),
    ],
)
def test_preset_has_the_published_number_of_parameters(name, parameters) -> None:
    assert count_parameters(name, num_classes=1000) == parameters


@pytest.mark.parametrize("size", [(32, 32), (40, 24), (26, 50), (4, 4)])
def test_tokens_are_the_last_map_normalised_in_raster_order(size) -> None:
    model = tiny(num_classes=5)
    images = torch.randn(2, 3, *size)
    out = model(images)
    last = model.feature_maps(images)[-1]  # (B, D, h, w)
    normalised = model.norm(last.permute(0, 2, 3, 1))
    torch.testing.assert_close(out.feature_map, normalised.permute(0, 3, 1, 2))
    assert out.grid == last.shape[-2:]
    assert out.prefix.shape == (2, 0, 16)
    torch.testing.assert_close(out.pooled, normalised.mean((1, 2)))
    torch.testing.assert_close(out.logits, model.head(out.pooled))


def test_maps_halve_in_size_and_double_in_channels() -> None:
    model = tiny(img_size=64, depths=(1, 1, 1, 1), heads=(1, 2, 4, 8))
    maps = model.feature_maps(torch.zeros(1, 3, 64, 52))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (8, 32, 26),
        (16, 16, 13),
        (32, 8, 7),
        (64, 4, 4),
    ]


@pytest.mark.parametrize("img_size", [32, (26, 50), (4, 6)])
def test_config_knows_the_grid_before_the_model_runs(img_size) -> None:
    model = tiny(img_size=img_size)
    config = model.config
    out = model(torch.zeros(1, 3, *config.image_shape))
    assert out.grid == config.grid
    assert out.tokens.shape[1:] == (config.tokens, config.features)


def test_model_runs_on_the_meta_device_at_any_size() -> None:
    model = vislearn.create_model("swin_t", device="meta", num_classes=10)
    assert model(torch.empty(1, 3, 224, 224, device="meta")).grid == (7, 7)
    assert model(torch.empty(1, 3, 256, 100, device="meta")).grid == (8, 4)


def reach(model: Swin, block: int) -> torch.Tensor:
    """Tokens of the first stage's map that token (0, 3) depends on after a block."""
    maps = {}
    handle = (
        model.layers[0]
        .blocks[block]
        .register_forward_hook(lambda module, inputs, output: maps.update(after=output))
    )
    embedded = model.patch_embed(torch.randn(1, 3, 32, 32)).detach().requires_grad_()
    model.layers[0](embedded)
    handle.remove()
    maps["after"][0, 0, 3].sum().backward()
    return embedded.grad[0].abs().sum(-1) > 0  # (h, w)


def test_a_token_looks_at_its_window_and_then_across_its_edges() -> None:
    model = tiny()
    seen = reach(model, 0).nonzero()
    assert seen.min(0).values.tolist() == [0, 0]
    assert seen.max(0).values.tolist() == [3, 3]
    assert len(seen) == 16
    # The shifted window of (0, 3) has rows 0, 1 and columns 2 to 5: what it finds
    # there knows about two windows.
    seen = reach(model, 1)
    assert seen[:4, :8].all()
    assert seen.sum() == 32


def test_without_shift_windows_never_meet() -> None:
    seen = reach(tiny(shift=0), 1)
    assert seen[:4, :4].all()
    assert seen.sum() == 16


def test_nothing_leaks_around_the_edge_of_the_map() -> None:
    """Rolling brings the first rows to the last ones; the mask keeps them apart."""
    model, images = tiny(), torch.randn(1, 3, 32, 32)
    before = model.layers[0](model.patch_embed(images))
    images[..., :4, :] += 1.0  # the first two rows of tokens
    after = model.layers[0](model.patch_embed(images))
    changed = (before != after).any(-1)[0]  # (h, w)
    assert changed[:2].all()
    assert not changed[8:].any()


@pytest.mark.parametrize("size", [(32, 32), (26, 50)])
def test_readable_and_fused_paths_agree_in_value_and_gradient(size) -> None:
    model = tiny()
    for module in model.modules():
        if isinstance(module, WindowAttention):
            # With a bias that is trained the kernel has no gradient to give.
            module.relative_position_bias_table.requires_grad_(False)
    images, results = torch.randn(2, 3, *size), []
    for fused in (True, False):
        for module in model.modules():
            if isinstance(module, WindowAttention):
                module.fused = fused
        model.zero_grad()
        out = model(images)
        (out.tokens * torch.arange(16.0)).sum().backward()
        learned = [p.grad for p in model.parameters() if p.grad is not None]
        results.append([out.tokens, *copy.deepcopy(learned)])
    for fused_value, readable_value in zip(*results, strict=True):
        scale = float(readable_value.detach().abs().max())
        torch.testing.assert_close(
            fused_value, readable_value, rtol=0, atol=1e-5 * scale
        )


def test_training_the_bias_gives_the_same_features_as_inference() -> None:
    model, images = tiny(), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = model(images).tokens
    torch.testing.assert_close(model(images).tokens, expected, rtol=1e-4, atol=1e-5)


def test_attention_maps_of_the_windows_can_be_recorded() -> None:
    model, images = tiny(), torch.randn(2, 3, 32, 32)
    plain = model(images)
    with show.attention(model) as maps:
        recorded = model(images)
    assert [tuple(weights.shape) for weights in maps] == [
        *[(2 * 16, 2, 16, 16)] * 2,
        *[(2 * 4, 4, 16, 16)] * 2,
    ]
    assert torch.equal(plain.tokens, recorded.tokens)
    # Of the shifted windows only those at the edges are divided.
    forbidden = (shift_mask((16, 16), 4, (2, 2)) != 0).repeat(2, 1, 1)
    assert (maps[1].transpose(0, 1)[:, forbidden] == 0).all()
    torch.testing.assert_close(maps[1].sum(-1), torch.ones(32, 2, 16))


def test_masks_of_the_configs_size_are_kept_and_others_made() -> None:
    model = tiny()
    first, second = model.layers
    assert torch.equal(first.mask, shift_mask((16, 16), 4, (2, 2)))
    assert torch.equal(second.mask, shift_mask((8, 8), 4, (2, 2)))
    assert "layers.0.mask" not in model.state_dict()
    assert torch.equal(first.make_mask((13, 25)), shift_mask((16, 28), 4, (2, 2)))
    assert first.make_mask((4, 3)) is None


def test_model_of_another_size_has_the_same_features() -> None:
    """The kept masks are only a shortcut."""
    model, other = tiny(), tiny(img_size=(40, 24))
    images = torch.randn(1, 3, 40, 24)
    assert torch.equal(model(images).tokens, other(images).tokens)


def test_merging_lays_four_neighbours_side_by_side_column_by_column() -> None:
    merging = PatchMerging(2, norm_eps=1e-5)
    merging.norm = torch.nn.Identity()
    merging.reduction = torch.nn.Identity()
    x = torch.arange(3 * 4 * 2.0).reshape(1, 3, 4, 2)
    merged = merging(x)
    assert merged.shape == (1, 2, 2, 8)
    top_left = torch.cat([x[0, row, column] for column in (0, 1) for row in (0, 1)])
    assert torch.equal(merged[0, 0, 0], top_left)
    assert merged[0, 1, 0].tolist() == [*x[0, 2, 0], 0, 0, *x[0, 2, 1], 0, 0]


def test_drop_path_grows_from_block_to_block() -> None:
    model = tiny(depths=(2, 3), drop_path=0.4)
    rates = [block.drop_path.rate for stage in model.layers for block in stage.blocks]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_both_branches_of_a_block_can_be_dropped() -> None:
    block = tiny().layers[0].blocks[0].train()
    x = torch.randn(2, 8, 8, block.norm1.normalized_shape[0])
    assert not torch.allclose(block(x), x, atol=1e-3)
    block.drop_path.rate = 1 - 1e-7  # gone, but for one draw in ten millions
    torch.testing.assert_close(block(x), x)


def test_fresh_weights_are_small_and_fresh_biases_zero() -> None:
    model = Swin(SwinConfig(**TINY))
    for name, parameter in model.named_parameters():
        if name.endswith("relative_position_bias_table"):
            assert 0.01 < parameter.std() < 0.03, name
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            assert 0.015 < module.weight.std() < 0.025, name
            assert module.bias is None or not module.bias.any(), name


def test_biases_of_the_steps_are_not_decayed() -> None:
    model = tiny()
    decayed = {id(p) for p in parameter_groups(model, 0.05)[0]["params"]}
    tables = [
        parameter
        for name, parameter in model.named_parameters()
        if name.endswith("relative_position_bias_table")
    ]
    assert len(tables) == 4
    assert not any(id(table) in decayed for table in tables)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"img_size": 33}, "33 is not divisible by patch_size 2"),
        ({"depths": (2, 0)}, r"at least 1, got \(2, 0\)"),
        ({"heads": (2,)}, r"2 stages need .* got \(2,\)"),
        ({"heads": (2, 3)}, "width 16 of stage 1 is not divisible by heads 3"),
        ({"window": 0}, "window must be at least 1, got 0"),
        ({"shift": 4}, "shift must be from 0 to 3, got 4"),
        ({"mlp_ratio": 0.0}, "mlp_ratio must be above 0"),
        ({"drop_path": 1.0}, r"drop_path must be in \[0, 1\)"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 32, 32), r"got \(1, 1, 32, 32\)"),
        ((1, 3, 33, 32), r"\(33, 32\) is not divisible by patch_size 2"),
    ],
)
def test_images_that_do_not_fit_are_refused(shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(torch.zeros(shape))
