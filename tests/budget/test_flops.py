"""Multiply-adds: published figures, closed forms, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import vislearn
from vislearn.budget.flops import count_flops, flops_by_part
from vislearn.layers.attention import attention_cost
from vislearn.registry import configure

# GMACs with a classifier of 1000 classes where the model has one, from the table of
# verified constants (section 6.2); printed to the digits given there.
PUBLISHED = {
    "vit_ti16": (1.25, 1000),
    "vit_s16": (4.60, 1000),
    "vit_b16": (17.6, 1000),
    "vit_l16": (61.6, 1000),
    "vit_h14": (167.3, 1000),
    "dinov2_vits14": (46.7, None),
    "dinov2_vitb14": (151.6, None),
    "dinov2_vitl14": (506.8, None),
    "dinov2_vitg14": (1783, None),
    "resnet50": (4.09, 1000),
    "swin_t": (4.49, 1000),
    "convnext_t": (4.46, 1000),
    "pvt_v2_b0": (0.57, 1000),
    "pvt_v2_b2": (4.03, 1000),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_the_published_ones(name: str) -> None:
    published, classes = PUBLISHED[name]
    digits = len(str(published).partition(".")[2])
    assert round(count_flops(name, num_classes=classes) / 1e9, digits) == published


def test_vit_follows_the_closed_form() -> None:
    config = configure("vit_b16")
    D, F, T, N = config.width, config.hidden, config.tokens, config.tokens - 1
    block = attention_cost(T, D, config.heads).multiply_adds + 2 * T * D * F
    expected = N * 3 * config.patch_size**2 * D + config.depth * block
    assert count_flops("vit_b16") == expected


@pytest.mark.parametrize("name", ["vit_ti16", "resnet18"])
def test_parts_add_up_to_the_total(name: str) -> None:
    parts = flops_by_part(name, num_classes=10)
    assert sum(parts.values()) == count_flops(name, num_classes=10)
    assert len(parts) > 2


def test_a_list_of_blocks_is_one_part() -> None:
    one = flops_by_part("vit_ti16", depth=1)["blocks"]
    assert flops_by_part("vit_ti16", depth=3)["blocks"] == 3 * one


def test_a_module_counts_like_its_name_and_stays_as_it_is() -> None:
    model = vislearn.create_model("resnet18", img_size=64)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert count_flops(model) == count_flops("resnet18", 64)
    assert model.training
    assert next(model.parameters()).device.type == "cpu"
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_convolutions_cost_in_proportion_to_the_pixels() -> None:
    assert count_flops("resnet50", (128, 64)) == 2 * count_flops("resnet50", 64)


@pytest.mark.parametrize("pooling", ["cls", "gap", "map"])
def test_every_pooling_can_be_counted(pooling: str) -> None:
    tiny = {"pooling": pooling, "depth": 1, "width": 32, "heads": 2}
    parts = flops_by_part("vit_b16", 32, **tiny)
    assert ("attn_pool" in parts) == (pooling == "map")


def test_a_size_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="225 is not divisible by patch_size 16"):
        count_flops("vit_b16", 225)


def test_options_with_a_module_are_refused() -> None:
    with pytest.raises(ValueError, match="options depth need a name"):
        count_flops(nn.Linear(2, 2), depth=2)
