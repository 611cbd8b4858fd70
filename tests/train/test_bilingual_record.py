"""The recorded bilingual students are complete and say what the pages say."""

import importlib.util
import json
from pathlib import Path
from statistics import mean
from types import ModuleType

import pytest

from vislearn.data.pairs import CAPTION_TEMPLATES, TRAINED

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
CHANCE = 1 / 64


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "bilingual_clip.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "bilingual_clip.py"
    spec = importlib.util.spec_from_file_location("bilingual_clip", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def students(record, languages, kind="usual"):
    found = [
        run
        for run in record["runs"]
        if run["arguments"]["languages"] == languages
        and run["arguments"]["kind"] == kind
    ]
    wanted = {"both": 6, "ko": 3, "en": 3}[languages]
    assert len(found) == (wanted if kind == "usual" else 1)
    return found


def right(run, language, combos="seen"):
    """Accuracy with the two forms of training."""
    forms = run["zero_shot"][combos][language]
    return [forms[form]["both"] for form in CAPTION_TEMPLATES[language][TRAINED]]


def test_every_planned_run_was_made_with_the_settings_of_today(record, script):
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert [run["arguments"] for run in record["runs"]] == script.PLAN
    assert {"versions", "hardware", "date"} <= set(record)


def test_one_student_names_colour_and_shape_in_both_languages(record):
    for run in students(record, "both"):
        for language in ("ko", "en"):
            assert min(right(run, language)) > 0.75


def test_combinations_that_were_never_shown_are_named_less_often_but_far_above_chance(
    record,
):
    for languages, read in (("both", ("ko", "en")), ("ko", ("ko",)), ("en", ("en",))):
        for run in students(record, languages):
            for language in read:
                new = right(run, language, "held_out")
                assert min(new) > 0.2 > 12 * CHANCE
                assert max(new) < max(right(run, language))


def test_colour_is_always_right_what_is_lost_is_the_shape(record):
    for run in students(record, "both"):
        for combos in ("seen", "held_out"):
            for language in ("ko", "en"):
                for form in CAPTION_TEMPLATES[language][TRAINED]:
                    row = run["zero_shot"][combos][language][form]
                    assert row["colour"] > 0.99
                    assert row["both"] == pytest.approx(row["shape"], abs=0.01)


def test_a_language_that_was_not_shown_is_guessed(record):
    for known, unknown in (("ko", "en"), ("en", "ko")):
        for run in students(record, known):
            assert max(right(run, unknown)) < 0.1
            assert max(run["curve"][unknown]) < 0.1


def test_one_language_alone_is_learned_a_little_better(record):
    for language in ("ko", "en"):
        alone = [mean(right(run, language)) for run in students(record, language)]
        both = [mean(right(run, language)) for run in students(record, "both")]
        assert 0 < mean(alone) - mean(both) < 0.12


def test_a_bare_name_is_hardly_understood(record):
    for run in students(record, "both"):
        for language in ("ko", "en"):
            bare = run["zero_shot"]["seen"][language]["{}"]["both"]
            assert bare < 0.3
            assert min(right(run, language)) > bare + 0.45


def test_the_ensemble_beats_the_average_template_and_never_the_best(record):
    for run in students(record, "both"):
        for language in ("ko", "en"):
            forms = run["zero_shot"]["seen"][language]
            alone = [forms[form]["both"] for form in CAPTION_TEMPLATES[language]]
            assert mean(alone) + 0.1 < forms["ensemble"]["both"] < max(alone)


def test_a_name_in_a_sentence_of_the_other_language_is_understood(record):
    for run in students(record, "both"):
        for language in ("ko", "en"):
            assert run["zero_shot"]["seen"][language]["borrowed"]["both"] > 0.6


def test_texts_find_their_translation_although_none_was_ever_shown(record):
    for run in students(record, "both"):
        for direction in ("ko to en", "en to ko"):
            assert run["retrieval"][direction]["1"] > 0.65
            assert run["retrieval"][direction]["5"] > 0.95
    for languages in ("ko", "en"):
        for run in students(record, languages):
            assert run["retrieval"]["ko to en"]["1"] < 0.05


def test_images_find_their_caption_far_above_chance(record):
    for run in students(record, "both"):
        for language in ("ko", "en"):
            assert run["retrieval"][f"image to {language}"]["1"] > 0.2  # chance 1/512
            assert run["retrieval"][f"image to {language}"]["5"] > 0.55


def test_exchanged_words_go_unnoticed(record):
    for languages in ("both", "ko", "en"):
        for run in students(record, languages):
            read = ("ko", "en") if languages == "both" else (languages,)
            for language in read:
                for row in run["composition"][language].values():
                    assert row["count"] > 500
                    assert 0.44 < row["right"] < 0.6


def test_the_curves_end_where_the_final_test_is(record):
    for run in students(record, "both"):
        assert run["updates"] == [100, 200, 300, 400, 500, 600]
        for language in ("ko", "en"):
            end = run["curve"][language][-1]
            assert end == pytest.approx(mean(right(run, language)), abs=0.05)


def test_more_training_ends_near_the_top_and_still_does_not_notice_an_exchange(record):
    (run,) = students(record, "both", "longer")
    for language in ("ko", "en"):
        assert min(right(run, language)) > 0.99
        assert min(right(run, language, "held_out")) > 0.9
        found = run["retrieval"][f"image to {language}"]["1"]
        usual = students(record, "both")
        assert found > max(r["retrieval"][f"image to {language}"]["1"] for r in usual)
        for row in run["composition"][language].values():
            assert 0.44 < row["right"] < 0.6


def test_the_hard_world_is_harder(record):
    (run,) = students(record, "both", "hard")
    easy = [
        min(right(run, "ko") + right(run, "en")) for run in students(record, "both")
    ]
    assert 0.4 < max(right(run, "ko") + right(run, "en")) < min(easy)


def test_a_korean_sentence_that_begins_with_a_colour_fails_like_a_bare_name(record):
    """No caption of training began with a colour: its token there is another one."""
    for run in students(record, "both"):
        forms = run["zero_shot"]["seen"]
        assert forms["ko"]["{이/가} 있습니다."]["both"] < 0.2
        assert forms["en"]["There is {a}."]["both"] > 0.6
