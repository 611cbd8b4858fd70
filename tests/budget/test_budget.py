"""Counts from configs: tokens, parameters, memory, against published figures."""

from __future__ import annotations

import pytest
import torch

import vislearn
from vislearn.budget.memory import score_matrix_bytes
from vislearn.budget.parameters import count_parameters, vit_parameters
from vislearn.budget.tokens import count_tokens, model_tokens
from vislearn.registry import configure

# (without head, with a head of 1000 classes, tokens at the default resolution)
VIT = {
    "vit_ti16": (5_524_416, 5_717_416, 197),
    "vit_s16": (21_665_664, 22_050_664, 197),
    "vit_b32": (87_455_232, 88_224_232, 50),
    "vit_b16": (85_798_656, 86_567_656, 197),
    "vit_l16": (303_301_632, 304_326_632, 197),
    "vit_l14": (303_178_752, 304_203_752, 257),
    "vit_h14": (630_764_800, 632_045_800, 257),
    "vit_giant14": (1_011_202_432, 1_012_611_432, 257),
    "vit_gigantic14": (1_842_775_680, 1_844_440_680, 257),
}
DINOV2 = {
    "dinov2_vits14": (22_056_192, 1370),
    "dinov2_vitb14": (86_579_712, 1370),
    "dinov2_vitl14": (304_367_616, 1370),
    "dinov2_vitg14": (1_136_479_232, 1370),
    "dinov2_vits14_reg": (22_057_344, 1374),
    "dinov2_vitb14_reg": (86_582_016, 1374),
    "dinov2_vitl14_reg": (304_370_688, 1374),
    "dinov2_vitg14_reg": (1_136_483_840, 1374),
}


@pytest.mark.parametrize("name", VIT)
def test_vit_counts_are_the_published_ones(name: str) -> None:
    without_head, with_head, tokens = VIT[name]
    assert count_parameters(name) == without_head
    assert count_parameters(name, num_classes=1000) == with_head
    assert model_tokens(name) == tokens


@pytest.mark.parametrize("name", DINOV2)
def test_dinov2_counts_are_the_published_ones(name: str) -> None:
    assert (count_parameters(name), model_tokens(name)) == DINOV2[name]


def test_table_of_facts_covers_every_registered_vit() -> None:
    assert set(VIT) == set(vislearn.list_models("vit"))
    assert set(DINOV2) == set(vislearn.list_models("dinov2"))


def test_resnet50_count_is_the_published_one() -> None:
    assert count_parameters("resnet50", num_classes=1000) == 25_557_032


@pytest.mark.parametrize("name", VIT)
@pytest.mark.parametrize("num_classes", [None, 1000])
def test_formula_equals_the_count(name: str, num_classes: int | None) -> None:
    config = configure(name, num_classes=num_classes)
    assert vit_parameters(config) == count_parameters(name, num_classes=num_classes)


def test_formula_knows_registers_and_layer_scale() -> None:
    options = {"registers": 4, "layer_scale": 0.1, "img_size": (64, 32), "channels": 1}
    config = configure("vit_ti16", **options)
    assert vit_parameters(config) == count_parameters("vit_ti16", **options)


@pytest.mark.parametrize(
    "options", [{"pos": "none"}, {"act": "swiglu"}, {"qkv_bias": False}]
)
def test_formula_refuses_what_it_does_not_describe(options) -> None:
    with pytest.raises(ValueError, match="the formula needs"):
        vit_parameters(configure("vit_ti16", **options))


def test_parts_add_up_to_the_total() -> None:
    parts = count_parameters("vit_b16", by="module", num_classes=1000)
    assert sum(parts.values()) == 86_567_656
    assert parts["cls_token"] == 768
    assert parts["pos_embed"] == 197 * 768
    assert parts["patch_embed"] == 3 * 16 * 16 * 768 + 768
    assert parts["head"] == 769_000


def test_a_module_can_be_counted_and_takes_no_options() -> None:
    layer = torch.nn.Linear(3, 5)
    assert count_parameters(layer) == 20
    assert count_parameters(layer, by="module") == {"weight": 15, "bias": 5}
    with pytest.raises(ValueError, match="depth need a name"):
        count_parameters(layer, depth=2)
    with pytest.raises(ValueError, match="got 'layer'"):
        count_parameters(layer, by="layer")


@pytest.mark.parametrize(
    ("resolution", "patch", "prefix", "tokens"),
    [
        (224, 16, 1, 197),
        (224, 32, 1, 50),
        (224, 14, 1, 257),
        (336, 14, 1, 577),
        (384, 14, 0, 729),
        (518, 14, 1, 1370),
        (224, 16, 5, 201),
        (512, 16, 5, 1029),
        (448, 14, 1, 1025),
        (1024, 16, 0, 4096),
        ((224, 448), 16, 1, 393),
    ],
)
def test_token_counts_are_the_published_ones(resolution, patch, prefix, tokens) -> None:
    assert count_tokens(resolution, patch, prefix) == tokens


@pytest.mark.parametrize(
    ("name", "resolution"),
    [("vit_b16", 384), ("dinov2_vits14_reg", (224, 448)), ("resnet50", (200, 333))],
)
def test_model_tokens_are_what_the_model_returns(name: str, resolution) -> None:
    model = vislearn.create_model(name, img_size=resolution, device="meta")
    height, width = model.config.image_shape
    out = model.eval()(torch.empty(1, 3, height, width, device="meta"))
    assert model_tokens(name, resolution) == out.all_tokens.shape[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((8, 16), "no patch of 16"), ((224, 0), "got 0"), ((224, 16, -1), "and -1")],
)
def test_impossible_token_counts_are_refused(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        count_tokens(*arguments)


def test_score_matrix_bytes_equal_a_real_score_table() -> None:
    q = torch.zeros(2, 3, 50, 8, dtype=torch.float16)
    table = q @ q.transpose(-2, -1)
    assert score_matrix_bytes(50, 3, 2, torch.float16) == table.nbytes
    assert score_matrix_bytes(100, 3, 2) == 8 * table.nbytes  # 4 × entries, 2 × bytes


def test_score_matrix_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        score_matrix_bytes(50, 3, 0)
    with pytest.raises(ValueError, match="at least 1"):
        score_matrix_bytes(0, 3)


@pytest.mark.parametrize("name", ["hybrid_b_r50", "deit_s16_distilled", "flexivit_s"])
def test_formula_refuses_what_only_resembles_a_vit(name: str) -> None:
    with pytest.raises(ValueError, match="needs a ViTConfig, got"):
        vit_parameters(configure(name))
