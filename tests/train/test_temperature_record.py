"""The recorded runs over temperatures say what the pages say."""

import importlib.util
import json
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
FIXED = (0.01, 0.03, 0.1, 0.3, 1.0)


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "temperature.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "temperature.py"
    spec = importlib.util.spec_from_file_location("temperature_experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def runs(record, temperature, learned=False):
    wanted = {"temperature": temperature, "learned": learned}
    found = [
        run for run in record["runs"] if wanted.items() <= run["arguments"].items()
    ]
    assert len(found) == 3
    return found


def seen(record, temperature, learned=False):
    return [run["zero_shot"]["seen"] for run in runs(record, temperature, learned)]


def test_every_planned_run_was_made_with_the_settings_of_today(record, script):
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert [run["arguments"] for run in record["runs"]] == script.PLAN
    assert script.FIXED == FIXED
    assert {"versions", "hardware", "date"} <= set(record)


def test_a_middle_temperature_is_best_and_both_ends_lose(record):
    middle = seen(record, 0.1)
    assert min(middle) > max(seen(record, 0.3))
    assert min(seen(record, 0.3)) > max(seen(record, 1.0))
    assert mean(seen(record, 0.01)) < mean(seen(record, 0.03)) < mean(middle) + 0.05
    assert mean(seen(record, 0.01)) < mean(middle) - 0.1


def test_a_learned_temperature_is_as_good_as_the_best_fixed_one(record):
    learned = seen(record, 0.07, learned=True)
    best = max(mean(seen(record, temperature)) for temperature in FIXED)
    assert mean(learned) > best - 0.05


def test_a_learned_temperature_falls_and_is_not_there_yet_if_it_began_at_one(record):
    for begin, low, high in ((0.07, 0.05, 0.07), (1.0, 0.5, 0.8)):
        for run in runs(record, begin, learned=True):
            assert low < run["temperatures"][-1] < high
            # It may rise while nothing is known yet.
            assert run["temperatures"][-1] == min(run["temperatures"])
    late = seen(record, 1.0, learned=True)
    assert max(late) < min(seen(record, 0.1))


def test_the_lower_the_temperature_the_more_the_hardest_text_is_pushed(record):
    for begin in (0.07, 1.0):
        for run in runs(record, begin, learned=True):
            for name in ("hardest", "five hardest", "not wrong"):
                shares = [at[name] for at in run["shares_at"]]
                assert shares == sorted(shares, reverse=True)


def test_at_temperature_one_the_push_is_nearly_even(record):
    for run in runs(record, 1.0):
        assert run["shares"]["hardest"] < 3 / 63
        assert run["shares"]["five hardest"] < 3 * 5 / 63


def test_much_of_the_push_goes_to_captions_that_are_not_wrong(record):
    for run in runs(record, 0.07, learned=True):
        assert 0.05 < run["shares"]["not wrong"] < 0.25
        assert run["shares"]["hardest"] > 0.3
