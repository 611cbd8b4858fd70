"""The committed figures of contrastive memory are complete and say what is claimed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RECORD = json.loads(
    (ROOT / "experiments" / "results" / "contrastive_memory.json").read_text()
)
LOSSES = ("info_nce", "sigmoid")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    path = ROOT / "benchmarks" / "contrastive_memory.py"
    spec = importlib.util.spec_from_file_location("contrastive_memory", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(loss: str, pairs: int, block: int | None) -> dict[str, Any]:
    wanted = (loss, pairs, block)
    (found,) = (
        r for r in RECORD["runs"] if (r["loss"], r["pairs"], r["block"]) == wanted
    )
    return found


def above_start(loss: str, pairs: int, block: int | None) -> float:
    found = row(loss, pairs, block)
    return found["peak_mb"] - found["start_mb"]


def test_settings_are_those_of_the_script_today(script: ModuleType) -> None:
    assert RECORD["settings"] == json.loads(json.dumps(script.SETTINGS))
    made = [{key: r[key] for key in ("loss", "pairs", "block")} for r in RECORD["runs"]]
    assert made == RECORD["settings"]["runs"]


@pytest.mark.parametrize("loss", LOSSES)
def test_32768_pairs_of_width_512_fit_in_2_gb(loss: str) -> None:
    assert RECORD["settings"]["width"] == 512
    assert row(loss, 32_768, 1024)["peak_mb"] < 2000


@pytest.mark.parametrize("loss", LOSSES)
def test_dense_memory_grows_with_the_square_and_blocked_with_the_number(loss) -> None:
    assert above_start(loss, 8192, None) > 3 * above_start(loss, 4096, None)
    assert above_start(loss, 32_768, 1024) < 2.5 * above_start(loss, 16_384, 1024)
    # Several copies of the table of 4 N² bytes are alive at once.
    assert above_start(loss, 8192, None) > 4 * row(loss, 8192, None)["table_mb"]


@pytest.mark.parametrize("loss", LOSSES)
def test_every_block_size_gave_the_dense_value(loss: str) -> None:
    dense = row(loss, 8192, None)["value"]
    for block in (4096, 1024, 256):
        assert row(loss, 8192, block)["value"] == pytest.approx(dense, rel=1e-6)
        assert above_start(loss, 8192, block) < above_start(loss, 8192, None) / 2


def test_it_says_where_and_when_it_was_measured() -> None:
    assert RECORD["versions"]["torch"]
    assert RECORD["hardware"]["processor"]
    assert RECORD["date"]
