"""Lab 3 tells the truth: against the library, its prose, and its measured bands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vislearn
from tests.labs.workbook import Workbook, close, normal
from vislearn.data.wording import COLOUR_WORDS, SHAPE_WORDS
from vislearn.encoders.dual import unit
from vislearn.encoders.text import TextConfig, TextTransformer
from vislearn.evaluate import retrieval, zero_shot
from vislearn.losses import contrastive
from vislearn.train.gradient_cache import cached_backward

WORK = Workbook("lab03_clip")
BANDS = WORK.bands["share_right"]


def owners(texts: int, images: int) -> Tensor:
    """Every image has a text, some have several."""
    return torch.arange(texts) * 7 % images


def test_unit_agrees_with_the_library(solved):
    x = normal(3, 4, 5)
    x[1, 2] = 0
    close(solved["unit"](x), unit(x))


def test_logits_agree_with_the_library(solved):
    sizes: dict[str, Any] = {
        "img_size": 16,
        "patch_size": 8,
        "width": 8,
        "depth": 1,
        "heads": 2,
    }
    sizes |= {"embed_dim": 6, "text_width": 8, "text_depth": 1, "text_heads": 2}
    dual: Any = vislearn.create_model("clip_vit_b32", **sizes)
    image, text = normal(4, 6), normal(5, 6)
    ours = solved["compare"](image, text, dual.logit_scale)
    close(ours, dual.logits(unit(image), unit(text)))


@pytest.mark.parametrize("pairs", [1, 2, 9])
def test_loss_agrees_with_the_library(solved, pairs):
    image, text = unit(normal(pairs, 5)), unit(normal(pairs, 5) + normal(pairs, 1))
    for scale in (1.0, 14.3, 100.0):
        ours = solved["info_nce"](scale * image @ text.T)
        close(ours, contrastive.info_nce(image, text, scale))


def test_negative_shares_agree_with_the_library(solved):
    image, text = unit(normal(7, 5)), unit(normal(5, 7).T)
    ours = solved["negative_shares"](9.0 * image @ text.T)
    close(ours, contrastive.gradient_share(image, text, 9.0))


def test_negative_shares_are_the_shares_of_the_gradient(solved):
    logits = (3 * normal(6, 6)).requires_grad_()
    F.cross_entropy(logits, torch.arange(6)).backward()
    assert logits.grad is not None
    push = logits.grad * (1 - torch.eye(6))
    shares = push / push.sum(1, keepdim=True)
    close(solved["negative_shares"](logits.detach()), shares)


def test_causal_attention_agrees_with_the_fused_one(solved):
    q, k, v = 2 * normal(3, 2, 6, 8)
    close(
        solved["causal_attention"](q, k, v),
        F.scaled_dot_product_attention(q, k, v, is_causal=True),
    )


def test_reading_agrees_with_the_library(solved):
    config = TextConfig(vocab_size=60, context=9, width=8, depth=1, heads=2)
    tower = TextTransformer(config)
    x, ids = normal(4, 9, 8), torch.randint(1, 50, (4, 9))
    for row, end in enumerate((2, 8, 5, 1)):
        ids[row, end] = 59
        ids[row, end + 1 :] = 59 if row % 2 else 0
    close(solved["read_text"](x, ids), tower.pool(x, ids))


def test_later_tokens_do_not_reach_the_embedding_of_a_text(solved):
    tower = solved["TextTower"](60, 9, solved["causal_attention"], solved["read_text"])
    ids = torch.tensor([[1, 7, 4, 59, 0, 0], [1, 7, 4, 59, 59, 8]])
    first, second = tower(ids)
    close(first, second)


def test_classifier_agrees_with_the_library(solved):
    pages: dict[str, Tensor] = {}

    def encode(texts: list[str]) -> Tensor:
        return torch.stack(
            [pages.setdefault(t, 3 * normal(len(t), 6)[0]) for t in texts]
        )

    seen: list[str] = []

    def tokenize(texts: list[str]) -> Tensor:
        seen.extend(texts)
        return torch.tensor([[seen.index(text)] for text in texts])

    def encode_ids(ids: Tensor) -> Tensor:
        return encode([seen[n] for n in ids[:, 0].tolist()])

    names, templates = ["star", "a ring", "half-moon"], ["a {}", "{}!", "no {} here"]
    ours = solved["zero_shot_classifier"](encode, names, templates)
    close(ours, zero_shot.classifier(encode_ids, tokenize, names, templates))


def test_particles_of_every_shape_fit(solved):
    for word in SHAPE_WORDS.values():
        closed = (ord(word[-1]) - 0xAC00) % 28 > 0
        for colour, _ in COLOUR_WORDS.values():
            text = solved["fill"]("큰 {이/가} 있습니다.", f"{colour} {word}")
            assert text == f"큰 {colour} {word}{'이' if closed else '가'} 있습니다."


@pytest.mark.parametrize("k", [1, 2, 5])
def test_recall_agrees_with_the_library(solved, k):
    owner = owners(30, 11)
    image = normal(11, 6)
    text = image[owner] + 1.2 * normal(30, 6)
    right = owner == torch.arange(11)[:, None]
    ours = solved["recall"](image, text, owner, k)
    theirs = (
        retrieval.recall_at_k(image, text, right, (k,))[k],
        retrieval.recall_at_k(text, image, right.T, (k,))[k],
    )
    assert ours == pytest.approx(theirs)
    assert ours[1] < 1 or k > 1


@pytest.mark.parametrize("chunk", [1, 3, 8])
def test_cached_gradients_agree_with_the_library_and_with_one_pass(solved, chunk):
    images, texts = normal(8, 3), normal(8, 4)
    found = []
    for way in ("lab", "library", "plainly"):
        torch.manual_seed(0)
        towers = nn.Linear(3, 5), nn.Linear(4, 5)
        level = nn.Parameter(torch.tensor(1.0))

        def loss(image: Tensor, text: Tensor, level: Tensor = level) -> Tensor:
            return solved["info_nce"](solved["compare"](image, text, level))

        if way == "lab":
            solved["cached_backward"](*towers, images, texts, level, chunk)
        elif way == "library":
            cached_backward(towers, (images, texts), loss, chunk=chunk)
        else:
            loss(towers[0](images), towers[1](texts)).backward()
        learned = (*towers[0].parameters(), *towers[1].parameters(), level)
        found.append([p.grad for p in learned])
    for ours, theirs, plain in zip(*found, strict=True):
        close(ours, theirs)
        close(ours, plain)


def test_dual_encoder_agrees_with_the_library(solved):
    """The library's towers without their own projections, and ours in their place."""
    sizes: dict[str, Any] = {
        "img_size": 16,
        "patch_size": 8,
        "width": 8,
        "depth": 1,
        "heads": 2,
    }
    sizes |= {"embed_dim": 6, "text_width": 12, "text_depth": 1, "text_heads": 2}
    dual: Any = vislearn.create_model("clip_vit_b32", **sizes).eval()
    images = normal(3, 3, 16, 16)
    ids = torch.tensor([[1, 5, 9, 0], [1, 9, 0, 0]])
    ours = solved["DualEncoder"](nn.Identity(), nn.Identity(), 6, 6, 6)
    for proj in (ours.image_proj, ours.text_proj):
        proj.weight.data = torch.eye(6)
    ours.logit_scale.data = dual.logit_scale.data.clone()
    image = dual.encode_image(images, normalize=False)
    text = dual.encode_text(ids, normalize=False)
    close(ours(image, text), dual.logits(unit(image), unit(text)))
    fresh = solved["DualEncoder"](nn.Identity(), nn.Identity(), 6, 6, 6)
    close(fresh.logit_scale.data, torch.tensor(1 / 0.07).log())


