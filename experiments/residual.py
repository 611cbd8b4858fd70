"""Do plain networks get worse when they get deeper, and residual ones not?

Claim: of the same convolutions, 56 layers without shortcuts hardly leave chance on the
training set itself, where 56 layers with shortcuts learn it; at 20 layers the loss of
the plain network is higher with every seed, at 8 layers the two differ little.

    python experiments/residual.py          # writes experiments/results/residual.json

Chapter 01 trains the networks of 20 layers again and draws them over these runs.
"""

from __future__ import annotations

import datetime
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.data.shapes import Batch, World
from vislearn.encoders.resnet import BasicBlock
from vislearn.train import fit

RESULT = Path(__file__).parent / "results" / "residual.json"
SETTINGS: dict[str, Any] = {
    "world": {"size": 32, "difficulty": "easy"},
    "train": {"images": 4000, "seed": 1},
    "test": {"images": 1000, "seed": 2},
    "width": 16,
    "blocks": [3, 9, 15, 27],  # two convolutions each, with a stem and a classifier
    "kinds": ["plain", "residual"],
    "seeds": [0, 1, 2],
    "steps": 150,
    "batch_size": 64,
    "lr": 3e-3,
}


class PlainBlock(BasicBlock):
    """The same layers as a basic block; nothing is carried past them."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)))


def build(kind: str, blocks: int, seed: int) -> nn.Module:
    """Stem, `blocks` blocks at 16 × 16 places, average, classifier of 8 shapes."""
    torch.manual_seed(seed)
    block = BasicBlock if kind == "residual" else PlainBlock
    width = SETTINGS["width"]
    model = nn.Sequential(
        nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *(block(width, width, stride=1) for _ in range(blocks)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, 8),
    )
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return model


@torch.no_grad()
def right(model: nn.Module, batch: Batch, count: int = 1000) -> float:
    """Share of the first `count` pictures that are named rightly."""
    model.eval()
    pictures = ((batch.images[:count] - 0.5) / 0.5).split(250)
    guesses = torch.cat([model(part).argmax(1) for part in pictures])
    return (guesses == batch.labels[:count]).float().mean().item()


def run(kind: str, blocks: int, seed: int, train: Batch, test: Batch) -> dict[str, Any]:
    """Train once; return the loss on the way and the accuracies at the end."""
    model = build(kind, blocks, seed)
    history = fit(
        model,
        (train.images - 0.5) / 0.5,
        train.labels,
        steps=SETTINGS["steps"],
        batch_size=SETTINGS["batch_size"],
        lr=SETTINGS["lr"],
        seed=seed,
        loss=F.cross_entropy,
    )
    return {
        "kind": kind,
        "layers": 2 * blocks + 2,
        "seed": seed,
        "loss": [round(value, 4) for value in history.smooth()],
        "train_right": round(right(model, train), 4),
        "test_right": round(right(model, test), 4),
        "seconds": round(history.seconds, 1),
    }


def main() -> None:
    world = World(**SETTINGS["world"])
    train = world.sample(SETTINGS["train"]["images"], SETTINGS["train"]["seed"])
    test = world.sample(SETTINGS["test"]["images"], SETTINGS["test"]["seed"])
    started, runs = time.perf_counter(), []
    for blocks in SETTINGS["blocks"]:
        for kind in SETTINGS["kinds"]:
            for seed in SETTINGS["seeds"]:
                runs.append(run(kind, blocks, seed, train, test))
                row = {key: value for key, value in runs[-1].items() if key != "loss"}
                print(row, runs[-1]["loss"][-1], flush=True)
    result = {
        "claim": (__doc__ or "").splitlines()[0],
        "settings": SETTINGS,
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
