"""What question 7 measures over seeds, for the solution and for wrong answers.

    python labs/lab03_clip/bands.py [seeds [answer ...]]

writes bands.json beside this file: the zero-shot accuracy on new pictures, in the
language in which it is lower, when data, weights and batches change. `judge.ENOUGH`
lies between the solution's worst run and the best run of answers that learn nothing.
Where answers are named, only they are measured, and the others kept.
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
STEPS = 200
PICTURES = 2000, 200  # for training, for the measurement
# Wrong answers that end in other weights than the solution's.
VARIANTS = (
    "q7_pairs_broken",
    "q7_text_tower_frozen",
    "q7_sgd",
)
RESULT = Path(__file__).with_name("bands.json")


def answer(name: str) -> dict[str, Any]:
    """The names that the lab's answers define, with one of them replaced."""
    names: dict[str, Any] = {"__name__": "lab03"}
    cells = list(LAB.setup)
    for question in (*LAB.closure("q7"), "q7"):
        cells += LAB.questions[question].solution
    cells += [mutant.source for mutant in LAB.mutants if mutant.name == name]
    for cell in cells:
        exec(compile(cell, "<cell>", "exec", dont_inherit=True), names)
    return names


def share_right(names: dict[str, Any], seed: int) -> float:
    """Train as the probe of question 7 does, and measure in both languages."""
    images, captions, _ = names["pictures"](PICTURES[0], seed)
    new_images, _, new_classes = names["pictures"](PICTURES[1], seed + 1)
    tokenize = names["Words"](captions)
    torch.manual_seed(seed)
    text_tower = names["TextTower"](
        tokenize.end + 1, 9, names["causal_attention"], names["read_text"]
    )
    model = names["DualEncoder"](names["ImageTower"](), text_tower, 64, 48, 32)
    names["train"](model, images, tokenize(captions), steps=STEPS, seed=seed)
    model.eval()
    shares = []
    for language in names["LANGUAGES"]:
        with torch.no_grad():
            classifier = names["zero_shot_classifier"](
                lambda texts: model.encode_text(tokenize(texts)),
                names["NAMES"][language],
                names["TEMPLATES"][language],
            )
            guesses = names["classify"](model.encode_image(new_images), classifier)
        shares.append((guesses == new_classes).float().mean().item())
    return round(min(shares), 4)


def write(runs: dict[str, list[float]]) -> None:
    """Put these runs into the file, in the order of VARIANTS."""
    if RESULT.is_file():
        runs = json.loads(RESULT.read_text("utf-8"))["share_right"] | runs
    result = {
        "settings": {"steps": STEPS, "pictures": PICTURES},
        "seeds": "1000, 2000, …",
        "torch": torch.__version__.split("+")[0],
        "device": f"CPU, 1 thread, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "share_right": {n: runs[n] for n in ("solution", *VARIANTS) if n in runs},
    }
    text = json.dumps(result, ensure_ascii=False, indent=1)
    RESULT.write_text(text + "\n", encoding="utf-8")


def main(seeds: str = "20", *chosen: str) -> None:
    for name in chosen or ("solution", *VARIANTS):
        names = answer(name)
        count = int(seeds) if name == "solution" else max(1, int(seeds) // 4)
        runs = [share_right(names, 1000 * seed) for seed in range(1, 1 + count)]
        print(f"{name:30} {min(runs):.3f} to {max(runs):.3f}", flush=True)
        write({name: runs})


if __name__ == "__main__":
    main(*sys.argv[1:])
