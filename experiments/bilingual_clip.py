"""What does a small CLIP learn from captions in Korean, in English, and in both?

One dual encoder with one tokenizer sees 6,000 scenes of one or two shapes. Its captions
are in both languages (each pair in one of them, drawn anew each time it is shown), or
in one alone. Measured on other scenes: naming colour and shape of a single object among
64 classes, for combinations that were in training and 8 that never were; how the form
of the question changes the answer; retrieval in every direction; and whether a true
caption is told from one that exchanges two words.

    python experiments/bilingual_clip.py          # adds the runs that are missing
    python experiments/bilingual_clip.py --again

"longer" is one run of the student of both languages with more updates, "hard" one in
the hard world (texture, noise, shapes turned further): one seed each, so no band.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vislearn.data.pairs import (
    CAPTION_TEMPLATES,
    HARD_WORLD,
    WORLD,
    shape_classes,
    shape_pairs,
)
from vislearn.data.shapes import World
from vislearn.encoders.dual import DualEncoder
from vislearn.encoders.small_dual import small_dual
from vislearn.train.bilingual import (
    CONTEXT,
    PAIRS,
    RECIPE,
    TEST,
    caption_tokenizer,
    centred,
    classes,
    composition,
    embed_images,
    retrieval,
    tables,
    zero_shot,
)
from vislearn.train.dual import fit_dual
from vislearn.train.recording import record_runs

RESULT = Path(__file__).parent / "results" / "bilingual_clip.json"
SEEDS = (0, 1, 2)
MORE_SEEDS = (3, 4, 5)  # of the students of both languages, which differ most
LANGUAGES = {"both": ("ko", "en"), "ko": ("ko",), "en": ("en",)}
EVERY = 100  # updates between two points of the curve
LONGER = 2400  # updates
SETTINGS: dict[str, Any] = {
    "pairs": PAIRS,
    "recipe": RECIPE,
    "longer": LONGER,
    "vocabulary": 512,
    "context": CONTEXT,
    "world": {"size": 32, "difficulty": "easy", "objects": [1, 2]},
    "hard_world": {"size": 32, "difficulty": "hard", "objects": [1, 2]}
    | {"sizes": ["large"]},
    "captions": "phrases and sentences, half and half",
    "curve": {"every": EVERY, "images": 500, "template": 3},
    "test": {"seed": f"{TEST} + seed", "zero_shot": 1000, "retrieval": 512}
    | {"composition": 1000},
    "found": "learning rate by hand out of 1e-3, 2e-3, 3e-3 and 8e-3 with seed 100",
}
PLAN = [
    *(
        {"languages": languages, "seed": seed, "kind": "usual"}
        for seed in SEEDS
        for languages in LANGUAGES
    ),
    *({"languages": "both", "seed": seed, "kind": "usual"} for seed in MORE_SEEDS),
    {"languages": "both", "seed": 0, "kind": "longer"},
    {"languages": "both", "seed": 0, "kind": "hard"},
]


def run(languages: str, seed: int, kind: str) -> dict[str, Any]:
    """Train one student and measure it."""
    world = HARD_WORLD if kind == "hard" else WORLD
    bpe = caption_tokenizer(SETTINGS["vocabulary"])
    pairs = shape_pairs(PAIRS, seed, world)
    texts = {name: tables(bpe, pairs)[name] for name in LANGUAGES[languages]}
    dual = small_dual(bpe.vocab_size, seed=seed, context=CONTEXT)
    recipe = RECIPE | ({"steps": LONGER} if kind == "longer" else {})
    watch = Watch(bpe, seed, world)
    history = fit_dual(
        dual, centred(pairs.images), texts, seed=seed, on_step=watch, **recipe
    )
    return {
        "updates": [step + 1 for step in history.column("ko")[0]],
        "curve": {name: history.column(name)[1] for name in ("ko", "en")},
        "loss": [round(v, 4) for v in history.smooth(EVERY)[EVERY - 1 :: EVERY]],
        "scale": round(float(dual.scale.detach()), 3),
        "zero_shot": {
            combos: zero_shot(dual, bpe, seed, combos, world)
            for combos in ("seen", "held_out")
        },
        **pairwise(dual, bpe, seed, kind),
    }


def pairwise(dual: DualEncoder, bpe: Any, seed: int, kind: str) -> dict[str, Any]:
    """What is measured on scenes of two objects."""
    difficulty = "hard" if kind == "hard" else "easy"
    world = World(32, difficulty, objects=(2, 2), sizes=("large",))
    return {
        "retrieval": retrieval(dual, bpe, seed, world),
        "composition": composition(dual, bpe, seed, world),
    }


class Watch:
    """Zero-shot accuracy during training, on scenes that are not in the final test."""

    def __init__(self, bpe: Any, seed: int, world: World) -> None:
        self.bpe = bpe
        self.images, self.labels = shape_classes(500, 2 * TEST + seed, world)

    def __call__(self, step: int, model: nn.Module) -> dict[str, float] | None:
        if (step + 1) % EVERY:
            return None
        assert isinstance(model, DualEncoder)
        model.eval()
        places = embed_images(model, self.images)
        right = {}
        for language, templates in CAPTION_TEMPLATES.items():
            scores = places @ classes(model, self.bpe, language, templates[3:4]).T
            hits = scores.argmax(1) == self.labels
            right[language] = round(float(hits.double().mean()), 4)
        return right


def main() -> None:
    torch.set_num_threads(1)
    question = (__doc__ or "").splitlines()[0]
    again = "--again" in sys.argv
    record_runs(RESULT, question, SETTINGS, PLAN, run, again=again)


if __name__ == "__main__":
    main()
