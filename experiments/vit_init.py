"""Does a narrow ViT learn from the usual initial weights?

Claim: with width 64, linear layers that start at standard deviation 0.02 (a value for
width 768) learn much later than with Xavier's uniform distribution, which the official
ViT code uses: half-way through training the ranges over seeds do not overlap.

    python experiments/vit_init.py          # writes experiments/results/vit_init.json

Chapter 03 draws the range of the Xavier runs behind its own live run.
"""

from __future__ import annotations

import datetime
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

import vislearn
from vislearn.data.shapes import World
from vislearn.train import fit

RESULT = Path(__file__).parent / "results" / "vit_init.json"
TINY: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 4,
    "width": 64,
    "depth": 3,
    "heads": 4,
}
SETTINGS: dict[str, Any] = {
    "model": {"name": "vit_b16", "num_classes": 8, **TINY},
    "world": {"size": 32, "difficulty": "easy"},
    "train": {"images": 6000, "seed": 1},
    "test": {"images": 2000, "seed": 2, "during_training": 300},
    "steps": 400,
    "batch_size": 64,
    "lr": 3e-3,
    "record_every": 50,
}
SEEDS = {"xavier": (0, 1, 2, 3, 4), "std 0.02": (0, 1, 2)}


def build(init: str, seed: int) -> nn.Module:
    """The page's model, with one of the two initial distributions."""
    torch.manual_seed(seed)
    model = vislearn.create_model("vit_b16", num_classes=8, **TINY)
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            if init == "xavier":
                nn.init.xavier_uniform_(layer.weight)
            else:
                nn.init.trunc_normal_(layer.weight, std=0.02)
    return model


def run(init: str, seed: int, train: Any, test: Any) -> dict[str, Any]:
    """Train once; return the test accuracy during training and at the end."""
    model = build(init, seed)
    images = (test.images - 0.5) / 0.5
    part = SETTINGS["test"]["during_training"]
    every = SETTINGS["record_every"]

    @torch.no_grad()
    def right(count: int) -> float:
        model.eval()
        guesses = [model(x).logits.argmax(1) for x in images[:count].split(500)]
        return (torch.cat(guesses) == test.labels[:count]).float().mean().item()

    def record(step: int, _: nn.Module) -> dict[str, float] | None:
        return {"right": right(part)} if step % every == every - 1 else None

    history = fit(
        model,
        (train.images - 0.5) / 0.5,
        train.labels,
        steps=SETTINGS["steps"],
        batch_size=SETTINGS["batch_size"],
        lr=SETTINGS["lr"],
        seed=seed,
        on_step=record,
    )
    steps, values = history.column("right")
    return {
        "init": init,
        "seed": seed,
        "steps": steps,
        "right": [round(value, 4) for value in values],
        "loss": [round(value, 4) for value in history.smooth()[every - 1 :: every]],
        "final": round(right(len(test)), 4),
        "seconds": round(history.seconds, 1),
    }


def main() -> None:
    train = World(size=32, difficulty="easy").sample(6000, seed=1)
    test = World(size=32, difficulty="easy").sample(2000, seed=2)
    started = time.perf_counter()
    runs = []
    for init, seeds in SEEDS.items():
        for seed in seeds:
            runs.append(run(init, seed, train, test))
            print(init, seed, runs[-1]["final"], f"{runs[-1]['seconds']} s", flush=True)
    result = {
        "claim": (__doc__ or "").splitlines()[0],
        "settings": SETTINGS,
        "seeds": {name: list(seeds) for name, seeds in SEEDS.items()},
        "runs": runs,
        "seconds": round(time.perf_counter() - started),
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
