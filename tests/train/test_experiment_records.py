"""The committed runs are complete and say what their scripts claim."""

import json
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "experiments" / "results"


@pytest.fixture
def record() -> dict:
    return json.loads((RESULTS / "vit_from_scratch.json").read_text())


def test_the_vit_from_scratch_reached_its_claim_with_every_seed(record):
    assert [run["seed"] for run in record["runs"]] == record["seeds"]
    assert len(record["seeds"]) >= 3
    assert min(run["accuracy"][-1] for run in record["runs"]) > 0.9


def test_its_band_holds_all_runs(record):
    for run in record["runs"]:
        band = zip(
            record["band"]["low"], run["accuracy"], record["band"]["high"], strict=True
        )
        assert all(low <= value <= high for low, value, high in band)


def test_it_says_where_and_when_it_was_measured(record):
    assert record["versions"]["torch"]
    assert record["hardware"]["processor"]
    assert record["date"]


def test_its_settings_are_those_of_the_script_today(record):
    """Settings that were changed without a new run would make the file a lie."""
    import importlib.util

    path = RESULTS.parent / "vit_from_scratch.py"
    spec = importlib.util.spec_from_file_location("vit_from_scratch", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    parameters = sum(p.numel() for p in script.build(0).parameters())
    assert record["parameters"] == parameters
