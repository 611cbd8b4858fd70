"""Is resizing the patch embedding enough, or must a FlexiViT see the sizes in training?

Claim: trained with patches of 8 pixels only, a ViT guesses at patches of 16, although
its filters and positions are resized by the rules of the paper; trained with a size
drawn for each batch, the same weights serve both sizes, and a size that was never drawn
is still guessed.

    nice python experiments/flexivit.py    # writes experiments/results/flexivit.json

The chapter on ViT draws the figures.
"""

from __future__ import annotations

import datetime
import json
import platform
import random
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.data.images import digits
from vislearn.encoders.flexivit import FlexiViT, FlexiViTConfig
from vislearn.encoders.output import VisionOutput
from vislearn.evaluate import accuracy
from vislearn.train import fit

RESULT = Path(__file__).parent / "results" / "flexivit.json"
SETTINGS: dict[str, Any] = {
    "model": {
        "img_size": 32,
        "patch_size": 8,
        "kernel_size": 8,
        "width": 64,
        "depth": 3,
        "heads": 4,
        "channels": 1,
        "num_classes": 10,
    },
    "data": {"set": "digits", "train": 1200, "split": 0, "enlarged": 4},
    "steps": 300,
    "lr": 3e-3,
    "test_sizes": [16, 8, 4],
}
TRAINED_WITH = {"16": (16,), "8": (8,), "16 and 8": (16, 8)}
SEEDS = (0, 1, 2)


class AnyPatch(nn.Module):
    """A FlexiViT that draws one of the sizes for each batch."""

    def __init__(self, model: FlexiViT, sizes: tuple[int, ...], seed: int = 0) -> None:
        super().__init__()
        self.model = model
        self.sizes = sizes
        self.draw = random.Random(seed)

    def forward(self, images: Tensor) -> VisionOutput:
        return self.model(images, patch_size=self.draw.choice(self.sizes))


def build(seed: int) -> FlexiViT:
    torch.manual_seed(seed)
    model = FlexiViT(FlexiViTConfig(**SETTINGS["model"]))
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
    return model


def main() -> None:
    started = time.process_time()
    data = SETTINGS["data"]
    train, test = digits().split(data["train"], seed=data["split"])
    x, tx = (
        (F.interpolate(part.images, scale_factor=data["enlarged"]) - 0.5) / 0.5
        for part in (train, test)
    )
    runs = []
    for seed in SEEDS:
        for name, sizes in TRAINED_WITH.items():
            model = build(seed)
            fit(
                AnyPatch(model, sizes, seed),
                x,
                train.labels,
                steps=SETTINGS["steps"],
                lr=SETTINGS["lr"],
                seed=seed,
            )
            right = {
                size: round(accuracy(AnyPatch(model, (size,)), tx, test.labels), 4)
                for size in SETTINGS["test_sizes"]
            }
            runs.append({"trained": name, "seed": seed, "right": right})
            print(name, seed, right, flush=True)
    result = {
        "claim": (__doc__ or "").splitlines()[0],
        "settings": SETTINGS,
        "seeds": list(SEEDS),
        "runs": runs,
        "cpu_seconds": round(time.process_time() - started),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "hardware": {
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
        },
        "date": datetime.date.today().isoformat(),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
