"""The committed figures of gradient caching are complete and say what is claimed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RECORD = json.loads(
    (ROOT / "experiments" / "results" / "gradient_cache.json").read_text()
)
PLAIN = (64, 128, 256, 512)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    path = ROOT / "benchmarks" / "gradient_cache.py"
    spec = importlib.util.spec_from_file_location("gradient_cache_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(pairs: int, chunk: int | None) -> dict[str, Any]:
    (found,) = (r for r in RECORD["runs"] if (r["pairs"], r["chunk"]) == (pairs, chunk))
    return found


def above_start(pairs: int, chunk: int | None) -> float:
    found = row(pairs, chunk)
    return found["peak_mb"] - found["start_mb"]


def test_settings_are_those_of_the_script_today(script: ModuleType) -> None:
    assert RECORD["settings"] == json.loads(json.dumps(script.SETTINGS))
    made = [{key: r[key] for key in ("pairs", "chunk")} for r in RECORD["runs"]]
    assert made == RECORD["settings"]["runs"]


@pytest.mark.parametrize("pairs", PLAIN)
def test_loss_and_gradient_are_those_of_the_plain_step(pairs: int) -> None:
    plain, cached = row(pairs, None), row(pairs, 32)
    assert cached["loss"] == pytest.approx(plain["loss"], rel=1e-6)
    assert cached["gradient"] == pytest.approx(plain["gradient"], rel=1e-5)


def test_plain_memory_doubles_with_the_batch_and_cached_memory_stays() -> None:
    assert above_start(512, None) > 1.7 * above_start(256, None)
    assert above_start(1024, 32) < 1.3 * above_start(64, 32)
    assert above_start(512, 32) < above_start(512, None) / 4


def test_the_price_is_less_than_twice_the_time() -> None:
    """One more forward pass, where a step costs about three."""
    for pairs in PLAIN:
        assert row(pairs, 32)["seconds"] < 2 * row(pairs, None)["seconds"]


def test_it_says_where_and_when_it_was_measured() -> None:
    assert RECORD["versions"]["torch"]
    assert RECORD["hardware"]["processor"]
    assert RECORD["date"]
