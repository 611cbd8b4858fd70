"""Does predicting a CLIP's features of hidden patches help where labels are few?

EVA's idea in small. A teacher, the image tower of the bilingual student of
`bilingual_clip.py`, looks at 6,000 pictures; a small EVA-02 predicts its features of
the hidden patches, without a label. Then it is fine-tuned to name 8 shapes with 25 or
100 labelled pictures of each shape, beside the same network from fresh weights, and
beside one that was pre-trained on an *untrained* teacher. The teacher's own embeddings,
read by a linear classifier, are the yardstick.

    python experiments/masked_features.py          # adds the runs that are missing
"""

from __future__ import annotations

import copy
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import vislearn
from vislearn.data.pairs import shape_pairs
from vislearn.data.shapes import World
from vislearn.encoders.dual import DualEncoder
from vislearn.encoders.small_dual import small_dual
from vislearn.evaluate import accuracy
from vislearn.train import fit
from vislearn.train.bilingual import (
    PAIRS,
    RECIPE,
    TEST,
    caption_tokenizer,
    centred,
    embed_images,
    tables,
)
from vislearn.train.dual import fit_dual
from vislearn.train.masked_features import (
    MaskedStudent,
    constant_loss,
    fit_masked_features,
    teacher_features,
)
from vislearn.train.recording import record_runs

RESULT = Path(__file__).parent / "results" / "masked_features.json"
SEEDS = (0, 1, 2, 3, 4, 5)
STARTS = ("fresh", "untrained teacher", "CLIP teacher")
LABELS = (200, 800)
STUDENT: dict[str, Any] = {
    "name": "eva02_s14",
    "img_size": 32,
    "patch_size": 8,
    "width": 64,
    "depth": 4,
    "heads": 4,
    "mlp_hidden": 168,
    "num_classes": 8,
}
PRETRAINING: dict[str, Any] = {"steps": 600, "batch_size": 64, "lr": 2e-3}
TUNING: dict[str, Any] = {"steps": 300, "batch_size": 64, "lr": 1e-3}
SETTINGS: dict[str, Any] = {
    "pairs": PAIRS,
    "teacher": RECIPE,
    "student": STUDENT,
    "initial_linear_weights": "xavier_uniform",
    "pretraining": PRETRAINING,
    "tuning": TUNING,
    "test": 1000,
    "world": {"size": 32, "difficulty": "easy", "objects": [1, 1]},
}
PLAN = [{"start": start, "seed": seed} for seed in SEEDS for start in STARTS]
SINGLE = World(size=32, difficulty="easy", objects=(1, 1))


@lru_cache(maxsize=1)
def teacher(seed: int) -> tuple[DualEncoder, Tensor]:
    """The bilingual student of a seed, and the pictures that it learned from."""
    bpe, pairs = caption_tokenizer(), shape_pairs(PAIRS, seed)
    dual = small_dual(bpe.vocab_size, seed=seed)
    fit_dual(dual, centred(pairs.images), tables(bpe, pairs), seed=seed, **RECIPE)
    return dual, centred(pairs.images)


def build(seed: int) -> nn.Module:
    """A small EVA-02 with initial weights that suit its width (vit_init.py)."""
    torch.manual_seed(seed)
    encoder = vislearn.create_model(**STUDENT)
    for layer in encoder.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
    return encoder


def run(start: str, seed: int) -> dict[str, Any]:
    """Pre-train or not, then fine-tune with few labels and more."""
    dual, images = teacher(seed)
    if start == "untrained teacher":
        dual = small_dual(caption_tokenizer().vocab_size, seed=seed + 50)
    encoder: Any = build(seed)
    measured: dict[str, Any] = {}
    if start != "fresh":
        features = teacher_features(dual, images[:1000])
        student = MaskedStudent(encoder, features.shape[-1])
        history = fit_masked_features(student, dual, images, seed=seed, **PRETRAINING)
        measured["constant_loss"] = round(constant_loss(features), 4)
        measured["loss"] = [round(v, 4) for v in history.smooth(50)[49::50]]
    test = SINGLE.sample(SETTINGS["test"], TEST + seed)
    for count in LABELS:
        few = SINGLE.sample(count, 2 * TEST + seed)
        tuned = copy.deepcopy(encoder)
        fit(tuned, centred(few.images), few.labels, seed=seed, **TUNING)
        right = accuracy(tuned, centred(test.images), test.labels)
        measured[f"right with {count}"] = round(right, 4)
        if start == "CLIP teacher":
            right = probe(dual, few, test)
            measured[f"teacher's probe with {count}"] = round(right, 4)
    return measured


def probe(dual: DualEncoder, few: Any, test: Any) -> float:
    """How well a linear classifier reads the shape from the teacher's embeddings."""
    from sklearn.linear_model import LogisticRegression

    reader = LogisticRegression(C=100.0, max_iter=2000)
    reader.fit(embed_images(dual, few.images).numpy(), few.labels.numpy())
    embeddings = embed_images(dual, test.images).numpy()
    return float(reader.score(embeddings, test.labels.numpy()))


def main() -> None:
    torch.set_num_threads(1)
    question = (__doc__ or "").splitlines()[0]
    again = "--again" in sys.argv
    record_runs(RESULT, question, SETTINGS, PLAN, run, again=again)


if __name__ == "__main__":
    main()
