"""What the memory benchmarks share: one measurement in a process of its own.

The peak is the largest resident set that the kernel saw (getrusage), which never goes
down again: two measurements in one process would disturb each other.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def peak() -> float:
    """Largest resident set of this process so far, in MB (10⁶ bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def in_a_fresh_process(script: str, run: dict[str, Any]) -> dict[str, Any]:
    """Start `python script --one RUN` on one thread; its last line is the figures."""
    done = subprocess.run(
        [sys.executable, script, "--one", json.dumps(run)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


def write(
    path: Path,
    claim: str,
    settings: dict[str, Any],
    runs: list[dict[str, Any]],
    started: float,
) -> None:
    """Keep the figures as the results of `experiments/` are kept."""
    from importlib.metadata import version

    record = {
        "claim": claim,
        "settings": settings,
        "runs": runs,
        "seconds": round(time.time() - started),
        "versions": {"python": platform.python_version(), "torch": version("torch")},
        "hardware": {"processor": platform.machine(), "threads": 1},
        "date": datetime.date.today().isoformat(),
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
