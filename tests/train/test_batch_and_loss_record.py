"""The recorded runs of batch sizes and losses say what the pages say."""

import importlib.util
import json
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "batch_and_loss.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "batch_and_loss.py"
    spec = importlib.util.spec_from_file_location("batch_and_loss", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def runs(record, **wanted):
    found = [
        run for run in record["runs"] if wanted.items() <= run["arguments"].items()
    ]
    assert len(found) == 3
    return found


def seen(record, **wanted):
    return [run["zero_shot"]["seen"] for run in runs(record, **wanted)]


def test_every_planned_run_was_made_with_the_settings_of_today(record, script):
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert [run["arguments"] for run in record["runs"]] == script.plan()
    assert {"versions", "hardware", "date"} <= set(record)


def test_at_equal_samples_neither_the_smallest_nor_the_largest_batch_is_best(record):
    for loss in ("info_nce", "sigmoid"):
        sizes = {
            size: seen(record, part="samples", loss=loss, batch_size=size)
            for size in (8, 16, 64, 256)
        }
        middle = mean(sizes.pop(64))
        assert all(middle > mean(others) for others in sizes.values())
        assert max(sizes[256]) < mean(sizes[16])


@pytest.mark.parametrize("loss", ["info_nce", "sigmoid"])
def test_at_equal_updates_a_larger_batch_is_better(record, loss):
    small = seen(record, part="updates", loss=loss, batch_size=16)
    middle = seen(record, part="samples", loss=loss, batch_size=64)
    large = seen(record, part="updates", loss=loss, batch_size=256)
    assert max(small) < min(middle)
    assert mean(middle) < mean(large)


def test_the_sigmoid_loss_showed_no_lead_in_small_batches(record):
    for size in (8, 16, 64, 256):
        info_nce = seen(record, part="samples", loss="info_nce", batch_size=size)
        sigmoid = seen(record, part="samples", loss="sigmoid", batch_size=size)
        assert mean(sigmoid) < mean(info_nce)


def test_the_initial_bias_decides_how_fast_the_sigmoid_loss_learns(record):
    usual = seen(record, part="samples", loss="sigmoid", batch_size=64)
    paper = seen(record, part="bias", bias=-10.0)
    none = seen(record, part="bias", bias=0.0)
    assert min(usual) > max(paper)
    assert min(paper) > max(none)


def test_with_the_bias_outside_of_the_label_the_loss_is_nothing_and_says_nothing(
    record,
):
    for run in runs(record, loss="bias outside"):
        assert run["loss_curve"][-1] < 0.001
        assert run["zero_shot"]["seen"] < 0.2
    right = runs(record, part="bias", bias=-10.0)
    assert min(run["loss_curve"][-1] for run in right) > 2
    outside = [run["zero_shot"]["seen"] for run in runs(record, loss="bias outside")]
    assert min(run["zero_shot"]["seen"] for run in right) > max(outside)


def test_with_the_other_sign_the_loss_begins_in_the_hundreds_and_nothing_is_learned(
    record,
):
    for run in runs(record, loss="bias of the other sign"):
        assert run["first_loss"] > 500
        assert run["zero_shot"]["seen"] < 0.04  # chance: 1 of 64


def test_the_bias_hardly_moves_in_so_few_updates(record):
    for run in runs(record, part="samples", loss="sigmoid", batch_size=64):
        assert run["final_bias"] == pytest.approx(-4.143, abs=0.15)
