"""The recorded students of emoji say what the pages say."""

import importlib.util
import json
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
CHANCE = 1 / 200


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "emoji_clip.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "emoji_clip.py"
    spec = importlib.util.spec_from_file_location("emoji_experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def students(record, languages):
    found = [
        run for run in record["runs"] if run["arguments"]["languages"] == languages
    ]
    assert len(found) == 3
    return found


def test_every_planned_run_was_made_with_the_settings_of_today(record, script):
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert [run["arguments"] for run in record["runs"]] == script.PLAN
    assert {"versions", "hardware", "date"} <= set(record)
    for run in record["runs"]:
        assert run["pairs"] + run["new_names"] == 1914


@pytest.mark.parametrize("language", ["ko", "en"])
def test_names_it_has_learned_are_found_more_often_than_new_ones(record, language):
    direction = f"image to {language}"
    for languages in ("both", language):
        for run in students(record, languages):
            # Eight times as many names to choose from, and still more often right.
            learned, new = (run[part][direction]["1"] for part in ("train", "new"))
            assert learned > 1.2 * new
            assert learned * run["pairs"] > 8 * new * run["new_names"]  # over chance


@pytest.mark.parametrize("language", ["ko", "en"])
def test_new_names_are_found_far_above_chance_and_mostly_not(record, language):
    for languages in ("both", language):
        for run in students(record, languages):
            found = run["new"][f"image to {language}"]
            assert 6 * CHANCE < found["1"] < 0.25
            assert 20 * CHANCE < found["5"] < 0.4


def test_one_language_alone_remembers_more_of_its_names(record):
    for language in ("ko", "en"):
        direction = f"image to {language}"
        alone = [run["train"][direction]["1"] for run in students(record, language)]
        both = [run["train"][direction]["1"] for run in students(record, "both")]
        assert min(alone) > max(both)


def test_names_find_their_translation_only_if_both_languages_were_shown(record):
    for run in students(record, "both"):
        assert run["train"]["ko to en"]["1"] > 0.15
        assert run["new"]["ko to en"]["1"] > 6 * CHANCE
    for languages in ("ko", "en"):
        for run in students(record, languages):
            assert run["new"]["ko to en"]["1"] < 0.1


def test_korean_and_english_are_equally_hard(record):
    for part in ("train", "new"):
        ko = mean(run[part]["image to ko"]["1"] for run in students(record, "ko"))
        en = mean(run[part]["image to en"]["1"] for run in students(record, "en"))
        assert ko == pytest.approx(en, rel=0.4)