def test_pictures_show_what_captions_and_classes_say(solved):
    images, captions, classes = solved["pictures"](120, seed=5)
    assert images.shape == (120, 3, 16, 16)
    assert -1 <= images.min() < images.max() <= 1
    for caption, k in zip(captions, classes.tolist(), strict=True):
        assert any(solved["NAMES"][language][k] in caption for language in ("ko", "en"))
    fit = {
        solved["fill"](template, name)
        for language in ("ko", "en")
        for template in solved["TEMPLATES"][language]
        for name in solved["NAMES"][language]
    }
    said = {c.replace("an orange", "a orange") for c in captions}
    assert said <= fit  # prompts are worded like captions


def test_five_pairs_are_held_out(solved):
    held = set(solved["pictures"](200, seed=1, combos="held_out")[2].tolist())
    names = {solved["NAMES"]["en"][k] for k in held}
    told = "red circle, yellow triangle, blue cross, purple ring, white star"
    assert names == set(told.split(", "))
    assert told in WORK.prose
    seen = set(solved["pictures"](400, seed=1, combos="seen")[2].tolist())
    assert not held & seen
    assert len(seen) == 25


def test_words_cut_a_long_text_but_keep_its_end(solved):
    words = solved["Words"](["a b c", "d e."])
    assert words.end == 8
    assert words(["a b c d e a b c d e"], context=5).tolist() == [[1, 3, 4, 5, 8]]
    assert words(["e. ", "zzz"], context=4).tolist() == [[1, 2, 8, 0], [1, 2, 8, 0]]
    assert words(["e."], context=4).tolist() == [[1, 7, 8, 0]]


