"""Six kinds of encoder at equal compute: what does each learn in the same 450 updates?

A ViT, a Swin, a PVT v2, a CvT, a ConvNeXt and a ResNet, all made small enough to need
about 7.2 million multiply-adds for an image of 64 × 64 pixels (no two differ by more
than 5 %), see the same pictures of the shapes world, equally many of them.

    python experiments/equal_compute.py          # writes results/equal_compute.json

Small models differ in the recipe that they need. Each therefore gets the better of two
(Xavier's initial weights and a learning rate of 2e-3; the family's own weights and
1e-3), chosen by the training loss of a short run with another seed. Then three seeds.

Claim: the order ResNet, CvT, PVT v2, ConvNeXt, Swin, ViT, and no range over the seeds
touches another. ResNet is at its ceiling, so by how much it leads cannot be read.

What this shows: how far each gets with few pictures and few updates. What it cannot
show: which of them is better on ImageNet, with more pictures, longer training or a
recipe of its own. Equal multiply-adds are not equal parameters (the ViT has the fewest)
nor equal seconds.

The world and the number of updates were chosen after short trials in which most of the
models were still at chance in the hard world. Two full runs were stopped on the way,
for the same reason and because one learning rate alone looked unfair to the ViT; the
two recipes came out of that, and the claim was written after the result. For the ViT
both recipes end the search near chance: its choice is close to noise. The seed changes
the initial weights and the order of the pictures; a difference smaller than the
distance between two seeds of one model is no difference.
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
from vislearn.budget.flops import count_flops
from vislearn.data.shapes import Batch, World
from vislearn.evaluate import accuracy
from vislearn.train import fit

RESULT = Path(__file__).parent / "results" / "equal_compute.json"
SIZE = 64  # pixels
SEEDS = (0, 1, 2)
EVERY = 90  # updates between two measurements
TOLERANCE = 1.05  # the most expensive model over the cheapest
# The sizes of each family's smallest model, scaled down: fewer and narrower blocks.
MODELS: dict[str, dict[str, Any]] = {
    "vit": {"name": "vit_ti16", "patch_size": 8, "width": 48, "depth": 3, "heads": 3},
    "swin": {
        "name": "swin_t",
        "width": 14,
        "depths": (2, 2, 2, 2),
        "heads": (1, 2, 4, 8),
        "window": 4,  # on maps of 16 × 16, 8 × 8, 4 × 4 and 2 × 2 tokens
    },
    "pvt_v2": {
        "name": "pvt_v2_b0",
        "widths": (12, 24, 48, 96),
        "depths": (2, 2, 4, 2),
        "heads": (1, 2, 4, 8),
    },
    "cvt": {
        "name": "cvt_13",
        "widths": (16, 32, 64),
        "depths": (1, 2, 4),
        "heads": (1, 2, 4),
    },
    "convnext": {
        "name": "convnext_t",
        "widths": (16, 32, 64, 128),
        "depths": (2, 2, 5, 2),
        "layer_scale": None,  # 1e-6 is for long training: blocks start as nothing
    },
    "resnet": {"name": "resnet18", "width": 12, "depths": (2, 2, 3, 2)},
}
ORDER = ["resnet", "cvt", "pvt_v2", "convnext", "swin", "vit"]  # the claim, best first
TRAINING: dict[str, Any] = {
    "steps": 450,
    "batch_size": 32,
    "weight_decay": 0.05,
}
SEARCH: dict[str, Any] = {
    "seed": 100,
    "steps": 200,
    "last": 50,  # updates whose mean loss decides
    "recipes": {
        "bold": {"init": "xavier", "lr": 2e-3},
        "careful": {"init": "own", "lr": 1e-3},
    },
}
SETTINGS: dict[str, Any] = {
    "models": MODELS,
    "img_size": SIZE,
    "num_classes": 8,
    # Large shapes on a flat ground, turned further than in the easy world, with noise.
    "world": {"size": SIZE, "difficulty": "easy", "rotation": 45.0, "noise": 0.03},
    "train": {"images": 6000, "seed": 0},
    "test": {"images": 2000, "seed": 1, "during_training": 500},
    "training": TRAINING,
    "search": SEARCH,
}


def build(
    name: str, seed: int = 0, init: str = "own", device: str | None = None
) -> nn.Module:
    """One of the small models.

    Args:
        name: a key of `MODELS`.
        seed: of the initial weights.
        init: "own", as the family draws its weights, or "xavier", which replaces those
            of all linear layers by Xavier's: the usual standard deviation of 0.02
            belongs to layers that are ten times as wide (vit_init.py).
        device: "meta" for shapes without memory.
    """
    options = dict(MODELS[name])
    preset = options.pop("name")
    torch.manual_seed(seed)
    model = vislearn.create_model(
        preset, img_size=SIZE, num_classes=8, device=device, **options
    )
    if init == "xavier":
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
    return model


def costs() -> dict[str, dict[str, int]]:
    """Multiply-adds for one image and parameters of each model.

    Raises:
        ValueError: if the multiply-adds differ by more than 5 %.
    """
    counted = {}
    for name in MODELS:
        model = build(name, device="meta")
        counted[name] = {
            "multiply_adds": int(count_flops(model, img_size=SIZE)),
            "parameters": sum(p.numel() for p in model.parameters()),
        }
    work = [one["multiply_adds"] for one in counted.values()]
    if max(work) > TOLERANCE * min(work):
        raise ValueError(
            f"multiply-adds from {min(work):,} to {max(work):,} are not equal"
        )
    return counted


def choose(name: str, train: Batch) -> dict[str, float]:
    """The mean training loss at the end of a short run with each recipe."""
    seed, losses = SEARCH["seed"], {}
    for title, recipe in SEARCH["recipes"].items():
        options = {**TRAINING, "steps": SEARCH["steps"], "lr": recipe["lr"]}
        model = build(name, seed, recipe["init"])
        images = normalise(train.images)
        history = fit(model, images, train.labels, seed=seed, **options)
        losses[title] = round(history.smooth(SEARCH["last"])[-1], 4)
    return losses


def run(
    name: str, recipe: dict[str, Any], seed: int, train: Batch, test: Batch
) -> dict[str, Any]:
    """Train once; return the curve of test accuracy and what it took."""
    model = build(name, seed, recipe["init"])
    images, part = normalise(test.images), SETTINGS["test"]["during_training"]

    def measure(step: int, model: nn.Module) -> dict[str, float] | None:
        if (step + 1) % EVERY:
            return None
        return {"right": accuracy(model, images[:part], test.labels[:part])}

    started = time.process_time()
    history = fit(
        model,
        normalise(train.images),
        train.labels,
        seed=seed,
        lr=recipe["lr"],
        on_step=measure,
        **TRAINING,
    )
    steps, right = history.column("right")
    return {
        "model": name,
        "seed": seed,
        "updates": [step + 1 for step in steps],
        "accuracy": [round(value, 4) for value in right],
        "loss": [round(history.smooth(EVERY)[step], 4) for step in steps],
        "cpu_seconds": round(time.process_time() - started, 1),
        "final": round(accuracy(model, images, test.labels), 4),
    }


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Move pixels from 0..1 to -1..1."""
    return (images - 0.5) / 0.5


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lowest, mean and highest final accuracy of each model, best mean first."""
    rows = []
    for name in MODELS:
        own = [one for one in runs if one["model"] == name]
        final = [one["final"] for one in own]
        rows.append(
            {
                "model": name,
                "low": min(final),
                "mean": round(sum(final) / len(final), 4),
                "high": max(final),
                "cpu_seconds": round(sum(one["cpu_seconds"] for one in own) / len(own)),
            }
        )
    return sorted(rows, key=lambda row: -row["mean"])


def apart(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Pairs (better, worse) whose ranges over the seeds do not overlap."""
    return [
        [one["model"], other["model"]]
        for place, one in enumerate(rows)
        for other in rows[place + 1 :]
        if one["low"] > other["high"]
    ]


def main() -> None:
    torch.set_num_threads(1)
    counted, started = costs(), time.process_time()
    world = World(**SETTINGS["world"])
    train, test = world.sample(6000, seed=0), world.sample(2000, seed=1)
    losses, runs = {}, []
    for name in MODELS:
        losses[name] = choose(name, train)
        print(name, losses[name], flush=True)
    chosen = {name: min(tried, key=tried.__getitem__) for name, tried in losses.items()}
    for seed in SEEDS:
        for name in MODELS:
            recipe = SEARCH["recipes"][chosen[name]]
            runs.append(run(name, recipe, seed, train, test))
            print(name, seed, runs[-1]["final"], runs[-1]["cpu_seconds"], flush=True)
    rows = summary(runs)
    pairs = apart(rows)
    result = {
        "claim": (__doc__ or "").splitlines()[0],
        "settings": SETTINGS,
        "seeds": list(SEEDS),
        "costs": counted,
        "search": losses,
        "chosen": chosen,
        "runs": runs,
        "summary": rows,
        "apart": pairs,
        "chance": 1 / 8,
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
    if [row["model"] for row in rows] != ORDER or len(pairs) != 15:
        raise SystemExit(f"the claim fails: {rows}")


if __name__ == "__main__":
    main()
