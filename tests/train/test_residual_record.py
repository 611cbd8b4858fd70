"""The committed runs of plain and residual networks say what their script claims."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
RECORD = json.loads((EXPERIMENTS / "results" / "residual.json").read_text())


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "residual", EXPERIMENTS / "residual.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def values(kind: str, layers: int, key: str) -> list[float]:
    runs = [r for r in RECORD["runs"] if (r["kind"], r["layers"]) == (kind, layers)]
    return [run[key][-1] if key == "loss" else run[key] for run in runs]


def test_every_depth_kind_and_seed_was_run_once() -> None:
    settings = RECORD["settings"]
    found = [(r["layers"], r["kind"], r["seed"]) for r in RECORD["runs"]]
    wanted = [
        (2 * blocks + 2, kind, seed)
        for blocks in settings["blocks"]
        for kind in settings["kinds"]
        for seed in settings["seeds"]
    ]
    assert found == wanted
    assert all(len(run["loss"]) == settings["steps"] for run in RECORD["runs"])


def test_settings_are_those_of_the_script_today(script: ModuleType) -> None:
    assert RECORD["settings"] == json.loads(json.dumps(script.SETTINGS))


def test_at_56_layers_only_the_residual_network_learns_its_training_set() -> None:
    assert max(values("plain", 56, "train_right")) < 0.3
    assert min(values("residual", 56, "train_right")) > 0.99


def test_at_20_layers_the_plain_loss_is_higher_with_every_seed() -> None:
    assert min(values("plain", 20, "loss")) > 2 * max(values("residual", 20, "loss"))


def test_at_8_layers_the_ranges_of_the_two_overlap() -> None:
    plain, residual = (values(kind, 8, "loss") for kind in ("plain", "residual"))
    assert min(plain) < max(residual)
    assert min(residual) < max(plain)


def test_it_says_where_and_when_it_was_measured() -> None:
    assert RECORD["versions"]["torch"]
    assert RECORD["hardware"]["processor"]
    assert RECORD["date"]


def test_plain_and_residual_differ_in_the_addition_alone(script: ModuleType) -> None:
    plain, residual = (script.build(kind, 2, seed=0) for kind in ("plain", "residual"))
    pairs = zip(plain.state_dict().items(), residual.state_dict().items(), strict=True)
    for (name, value), (other_name, other_value) in pairs:
        assert name == other_name
        assert torch.equal(value, other_value)
