"""The precision policy by device."""

import random

import numpy as np
import pytest
import torch

from vislearn.train import precision, seed_everything


def test_the_cpu_trains_in_float32_without_a_scaler():
    policy = precision("cpu")
    assert policy.dtype == torch.float32
    assert not policy.scaler().is_enabled()
    with policy.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [
        ((7, 0), torch.float16),  # V100
        ((7, 5), torch.float16),  # T4
        ((8, 0), torch.bfloat16),  # A100
        ((9, 0), torch.bfloat16),  # H100
    ],
)
def test_gpus_older_than_ampere_train_in_float16(monkeypatch, capability, dtype):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert precision("cuda").dtype == dtype


def test_other_devices_are_refused_by_name():
    with pytest.raises(ValueError, match="'meta'"):
        precision("meta")


def test_one_seed_fixes_python_numpy_and_torch():
    def draw() -> tuple[float, float, float, float]:
        generator = seed_everything(7)
        own = float(torch.rand((), generator=generator))
        return random.random(), float(np.random.rand()), float(torch.rand(())), own

    assert draw() == draw()


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(ValueError, match="seed -1"):
        seed_everything(-1)
