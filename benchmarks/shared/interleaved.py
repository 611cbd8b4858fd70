"""What the speed comparisons share: rounds, ratios and the printed table.

Process time on one thread is compared, not wall time: other programs on the machine
make wall time meaningless. In each round every implementation runs once, in rotating
order, so that slow moments hit all alike; the table shows medians over the rounds.
A ratio above 1 means that we are faster.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

Features = Callable[[Tensor], Tensor]  # images -> the features that all of them give
Models = dict[str, tuple[nn.Module, Features]]  # "vislearn" among the names


def arguments_of(description: str, **defaults: str) -> argparse.Namespace:
    """--batch, --rounds, --json, and one option for each of `defaults`."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", default=default)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser.parse_args()


def forward(model: nn.Module, features: Features, images: Tensor) -> None:
    with torch.no_grad():
        features(images)


def forward_and_backward(model: nn.Module, features: Features, images: Tensor) -> None:
    model.zero_grad(set_to_none=True)
    features(images).square().mean().backward()


def measure(
    models: Models,
    step: Callable[[nn.Module, Features, Tensor], None],
    images: Tensor,
    rounds: int,
) -> dict[str, list[float]]:
    """Seconds of process time of each model in each round."""
    names = list(models)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = time.process_time()
            step(*models[name], images)
            if number > 0:  # round 0 warms up
                seconds[name].append(time.process_time() - start)
    return seconds


def compare(
    title: str, models: Models, images: Tensor, rounds: int, json_file: Path | None
) -> None:
    """Print seconds and ratios of both steps; write them if asked to."""
    torch.set_num_threads(1)
    for model, _ in models.values():
        model.eval()
    rows = []
    print(f"{title}, batch {len(images)}, {rounds} rounds, one thread")
    for name, step in (
        ("forward", forward),
        ("forward + backward", forward_and_backward),
    ):
        for key, row in table(measure(models, step, images, rounds)).items():
            rows.append({"step": name, "implementation": key, **row})
            print(
                f"{name:19} {key:13} {row['seconds']:7.3f} s "
                f"(lowest {row['lowest']:.3f})  theirs / ours {row['ratio']:.3f}"
            )
    if json_file:
        settings = {"model": title, "batch": len(images), "rounds": rounds}
        versions = {"torch": torch.__version__}
        json_file.write_text(
            json.dumps({**settings, **versions, "rows": rows}, indent=2)
        )


def table(seconds: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Median, lowest and ratio to ours; rounds are paired, so slow moments cancel."""
    own = seconds["vislearn"]
    return {
        key: {
            "seconds": statistics.median(values),
            "lowest": min(values),
            "ratio": statistics.median(
                theirs / ours for theirs, ours in zip(values, own, strict=True)
            ),
        }
        for key, values in seconds.items()
    }
