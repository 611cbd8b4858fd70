"""What the benchmarks have recorded is what the book says about the grader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vislearn.grading.lab import load_lab

ROOT = Path(__file__).resolve().parents[2]
PATHS = {
    "minilab": ROOT / "tests" / "grading" / "minilab",
    "lab01_attention": ROOT / "labs" / "lab01_attention",
}


def read(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "book" / name).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def speed() -> dict[str, Any]:
    return read("grading_speed.json")


@pytest.fixture(scope="module")
def graded() -> dict[str, Any]:
    return read("grading_class.json")


def test_ours_was_faster_than_every_other(speed: dict[str, Any]) -> None:
    assert {lab["lab"] for lab in speed["labs"]} == set(PATHS)
    for lab in speed["labs"]:
        others = {n: r for n, r in lab["graders"].items() if "vislearn" not in n}
        assert set(others) == {"nbgrader", "otter run", "otter in one process"}
        for name, row in others.items():
            assert row["ratio"] > 1, (lab["lab"], name)


def test_ratios_and_seconds_agree(speed: dict[str, Any]) -> None:
    for lab in speed["labs"]:
        ours = lab["graders"]["vislearn"]["seconds_per_submission"]
        for name, row in lab["graders"].items():
            theirs = row["seconds_per_submission"]
            assert theirs["lowest"] <= theirs["median"] <= theirs["highest"]
            low = theirs["lowest"] / ours["highest"]
            high = theirs["highest"] / ours["lowest"]
            assert low * 0.98 <= row["ratio_lowest"] <= row["ratio"], name
            assert row["ratio"] <= row["ratio_highest"] <= high * 1.02, name


def test_everybody_was_given_the_same_class(speed: dict[str, Any]) -> None:
    for lab in speed["labs"]:
        loaded = load_lab(PATHS[lab["lab"]])
        assert lab["questions"] == len(loaded.questions)
        for points in lab["points"].values():
            assert points[0::2] == [loaded.points] * lab["right_submissions"]
            assert all(one < loaded.points for one in points[1::2])


def test_every_column_of_seconds_is_explained(speed: dict[str, Any]) -> None:
    for lab in speed["labs"]:
        assert set(lab["graders"]) == set(speed["about"])
    assert all(set(text) == {"ko", "en"} for text in speed["about"].values())


def test_300_were_graded_three_ways_with_one_table(graded: dict[str, Any]) -> None:
    assert graded["files"] == 300
    assert set(graded["runs"]) == {"jobs", "cluster", "killed"}
    assert graded["runs"]["jobs"]["jobs"] == 2
    assert graded["runs"]["cluster"]["dask_workers"] == 2
    assert graded["tables_identical"] is True
    for digests in graded["tables"].values():
        assert set(digests) == set(graded["runs"])
        assert len(set(digests.values())) == 1
    expected = dict.fromkeys(graded["runs"], 300)
    assert graded["files_with_the_expected_result"] == expected


def test_the_driver_was_killed_five_times_while_it_graded(
    graded: dict[str, Any],
) -> None:
    kills = graded["runs"]["killed"]["kills"]
    stored = [kill["results_before"] for kill in kills]
    assert len(stored) == 5
    assert stored == sorted(stored)
    assert stored[0] > 0
    assert stored[-1] < graded["questions"]


def test_the_driver_stayed_below_500_mb_and_nothing_was_left(
    graded: dict[str, Any],
) -> None:
    peaks = [run["driver_peak_mb"] for run in graded["runs"].values()]
    assert graded["driver_peak_mb"] == max(peaks) < 500
    assert graded["left_behind"] == {}
