"""The comparison at equal compute: its models are equal, its record is complete."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

FOLDER = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((FOLDER / "results" / "equal_compute.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = FOLDER / "equal_compute.py"
    spec = importlib.util.spec_from_file_location("equal_compute", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_model_computes_five_percent_more_than_another(record, script) -> None:
    counted = script.costs()
    work = [one["multiply_adds"] for one in counted.values()]
    assert max(work) <= 1.05 * min(work)
    assert record["costs"] == counted


def test_unequal_compute_is_refused(script, monkeypatch) -> None:
    wider = {**script.MODELS, "vit": {**script.MODELS["vit"], "width": 60}}
    monkeypatch.setattr(script, "MODELS", wider)
    with pytest.raises(ValueError, match="are not equal"):
        script.costs()


def test_its_settings_are_those_of_the_script_today(record, script) -> None:
    """Settings that were changed without a new run would make the file a lie."""
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))


def test_every_model_was_trained_with_every_seed(record) -> None:
    assert len(record["seeds"]) >= 3
    done = {(run["model"], run["seed"]) for run in record["runs"]}
    assert done == {
        (name, seed)
        for name in record["settings"]["models"]
        for seed in record["seeds"]
    }
    for run in record["runs"]:
        assert len(run["accuracy"]) == len(run["updates"]) == len(run["loss"])
        assert run["updates"][-1] == record["settings"]["training"]["steps"]


def test_recipes_are_the_better_ones_of_another_seed(record) -> None:
    assert record["settings"]["search"]["seed"] not in record["seeds"]
    for name, losses in record["search"].items():
        assert set(losses) == set(record["settings"]["search"]["recipes"])
        assert losses[record["chosen"][name]] == min(losses.values())


def test_its_summary_follows_from_its_runs(record, script) -> None:
    rows = script.summary(record["runs"])
    assert rows == record["summary"]
    assert script.apart(rows) == record["apart"]
    for better, worse in record["apart"]:
        final = {
            name: [run["final"] for run in record["runs"] if run["model"] == name]
            for name in (better, worse)
        }
        assert min(final[better]) > max(final[worse])


def test_the_order_is_the_one_that_the_script_claims(record, script) -> None:
    assert [row["model"] for row in record["summary"]] == script.ORDER
    pairs = len(script.ORDER) * (len(script.ORDER) - 1) // 2
    assert len(record["apart"]) == pairs  # no range touches another


def test_only_the_best_is_near_the_ceiling_and_the_worst_above_chance(record) -> None:
    """Where two models are at a ceiling, equal numbers say nothing."""
    assert record["summary"][1]["high"] < 0.98
    assert record["summary"][-1]["low"] > 1.5 * record["chance"]


def test_it_says_where_and_when_it_was_measured(record) -> None:
    assert record["versions"]["torch"]
    assert record["hardware"]["threads"] == 1
    assert record["date"]


@pytest.mark.parametrize("init", ["own", "xavier"])
def test_models_are_the_same_for_the_same_seed(script, init: str) -> None:
    images = torch.randn(1, 3, 64, 64)
    for name in script.MODELS:
        one, same, other = (script.build(name, s, init).eval() for s in (0, 0, 1))
        assert torch.equal(one(images).pooled, same(images).pooled)
        assert not torch.equal(one(images).pooled, other(images).pooled)
