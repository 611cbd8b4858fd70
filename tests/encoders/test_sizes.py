"""What every encoder's config refuses, and grids made by strides."""

from __future__ import annotations

import pytest

import vislearn
from vislearn.encoders.modified_resnet import ModifiedResNetConfig
from vislearn.encoders.resnet_to_convnext import StepConfig
from vislearn.encoders.sizes import strided_grid
from vislearn.registry import configure, find_preset

ONE_OF_EACH = {find_preset(name).family: name for name in vislearn.list_models()}


@pytest.mark.parametrize("name", ONE_OF_EACH.values())
@pytest.mark.parametrize(
    "size", ["224", 224.0, True, 0, -32, (224,), (224, 224, 3), (224, 0), None], ids=str
)
def test_what_is_no_size_is_refused(name: str, size) -> None:
    with pytest.raises(ValueError, match="img_size must be a number of pixels or"):
        configure(name, img_size=size)


@pytest.mark.parametrize("name", ONE_OF_EACH.values())
@pytest.mark.parametrize("option", ["channels", "num_classes"])
@pytest.mark.parametrize("value", [0, -1, 2.0, "3"], ids=str)
def test_a_count_below_one_is_refused(name: str, option: str, value) -> None:
    with pytest.raises(ValueError, match=f"{option} must be at least 1, got {value!r}"):
        configure(name, **{option: value})


@pytest.mark.parametrize("config", [ModifiedResNetConfig, StepConfig])
def test_configs_without_preset_refuse_the_same(config) -> None:
    with pytest.raises(ValueError, match="img_size must be a number of pixels or"):
        config(img_size=(64,))


def test_grids_of_strides_round_up() -> None:
    assert strided_grid((224, 224), 32) == (7, 7)
    assert strided_grid((225, 31), 32) == (8, 1)