def test_worked_numbers_of_the_scale_come_out():
    alone = math.exp(2) / (math.exp(2) + 999)
    for number in (alone, math.log(10), 0.6 * math.log(10)):
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_worked_numbers_of_the_loss_come_out(solved):
    logits = torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    columns = F.cross_entropy(logits.T, torch.arange(2)).item()
    found = [math.log(1 + math.exp(-n)) for n in (1, 2, 3)]
    for number in (*found, columns, solved["info_nce"](logits).item()):
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_worked_numbers_of_the_prompts_come_out(solved):
    mean = (torch.tensor([10.0, 0.0]) + torch.tensor([0.0, 1.0])) / 2
    first, second = solved["unit"](mean).tolist()
    assert WORK.prose.count(f"({first:.3f}, {second:.4f})") == 2
    assert WORK.prose.count("(0.7071, 0.7071)") >= 2


def test_worked_numbers_of_the_training_come_out():
    pull = 0.5 / (1 + math.e)  # gradient of a logit: two directions, two pairs, halved
    second = math.log(1 + math.exp(-math.exp(0.1)))
    for number in (pull, 2 * pull, math.log(1 / 0.07), math.log(100), second):
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_band_of_the_training_lies_between_the_measured_runs():
    assert len(BANDS["solution"]) >= 20
    assert min(BANDS["solution"]) > WORK.judge.ENOUGH + 0.05
    lost = ("q7_pairs_broken", "q7_sgd")
    for name in lost:
        assert max(BANDS[name]) < WORK.judge.ENOUGH - 0.2, name
    told = (WORK.folder / "judge.py").read_text("utf-8")
    for name in ("solution", *lost):
        assert f"{min(BANDS[name]):.3f} to {max(BANDS[name]):.3f}" in told, name


def run(scores: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    return {"scores": scores, "classes": classes}


def test_predicate_uses_the_classes_of_the_solution():
    classes = np.arange(100) % 4
    right, other = np.eye(4)[classes], np.eye(4)[(classes + 1) % 4]
    known = run(right, classes)
    assert WORK.judge.learned(run(right, classes), known)
    assert not WORK.judge.learned(run(other, (classes + 1) % 4), known)
    assert not WORK.judge.learned(run(right[:50], classes[:50]), known)
    assert not WORK.judge.learned(run(right * np.nan, classes), known)
    some = right.copy()
    some[:16] = other[:16]  # 84 % are right
    assert not WORK.judge.learned(run(some, classes), known)


def test_predicate_wants_the_same_losses_for_the_same_seed_only():
    a, b = np.array([1.0, 0.5]), np.array([1.0, 0.6])
    known = {"first": a, "again": a, "other": b}
    known |= {"sizes": np.array([4.0, 4.0]), "pairs": np.array([4.0, 4.0])}
    assert WORK.judge.repeatable(known, known)
    assert not WORK.judge.repeatable({**known, "sizes": np.array([4.0, 3.0])}, known)
    assert not WORK.judge.repeatable({**known, "pairs": np.array([4.0, 2.0])}, known)
    assert not WORK.judge.repeatable({**known, "again": b}, known)
    assert not WORK.judge.repeatable({**known, "other": a}, known)
    assert not WORK.judge.repeatable({key: v[:1] for key, v in known.items()}, known)


def test_predicate_wants_chunks_and_one_graph_at_a_time():
    known = np.array([10.0, 10.0, 3.0, 1.0])
    assert WORK.judge.frugal(known, known)
    assert WORK.judge.frugal(np.array([20.0, 10.0, 2.0, 1.0]), known)  # looks twice
    for wrong in ((10, 10, 10, 1), (10, 10, 3, 4), (0, 10, 3, 1), (10, 20, 3, 1)):
        assert not WORK.judge.frugal(np.array(wrong, dtype=float), known)
    assert not WORK.judge.frugal(known[:3], known)


def test_every_misconception_of_the_plan_has_a_mutant():
    names = {mutant.name for mutant in WORK.lab.mutants}
    assert {
        "q1_not_normalised",
        "q1_scale_not_exponentiated",
        "q2_images_only",
        "q2_labels_shifted",
        "q2_summed_over_pairs",
        "q3_mask_transposed",
        "q3_itself_hidden",
        "q3_read_last_position",
        "q4_prompts_not_normalised",
        "q4_mean_not_normalised",
        "q4_best_image_of_each_class",
        "q5_diagonal_only",
        "q6_counted_twice",
        "q6_divided_by_chunks",
        "q6_text_forgotten",
        "q7_clip_forgotten",
    } <= names
