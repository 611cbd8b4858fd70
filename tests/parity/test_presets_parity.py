"""Full-size presets: the tensors and the preprocessing of the models they stand for.

On the meta device, so that giants cost nothing.
"""

from __future__ import annotations

import pytest
import torch

import vislearn

TIMM = {
    "vit_ti16": "vit_tiny_patch16_224",
    "vit_s16": "vit_small_patch16_224",
    "vit_b32": "vit_base_patch32_224",
    "vit_b16": "vit_base_patch16_224",
    "vit_l16": "vit_large_patch16_224",
    "vit_l14": "vit_large_patch14_224",
    "vit_h14": "vit_huge_patch14_224",
    "vit_giant14": "vit_giant_patch14_224",
    "vit_gigantic14": "vit_gigantic_patch14_224",
    "dinov2_vits14": "vit_small_patch14_dinov2",
    "dinov2_vitb14": "vit_base_patch14_dinov2",
    "dinov2_vitl14": "vit_large_patch14_dinov2",
    "dinov2_vitg14": "vit_giant_patch14_dinov2",
    "dinov2_vits14_reg": "vit_small_patch14_reg4_dinov2",
    "dinov2_vitb14_reg": "vit_base_patch14_reg4_dinov2",
    "dinov2_vitl14_reg": "vit_large_patch14_reg4_dinov2",
    "dinov2_vitg14_reg": "vit_giant_patch14_reg4_dinov2",
    "resnet18": "resnet18",
    "resnet34": "resnet34",
    "resnet50": "resnet50",
    "resnet101": "resnet101",
    "resnet152": "resnet152",
}


def test_table_covers_every_preset_of_these_families() -> None:
    families = ("vit", "dinov2", "resnet")
    names = {name for family in families for name in vislearn.list_models(family)}
    assert set(TIMM) == names


@pytest.mark.parametrize("name", TIMM)
def test_preset_has_the_tensors_of_timms_model(name: str, reference) -> None:
    timm = reference("timm")
    with torch.device("meta"):
        theirs = timm.create_model(TIMM[name])
    classes = getattr(theirs, "num_classes", 0) or None
    ours = vislearn.create_model(name, num_classes=classes, device="meta")

    def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
        return {key: tuple(value.shape) for key, value in model.state_dict().items()}

    assert shapes(ours) == shapes(theirs)


@pytest.mark.parametrize(
    "name", ["vit_ti16", "vit_s16", "vit_b16", "vit_l16", "dinov2_vitb14"]
)
def test_preset_has_the_preprocessing_of_timms_weights(name: str, reference) -> None:
    timm = reference("timm")
    settings = timm.get_pretrained_cfg(TIMM[name])
    ours = vislearn.create_model(name, device="meta").preprocess
    assert ours.size == settings.input_size[-1]
    assert ours.mean == settings.mean
    assert ours.std == settings.std
    assert ours.interpolation == settings.interpolation
    assert ours.crop == settings.crop_pct


def test_resnet_has_the_preprocessing_of_torchvisions_weights(reference) -> None:
    torchvision = reference("torchvision")
    theirs = torchvision.models.ResNet50_Weights.IMAGENET1K_V1.transforms()
    ours = vislearn.create_model("resnet50", device="meta").preprocess
    assert [ours.size] == theirs.crop_size
    assert [int(ours.size / ours.crop)] == theirs.resize_size
    assert ours.interpolation == theirs.interpolation.value
    assert list(ours.mean) == theirs.mean
    assert list(ours.std) == theirs.std
