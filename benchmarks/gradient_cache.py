"""Peak memory of one training step of a dual encoder: plain, and with gradient caching.

    python benchmarks/gradient_cache.py --json FILE

A CLIP with a small ViT and InfoNCE, forward and backward. The plain step keeps the
activations of the whole batch; the cached one those of a chunk. Every row is a fresh
process (`shared/fresh.py`); `start` is its peak after the model and the batch are made.
Both ways give the same loss and gradient, whose length is written beside them.

It takes minutes. Chapter 05 prints experiments/results/gradient_cache.json;
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

SETTINGS: dict[str, Any] = {
    "model": "clip_vit_b32",
    "changes": {
        "img_size": 64,
        "patch_size": 8,
        "width": 192,
        "depth": 6,
        "heads": 3,
        "embed_dim": 128,
        "text_width": 128,
        "text_depth": 4,
        "text_heads": 4,
        "context": 16,
        "vocab_size": 1000,
    },
    "dtype": "float32",
    "runs": [
        # chunk None: the plain step
        {"pairs": 64, "chunk": None},
        {"pairs": 128, "chunk": None},
        {"pairs": 256, "chunk": None},
        {"pairs": 512, "chunk": None},
        {"pairs": 64, "chunk": 32},
        {"pairs": 128, "chunk": 32},
        {"pairs": 256, "chunk": 32},
        {"pairs": 512, "chunk": 32},
        {"pairs": 1024, "chunk": 32},
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
    claim = "With gradient caching the batch may grow while the memory hardly does."
    if options.json:
        write(options.json, claim, SETTINGS, rows, started)
    return 0


def measure(pairs: int, chunk: int | None) -> dict[str, Any]:
    """One step without the optimiser, and what the process needed at most."""
    import torch

    import vislearn
    from vislearn.losses import info_nce
    from vislearn.train.gradient_cache import cached_backward

    torch.set_num_threads(1)
    torch.manual_seed(0)
    dual = vislearn.create_model(SETTINGS["model"], **SETTINGS["changes"]).train()
    config = dual.config
    images = torch.randn(pairs, 3, *config.image_shape)
    ids = torch.randint(config.vocab_size - 1, (pairs, config.context))
    ids[:, -1] = config.vocab_size - 1  # end of text: the largest id
    start, clock = peak(), time.process_time()

    def loss(image: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        return info_nce(image, text, dual.scale)

    if chunk is None:
        value = loss(dual.encode_image(images), dual.encode_text(ids))
        value.backward()
    else:
        towers = (dual.encode_image, dual.encode_text)
        value = cached_backward(towers, (images, ids), loss, chunk=chunk)
    seconds = time.process_time() - clock
    gradients = [p.grad.norm() for p in dual.parameters() if p.grad is not None]
    return {
        "pairs": pairs,
        "chunk": chunk,
        "loss": float(value.detach()),
        "gradient": float(torch.stack(gradients).norm()),
        "start_mb": round(start, 1),
        "peak_mb": round(peak(), 1),
        "seconds": round(seconds, 2),
    }


def line(row: dict[str, Any]) -> str:
    way = f"chunks of {row['chunk']}" if row["chunk"] else "plain"
    return (
        f"N = {row['pairs']:5} {way:13} peak {row['peak_mb']:6.0f} MB "
        f"({row['peak_mb'] - row['start_mb']:6.0f} above start), "
        f"loss {row['loss']:.5f}, gradient {row['gradient']:.5f}, "
        f"{row['seconds']:5.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
