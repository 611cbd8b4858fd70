"""Writing what `recorded` reads: the runs of an experiment, one after the other.

An experiment that is stopped goes on where it was: runs that the file holds are not
made again, unless the settings have changed.
"""

from __future__ import annotations

import datetime
import json
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

Run = dict[str, Any]


def record_runs(
    path: Path,
    question: str,
    settings: dict[str, Any],
    plan: Sequence[Run],
    make: Callable[..., Run],
    *,
    again: bool = False,
) -> dict[str, Any]:
    """Make the runs of a plan that are missing, and save the file after each.

    Args:
        path: of the JSON file.
        question: what the experiment asks, in one line.
        settings: whatever the runs have in common; changed settings start anew.
        plan: the arguments of each run; no two runs have the same.
        make: called with these arguments; returns what was measured.
        again: make all runs, whatever the file holds.

    Returns:
        What the file then holds: question, settings, runs (arguments, what was
        measured, CPU seconds), and versions, hardware, date of the latest run.

    Raises:
        ValueError: if a run is planned twice, or none is.
    """
    if not plan:
        raise ValueError("the plan has no runs")
    keys = [_key(arguments) for arguments in plan]
    if len(set(keys)) < len(keys):
        raise ValueError("a run is planned twice")
    settings = json.loads(json.dumps(settings))
    old = _read(path)
    same = not again and old.get("settings") == settings
    done = {_key(run["arguments"]): run for run in old.get("runs", []) if same}
    result: dict[str, Any] = {"question": question, "settings": settings}
    for arguments, key in zip(plan, keys, strict=True):
        if key not in done:
            started = time.process_time()
            measured = make(**arguments)
            seconds = round(time.process_time() - started, 1)
            done[key] = {"arguments": arguments, **measured, "cpu_seconds": seconds}
            print(key, seconds, flush=True)
            date = datetime.date.today().isoformat()
            _write(path, {**result, **_where(), "date": date}, keys, done)
    # Runs that the plan no longer has are dropped; what is there grows no newer.
    last = _read(path)
    about = result | {key: last[key] for key in ("versions", "hardware", "date")}
    return _write(path, about, keys, done)


def _write(
    path: Path, about: dict[str, Any], keys: Sequence[str], done: dict[str, Run]
) -> dict[str, Any]:
    runs = [done[key] for key in keys if key in done]
    total = round(sum(run["cpu_seconds"] for run in runs))
    result = {**about, "cpu_seconds": total, "runs": runs}
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")  # a stop here leaves the old file whole
    new.write_text(text, encoding="utf-8")
    new.replace(path)
    return json.loads(text)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _key(arguments: Run) -> str:
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True)


def _where() -> dict[str, Any]:
    return {
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "hardware": {
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
        },
    }
