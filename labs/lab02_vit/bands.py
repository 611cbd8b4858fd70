"""What question 7 measures over seeds, for the solution and for wrong answers.

    python labs/lab02_vit/bands.py [seeds]

writes bands.json beside this file: the share of new pictures that a model gets right
when data, weights and batches change. `judge.ENOUGH` lies between the solution's worst
run and the best run of a model without positions.
"""

from __future__ import annotations

import datetime
import json
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from vislearn.grading.lab import load_lab

LAB = load_lab(Path(__file__).resolve().parent)
SIZES = {"width": 32, "depth": 2, "heads": 4, "hidden": 64, "classes": 4}
STEPS = 150
PICTURES = 1500, 500  # drawn for training and for the measurement, before the choice
# Wrong answers that end in other weights than the solution's.
VARIANTS = (
    "q7_no_positions",
    "q7_no_final_norm",
    "q7_mean_instead_of_cls",
    "q7_one_block_many_times",
    "q7_blocks_in_a_list",
    "q7_softmax_in_the_model",
    "q7_softmax_before_the_loss",
    "q7_gradients_not_cleared",
    "q7_learning_rate_ignored",
    "q7_sgd",
    "q7_always_the_first_images",
)


def answer(name: str) -> dict[str, Any]:
    """The names that the lab's answers define, with one of them replaced."""
    names: dict[str, Any] = {"__name__": "lab02"}
    cells = list(LAB.setup)
    for question in (*LAB.closure("q7"), "q7"):
        cells += LAB.questions[question].solution
    cells += [mutant.source for mutant in LAB.mutants if mutant.name == name]
    for cell in cells:
        exec(compile(cell, "<cell>", "exec", dont_inherit=True), names)
    return names


def share_right(names: dict[str, Any], seed: int) -> float:
    """Train as the probe of question 7 does, and measure on new pictures."""
    images, labels = names["quarters"](PICTURES[0], seed)
    new_images, new_labels = names["quarters"](PICTURES[1], seed + 1)
    torch.manual_seed(seed)
    model = names["ViT"](names["Config"]((16, 16), 4, **SIZES))
    names["train"](model, images, labels, steps=STEPS, seed=seed)
    with torch.no_grad():
        guesses = model.eval()(new_images).argmax(dim=1)
    return round((guesses == new_labels).float().mean().item(), 4)


def main(seeds: int = 20) -> None:
    runs = {}
    for name in ("solution", *VARIANTS):
        names = answer(name)
        count = seeds if name in ("solution", "q7_no_positions") else seeds // 2
        runs[name] = [share_right(names, 1000 * seed) for seed in range(1, 1 + count)]
        print(f"{name:30} {min(runs[name]):.3f} to {max(runs[name]):.3f}", flush=True)
    result = {
        "settings": {**SIZES, "steps": STEPS, "pictures": PICTURES},
        "seeds": "1000, 2000, …",
        "torch": torch.__version__.split("+")[0],
        "device": f"CPU, 1 thread, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "share_right": runs,
    }
    text = json.dumps(result, ensure_ascii=False, indent=1)
    Path(__file__).with_name("bands.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
