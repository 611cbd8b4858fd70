"""Full-size SigLIP presets: tensors, start values and preprocessing of open_clip's.

On the meta device. Which of the packages' towers have the exact GELU is tested, too:
no error would tell.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

import vislearn
from vislearn.layers.mlp import activation
from vislearn.registry import configure, find_preset
from vislearn.weights.siglip_names import from_open_clip, from_transformers

OPEN_CLIP = {
    "siglip_b16": "ViT-B-16-SigLIP",
    "siglip_b16_256": "ViT-B-16-SigLIP-256",
    "siglip_b16_256_i18n": "ViT-B-16-SigLIP-i18n-256",
    "siglip_b16_384": "ViT-B-16-SigLIP-384",
    "siglip_b16_512": "ViT-B-16-SigLIP-512",
    "siglip_l16_256": "ViT-L-16-SigLIP-256",
    "siglip_l16_384": "ViT-L-16-SigLIP-384",
    "siglip_so400m14": "ViT-SO400M-14-SigLIP",
    "siglip_so400m14_384": "ViT-SO400M-14-SigLIP-384",
    "siglip2_b32_256": "ViT-B-32-SigLIP2-256",
    "siglip2_b16": "ViT-B-16-SigLIP2",
    "siglip2_l16_256": "ViT-L-16-SigLIP2-256",
    "siglip2_so400m14": "ViT-SO400M-14-SigLIP2",
    "siglip2_so400m16_256": "ViT-SO400M-16-SigLIP2-256",
    "siglip2_so400m16_384": "ViT-SO400M-16-SigLIP2-384",
    "siglip2_so400m16_512": "ViT-SO400M-16-SigLIP2-512",
    "siglip2_gopt16_256": "ViT-gopt-16-SigLIP2-256",
    "siglip2_gopt16_384": "ViT-gopt-16-SigLIP2-384",
}
EXACT_IMAGES = {  # timm's towers with erf-GELU; the official ones are all tanh
    "siglip_b16",
    "siglip_b16_256",
    "siglip_b16_256_i18n",
    "siglip_b16_384",
    "siglip_b16_512",
    "siglip_l16_256",
    "siglip_l16_384",
    "siglip_so400m14",
    "siglip_so400m14_384",
    "siglip2_b16",
    "siglip2_l16_256",
    "siglip2_so400m14",
}


def shapes(state: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


BUILT: dict[str, Any] = {}


def build(reference, name: str) -> Any:
    """open_clip's full-size model on the meta device, built once."""
    reference("timm")
    open_clip = reference("open_clip")
    if name not in BUILT:
        config = open_clip.get_model_config(OPEN_CLIP[name])
        assert config.pop("custom_text")
        with torch.device("meta"):
            BUILT[name] = open_clip.model.CustomTextCLIP(**config)
    return BUILT[name]


def kind_of(theirs: nn.Module) -> str:
    """Which of our two forms of GELU a module computes."""
    x = torch.linspace(-4, 4, 101)
    same = [
        k for k in ("gelu", "gelu_tanh") if torch.equal(theirs(x), activation(k)(x))
    ]
    assert len(same) == 1
    return same[0]


def test_table_covers_every_siglip() -> None:
    names = {*vislearn.list_models("siglip"), *vislearn.list_models("siglip2")}
    assert set(OPEN_CLIP) == names


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_preset_has_the_tensors_of_open_clips_model(name: str, reference) -> None:
    theirs = build(reference, name)
    ours: Any = vislearn.create_model(name, device="meta")
    assert shapes(ours.state_dict()) == shapes(from_open_clip(theirs.state_dict()))
    assert ours.config.heads == theirs.visual.trunk.blocks[0].attn.num_heads
    attention = theirs.text.transformer.resblocks[0].attn
    assert ours.config.text_heads == attention.num_heads
    assert ours.config.norm_eps == theirs.visual.trunk.norm.eps
    assert ours.config.norm_eps == theirs.text.ln_final.eps
    assert ours.config.context == theirs.context_length
    assert theirs.text.pool_type == ours.config.text.pooling
    assert theirs.text.attn_mask is None


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_which_activations_the_packages_have(name: str, reference) -> None:
    """timm's image towers are partly exact, open_clip's texts by generation."""
    theirs = build(reference, name)
    image = theirs.visual.trunk.blocks[0].mlp.act
    text = theirs.text.transformer.resblocks[0].mlp.gelu
    assert kind_of(image) == ("gelu" if name in EXACT_IMAGES else "gelu_tanh")
    assert kind_of(text) == ("gelu" if name.startswith("siglip_") else "gelu_tanh")
    config = configure(name)
    assert config.act == config.text_act == "gelu_tanh"


def test_transformers_has_the_tanh_form_in_both_towers(reference) -> None:
    settings = reference("transformers").SiglipConfig()
    for tower in (settings.vision_config, settings.text_config):
        assert tower.hidden_act == "gelu_pytorch_tanh"
        assert tower.layer_norm_eps == 1e-6


def test_the_default_of_transformers_is_b16(reference) -> None:
    transformers = reference("transformers")
    with torch.device("meta"):
        theirs = transformers.SiglipModel(transformers.SiglipConfig())
    ours = vislearn.create_model("siglip_b16", device="meta")
    state: Any = from_transformers(theirs.state_dict())
    assert shapes(ours.state_dict()) == shapes(state)


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_preset_has_the_preprocessing_of_the_packages(name: str, reference) -> None:
    """Squashed, half and half; SigLIP 2 is bilinear in Google's processors.

    Those are files beside the weights (google/siglip2-…, "resample": 2), so that here
    only the class for NaFlex can be asked; open_clip is bicubic throughout.
    """
    reference("timm")
    open_clip, transformers = reference("open_clip"), reference("transformers")
    settings = open_clip.get_pretrained_cfg(OPEN_CLIP[name], "webli")
    ours = find_preset(name).preprocess
    assert (ours.mean, ours.std) == (settings["mean"], settings["std"])
    assert settings["resize_mode"] == "squash"
    assert ours.crop is None
    config = open_clip.get_model_config(OPEN_CLIP[name])
    assert configure(name).img_size == config["vision_cfg"]["image_size"]
    if name.startswith("siglip_"):
        assert ours.interpolation == settings["interpolation"] == "bicubic"
        assert transformers.SiglipImageProcessor.resample.name == "BICUBIC"
    else:
        assert transformers.Siglip2ImageProcessor.resample.name == "BILINEAR"
        assert ours.interpolation == "bilinear"


def test_start_of_scale_and_bias(reference) -> None:
    """Written in the paper's Algorithm 1; open_clip's config has the bias alone."""
    open_clip = reference("open_clip")
    theirs = build(reference, "siglip_b16")
    assert isinstance(theirs.logit_bias, nn.Parameter)
    config = open_clip.get_model_config("ViT-B-16-SigLIP")
    tiny: Any = vislearn.create_model(
        "siglip_b16",
        width=8,
        depth=1,
        heads=1,
        text_width=8,
        text_depth=1,
        text_heads=1,
    )
    assert tiny.logit_bias.item() == config["init_logit_bias"] == -10
    assert tiny.logit_scale.item() == pytest.approx(math.log(10))
