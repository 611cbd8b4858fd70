"""Peak memory of the contrastive losses: dense and in blocks, forward and backward.

    python benchmarks/contrastive_memory.py   # minutes; --json FILE keeps the figures

Every row of the table is a fresh process, whose peak is the largest resident set that
the kernel saw (getrusage). `start` is the same process after importing torch, before
it makes the embeddings. One thread; seconds are process time.

The result is kept in experiments/results/contrastive_memory.json, which chapter 05
prints.
"""

from __future__ import annotations

import argparse
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

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "experiments" / "results" / "contrastive_memory.json"
SETTINGS: dict[str, Any] = {
    "width": 512,
    "scale": 14.3,
    "bias": -10.0,
    "dtype": "float32",
    "runs": [
        # loss, pairs, block (None: the dense loss)
        *(
            (loss, pairs, block)
            for loss in ("info_nce", "sigmoid")
            for pairs, block in (
                (2048, None),
                (4096, None),
                (8192, None),
                (8192, 4096),
                (8192, 1024),
                (8192, 256),
                (16384, 1024),
                (32768, 1024),
            )
        ),
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=OUT, help="where to write")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return 0
    started, rows = time.time(), []
    for loss, pairs, block in SETTINGS["runs"]:
        rows.append(in_a_fresh_process(loss, pairs, block))
        print(line(rows[-1]), flush=True)
    options.json.write_text(json.dumps(report(rows, started), indent=1) + "\n")
    return 0


def in_a_fresh_process(loss: str, pairs: int, block: int | None) -> dict[str, Any]:
    """Run `measure` in a process that has done nothing else."""
    command = [sys.executable, __file__, "--one", loss, str(pairs), str(block or 0)]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return json.loads(run.stdout)


def measure(loss: str, pairs_text: str, block_text: str) -> dict[str, Any]:
    """One forward and one backward pass, and what the process needed at most."""
    import torch

    from vislearn.losses import contrastive, contrastive_blocked

    torch.set_num_threads(1)
    pairs, block = int(pairs_text), int(block_text)
    start = peak()
    torch.manual_seed(0)
    image, text = (
        torch.nn.functional.normalize(torch.randn(pairs, SETTINGS["width"]), dim=1)
        for _ in range(2)
    )
    numbers = [torch.tensor(SETTINGS["scale"])]
    if loss == "sigmoid":
        numbers.append(torch.tensor(SETTINGS["bias"]))
    inputs = [x.requires_grad_() for x in (image, text, *numbers)]
    name = {"info_nce": "info_nce", "sigmoid": "sigmoid_loss"}[loss]
    clock = time.process_time()
    if block:
        value = getattr(contrastive_blocked, f"{name}_blocked")(*inputs, block=block)
    else:
        value = getattr(contrastive, name)(*inputs)
    value.backward()
    seconds = time.process_time() - clock
    assert all(x.grad is not None and bool(x.grad.isfinite().all()) for x in inputs)
    return {
        "loss": loss,
        "pairs": pairs,
        "block": block or None,
        "value": float(value.detach()),
        "start_mb": round(start, 1),
        "peak_mb": round(peak(), 1),
        "table_mb": round(4 * pairs * (block or pairs) / 1e6, 1),
        "seconds": round(seconds, 2),
    }


def peak() -> float:
    """Largest resident set of this process so far, in MB (10⁶ bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def line(row: dict[str, Any]) -> str:
    way = f"block {row['block']}" if row["block"] else "dense"
    return (
        f"{row['loss']:9} N = {row['pairs']:6} {way:11} peak {row['peak_mb']:7.0f} MB "
        f"({row['peak_mb'] - row['start_mb']:7.0f} above start), "
        f"one table {row['table_mb']:7.1f} MB, {row['seconds']:6.1f} s"
    )


def report(rows: list[dict[str, Any]], started: float) -> dict[str, Any]:
    import torch

    return {
        "claim": "In blocks, memory grows with block · N instead of N².",
        "settings": SETTINGS,
        "runs": rows,
        "seconds": round(time.time() - started),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "hardware": {"processor": platform.machine(), "threads": 1},
        "date": datetime.date.today().isoformat(),
    }


if __name__ == "__main__":
    sys.exit(main())
