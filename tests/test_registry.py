"""Models by name: what exists, what can be changed, what is refused."""

from __future__ import annotations

import pytest
import torch

import vislearn
from vislearn import registry
from vislearn.encoders.output import VisionEncoder


def test_every_listed_model_can_be_made_without_memory() -> None:
    for name in vislearn.list_models():
        model = vislearn.create_model(name, device="meta")
        assert isinstance(model, VisionEncoder)
        tensors = [*model.parameters(), *model.buffers()]
        assert all(tensor.is_meta for tensor in tensors), name


def test_families_partition_the_models() -> None:
    vit, resnet = vislearn.list_models("vit"), vislearn.list_models("resnet")
    assert "vit_b16" in vit
    assert "resnet50" in resnet
    assert not set(vit) & set(resnet)
    assert set(vit) | set(resnet) <= set(vislearn.list_models())


def test_unknown_family_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown family 'vits'; there are .*vit"):
        vislearn.list_models("vits")


def test_unknown_model_lists_the_closest_names() -> None:
    with pytest.raises(
        ValueError, match=r"^unknown model 'vit_b17'; closest names: vit_b16, "
    ):
        vislearn.create_model("vit_b17")


def test_unknown_option_lists_the_closest_options() -> None:
    with pytest.raises(
        ValueError, match=r"unknown option 'dept' for vit_b16; closest names: depth"
    ):
        vislearn.create_model("vit_b16", dept=2)


def test_overrides_replace_config_fields_and_leave_the_preset_alone() -> None:
    model = vislearn.create_model(
        "vit_b16", img_size=(32, 48), patch_size=8, depth=2, width=64, heads=4
    )
    assert model.config.depth == 2
    assert model.config.hidden == 256  # 4 · width follows the override
    assert model.preprocess.size == (32, 48)
    assert registry.configure("vit_b16").depth == 12


def test_preprocessing_belongs_to_the_weights() -> None:
    dino = vislearn.create_model("dinov2_vits14", device="meta").preprocess
    vit = vislearn.create_model("vit_s16", device="meta").preprocess
    assert dino.mean == (0.485, 0.456, 0.406)
    assert dino.size == 518
    assert vit.mean == (0.5, 0.5, 0.5)


def test_device_decides_where_parameters_are_made() -> None:
    model = vislearn.create_model("vit_ti16", depth=1, device="cpu")
    assert next(model.parameters()).device == torch.device("cpu")


def test_name_can_be_registered_once() -> None:
    preset = registry.find_preset("vit_b16")
    with pytest.raises(ValueError, match="'vit_b16' is registered twice"):
        registry.register(preset)
