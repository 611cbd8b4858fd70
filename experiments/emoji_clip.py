"""What does a small CLIP learn from 1,714 real names in Korean and English?

Drawings of emoji with their names, 200 of the 1,914 kept back. The student of
`bilingual_clip.py` sees each drawing in a few positions and sizes, with its name in
both languages or in one. Measured: does it find the name of a drawing among all names
it has learned (memory), and the name of a new drawing among 200 new names?

    python experiments/emoji_clip.py          # adds the runs that are missing
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.data.pairs import Pairs, emoji_pairs
from vislearn.encoders.small_dual import small_dual
from vislearn.tokenizers.bpe import BPE
from vislearn.train.bilingual import centred, pair_recall, reader
from vislearn.train.dual import fit_dual
from vislearn.train.recording import record_runs

RESULT = Path(__file__).parent / "results" / "emoji_clip.json"
SEEDS = (0, 1, 2)
LANGUAGES = {"both": ("ko", "en"), "ko": ("ko",), "en": ("en",)}
CONTEXT = 16  # tokens; the few longer names are cut
COPIES = 6  # of each drawing, moved and resized
RECIPE: dict[str, Any] = {"steps": 1000, "batch_size": 64, "lr": 2e-3}
RECIPE |= {"weight_decay": 0.05}
SETTINGS: dict[str, Any] = {
    "held_out": 200,
    "copies": COPIES,
    "vocabulary": 2000,
    "context": CONTEXT,
    "recipe": RECIPE,
}
PLAN = [
    {"languages": languages, "seed": seed} for languages in LANGUAGES for seed in SEEDS
]


@lru_cache(maxsize=3)
def lesson(seed: int) -> tuple[BPE, Pairs, Pairs]:
    """A tokenizer of the names to learn from, these pairs, and the new ones."""
    train, test = emoji_pairs(32, SETTINGS["held_out"], seed)
    texts = [text for names in train.captions.values() for text in names]
    return BPE.train(texts, SETTINGS["vocabulary"]), train, test


def moved(images: Tensor, seed: int) -> Tensor:
    """Every image moved by up to 3 pixels and resized by up to 15 %: (M, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    count, side = len(images), images.shape[-1]
    zoom = 1 + 0.15 * (2 * torch.rand(count, generator=generator) - 1)
    shift = 6 / side * (2 * torch.rand(count, 2, generator=generator) - 1)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, :, 2] = shift
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    # Outside of a drawing there is white paper, which is 1.
    return 1 - F.grid_sample(1 - images, grid, align_corners=False)


def run(languages: str, seed: int) -> dict[str, Any]:
    """Train one student and measure it."""
    bpe, train, test = lesson(seed)
    read = reader(bpe, CONTEXT, too_long="cut")
    images = torch.cat([moved(train.images, 100 * seed + i) for i in range(COPIES)])
    texts = {
        language: read(train.captions[language]).repeat(COPIES, 1)
        for language in LANGUAGES[languages]
    }
    dual = small_dual(bpe.vocab_size, seed=seed, context=CONTEXT)
    history = fit_dual(dual, centred(images), texts, seed=seed, **RECIPE)
    return {
        "vocabulary": bpe.vocab_size,
        "pairs": len(train),
        "loss": [round(v, 4) for v in history.smooth(50)[49::50]],
        "scale": round(float(dual.scale.detach()), 3),
        "train": pair_recall(dual, read, train),
        "new": pair_recall(dual, read, test),
        "new_names": len(test),
    }


def main() -> None:
    torch.set_num_threads(1)
    question = (__doc__ or "").splitlines()[0]
    again = "--again" in sys.argv
    record_runs(RESULT, question, SETTINGS, PLAN, run, again=again)


if __name__ == "__main__":
    main()
