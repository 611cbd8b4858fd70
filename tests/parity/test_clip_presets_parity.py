"""Full-size CLIP presets: tensors and preprocessing of the models they stand for.

On the meta device, so that giants cost nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import vislearn
from vislearn.registry import configure
from vislearn.weights.clip_names import from_open_clip, from_timm, from_transformers

OPEN_CLIP = {  # ours -> open_clip's name, and whose weights
    "clip_rn50": ("RN50", "openai"),
    "clip_rn101": ("RN101", "openai"),
    "clip_rn50x4": ("RN50x4", "openai"),
    "clip_rn50x16": ("RN50x16", "openai"),
    "clip_rn50x64": ("RN50x64", "openai"),
    "clip_vit_b32": ("ViT-B-32", "openai"),
    "clip_vit_b16": ("ViT-B-16", "openai"),
    "clip_vit_l14": ("ViT-L-14", "openai"),
    "clip_vit_l14_336": ("ViT-L-14-336", "openai"),
    "openclip_vit_h14": ("ViT-H-14", "laion2b_s32b_b79k"),
    "openclip_vit_g14": ("ViT-g-14", "laion2b_s34b_b88k"),
    "openclip_vit_bigg14": ("ViT-bigG-14", "laion2b_s39b_b160k"),
}
TIMM = {
    "clip_vit_b32": "vit_base_patch32_clip_quickgelu_224",
    "clip_vit_b16": "vit_base_patch16_clip_quickgelu_224",
    "clip_vit_l14": "vit_large_patch14_clip_quickgelu_224",
    "clip_vit_l14_336": "vit_large_patch14_clip_quickgelu_336",
    "openclip_vit_h14": "vit_huge_patch14_clip_224",
    "openclip_vit_g14": "vit_giant_patch14_clip_224",
    "openclip_vit_bigg14": "vit_gigantic_patch14_clip_224",
}


def shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


def settings_of(open_clip: Any, name: str) -> dict[str, Any]:
    folder = Path(open_clip.__file__).parent / "model_configs"
    return json.loads((folder / f"{name}.json").read_text())


def test_table_covers_every_preset() -> None:
    families = ("clip", "openclip")
    names = {name for family in families for name in vislearn.list_models(family)}
    assert set(OPEN_CLIP) == names


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_preset_has_the_tensors_of_open_clips_model(name: str, reference) -> None:
    open_clip = reference("open_clip")
    settings = settings_of(open_clip, OPEN_CLIP[name][0])
    with torch.device("meta"):
        theirs = open_clip.CLIP(
            settings["embed_dim"],
            open_clip.CLIPVisionCfg(**settings["vision_cfg"]),
            open_clip.CLIPTextCfg(**settings["text_cfg"]),
        )
    ours = vislearn.create_model(name, device="meta")
    assert shapes(ours.state_dict()) == shapes(from_open_clip(theirs.state_dict()))
    own = sum(parameter.numel() for parameter in ours.parameters())
    assert own == sum(parameter.numel() for parameter in theirs.parameters())


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_preset_has_the_heads_and_activation_of_its_weights(name, reference) -> None:
    """No tensor has their shape, so nothing else would tell."""
    open_clip = reference("open_clip")
    ours, (model, tag) = configure(name), OPEN_CLIP[name]
    settings = settings_of(open_clip, model)
    assert ours.text_heads == settings["text_cfg"]["heads"]
    head_width = settings["vision_cfg"].get("head_width", 64)
    if name.startswith("clip_rn"):
        assert ours.visual.heads == ours.width * 32 // head_width
    else:
        assert ours.heads == ours.width // head_width
    quick = open_clip.get_pretrained_cfg(model, tag).get("quick_gelu", False)
    assert ours.act == ("quick_gelu" if quick else "gelu")


def test_defaults_of_transformers_are_vit_b32(reference) -> None:
    transformers = reference("transformers")
    config = transformers.CLIPConfig()
    with torch.device("meta"):
        theirs = transformers.CLIPModel(config)
    ours = vislearn.create_model("clip_vit_b32", device="meta")
    assert shapes(ours.state_dict()) == shapes(from_transformers(theirs.state_dict()))
    for tower in (config.vision_config, config.text_config):
        assert tower.hidden_act == ours.config.act
        assert tower.layer_norm_eps == ours.config.norm_eps


@pytest.mark.parametrize("name", TIMM)
def test_image_tower_has_the_tensors_of_timms_model(name: str, reference) -> None:
    timm = reference("timm")
    ours: Any = vislearn.create_model(name, device="meta")
    with torch.device("meta"):
        theirs = timm.create_model(TIMM[name], num_classes=ours.config.embed_dim)
    state = dict(theirs.state_dict())
    del state["head.bias"]  # which is zero in CLIP
    expected = shapes(from_timm(state))
    assert shapes(ours.visual.state_dict()) == {
        key.removeprefix("visual."): shape for key, shape in expected.items()
    }


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_preset_has_the_preprocessing_of_its_weights(name: str, reference) -> None:
    open_clip = reference("open_clip")
    theirs = open_clip.get_pretrained_cfg(*OPEN_CLIP[name])
    side = settings_of(open_clip, OPEN_CLIP[name][0])["vision_cfg"]["image_size"]
    model: Any = vislearn.create_model(name, device="meta")
    ours = model.preprocess
    assert model.visual.preprocess == ours
    assert (ours.size, ours.mean, ours.std) == (side, theirs["mean"], theirs["std"])
    assert (ours.interpolation, theirs["resize_mode"]) == ("bicubic", "shortest")
    assert ours.crop == 1.0


@pytest.mark.parametrize("size", [(300, 200), (90, 131), (64, 64)], ids=str)
def test_preprocessed_picture_equals_open_clips(size, reference) -> None:
    open_clip = reference("open_clip")
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    theirs = open_clip.image_transform(64, is_train=False, resize_mode="shortest")
    ours = vislearn.create_model("clip_vit_b32", img_size=64, device="meta").preprocess
    picture = Image.fromarray(pixels)
    torch.testing.assert_close(ours(picture), theirs(picture), rtol=0, atol=1e-6)
