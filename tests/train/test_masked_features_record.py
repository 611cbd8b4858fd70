"""The recorded runs of EVA's idea in small are complete and say what the page says."""

import importlib.util
import json
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "masked_features.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "masked_features.py"
    spec = importlib.util.spec_from_file_location("masked_features_experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def starts(record, start):
    found = [run for run in record["runs"] if run["arguments"]["start"] == start]
    assert len(found) == 6
    return found


def test_every_planned_run_was_made_with_the_settings_of_today(record, script):
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert [run["arguments"] for run in record["runs"]] == script.PLAN
    assert {"versions", "hardware", "date"} <= set(record)


def right(record, start, count):
    return [run[f"right with {count}"] for run in starts(record, start)]


@pytest.mark.parametrize("count", [200, 800])
def test_predicting_a_clip_helps_beyond_the_seeds(record, count):
    clip = right(record, "CLIP teacher", count)
    assert min(clip) > max(right(record, "fresh", count))
    assert min(clip) > max(right(record, "untrained teacher", count))
    assert mean(clip) > mean(right(record, "fresh", count)) + 0.1


def test_an_untrained_teacher_shows_no_clear_help(record):
    for count in (200, 800):
        untrained = right(record, "untrained teacher", count)
        fresh = right(record, "fresh", count)
        assert min(untrained) < max(fresh)
        assert min(fresh) < max(untrained)
        assert mean(untrained) < mean(right(record, "CLIP teacher", count))


def test_the_student_says_more_than_the_same_about_every_patch(record):
    for start in ("untrained teacher", "CLIP teacher"):
        for run in starts(record, start):
            # -1 is perfect: at least a fifth of the way there from the best constant.
            assert 1 + run["loss"][-1] < 0.8 * (1 + run["constant_loss"])
    trained = [run["constant_loss"] for run in starts(record, "CLIP teacher")]
    untrained = [run["constant_loss"] for run in starts(record, "untrained teacher")]
    assert max(untrained) < min(trained) - 0.2  # features that say little are easy


def test_the_student_stays_behind_its_teacher(record):
    for run in starts(record, "CLIP teacher"):
        for count in (200, 800):
            assert run[f"right with {count}"] < run[f"teacher's probe with {count}"]
