"""SigLIP 2 NaFlex: grids, batches and presets against transformers and timm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import vislearn
from vislearn.encoders.naflex import NaFlexBatch, fit_grid, native
from vislearn.weights.naflex_names import filters, from_timm, from_transformers

SYSTEM = "SigLIP 2 NaFlex"


def theirs_of(patches: Tensor) -> Tensor:
    """The packages' order inside a patch of 8: rows, columns, channels."""
    return patches.unflatten(2, (3, 8, 8)).permute(0, 1, 3, 4, 2).flatten(2)


def sizes(count: int) -> list[tuple[int, int]]:
    """Heights and widths from 8 pixels to 8,000, most of them of ordinary shapes."""
    numbers = np.random.default_rng(0)
    height = np.exp(numbers.uniform(np.log(8), np.log(8000), count))
    ratio = np.exp(numbers.normal(0, 0.8, count))
    return [
        (max(8, round(h)), max(8, round(h * r)))
        for h, r in zip(height, ratio, strict=True)
    ]


@pytest.mark.parametrize("patch", [8, 14, 16])
@pytest.mark.parametrize("budget", [16, 100, 256, 1024])
def test_grids_equal_transformers_and_timm(budget, patch, reference) -> None:
    reference("transformers"), reference("timm")
    from timm.data.naflex_transforms import get_image_size_for_seq
    from transformers.models.siglip2 import image_processing_siglip2 as processing

    some = [(480, 640), (256, 256), (1080, 1920), (9, 4000), (1, 1), (2, 5)]
    for height, width in [*sizes(300), *some]:
        grid = fit_grid(height, width, patch, budget)
        wanted = (grid[0] * patch, grid[1] * patch)
        assert wanted == processing.get_image_size_for_max_num_patches(
            height, width, patch, budget
        ), (height, width)
        size = get_image_size_for_seq((height, width), patch, budget)[1]
        assert wanted == tuple(size), (height, width)


@pytest.mark.parametrize("size", [(48, 64), (200, 90), (33, 77), (9, 300)], ids=str)
def test_batches_equal_the_processor_of_transformers(
    size, reference, difference, record_parity
) -> None:
    """On floats to the last bits; whole pixels are rounded there after resizing."""
    transformers = reference("transformers")
    processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=40)
    generator = torch.Generator().manual_seed(0)
    picture = torch.randint(0, 256, (3, *size), generator=generator, dtype=torch.uint8)
    ours = NaFlexBatch.from_images([native(picture)], patch_size=8, max_patches=40)
    count = ours.lengths[0]

    exact = processor(picture / 255, do_rescale=False, return_tensors="pt")
    assert exact["spatial_shapes"].tolist() == [list(ours.grids[0])]
    assert int(exact["pixel_attention_mask"].sum()) == count
    wanted = exact["pixel_values"][:, :count]
    error = difference(theirs_of(ours.patches), wanted)
    record_parity(SYSTEM, "transformers", "patches", error)

    rounded = processor(picture, return_tensors="pt")["pixel_values"][:, :count]
    step = 2 / 255  # of one pixel value after normalising; rounded by rows and columns
    assert (theirs_of(ours.patches) - rounded).abs().max() <= 1.01 * step


TIMM = {
    "siglip2_naflex_b16": "naflexvit_base_patch16_siglip",
    "siglip2_naflex_so400m16": "naflexvit_so400m_patch16_siglip",
}


def test_table_covers_every_naflex() -> None:
    assert set(TIMM) == set(vislearn.list_models("naflex"))


def shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


@pytest.mark.parametrize("name", TIMM)
def test_preset_has_the_tensors_and_preprocessing_of_the_packages(
    name: str, reference
) -> None:
    timm, transformers = reference("timm"), reference("transformers")
    ours: Any = vislearn.create_model(name, device="meta")
    config = ours.config
    settings = transformers.Siglip2Config()
    for tower in (settings.vision_config, settings.text_config):
        tower.hidden_size, tower.intermediate_size = config.width, config.mlp_hidden
        tower.num_hidden_layers = config.depth
        tower.num_attention_heads = config.heads
    settings.text_config.vocab_size = config.vocab_size
    settings.text_config.projection_size = config.width
    with torch.device("meta"):
        theirs = timm.create_model(TIMM[name])
        hugging = transformers.Siglip2Model(settings)
    for model, convert in ((theirs, from_timm), (hugging, from_transformers)):
        state = convert(dict(model.state_dict()))
        prefix = "visual." if model is hugging else ""
        key = f"{prefix}patch_embed.proj.weight"
        state[key] = filters(state[key], config.patch_size)
        own = ours if model is hugging else ours.visual
        assert shapes(own.state_dict()) == shapes(state)
    assert config.heads == theirs.blocks[0].attn.num_heads
    processor = transformers.Siglip2ImageProcessor
    assert (config.patch_size, config.max_patches) == (
        processor.patch_size,
        processor.max_num_patches,
    )
    preprocess = ours.preprocess
    assert list(preprocess.mean) == processor.image_mean
    assert list(preprocess.std) == processor.image_std
    assert preprocess.interpolation.upper() == processor.resample.name
    assert (preprocess.size, preprocess.crop) == (256, None)
