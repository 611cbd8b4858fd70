"""SigLIP 2 NaFlex: grids within a budget, padded batches, and ordinary tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import vislearn
from vislearn.encoders.naflex import (
    NaFlexBatch,
    NaFlexConfig,
    NaFlexSigLIP,
    NaFlexVisionConfig,
    fit_grid,
    native,
    resize,
)
from vislearn.layers.attention import record_attention
from vislearn.weights import load

TINY: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 8,
    "pos_grid": (4, 4),
    "max_patches": 16,
    "width": 48,
    "depth": 2,
    "heads": 4,
    "mlp_hidden": 96,
    "text_width": 32,
    "text_depth": 1,
    "text_heads": 4,
    "text_hidden": 64,
    "context": 10,
    "vocab_size": 50,
}
SHAPES = ((40, 40), (20, 90), (90, 30), (64, 48))


def tiny(**options) -> Any:
    torch.manual_seed(0)
    model: Any = NaFlexSigLIP(NaFlexConfig(**{**TINY, **options})).eval()
    torch.nn.init.normal_(model.visual.pos_embed)
    return model


def pictures(shapes=SHAPES) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.randn(3, *shape) for shape in shapes]


def batch_of(shapes=SHAPES, budget: int = 16) -> NaFlexBatch:
    return NaFlexBatch.from_images(pictures(shapes), patch_size=8, max_patches=budget)


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((256, 256), (16, 16)),
        ((480, 640), (14, 18)),
        ((1080, 1920), (12, 21)),
        ((1920, 1080), (21, 12)),
        ((100, 1000), (5, 50)),
        ((32, 32), (16, 16)),  # enlarged
        ((1, 4000), (1, 256)),
        ((4000, 3000), (18, 14)),
    ],
)
def test_a_picture_gets_a_grid_of_its_shape(size, grid) -> None:
    assert fit_grid(*size) == grid


@pytest.mark.parametrize("budget", [1, 2, 16, 100, 256, 1024])
def test_a_grid_fits_the_budget_and_one_more_row_or_column_would_not(budget) -> None:
    numbers = np.random.default_rng(0)
    for _ in range(200):
        height, width = (int(n) for n in numbers.integers(10, 3000, 2))
        h, w = fit_grid(height, width, max_patches=budget)
        assert h * w <= budget
        scale = min(h / height, w / width)  # at which the first side is full
        rows = math.floor(height * scale + 0.01) + 1
        columns = math.floor(width * scale + 0.01) + 1
        larger = {(max(h, rows), max(w, columns)), (h, w)} - {(h, w)}
        assert all(r * c > budget for r, c in larger), (height, width)


def test_a_grid_has_the_shape_of_the_picture_to_within_a_row_or_column() -> None:
    numbers = np.random.default_rng(1)
    for _ in range(300):
        height, width = (int(n) for n in numbers.integers(100, 3000, 2))
        h, w = fit_grid(height, width)
        scales = sorted((h / height, w / width))
        # Covering: the side that is not full begins one patch that it does not end.
        assert scales[1] - scales[0] <= 1.01 / min(height, width)
        assert fit_grid(width, height) == (w, h)


def test_a_turned_or_enlarged_picture_keeps_its_grid() -> None:
    for height, width in ((480, 640), (333, 1000), (720, 500)):
        assert fit_grid(2 * height, 2 * width) == fit_grid(height, width)
        assert fit_grid(height, width, 14) == fit_grid(height, width, 16)


def test_a_larger_budget_never_gives_fewer_tokens() -> None:
    counts = [math.prod(fit_grid(480, 640, max_patches=m)) for m in range(1, 300)]
    assert counts == sorted(counts)


@pytest.mark.parametrize("name", [0, 1, 2, 3])
def test_numbers_below_one_have_no_grid(name: int) -> None:
    numbers = [480, 640, 16, 256]
    numbers[name] = 0
    with pytest.raises(ValueError, match="must be at least 1, got"):
        fit_grid(*numbers)


def test_a_batch_is_padded_to_its_longest_picture() -> None:
    batch = batch_of()
    assert batch.grids == ((4, 4), (2, 8), (6, 2), (4, 3))
    assert batch.lengths == (16, 16, 12, 12)
    assert batch.patches.shape == (4, 16, 3 * 8 * 8)
    assert batch.mask.sum(dim=1).tolist() == [16, 16, 12, 12]
    assert batch.mask[2, :12].all()
    assert not batch.patches[2, 12:].any()
    assert batch_of(((20, 90), (20, 90))).mask.all()


def test_an_image_that_fits_its_grid_is_cut_and_not_resized() -> None:
    (image,) = pictures(((32, 32),))
    batch = NaFlexBatch.from_images([image], patch_size=8, max_patches=16)
    assert torch.equal(batch.patches[0, 5], image[:, 8:16, 8:16].flatten())


def test_double_precision_is_kept_when_an_image_is_resized() -> None:
    image = torch.rand(3, 20, 30, dtype=torch.float64)
    expected = torch.nn.functional.interpolate(
        image[None], size=(16, 24), mode="bilinear", antialias=True
    )
    assert torch.equal(resize(image, (2, 3), 8), expected)


@pytest.mark.parametrize("index", range(len(SHAPES)))
def test_a_picture_in_a_padded_batch_equals_the_picture_alone(index: int) -> None:
    model, count = tiny(), batch_of().lengths[index]
    images = pictures()
    alone = model(NaFlexBatch.from_images(images[index : index + 1], 8, 16))
    together = model(NaFlexBatch.from_images(images, 8, 16))
    torch.testing.assert_close(together.pooled[index], alone.pooled[0])
    torch.testing.assert_close(together.tokens[index, :count], alone.tokens[0])
    assert not together.tokens[index, count:].any()
    torch.testing.assert_close(together.feature_map(index), alone.feature_map(0))


def test_what_stands_in_the_padding_changes_nothing() -> None:
    model, batch = tiny(), batch_of()
    dirty = batch.patches.clone()
    dirty[~batch.mask] = 7.0
    longer = torch.nn.functional.pad(dirty, (0, 0, 0, 5), value=-3.0)
    out, expected = model(NaFlexBatch(longer, batch.grids)), model(batch)
    torch.testing.assert_close(out.pooled, expected.pooled)
    torch.testing.assert_close(out.tokens[:, :16], expected.tokens)


def test_no_token_and_no_probe_looks_at_padding() -> None:
    model, batch = tiny(), batch_of()
    with record_attention(model.visual) as maps:
        model(batch)
    assert [tuple(m.shape) for m in maps] == [(4, 4, 16, 16)] * 2 + [(4, 4, 1, 16)]
    for weights in maps:
        assert not weights[2, ..., 12:].any()
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))


def test_a_batch_without_padding_equals_an_ordinary_tensor() -> None:
    model, images = tiny(), torch.randn(2, 3, 24, 40)
    batch = NaFlexBatch.from_images(list(images), 8, max_patches=15)
    plain = model(images)
    assert batch.grids == (plain.grid, plain.grid)
    torch.testing.assert_close(model(batch).tokens, plain.tokens)
    torch.testing.assert_close(model(batch).pooled, plain.pooled)
    torch.testing.assert_close(model.encode_image(batch), model.encode_image(images))


def test_the_same_patches_in_another_grid_are_another_picture() -> None:
    model, batch = tiny(), batch_of(((20, 90),))
    turned = NaFlexBatch(batch.patches, ((8, 2),))
    assert batch.grids == ((2, 8),)
    assert not torch.allclose(model(turned).pooled, model(batch).pooled, atol=1e-3)


def test_every_parameter_of_the_tower_gets_a_gradient() -> None:
    model = tiny()
    model(batch_of()).pooled.square().sum().backward()
    for name, parameter in model.visual.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_padding_gives_no_gradient_to_anything() -> None:
    model, batch = tiny(), batch_of()
    patches = batch.patches.requires_grad_()
    model(NaFlexBatch(patches, batch.grids)).pooled.sum().backward()
    assert patches.grad is not None
    assert not patches.grad[~batch.mask].any()
    assert (patches.grad[batch.mask].abs().sum(-1) > 0).all()


def test_pictures_of_any_kind_become_a_batch() -> None:
    model = tiny()
    photo = Image.new("RGB", (90, 20), "red")
    array = np.zeros((64, 48, 3), dtype=np.uint8)
    batch = model.batch([photo, array])
    assert batch.grids == ((2, 8), (4, 3))
    red, black = batch.patches[0, 0, 0].item(), batch.patches[1, 0, 0].item()
    assert (red, black) == pytest.approx((1, -1))
    assert model.batch([photo], max_patches=40).grids == ((3, 13),)
    torch.testing.assert_close(native(photo).mean((1, 2)), torch.tensor([1.0, -1, -1]))
    assert model.encode_image(batch).shape == (2, 48)


def test_a_batch_moves_and_changes_its_dtype() -> None:
    half = batch_of().to(torch.bfloat16)
    assert half.patches.dtype == torch.bfloat16
    assert half.mask.dtype == torch.bool
    out = tiny().to(torch.bfloat16)(half)
    assert out.pooled.dtype == torch.bfloat16
    assert out.pooled.isfinite().all()
    half_images = [image.half() for image in pictures()]
    assert NaFlexBatch.from_images(half_images, 8, 16).patches.dtype == torch.float16


# Image tower with its MAP head (those of the fixed model at 256 pixels), both towers.
COUNTS = {
    "siglip2_naflex_b16": (92_930_304, 375_234_050),
    "siglip2_naflex_so400m16": (427_888_064, 1_135_670_962),
}


def test_counts_cover_every_preset() -> None:
    assert set(COUNTS) == set(vislearn.list_models("naflex"))


@pytest.mark.parametrize("name", COUNTS)
def test_preset_has_exactly_the_parameters_and_runs_on_meta(name: str) -> None:
    model: Any = vislearn.create_model(name, device="meta")
    config = model.config
    counts = [sum(p.numel() for p in m.parameters()) for m in (model.visual, model)]
    assert tuple(counts) == COUNTS[name]
    batch = NaFlexBatch(torch.empty(2, 256, 768, device="meta"), ((16, 16), (14, 18)))
    assert model(batch).pooled.shape == (2, config.embed_dim)
    plain = model(torch.empty(2, 3, 256, 256, device="meta"))
    assert plain.tokens.shape == (2, config.tokens, config.width)
    assert config.tokens == config.max_patches == 256
    ids = torch.empty(5, 64, dtype=torch.int64, device="meta")
    assert model.encode_text(ids).shape == (5, config.embed_dim)


def test_the_position_table_does_not_grow_with_the_image() -> None:
    assert tiny(img_size=64).visual.pos_embed.shape == (1, 16, 48)
    model: Any = vislearn.create_model(
        "siglip2_naflex_b16", img_size=512, device="meta"
    )
    assert model.visual.pos_embed.shape == (1, 256, 768)
    assert model.config.tokens == 1024


def test_a_table_of_another_size_is_fitted_when_loaded() -> None:
    small, large = tiny(), tiny(pos_grid=(6, 6))
    load(large, small.state_dict())
    expected = small.visual.position_table((6, 6))
    torch.testing.assert_close(large.visual.pos_embed, expected)
    tower: Any = load(tiny().visual, small.state_dict())
    assert torch.equal(tower.pos_embed, small.visual.pos_embed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pos_grid": (0, 4)}, r"pos_grid must be \(rows, columns\) of at least 1"),
        ({"pos_grid": 4}, r"pos_grid must be \(rows, columns\) .* got 4"),
        ({"pos_grid": (4.0, 4)}, r"pos_grid must be .* got \(4.0, 4\)"),
        ({"max_patches": 0}, "max_patches must be at least 1, got 0"),
        ({"num_classes": 3}, "num_classes must be None, got 3"),
        ({"heads": 5}, "width 48 is not divisible by heads 5"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("class_token", True),
        ("registers", 2),
        ("pos", "rope"),
        ("pooling", "gap"),
        ("pre_norm", True),
        ("num_classes", 3),
    ],
)
def test_what_a_batch_of_several_shapes_would_ignore_is_refused(option, value) -> None:
    """An ordinary tensor would have it: the two ways into the tower would differ."""
    with pytest.raises(ValueError, match=f"NaFlex has {option} .*, got {value!r}"):
        NaFlexVisionConfig(**{option: value})


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "expected at least one image, got none"),
        ([torch.zeros(1, 3, 8, 8)], r"images \(C, H, W\), got \(1, 3, 8, 8\)"),
        ([torch.zeros(3, 8, 8, dtype=torch.uint8)], "got .* of torch.uint8"),
        ([torch.zeros(3, 0, 8)], "height, width, .* must be at least 1, got 0"),
        ([torch.zeros(3, 8, 8), torch.zeros(1, 8, 8)], "one number of channels"),
    ],
)
def test_impossible_images_are_refused(images, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NaFlexBatch.from_images(images)


def test_what_is_no_tensor_and_no_batch_is_refused() -> None:
    model, batch = tiny(), batch_of()
    with pytest.raises(ValueError, match=r"images of shape \(B, 3, H, W\), got list"):
        model.encode_image(pictures())
    with pytest.raises(ValueError, match=r"images .* got NaFlexBatch"):
        model.visual.hidden_states(batch)


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        (((2, 2),), "expected patches .* and 1 grids"),
        (((2, 2), (3, 3)), r"a grid \(h, w\) within 8 patches, got \(3, 3\)"),
        (((2, 2), (0, 3)), r"a grid \(h, w\) within 8 patches, got \(0, 3\)"),
        (([2, 2], [2, 4]), r"a grid \(h, w\) within 8 patches, got \[2, 2\]"),
        ((4, 4), r"a grid \(h, w\) within 8 patches, got 4"),
    ],
)
def test_grids_that_do_not_fit_the_patches_are_refused(grids, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NaFlexBatch(torch.zeros(2, 8, 192), grids)


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"B at least 1, got .* and 0 grids"):
        NaFlexBatch(torch.zeros(0, 8, 192), ())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64], ids=str)
def test_patches_of_whole_numbers_are_refused(dtype) -> None:
    with pytest.raises(ValueError, match=f"floating-point patches, got {dtype}"):
        NaFlexBatch(torch.zeros(1, 8, 192, dtype=dtype), ((2, 4),))


def test_patches_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"patches of 192 numbers .*got 768"):
        tiny()(NaFlexBatch(torch.zeros(1, 8, 768), ((2, 4),)))
