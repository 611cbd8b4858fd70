"""CLIP's contract: sizes, options, the exact numbers of parameters, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.clip import CLIP, CLIPVision, CLIPVisionConfig
from vislearn.encoders.modified_resnet import ModifiedResNet
from vislearn.layers.attention import record_attention
from vislearn.layers.mlp import QuickGELU
from vislearn.registry import configure

TEXT = {
    "text_width": 32,
    "text_depth": 1,
    "text_heads": 2,
    "context": 8,
    "vocab_size": 60,
}
VIT = {"img_size": 32, "patch_size": 8, "width": 48, "depth": 2, "heads": 4}
RESNET = {"img_size": 32, "depths": (1, 1), "width": 8, "head_width": 8}
TINY: dict[str, dict[str, Any]] = {
    "clip_vit_b32": {**TEXT, **VIT, "embed_dim": 24},
    "openclip_vit_h14": {**TEXT, **VIT, "embed_dim": 24},
    "clip_rn50": {**TEXT, **RESNET, "embed_dim": 24},
}

# FACTS has the ViTs; the ResNets are counted from open_clip's (tests/parity).
BOTH_TOWERS = {
    "clip_vit_b32": 151_277_313,
    "clip_vit_b16": 149_620_737,
    "clip_vit_l14": 427_616_513,
    "clip_vit_l14_336": 427_944_193,
    "clip_rn50": 102_007_137,
    "clip_rn101": 119_688_033,
    "clip_rn50x4": 178_300_601,
    "clip_rn50x16": 290_979_217,
    "clip_rn50x64": 623_258_305,
    "openclip_vit_h14": 986_109_441,
    "openclip_vit_g14": 1_366_678_273,
    "openclip_vit_bigg14": 2_539_567_105,
}
IMAGE_TOWER = {  # without and with the projection
    "clip_vit_b32": (87_456_000, 87_849_216),
    "clip_vit_b16": (85_799_424, 86_192_640),
    "clip_vit_l14": (303_179_776, 303_966_208),
    "clip_vit_l14_336": (303_507_456, 304_293_888),
}


def tiny(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return vislearn.create_model(name, **{**TINY[name], **options}).eval()


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def texts(count: int) -> Tensor:
    ids = torch.randint(1, 59, (count, 8))
    ids[:, 5], ids[:, 6:] = 59, 0
    return ids


def test_presets_are_those_of_the_papers() -> None:
    names = vislearn.list_models("clip") + vislearn.list_models("openclip")
    assert set(BOTH_TOWERS) == set(names)


@pytest.mark.parametrize("name", BOTH_TOWERS)
def test_preset_has_the_published_number_of_parameters(name: str) -> None:
    model: Any = vislearn.create_model(name, device="meta")
    assert count(model) == BOTH_TOWERS[name]
    if name in IMAGE_TOWER:
        bare = count(model.visual) - count(model.visual.proj)
        assert (bare, count(model.visual)) == IMAGE_TOWER[name]


@pytest.mark.parametrize("name", BOTH_TOWERS)
def test_meta_preset_runs_shapes_only(name: str) -> None:
    model: Any = vislearn.create_model(name, device="meta")
    config = model.config
    images = torch.empty(2, 3, *config.image_shape, device="meta")
    ids = torch.empty(3, config.context, dtype=torch.int64, device="meta")
    out = model(images)
    assert out.pooled.shape == (2, config.embed_dim)
    assert out.all_tokens.shape[1] == config.tokens
    assert out.grid == config.grid
    logits = model.logits(model.encode_image(images), model.encode_text(ids))
    assert logits.shape == (2, 3)


@pytest.mark.parametrize("name", TINY)
def test_texts_and_images_meet_in_one_table(name: str) -> None:
    model = tiny(name)
    image, text = model.encode_image(torch.randn(3, 3, 32, 32)), texts(5)
    logits = model.logits(image, model.encode_text(text))
    assert logits.shape == (3, 5)
    assert logits.abs().max() <= 1 / 0.07 + 1e-4


@pytest.mark.parametrize("size", [(32, 32), (48, 48), (24, 40)], ids=str)
@pytest.mark.parametrize("name", TINY)
def test_images_of_other_sizes_are_welcome(name: str, size) -> None:
    model = tiny(name)
    out = model(torch.randn(2, 3, *size))
    h, w = size[0] // 8, size[1] // 8
    assert out.grid == (h, w)
    assert out.tokens.shape[1] == h * w
    assert out.pooled.shape == (2, 24)


@pytest.mark.parametrize("name", TINY)
def test_preset_can_be_made_for_another_size(name: str) -> None:
    model = tiny(name, img_size=(24, 40))
    assert model.config.grid == (3, 5)
    assert model.preprocess.size == model.visual.preprocess.size == (24, 40)
    assert model(torch.randn(1, 3, 24, 40)).grid == (3, 5)


def test_pooled_is_the_projected_class_token_after_the_last_norm() -> None:
    visual = tiny("clip_vit_b32").visual
    images = torch.randn(2, 3, 32, 32)
    last = visual.hidden_states(images)[-1]
    expected = visual.norm(last[:, 0]) @ visual.proj.weight.T
    torch.testing.assert_close(visual(images).pooled, expected)
    torch.testing.assert_close(visual(images).all_tokens, visual.norm(last))


def test_towers_are_of_the_kind_that_the_name_says() -> None:
    assert isinstance(tiny("clip_rn50").visual, ModifiedResNet)
    assert isinstance(tiny("clip_vit_b32").visual, CLIPVision)


@pytest.mark.parametrize(
    ("name", "quick"), [("clip_vit_b32", True), ("openclip_vit_h14", False)]
)
def test_only_openais_models_have_quick_gelu(name: str, quick: bool) -> None:
    acts = [block.mlp.act for block in tiny(name).visual.blocks]
    acts += [block.mlp.act for block in tiny(name).text.blocks]
    assert {isinstance(act, QuickGELU) for act in acts} == {quick}


def test_vit_tower_has_no_patch_bias_and_a_norm_before_its_blocks() -> None:
    visual = tiny("clip_vit_b32").visual
    assert visual.patch_embed.proj.bias is None
    assert visual.proj.bias is None
    assert isinstance(visual.norm_pre, nn.LayerNorm)
    norms = [m.eps for m in visual.modules() if isinstance(m, nn.LayerNorm)]
    assert norms == [1e-5] * 6


def test_image_tower_works_alone() -> None:
    config = CLIPVisionConfig(img_size=32, patch_size=8, width=48, heads=4, embed_dim=8)
    assert CLIPVision(config)(torch.randn(1, 3, 32, 32)).pooled.shape == (1, 8)


@pytest.mark.parametrize("name", TINY)
def test_every_parameter_receives_a_gradient(name: str) -> None:
    model = tiny(name)
    image = model.encode_image(torch.randn(3, 3, 32, 32))
    model.logits(image, model.encode_text(texts(3))).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


def test_fresh_image_tower_has_clips_scales() -> None:
    visual = tiny("clip_vit_b32", width=192, img_size=64, embed_dim=256).visual
    expected = {
        "cls_token": 192**-0.5,
        "pos_embed": 192**-0.5,
        "proj.weight": 192**-0.5,
        "blocks.0.attn.qkv.weight": 192**-0.5,
        "blocks.1.attn.proj.weight": (4 * 192) ** -0.5,
        "blocks.1.mlp.fc1.weight": (2 * 192) ** -0.5,
        "blocks.0.mlp.fc2.weight": (4 * 192) ** -0.5,
    }
    for _ in range(2):
        state = visual.state_dict()
        for key, std in expected.items():
            rel = 0.2 if key == "cls_token" else 0.03
            assert float(state[key].std()) == pytest.approx(std, rel=rel), key
        visual.init_weights()  # once more, with the projection there


def test_image_and_text_maps_are_recorded_together() -> None:
    model = tiny("clip_vit_b32")
    with record_attention(model) as maps:
        model.encode_image(torch.randn(2, 3, 32, 32))
        model.encode_text(texts(3))
    shapes = [tuple(weights.shape) for weights in maps]
    assert shapes == [(2, 4, 17, 17)] * 2 + [(3, 2, 8, 8)]


@pytest.mark.parametrize("name", TINY)
def test_half_precision_is_close(name: str) -> None:
    model, ids = tiny(name), texts(2)
    images = torch.randn(2, 3, 32, 32)
    expected = model.logits(model.encode_image(images), model.encode_text(ids))
    model = model.bfloat16()
    image = model.encode_image(images.bfloat16())
    logits = model.logits(image, model.encode_text(ids))
    assert logits.dtype == torch.bfloat16
    torch.testing.assert_close(logits.float(), expected, rtol=0.1, atol=0.4)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("clip_vit_b32", {"img_size": 30}, "img_size 30 is not divisible by patch_siz"),
        ("clip_vit_b32", {"heads": 5}, "^width 48 is not divisible by heads 5"),
        ("clip_vit_b32", {"mlp_hidden": 0}, "^hidden must be at least 1, got 0"),
        ("clip_vit_b32", {"mlp_hidden": -4}, "^hidden must be at least 1, got -4"),
        ("clip_vit_b32", {"text_heads": 5}, "text width 32 is not divisible by heads"),
        ("clip_vit_b32", {"embed_dim": 0}, "embed_dim must be at least 1, got 0"),
        ("clip_vit_b32", {"context": 0}, "text context must be at least 1, got 0"),
        ("clip_rn50", {"img_size": 30}, "img_size 30 is not divisible by the stride"),
        ("clip_rn50", {"embed_dim": -1}, "embed_dim must be at least 1, got -1"),
        ("clip_rn50", {"patch_size": 8}, "unknown option 'patch_size' for clip_rn50"),
        (
            "clip_vit_b32",
            {"num_classes": 10},
            "has no classifier: num_classes must be None, got 10",
        ),
    ],
)
def test_impossible_config_is_refused(name: str, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure(name, **{**TINY[name], **options})


def test_image_tower_refuses_classes_too() -> None:
    with pytest.raises(ValueError, match="num_classes must be None, got 3"):
        CLIPVisionConfig(num_classes=3)


@pytest.mark.parametrize("name", TINY)
def test_impossible_images_are_refused(name: str) -> None:
    model = tiny(name)
    refusal = r"expected images of shape|is not divisible by"
    for shape in ((1, 4, 32, 32), (3, 32, 32), (1, 3, 33, 32)):
        with pytest.raises(ValueError, match=refusal):
            model.encode_image(torch.zeros(shape))


def test_text_that_is_too_long_is_refused_not_cut() -> None:
    with pytest.raises(ValueError, match="texts of 9 tokens do not fit the context"):
        tiny("clip_vit_b32").encode_text(torch.ones(1, 9, dtype=torch.int64))


def test_flat_config_builds_both_towers() -> None:
    model = tiny("clip_vit_b32")
    assert isinstance(model, CLIP)
    assert model.visual.config == model.config.visual
    assert model.text.config == model.config.text
    assert model.text.config.embed_dim == model.visual.config.embed_dim == 24
