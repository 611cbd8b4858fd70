"""What holds for every encoder: images of another type or device are named."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import vislearn

FAMILIES = {
    "resnet18": {},
    "convnext_t": {"depths": (1, 1, 1, 1), "widths": (8, 16, 32, 64)},
    "vit_ti16": {"img_size": 32, "depth": 1},
    "eva02_ti14": {"img_size": 28, "depth": 1},
    "clip_vit_b32": {"img_size": 32, "width": 64, "depth": 1, "heads": 1}
    | {"text_width": 64, "text_depth": 1, "text_heads": 1, "embed_dim": 16},
}


def small(name: str) -> Any:
    torch.manual_seed(0)
    return vislearn.create_model(name, **FAMILIES[name]).eval()


def images(name: str) -> torch.Tensor:
    side = FAMILIES[name].get("img_size", 64)
    return torch.randn(2, 3, side, side)


@pytest.mark.parametrize("name", FAMILIES)
def test_images_of_another_type_are_named(name) -> None:
    model, x = small(name), images(name)
    with pytest.raises(ValueError, match=r"images are torch.float64 and the model is"):
        model(x.double())
    with pytest.raises(ValueError, match=r"expected one type, images.to\(torch.float6"):
        model.double()(x)
    assert model(x.double()).pooled.dtype == torch.float64


@pytest.mark.parametrize("name", FAMILIES)
def test_images_on_another_device_are_named(name) -> None:
    with pytest.raises(ValueError, match="images are on meta and the model is on cpu"):
        small(name)(images(name).to("meta"))
    model: Any = vislearn.create_model(name, device="meta", **FAMILIES[name])
    with pytest.raises(ValueError, match=r"expected both on one device, .*'meta'"):
        model(images(name))
    with pytest.raises(ValueError, match=r"images are torch.float64"):
        model(images(name).double().to("meta"))
    assert model(images(name).to("meta")).pooled.is_meta


def test_the_image_tower_of_two_says_it_too() -> None:
    model = small("clip_vit_b32")
    with pytest.raises(ValueError, match=r"images are torch.float64"):
        model.encode_image(images("clip_vit_b32").double())


@pytest.mark.parametrize("name", FAMILIES)
def test_under_autocast_any_floating_type_is_welcome(name) -> None:
    model = small(name)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        one, other = model(images(name)), model(images(name).bfloat16())
    assert one.pooled.isfinite().all()
    assert other.pooled.isfinite().all()


def test_a_copy_and_a_saved_model_check_as_well(tmp_path) -> None:
    model = small("vit_ti16")
    torch.save(model, tmp_path / "model.pt")
    saved = torch.load(tmp_path / "model.pt", weights_only=False)
    for each in (copy.deepcopy(model), saved):
        with pytest.raises(ValueError, match=r"images are torch.float64"):
            each(images("vit_ti16").double())
