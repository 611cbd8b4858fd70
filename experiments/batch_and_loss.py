"""InfoNCE or the sigmoid loss, batches small or large: what makes a difference?

The student of `bilingual_clip.py`, trained with either loss on

    equal samples   19,200 pairs in batches of 8, 16, 64 and 256: the larger the batch,
                    the fewer the updates
    equal updates   300 updates in batches of 16 and 256, as those of 64 have above:
                    the larger the batch, the more the samples

so that the size of a batch can be told from the number of updates. The learning rate
follows the square root of the batch size, and is the same for both losses. With batches
of 64 also: three initial biases, and two wrong forms of the sigmoid loss.

    python experiments/batch_and_loss.py          # adds the runs that are missing
"""

from __future__ import annotations

import math
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.data.pairs import shape_pairs
from vislearn.encoders.small_dual import small_dual
from vislearn.train.bilingual import (
    CONTEXT,
    PAIRS,
    brief,
    caption_tokenizer,
    centred,
    tables,
)
from vislearn.train.dual import fit_dual, usual_bias
from vislearn.train.recording import record_runs

RESULT = Path(__file__).parent / "results" / "batch_and_loss.json"
SEEDS = (0, 1, 2)
SAMPLES = 19_200
UPDATES = 300
SIZES = (8, 16, 64, 256)
RATE = 2e-3  # at a batch of 64
SETTINGS: dict[str, Any] = {
    "pairs": PAIRS,
    "samples": SAMPLES,
    "updates": UPDATES,
    "rate": "2e-3 · √(batch size / 64)",
    "weight_decay": 0.05,
    "captions": "both languages",
    "info_nce": {"scale": 1 / 0.07},
    "sigmoid": {"scale": 10.0, "bias": "−ln(batch size − 1), unless the run says"},
}
LOSSES = ("info_nce", "sigmoid")
WRONG = ("bias outside", "bias of the other sign")


def plan() -> list[dict[str, Any]]:
    """Every run: which comparison, loss, batch size, updates, initial bias, seed."""
    runs: list[tuple[str, str, int, int, float | None]] = []
    for size in SIZES:
        runs += [("samples", loss, size, SAMPLES // size, None) for loss in LOSSES]
    for size in (16, 256):
        runs += [("updates", loss, size, UPDATES, None) for loss in LOSSES]
    runs += [("bias", "sigmoid", 64, UPDATES, bias) for bias in (-10.0, 0.0)]
    runs += [("wrong", loss, 64, UPDATES, -10.0) for loss in WRONG]
    names = ("part", "loss", "batch_size", "updates", "bias", "seed")
    return [
        dict(zip(names, (*run, seed), strict=True)) for seed in SEEDS for run in runs
    ]


def bias_outside(image: Tensor, text: Tensor, scale: Tensor, bias: Any) -> Tensor:
    """Wrong: the bias stands outside of the label, so lowering it lowers every term."""
    z = 2 * torch.eye(len(image)) - 1
    return -F.logsigmoid(z * scale * (image @ text.T) - bias).sum() / len(image)


def other_sign(image: Tensor, text: Tensor, scale: Tensor, bias: Any) -> Tensor:
    """Wrong: minus the bias, so −10 says that every pair matches."""
    z = 2 * torch.eye(len(image)) - 1
    return -F.logsigmoid(z * (scale * (image @ text.T) - bias)).sum() / len(image)


FORMS = {"bias outside": bias_outside, "bias of the other sign": other_sign}


@lru_cache(maxsize=1)
def lesson(seed: int) -> tuple[Any, Tensor, dict[str, Tensor]]:
    """The tokenizer, and the images and texts of a seed."""
    bpe, pairs = caption_tokenizer(), shape_pairs(PAIRS, seed)
    return bpe, centred(pairs.images), tables(bpe, pairs)


def run(
    part: str, loss: str, batch_size: int, updates: int, bias: float | None, seed: int
) -> dict[str, Any]:
    """Train one student and measure it."""
    bpe, images, texts = lesson(seed)
    options: dict[str, Any] = {}
    if loss != "info_nce":
        options = {"scale": 10.0, "bias": usual_bias(batch_size)}
        options |= {} if bias is None else {"bias": bias}
    dual = small_dual(bpe.vocab_size, seed=seed, context=CONTEXT, **options)
    history = fit_dual(
        dual,
        images,
        texts,
        steps=updates,
        batch_size=batch_size,
        lr=RATE * math.sqrt(batch_size / 64),
        weight_decay=0.05,
        seed=seed,
        loss=FORMS.get(loss, loss),
    )
    every = max(updates // 10, 1)
    return {
        "loss_curve": [round(v, 5) for v in history.smooth(every)[every - 1 :: every]],
        "first_loss": round(history.loss[0], 5),
        "scale": round(float(dual.scale.detach()), 3),
        "final_bias": history.records[-1].get("bias"),
        **brief(dual, bpe, seed),
    }


def main() -> None:
    torch.set_num_threads(1)
    question = (__doc__ or "").splitlines()[0]
    again = "--again" in sys.argv
    record_runs(RESULT, question, SETTINGS, plan(), run, again=again)


if __name__ == "__main__":
    main()
