"""The recorded runs of FlexiViT say what chapter 03 says about them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "flexivit.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "flexivit.py"
    spec = importlib.util.spec_from_file_location("flexivit_experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def right_at(record: dict, trained: str, size: int) -> list[float]:
    return [
        run["right"][str(size)] for run in record["runs"] if run["trained"] == trained
    ]


def test_its_settings_and_seeds_are_those_of_the_script_today(record, script) -> None:
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert record["seeds"] == list(script.SEEDS)
    assert len(record["seeds"]) >= 3
    assert len(record["runs"]) == len(script.SEEDS) * len(script.TRAINED_WITH)


@pytest.mark.parametrize(
    ("trained", "size"), [("16", 8), ("8", 16), ("16", 4), ("8", 4), ("16 and 8", 4)]
)
def test_a_patch_size_that_was_not_in_training_fails(record, trained, size) -> None:
    assert max(right_at(record, trained, size)) < 0.45


def test_one_set_of_weights_serves_the_sizes_of_its_training(record) -> None:
    assert min(right_at(record, "16 and 8", 16)) > 0.85
    assert min(right_at(record, "16 and 8", 8)) > 0.7


def test_flexibility_costs_accuracy_at_the_same_number_of_steps(record) -> None:
    assert max(right_at(record, "16 and 8", 8)) < min(right_at(record, "8", 8))
