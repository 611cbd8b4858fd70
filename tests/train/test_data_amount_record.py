"""The committed runs of experiments/data_amount.py: complete, and as claimed."""

import json
from pathlib import Path
from statistics import mean

import pytest

from vislearn.budget.flops import count_flops
from vislearn.budget.parameters import count_parameters
from vislearn.registry import create_model

RESULT = Path(__file__).parents[2] / "experiments" / "results" / "data_amount.json"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads(RESULT.read_text())


def scores(record, data, model, images, updates):
    wanted = (data, model, images, updates)
    return [
        run["test"]
        for run in record["runs"]
        if (run["data"], run["model"], run["images"], run["updates"]) == wanted
    ]


def test_every_run_of_every_series_was_made_once(record):
    made = [
        (run["data"], run["images"], run["updates"], run["seed"], run["model"])
        for run in record["runs"]
    ]
    planned = {
        (series["data"], int(images), updates, seed, model)
        for series in record["settings"]["series"].values()
        for images, updates in series["updates"].items()
        for seed in series["seeds"]
        for model in series["models"]
    }
    assert len(made) == len(set(made))
    assert set(made) == planned


def test_rates_are_the_best_of_the_search(record):
    for rows in record["rates"].values():
        for row in rows.values():
            best = max(row["validation"].values())
            assert row["validation"][str(row["rate"])] == best


def test_the_models_still_cost_what_was_recorded(record):
    for data, rows in record["costs"].items():
        settings = record["settings"]["data"][data]
        for kind, cost in rows.items():
            model = create_model(
                **record["settings"]["models"][kind],
                img_size=record["settings"]["img_size"],
                channels=settings["channels"],
                num_classes=settings["classes"],
                device="meta",
            ).eval()
            assert count_parameters(model) == cost["parameters"]
            assert count_flops(model) == cost["multiply_adds"]


def test_the_cnn_leads_the_vit_beyond_the_seeds_at_every_number_of_images(record):
    compared = 0
    for series in record["settings"]["series"].values():
        if not {"cnn", "vit"} <= set(series["models"]):
            continue
        for images, updates in series["updates"].items():
            at = (int(images), updates)
            cnn = scores(record, series["data"], "cnn", *at)
            vit = scores(record, series["data"], "vit", *at)
            assert min(cnn) > max(vit), (series["data"], *at)
            compared += 1
    assert compared >= 10


def test_the_lead_on_digits_shrinks_with_more_images(record):
    leads = [
        mean(scores(record, "digits", "cnn", images, 300))
        - mean(scores(record, "digits", "vit", images, 300))
        for images in (100, 300, 1200)
    ]
    assert leads == sorted(leads, reverse=True)


def test_a_teacher_helps_with_new_images_and_not_with_those_it_knows(record):
    for images in (100, 300):
        vit = scores(record, "digits", "vit", images, 300)
        known = scores(record, "digits", "distilled", images, 300)
        new = scores(record, "digits", "answered", images, 300)
        assert min(new) > max(vit + known)
        assert min(known) < max(vit)  # their ranges overlap
        assert min(vit) < max(known)
