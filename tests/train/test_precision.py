"""The precision policy by device."""

import pytest
import torch

from vislearn.train import precision


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
