"""Peak memory of the contrastive losses: dense and in blocks, forward and backward.

    python benchmarks/contrastive_memory.py --json FILE

Every row of the table is a fresh process (`shared/fresh.py`); `start` is its peak after
importing torch, before it makes the embeddings. One thread; seconds are process time.

It takes minutes. Chapter 05 prints experiments/results/contrastive_memory.json;
without --json nothing is written.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from shared.fresh import in_a_fresh_process, peak, write

SIZES = (  # pairs, block (None: the dense loss)
    (2048, None),
    (4096, None),
    (8192, None),
    (8192, 4096),
    (8192, 1024),
    (8192, 256),
    (16384, 1024),
    (32768, 1024),
)
SETTINGS: dict[str, Any] = {
    "width": 512,
    "scale": 14.3,
    "bias": -10.0,
    "dtype": "float32",
    "runs": [
        {"loss": loss, "pairs": pairs, "block": block}
        for loss in ("info_nce", "sigmoid")
        for pairs, block in SIZES
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(**options.one)))
        return 0
    started, rows = time.time(), []
    for run in SETTINGS["runs"]:
        rows.append(in_a_fresh_process(__file__, run))
        print(line(rows[-1]), flush=True)
    claim = "In blocks, memory grows with block · N instead of N²."
    if options.json:
        write(options.json, claim, SETTINGS, rows, started)
    return 0


def measure(loss: str, pairs: int, block: int | None) -> dict[str, Any]:
    """One forward and one backward pass, and what the process needed at most."""
    import torch

    from vislearn.losses import contrastive, contrastive_blocked

    torch.set_num_threads(1)
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
        "block": block,
        "value": float(value.detach()),
        "start_mb": round(start, 1),
        "peak_mb": round(peak(), 1),
        "table_mb": round(4 * pairs * (block or pairs) / 1e6, 1),
        "seconds": round(seconds, 2),
    }


def line(row: dict[str, Any]) -> str:
    way = f"block {row['block']}" if row["block"] else "dense"
    return (
        f"{row['loss']:9} N = {row['pairs']:6} {way:11} peak {row['peak_mb']:7.0f} MB "
        f"({row['peak_mb'] - row['start_mb']:7.0f} above start), "
        f"one table {row['table_mb']:7.1f} MB, {row['seconds']:6.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
