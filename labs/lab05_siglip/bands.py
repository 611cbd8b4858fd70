"""What question 7 measures over seeds, for the solution and for wrong answers.

    python labs/lab05_siglip/bands.py [seeds]

writes bands.json beside this file, for runs with other data, weights and batches: the
share of new pictures that get their name, of seen and of held-out combinations, the
smaller one of the two languages; and the share of Korean names that lie nearest to
their English one. `judge.ENOUGH` and `judge.ENOUGH_BETWEEN` lie below the solution's
worst run.
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
STEPS, BATCH = 300, 24
PICTURES = 3000, 250  # for training and for the measurement
# Wrong answers that end in other weights than the solution's.
VARIANTS = (
    "q7_bias_minus_ten",
    "q7_scale_starts_at_e_to_ten",
    "q7_gradients_not_cleared",
    "q7_sgd",
    "q7_step_before_backward",
    "q7_text_tower_frozen",
    "q1_bias_outside_label",
    "q1_labels_zero_one",
    "q1_diagonal_only",
)


def answer(name: str) -> dict[str, Any]:
    """The names that the lab's answers define, with one question's replaced."""
    names: dict[str, Any] = {"__name__": "lab05"}
    mutant = next((mutant for mutant in LAB.mutants if mutant.name == name), None)
    cells = list(LAB.setup)
    for question in (*LAB.closure("q7"), "q7"):
        cells += LAB.questions[question].solution
        if mutant is not None and mutant.question == question:
            cells.append(mutant.source)
    for cell in cells:
        exec(compile(cell, "<cell>", "exec", dont_inherit=True), names)
    return names


def shares(names: dict[str, Any], seed: int) -> list[float]:
    """Train as the probe of question 7 does: named, held out and named, names meet."""
    batches = names["batches_of"](
        *names["scenes"](PICTURES[0], seed), size=BATCH, steps=STEPS, seed=seed
    )
    new = [
        names["scenes"](PICTURES[1], seed + 1, combos)
        for combos in ("seen", "held_out")
    ]
    torch.manual_seed(seed)
    visual = names["ImageTower"](names["MapHead"](32, 4, 64), 32, 32)
    model = names["SigLIP"](visual, names["TextTower"](32), batch_size=BATCH)
    names["train"](model, batches)
    model.eval()
    with torch.no_grad():
        unit = torch.nn.functional.normalize
        texts = [
            unit(model.text(names["tokenize"](captions)), dim=-1)
            for captions in (
                [names["caption"](thing, language) for thing in range(32)]
                for language in ("ko", "en")
            )
        ]
        named = []
        for images, things in new:
            pictures = unit(model.visual(images), dim=-1)
            guesses = [(pictures @ text.T).argmax(dim=1) for text in texts]
            named.append(
                min((guess == things).float().mean().item() for guess in guesses)
            )
        nearest = (texts[0] @ texts[1].T).argmax(dim=1)
    meet = (nearest == torch.arange(32)).float().mean().item()
    return [round(share, 4) for share in (*named, meet)]


def main(seeds: int = 12) -> None:
    runs: dict[str, dict[str, list[float]]] = {"named": {}, "held_out": {}, "meet": {}}
    for name in ("solution", *VARIANTS):
        names = answer(name)
        count = seeds if name == "solution" else max(1, seeds // 6)
        found = [shares(names, 1000 * seed) for seed in range(1, 1 + count)]
        for measure, values in zip(runs, zip(*found, strict=True), strict=True):
            runs[measure][name] = list(values)
        print(
            name,
            *(f"{min(x):.3f} to {max(x):.3f}" for x in zip(*found, strict=True)),
            flush=True,
        )
    result = {
        "settings": {"steps": STEPS, "batch": BATCH, "pictures": PICTURES},
        "seeds": "1000, 2000, …",
        "torch": torch.__version__.split("+")[0],
        "device": f"CPU, 1 thread, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        **runs,
    }
    text = json.dumps(result, ensure_ascii=False, indent=1)
    Path(__file__).with_name("bands.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
