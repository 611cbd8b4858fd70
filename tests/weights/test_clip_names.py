"""CLIP's weights: from the cache, for one tower, for another image size."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import vislearn
from vislearn.encoders.clip import CLIP
from vislearn.layers.positions import interpolate
from vislearn.weights import clip_names, load

TEXT = {"text_width": 32, "text_depth": 1, "text_heads": 2, "vocab_size": 60}
VIT = {"patch_size": 8, "width": 32, "depth": 1, "heads": 2, "context": 8}
RESNET = {"depths": (1, 1), "width": 8, "head_width": 8, "context": 8}


def vit(seed: int, **options) -> Any:
    torch.manual_seed(seed)
    settings = {"img_size": 32, "embed_dim": 24, **TEXT, **VIT, **options}
    return vislearn.create_model("clip_vit_b32", **settings).eval()


def resnet(seed: int, **options) -> Any:
    torch.manual_seed(seed)
    settings = {"img_size": 32, "embed_dim": 24, **TEXT, **RESNET, **options}
    return vislearn.create_model("clip_rn50", **settings).eval()


def eva(seed: int, **options) -> Any:
    torch.manual_seed(seed)
    settings = {"img_size": 32, "embed_dim": 24, **TEXT, **VIT, **options}
    return vislearn.create_model("eva_clip_b16", **settings).eval()


def as_open_clip(model: CLIP) -> dict[str, Tensor]:
    """A CLIP with a ViT under OpenAI's names, and what else its files hold."""
    names = {
        "visual.cls_token": "visual.class_embedding",
        "visual.pos_embed": "visual.positional_embedding",
        "visual.patch_embed.proj.weight": "visual.conv1.weight",
        "visual.proj.weight": "visual.proj",
        "text.token_embed.weight": "token_embedding.weight",
        "text.pos_embed": "positional_embedding",
        "text.proj.weight": "text_projection",
    }
    parts = [
        ("visual.norm_pre.", "visual.ln_pre."),
        ("visual.norm.", "visual.ln_post."),
        ("text.norm.", "ln_final."),
        ("text.blocks.", "transformer.resblocks."),
        (".blocks.", ".transformer.resblocks."),
        (".norm1.", ".ln_1."),
        (".norm2.", ".ln_2."),
        (".attn.qkv.", ".attn.in_proj_"),
        (".attn.proj.", ".attn.out_proj."),
        (".fc1.", ".c_fc."),
        (".fc2.", ".c_proj."),
    ]
    state = {"input_resolution": torch.tensor(32), "vocab_size": torch.tensor(60)}
    for key, value in model.state_dict().items():
        name = names.get(key, key)
        for ours, theirs in parts:
            name = name.replace(ours, theirs)
        if key.endswith("proj.weight") and key in names and value.ndim == 2:
            value = value.T
        state[name] = value.squeeze(0).squeeze(0) if "embedding" in name else value
    return state


@pytest.mark.parametrize(
    "file", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]
)
def test_open_clip_weights_in_the_cache_are_loaded(put_into_cache, file: str) -> None:
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed")
    source, model = vit(0), vit(1)
    put_into_cache("timm/vit_base_patch32_clip_224.openai", file, as_open_clip(source))
    load(model, "open_clip:ViT-B-32/openai")
    for key, value in model.state_dict().items():
        assert torch.equal(value, source.state_dict()[key]), key


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "ViT-B-32/openai",
            "open_clip:ViT-B-32/openai is not in the local Hugging Face cache.* "
            "hf download timm/vit_base_patch32_clip_224.openai "
            "open_clip_model.safetensors",
        ),
        ("ViT-B-33/openai", "open_clip has no pretrained weights named 'ViT-B-33'"),
        ("ViT-B-32/dreams", "needs one of the tags openai, .*, got 'dreams'"),
        ("ViT-B-32", "needs one of the tags openai, .*, got ''"),
    ],
)
def test_what_is_not_cached_or_unknown_is_said(hub: Path, name: str, message: str):
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed")
    with pytest.raises(ValueError, match=message) as caught:
        load(vit(0), f"open_clip:{name}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [vit, resnet])
def test_image_tower_alone_takes_its_part_of_both(make) -> None:
    source, model = make(0), make(1)
    load(model.visual, source.state_dict(), "open_clip" if make is resnet else None)
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(model(images).pooled, source(images).pooled)
    load(make(2).visual, source.visual.state_dict())


@pytest.mark.parametrize("make", [vit, resnet, eva])
def test_image_tower_alone_takes_its_part_of_our_own_state(make) -> None:
    source, model = make(0), make(1)
    load(model.visual, source.state_dict())
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(model(images).pooled, source(images).pooled)


def test_positions_are_resized_for_another_image_size() -> None:
    source, model = vit(0), vit(1, img_size=(32, 48))
    load(model, source.state_dict())
    expected = interpolate(source.visual.pos_embed, (4, 4), (4, 6), prefix=1)
    torch.testing.assert_close(model.visual.pos_embed, expected)


def test_positions_of_the_pooling_are_resized_for_another_image_size() -> None:
    source, model = resnet(0), resnet(1, img_size=(32, 48))
    load(model, source.state_dict())
    table = source.visual.attnpool.positional_embedding[None]
    expected = interpolate(table, (4, 4), (4, 6), prefix=1)[0]
    torch.testing.assert_close(model.visual.attnpool.positional_embedding, expected)


def test_longer_context_is_reported_not_cut() -> None:
    with pytest.raises(
        ValueError, match=r"1 of another shape \(text.pos_embed is \(8, 32\)"
    ):
        load(vit(1, context=9), vit(0).state_dict())


def test_timm_projection_with_a_bias_is_reported() -> None:
    state = vit(0).visual.state_dict()
    state["head.weight"] = state.pop("proj.weight")
    load(vit(1).visual, {**state, "head.bias": torch.zeros(24)}, "timm")
    with pytest.raises(ValueError, match=r"1 unexpected \(proj.bias\)"):
        load(vit(1).visual, {**state, "head.bias": torch.ones(24)}, "timm")


def test_old_names_of_transformers_are_understood() -> None:
    """Version 4 wrapped the image tower; 5 does not, when it is saved alone."""
    old = {"vision_model.post_layernorm.weight": torch.zeros(2)}
    old["vision_model.embeddings.position_ids"] = torch.zeros(1, 17)
    new = {"post_layernorm.weight": torch.zeros(2)}
    for state in (old, new):
        assert set(clip_names.from_transformers(state)) == {"visual.norm.weight"}
