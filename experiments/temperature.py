"""What does the temperature do: to accuracy, and to which wrong texts are pushed away?

The student of `bilingual_clip.py` with a shorter training, with InfoNCE at a fixed
temperature τ, or with a learned one that begins at 0.07 or at 1. Afterwards, on other
pairs in batches of 64: the share of InfoNCE's push that goes to the wrong text that is
most similar to the image, to the five most similar, and to texts that are not wrong at
all, because another pair of the batch has the same caption.

    python experiments/temperature.py          # adds the runs that are missing
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vislearn.data.pairs import shape_pairs
from vislearn.encoders.dual import DualEncoder
from vislearn.encoders.small_dual import small_dual
from vislearn.losses.contrastive import gradient_share
from vislearn.train.bilingual import (
    CONTEXT,
    PAIRS,
    RECIPE,
    TEST,
    brief,
    caption_tokenizer,
    centred,
    embed_images,
    embed_texts,
    reader,
    tables,
)
from vislearn.train.dual import fit_dual
from vislearn.train.recording import record_runs

RESULT = Path(__file__).parent / "results" / "temperature.json"
SEEDS = (0, 1, 2)
FIXED = (0.01, 0.03, 0.1, 0.3, 1.0)
LEARNED = (0.07, 1.0)  # where they begin
UPDATES = 300
BATCHES = 16  # of 64 pairs each, for the shares
SETTINGS: dict[str, Any] = {
    "pairs": PAIRS,
    "recipe": RECIPE | {"steps": UPDATES},
    "captions": "both languages",
    "shares": {"batches": BATCHES, "pairs": 64, "seed": f"{3 * TEST} + seed"},
}
PLAN = [
    {"temperature": temperature, "learned": learned, "seed": seed}
    for seed in SEEDS
    for learned, temperatures in ((True, LEARNED), (False, FIXED))
    for temperature in temperatures
]


@lru_cache(maxsize=1)
def lesson(seed: int) -> tuple[Any, Tensor, dict[str, Tensor]]:
    """The tokenizer, and the images and texts of a seed."""
    bpe, pairs = caption_tokenizer(), shape_pairs(PAIRS, seed)
    return bpe, centred(pairs.images), tables(bpe, pairs)


def run(temperature: float, learned: bool, seed: int) -> dict[str, Any]:
    """Train one student and measure it."""
    bpe, images, texts = lesson(seed)
    dual = small_dual(bpe.vocab_size, seed=seed, context=CONTEXT, scale=1 / temperature)
    dual.logit_scale.requires_grad_(learned)
    recipe = RECIPE | {"steps": UPDATES}
    history = fit_dual(dual, images, texts, seed=seed, **recipe)
    scales = history.column("scale")[1]
    return {
        "temperatures": [round(1 / scale, 5) for scale in scales[29::30]],
        "shares": shares(dual, bpe, seed, [float(dual.scale.detach())])[0],
        # What the same embeddings would be asked for at other temperatures.
        "shares_at": shares(dual, bpe, seed, [1 / one for one in FIXED]),
        **brief(dual, bpe, seed),
    }


def shares(
    dual: DualEncoder, bpe: Any, seed: int, scales: list[float]
) -> list[dict[str, float]]:
    """Where the push goes at each scale, on average over images."""
    pairs = shape_pairs(64 * BATCHES, 3 * TEST + seed, kind="phrase")
    image = embed_images(dual, pairs.images).split(64)
    text = embed_texts(dual, reader(bpe), pairs.captions["en"]).split(64)
    same = [g[:, None] == g for g in pairs.groups.split(64)]
    return [_share(image, text, same, scale) for scale in scales]


def _share(image: Any, text: Any, same: list[Tensor], scale: float) -> dict[str, float]:
    push = torch.cat(
        [gradient_share(x, y, scale) for x, y in zip(image, text, strict=True)]
    )
    ordered = push.sort(dim=1, descending=True).values
    found = {
        "hardest": ordered[:, 0],
        "five hardest": ordered[:, :5].sum(1),
        "not wrong": (push * torch.cat(same)).sum(1),
    }
    return {name: round(float(value.mean()), 4) for name, value in found.items()}


def main() -> None:
    torch.set_num_threads(1)
    question = (__doc__ or "").splitlines()[0]
    again = "--again" in sys.argv
    record_runs(RESULT, question, SETTINGS, PLAN, run, again=again)


if __name__ == "__main__":
    main()
