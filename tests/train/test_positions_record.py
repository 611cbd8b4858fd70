"""The recorded runs of position embeddings say what chapter 03 says about them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((EXPERIMENTS / "results" / "positions.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = EXPERIMENTS / "positions.py"
    spec = importlib.util.spec_from_file_location("positions_experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finals(record: dict, task: str, kind: str) -> list[float]:
    return [
        run["final"]
        for run in record["runs"]
        if (run["task"], run["pos"]) == (task, kind)
    ]


def test_every_kind_was_trained_on_every_task_with_three_seeds(record, script) -> None:
    for task in script.TASKS:
        for kind in script.KINDS:
            seeds = [
                run["seed"]
                for run in record["runs"]
                if (run["task"], run["pos"]) == (task, kind)
            ]
            assert seeds == record["seeds"]
    assert len(record["seeds"]) >= 3


def test_every_way_was_moved_to_every_size(record, script) -> None:
    rows = {
        (row["task"], row["way"], row["size"], row["seed"]) for row in record["sizes"]
    }
    sizes, seeds = record["settings"]["other_sizes"], record["seeds"]
    expected = 2 * len(script.WAYS) * len(sizes) * len(seeds)
    assert len(rows) == len(record["sizes"]) == expected


def test_its_settings_are_those_of_the_script_today(record, script) -> None:
    assert record["settings"] == json.loads(json.dumps(script.SETTINGS))
    assert record["versions"]["torch"]
    assert record["date"]


@pytest.mark.parametrize("task", ["side", "quarter"])
def test_without_positions_the_side_and_the_corner_are_nearly_guessed(
    record, task
) -> None:
    assert max(finals(record, task, "none")) < 0.5


@pytest.mark.parametrize("kind", ["learned", "factorised", "sincos_2d", "rope"])
@pytest.mark.parametrize("task", ["side", "quarter"])
def test_absolute_positions_and_rope_solve_both(record, task, kind) -> None:
    assert min(finals(record, task, kind)) > 0.95


def test_rope_finds_the_corner_without_a_token_that_stands_still(record) -> None:
    assert min(finals(record, "quarter", "rope, no CLS")) > 0.95


def test_relative_bias_finds_the_corner_late(record) -> None:
    assert max(finals(record, "quarter", "relative")) < 0.5
    assert min(finals(record, "quarter", "relative, 3 times")) > 0.9


def test_a_side_is_the_side_of_the_red_object(script) -> None:
    """Red pixels lie where the label says, seen from the blue ones."""
    images, labels = script.draw("side", 100, seed=5)
    rgb = images * 0.5 + 0.5
    red = ((rgb[:, 0] > 0.7) & (rgb[:, 2] < 0.4)).float()
    blue = ((rgb[:, 2] > 0.7) & (rgb[:, 0] < 0.4)).float()
    place = torch.arange(32.0)
    middles = [
        (
            (part * place[None, None, :]).sum((1, 2)) / part.sum((1, 2)),
            (part * place[None, :, None]).sum((1, 2)) / part.sum((1, 2)),
        )
        for part in (red, blue)
    ]
    (red_x, red_y), (blue_x, blue_y) = middles
    steps = torch.stack(
        [blue_x - red_x, red_x - blue_x, blue_y - red_y, red_y - blue_y], dim=1
    )  # left, right, above, below
    known = (red.sum((1, 2)) > 5) & (blue.sum((1, 2)) > 5)
    assert known.float().mean() > 0.5
    assert (steps.argmax(1) == labels)[known].float().mean() > 0.97


def test_another_size_draws_the_same_scenes(script) -> None:
    small, labels = script.draw("shape", 20, seed=3)
    large, labels_large = script.draw("shape", 20, seed=3, size=64)
    assert torch.equal(labels, labels_large)
    shrunk = torch.nn.functional.avg_pool2d(large, 2)
    assert float((shrunk - small).abs().mean()) < 0.05
