"""The students of chapters 05 to 07: a small dual encoder that reads two languages.

    pairs, bpe = shape_pairs(6000, seed=0), caption_tokenizer()
    dual = small_dual(bpe.vocab_size, seed=0)
    fit_dual(dual, centred(pairs.images), tables(bpe, pairs), **RECIPE)
    zero_shot(dual, bpe, seed=0), retrieval(dual, bpe, seed=0), composition(…)

Chapters, labs and experiments train with the same recipe and measure with the same
functions, so that their numbers can be compared. What is measured follows CLIP
arXiv:2103.00020, section 3.1 (zero-shot, prompts, retrieval), and for composition
arXiv:2204.03162 (Winoground: the right caption against one of the same words).

A seed of a test draws other scenes than the same seed of a training: `TEST` is added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from vislearn.data.composition import SWAPS, wrong_captions
from vislearn.data.pairs import (
    CAPTION_TEMPLATES,
    TRAINED,
    WORLD,
    Pairs,
    class_names,
    prompt,
    shape_classes,
    shape_pairs,
)
from vislearn.data.shapes import SHAPES, World
from vislearn.data.wording import LANGUAGES
from vislearn.encoders.dual import DualEncoder
from vislearn.evaluate.retrieval import SameGroup, choice_accuracy, recall_at_k
from vislearn.evaluate.zero_shot import classifier
from vislearn.tokenizers.bpe import BPE

Tokenizer = Callable[[Sequence[str]], Tensor]  # texts -> ids (B, L)
PAIRS = 6000  # to learn from
RECIPE: dict[str, Any] = {
    "steps": 600,
    "batch_size": 64,
    "lr": 2e-3,
    "weight_decay": 0.05,
}
CONTEXT = 22  # tokens: the longest English sentence of two things
TEST = 1_000_000  # added to the seed of everything that is measured on
# Scenes of two objects only: their captions differ more than those of one.
TWO = World(size=32, difficulty="easy", objects=(2, 2))


def centred(images: Tensor) -> Tensor:
    """Move pixels from 0..1 to -1..1."""
    return (images - 0.5) / 0.5


def caption_tokenizer(vocab_size: int = 512) -> BPE:
    """A byte-level BPE of both languages, learned from captions of seed 0.

    With 512 ids nearly every word of the shapes world is one token, a Korean word
    together with its particle.
    """
    batch = WORLD.sample(2000, seed=0, combos="seen")
    texts = [
        text
        for language in LANGUAGES
        for kind in ("phrase", "sentence", "list")
        for text in batch.captions(language, kind)
    ]
    return BPE.train(texts, vocab_size)


def tables(bpe: BPE, pairs: Pairs, context: int = CONTEXT) -> dict[str, Tensor]:
    """The token ids of all captions in each language: {"ko": (M, L), "en": (M, L)}."""
    return {name: bpe(texts, context) for name, texts in pairs.captions.items()}


def reader(bpe: BPE, context: int = CONTEXT, too_long: str = "error") -> Tokenizer:
    """The tokenizer as a function of texts alone: B texts -> ids (B, L)."""
    return partial(bpe, context=context, too_long=too_long)


@torch.no_grad()
def embed_images(dual: DualEncoder, images: Tensor, batch_size: int = 250) -> Tensor:
    """Normalised embeddings of images in 0..1: (M, 3, H, W) -> (M, E)."""
    parts = centred(images).split(batch_size)
    return torch.cat([dual.encode_image(part) for part in parts])


@torch.no_grad()
def embed_texts(
    dual: DualEncoder, tokenizer: Tokenizer, texts: Sequence[str]
) -> Tensor:
    """Normalised embeddings of texts: M texts -> (M, E)."""
    parts = tokenizer(texts).split(500)
    return torch.cat([dual.encode_text(part) for part in parts])


def forms(language: str) -> dict[str, list[str]]:
    """The ways to ask for a class: each template alone, and all of them together.

    "borrowed" puts the name into a sentence of the other language.
    """
    other = {"ko": "en", "en": "ko"}[language]
    # Particles depend on Hangul endings, so a borrowed Korean template has none.
    foreign = {"ko": "큰 {}", "en": "There is a large {}."}[other]
    alone = {template: [template] for template in CAPTION_TEMPLATES[language]}
    return {
        **alone,
        "borrowed": [foreign],
        "ensemble": list(CAPTION_TEMPLATES[language]),
    }


def zero_shot(
    dual: DualEncoder,
    bpe: BPE,
    seed: int = 0,
    combos: str = "seen",
    world: World = WORLD,
    count: int = 1000,
) -> dict[str, dict[str, dict[str, float]]]:
    """Accuracy among 64 classes for every language and form of question.

    Returns:
        language -> form -> {"both": colour and shape right, "colour", "shape"}
    """
    images, labels = shape_classes(count, TEST + seed, world, combos)
    places = embed_images(dual, images)  # (M, E)
    return {
        language: {
            form: _right(places @ classes(dual, bpe, language, templates).T, labels)
            for form, templates in forms(language).items()
        }
        for language in LANGUAGES
    }


def classes(
    dual: DualEncoder, bpe: BPE, language: str, templates: Sequence[str]
) -> Tensor:
    """The classifier made of the 64 names in some templates: (64, E)."""
    fill = [partial(prompt, template) for template in templates]
    return classifier(dual.encode_text, reader(bpe), class_names(language), fill)


def _right(scores: Tensor, labels: Tensor) -> dict[str, float]:
    guess, S = scores.argmax(1), len(SHAPES)
    hits = {
        "both": guess == labels,
        "colour": guess // S == labels // S,
        "shape": guess % S == labels % S,
    }
    return {name: _share(hit) for name, hit in hits.items()}


def retrieval(
    dual: DualEncoder,
    bpe: BPE,
    seed: int = 0,
    world: World = TWO,
    combos: str = "seen",
    count: int = 512,
) -> dict[str, dict[str, float]]:
    """Recall at 1 and 5 among `count` pairs, every equal caption being right.

    Returns:
        {"image to ko": {"1": …, "5": …}, "ko to image": …, "en to ko": …, …}
    """
    pairs = shape_pairs(count, TEST + seed, world, combos, kind="phrase")
    return pair_recall(dual, reader(bpe), pairs)


def pair_recall(
    dual: DualEncoder, tokenizer: Tokenizer, pairs: Pairs
) -> dict[str, dict[str, float]]:
    """Recall at 1 and 5 between images and both languages, in every direction."""
    places = {"image": embed_images(dual, pairs.images)}
    for language, texts in pairs.captions.items():
        places[language] = embed_texts(dual, tokenizer, texts)
    right = SameGroup(pairs.groups, pairs.groups)
    found = {}
    for one, other in permutations(places, 2):
        recall = recall_at_k(places[one], places[other], right, ks=(1, 5))
        found[f"{one} to {other}"] = {str(k): round(v, 4) for k, v in recall.items()}
    return found


def composition(
    dual: DualEncoder, bpe: BPE, seed: int = 0, world: World = TWO, count: int = 1000
) -> dict[str, dict[str, dict[str, float]]]:
    """How often the true caption is preferred to one that is wrong by one exchange.

    Chance is one half. Scenes whose exchanged caption is still true do not count.

    Returns:
        language -> exchange -> {"right": share, "count": number of scenes}
    """
    batch = world.sample(count, TEST + seed, combos="seen")
    places = embed_images(dual, batch.images)
    return {
        language: {
            swap: _preferred(dual, bpe, places, batch.captions(language), wrong)
            for swap, wrong in (
                (swap, wrong_captions(batch, language, swap)) for swap in SWAPS
            )
        }
        for language in LANGUAGES
    }


def _preferred(
    dual: DualEncoder,
    bpe: BPE,
    places: Tensor,
    right: Sequence[str],
    wrong: Sequence[str | None],
) -> dict[str, float]:
    chosen = [i for i, text in enumerate(wrong) if text is not None]
    true = embed_texts(dual, reader(bpe), [right[i] for i in chosen])
    false = embed_texts(dual, reader(bpe), [str(wrong[i]) for i in chosen])
    share = choice_accuracy(places[chosen], true, false)
    return {"right": round(share, 4), "count": len(chosen)}


def brief(dual: DualEncoder, bpe: BPE, seed: int = 0) -> dict[str, dict[str, float]]:
    """Measured in two seconds: naming with a template of training, and recall at 1.

    Returns:
        {"zero_shot": {"seen": …, "held_out": …}, "recall": {"image to ko": …, …}}, the
        first two averaged over the languages
    """
    right = {}
    for combos in ("seen", "held_out"):
        images, labels = shape_classes(1000, TEST + seed, WORLD, combos)
        places = embed_images(dual, images)
        hits = [
            _right(places @ classes(dual, bpe, language, [form]).T, labels)["both"]
            for language in LANGUAGES
            for form in CAPTION_TEMPLATES[language][TRAINED][-1:]
        ]
        right[combos] = round(sum(hits) / len(hits), 4)
    recall = {name: found["1"] for name, found in retrieval(dual, bpe, seed).items()}
    return {"zero_shot": right, "recall": recall}


def _share(hits: Tensor) -> float:
    return round(float(hits.double().mean()), 4)
