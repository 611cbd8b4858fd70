"""Lab 5 tells the truth: library, transformers, its prose, its measured bands."""

from __future__ import annotations

import ast
import importlib.util
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.labs.workbook import Workbook, close, normal
from vislearn.encoders.naflex import fit_grid
from vislearn.layers import pooling
from vislearn.losses import contrastive

WORK = Workbook("lab05_siglip")
TEN, MINUS_FIVE = torch.tensor(10.0).log(), torch.tensor(-5.0)


def batch(count: int) -> list[torch.Tensor]:
    """Embeddings of many lengths, a scale's logarithm and a bias that learn."""
    given = [3 * normal(count, 6), normal(count, 6) - 0.5, TEN - 1, MINUS_FIVE + 3]
    return [x.clone().requires_grad_() for x in given]


def library_loss(given: list[torch.Tensor]) -> torch.Tensor:
    image, text = (F.normalize(x, dim=-1) for x in given[:2])
    return contrastive.sigmoid_loss(image, text, given[2].exp(), given[3])


@pytest.mark.parametrize("count", [1, 2, 7])
def test_loss_and_its_gradients_agree_with_the_library(solved, count):
    given = batch(count)
    ours, theirs = solved["sigmoid_loss"](*given), library_loss(given)
    close(ours, theirs)
    for mine, other in zip(
        torch.autograd.grad(ours, given),
        torch.autograd.grad(theirs, given),
        strict=True,
    ):
        close(mine, other)


@pytest.mark.parametrize("block", [1, 3, 4, 20])
def test_blocked_gradients_agree_with_the_library(solved, block):
    given = batch(10)
    theirs = library_loss(given)
    found = solved["blocked_gradients"](*given, block)
    close(found.loss, theirs.detach())
    for mine, other in zip(found[1:], torch.autograd.grad(theirs, given), strict=True):
        close(mine, other)


@pytest.mark.parametrize("counts", [(10,), (5, 5), (1, 2, 3, 4)])
def test_shares_of_the_ring_add_up_to_the_library_s_loss(solved, counts):
    given = batch(10)
    theirs = library_loss(given)
    chunks = (list(x.detach().split(counts)) for x in given[:2])
    shares = solved["ring_gradients"](*chunks, *given[2:], solved["Ring"]())
    wanted = torch.autograd.grad(theirs, given)
    close(sum(share.loss for share in shares), theirs.detach())
    close(torch.cat([share.images for share in shares]), wanted[0])
    close(torch.cat([share.texts for share in shares]), wanted[1])
    close(sum(share.t_prime for share in shares), wanted[2])
    close(sum(share.bias for share in shares), wanted[3])


def test_start_is_what_the_loss_of_orthogonal_embeddings_costs(solved):
    N = 6
    image, text = torch.eye(2 * N)[:N], torch.eye(2 * N)[N:]  # all similarities are 0
    for bias in (-3.0, 0.0, solved["start_bias"](N)):
        learned = torch.tensor(bias, requires_grad=True)
        loss = contrastive.sigmoid_loss(image, text, 10.0, learned)
        found = solved["at_start"](N, bias)
        assert loss.item() == pytest.approx(found.total, rel=1e-5)
        (slope,) = torch.autograd.grad(loss, learned)
        assert slope.item() == pytest.approx(found.slope, abs=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_map_head_agrees_with_the_library(solved, masked):
    theirs = pooling.AttentionPool(24, heads=4, hidden=40, act="gelu_tanh").eval()
    ours = solved["MapHead"](24, 4, 40)
    for parameter in theirs.parameters():
        parameter.data = 0.3 * normal(*parameter.shape)
    state = {"probe": theirs.latent.data}
    for kind in ("weight", "bias"):
        for name, layer in (
            ("q", theirs.q),
            ("proj", theirs.proj),
            ("norm", theirs.norm),
            ("fc1", theirs.mlp.fc1),
            ("fc2", theirs.mlp.fc2),
        ):
            state[f"{name}.{kind}"] = getattr(layer, kind).data
        keys, values = getattr(theirs.kv, kind).data.chunk(2)
        state |= {f"k.{kind}": keys, f"v.{kind}": values}
    ours.load_state_dict(state)
    x = normal(3, 9, 24)
    mask = torch.arange(9) < torch.tensor([[9], [4], [1]]) if masked else None
    with torch.no_grad():
        wanted = theirs(x) if mask is None else theirs(x, mask[:, None, None])
        close(ours(x, mask), wanted)


def transformers_size() -> Callable[..., tuple[int, int]]:
    """The sizing of transformers, read from its source without importing it."""
    spec = importlib.util.find_spec("transformers")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("transformers is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "models" / "siglip2"
    source = (folder / "image_processing_siglip2.py").read_text("utf-8")
    name = "get_image_size_for_max_num_patches"
    functions: list[ast.stmt] = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(functions, []), "<siglip2>", "exec"), names)
    return names[name]


def test_grids_agree_with_the_library_and_with_transformers(solved):
    theirs = transformers_size()
    random = torch.Generator().manual_seed(0)
    for _ in range(300):
        height, width = torch.randint(20, 2000, (2,), generator=random).tolist()
        budget = int(torch.randint(1, 1025, (1,), generator=random))
        ours = solved["naflex_grid"](height, width, budget)
        assert ours == fit_grid(height, width, 16, budget)
        assert ours == tuple(x // 16 for x in theirs(height, width, 16, budget))


def test_probabilities_agree_with_the_library_s_logits(solved):
    identity = torch.nn.Identity()
    model = solved["SigLIP"](identity, identity, batch_size=9)
    images, texts = normal(4, 6), normal(5, 6)
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    close(
        solved["probabilities"](model, images, texts),
        torch.sigmoid(10 * cosine - math.log(8)),
    )
    close(
        model(images, images),
        library_loss([images, images, TEN, -TEN * 0 - math.log(8)]),
    )


def test_languages_never_meet_in_a_batch(solved):
    pictures, things = solved["scenes"](400, seed=1)
    assert pictures.shape == (400, 3, 16, 16)
    batches = solved["batches_of"](pictures, things, size=24, steps=5, seed=1)
    captions = {
        language: solved["tokenize"](
            [solved["caption"](n, language) for n in range(32)]
        )
        for language in ("ko", "en")
    }
    for images, texts in batches:
        assert len(images) == len(texts) == 24
        seen = []
        for image, text in zip(images, texts, strict=True):
            places = {
                language: (rows == text).all(dim=1).nonzero()
                for language, rows in captions.items()
            }
            (thing,) = [int(found) for found in places.values() if len(found)]
            matches = (pictures == image).all(dim=(1, 2, 3)).nonzero()
            assert things[matches[0, 0]] == thing
            seen.append(thing)
        assert len(set(seen)) == 24  # no thing twice: no false negative


def test_held_out_things_are_not_trained_on(solved):
    _, seen = solved["scenes"](600, seed=1)
    _, held_out = solved["scenes"](100, seed=1, combos="held_out")
    assert not set(seen.tolist()) & set(held_out.tolist())
    assert len(set(seen.tolist())) == 28


def test_worked_numbers_of_the_loss_come_out():
    for number in F.softplus(torch.tensor([-5.0, -3.0, 1.0])).tolist():
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_table_of_the_start_comes_out(solved):
    rows = re.findall(
        r"^\| \$([-\d]+|-\\ln 63 = -4.1431)\$ \| (.+) \| (.+) \| (.+) \| (.+) \|$",
        WORK.prose,
        re.M,
    )
    assert len(rows) == 6
    for bias, *told in rows:
        found = solved["at_start"](
            64, float(bias.split()[-1]) if " " in bias else float(bias)
        )
        digits = (4, 6, 4, 4)
        for number, text, places in zip(found, told, digits, strict=True):
            assert abs(number - float(text)) < 1.5 * 10**-places + 1e-4, (bias, text)
    assert WORK.prose.count(f"{solved['start_bias'](32_768):.2f}") == 2
    at_zero = solved["at_start"](64, 0.0)
    share = 63 * at_zero.negative / at_zero.total
    assert WORK.prose.count(f"{100 * share:.0f} %") == 2


def test_table_of_grids_comes_out(solved):
    rows = re.findall(
        r"^\| (\d+) × (\d+) \| (\d+) × (\d+) \| (\d+) \| 16 × 16 \|$", WORK.prose, re.M
    )
    assert len(rows) == 6
    for height, width, rows_, columns, tokens in (map(int, row) for row in rows):
        assert solved["naflex_grid"](height, width, 256) == (rows_, columns)
        assert rows_ * columns == tokens


def test_worked_numbers_of_the_map_head_come_out(solved):
    head = solved["MapHead"](2, 1, 2)
    eye = torch.eye(2)
    state = {name: torch.zeros_like(old) for name, old in head.state_dict().items()}
    state |= {"v.weight": eye, "proj.weight": eye, "norm.weight": torch.ones(2)}
    head.load_state_dict(state)
    tokens = torch.tensor([[[4.0, 0], [0, 2]]])
    loud, quiet = (
        torch.cat((tokens, torch.full((1, 1, 2), value)), dim=1)
        for value in (100.0, 0.0)
    )
    for x, told in ((loud, ("34.6667", "34")), (quiet, ("1.3333", "0.6667"))):
        numbers = [f"{number:.4f}" for number in head(x)[0].tolist()]
        assert [number.removesuffix(".0000") for number in numbers] == list(told)
        assert WORK.prose.count(f"$({told[0]}, {told[1]})$") == 2


def test_bands_of_the_training_lie_between_the_measured_runs():
    named, meet = WORK.bands["named"], WORK.bands["meet"]
    assert len(named["solution"]) >= 10
    assert min(named["solution"]) > WORK.judge.ENOUGH + 0.03
    assert min(meet["solution"]) > WORK.judge.ENOUGH_BETWEEN + 0.03
    for name in ("q7_sgd", "q7_scale_starts_at_e_to_ten", "q1_diagonal_only"):
        assert max(named[name]) < WORK.judge.ENOUGH - 0.03, name
    told = (WORK.folder / "judge.py").read_text("utf-8")
    for shares in (named["solution"], meet["solution"]):
        assert f"{min(shares):.3f} to {max(shares):.3f}" in told.replace("\n# ", " ")


def test_measured_shares_in_the_prose_come_out():
    named, held_out, meet = (WORK.bands[name] for name in ("named", "held_out", "meet"))
    told = [named["solution"], held_out["solution"], named["q1_bias_outside_label"]]
    told.append(named["q7_text_tower_frozen"])
    for shares in told:
        assert WORK.prose.count(f"{min(shares):.3f} to {max(shares):.3f}") == 1
        assert WORK.prose.count(f"{min(shares):.3f}에서 {max(shares):.3f}까지") == 1
    assert len(named["solution"]) == 12
    assert len(named["q7_text_tower_frozen"]) == 2
    assert max(meet["q7_text_tower_frozen"]) == 0


def run(found: np.ndarray, things: np.ndarray) -> dict[str, np.ndarray]:
    return {"ko": found, "en": found, "between": np.eye(8), "things": things}


def test_predicate_uses_the_names_of_the_solution():
    things = np.arange(100) % 8
    right, other = np.eye(8)[things], np.eye(8)[(things + 1) % 8]
    known = run(right, things)
    assert WORK.judge.learned(known, known)
    assert not WORK.judge.learned(run(other, (things + 1) % 8), known)
    assert not WORK.judge.learned(run(right[:50], things[:50]), known)
    assert not WORK.judge.learned(run(right * np.nan, things), known)
    some = right.copy()
    some[:16] = other[:16]  # 84 % are right
    assert not WORK.judge.learned(run(some, things), known)
    assert not WORK.judge.learned({**known, "ko": some}, known)
    apart = np.roll(np.eye(8), 1, axis=0)
    assert not WORK.judge.learned({**known, "between": apart}, known)


def test_predicate_wants_right_gradients_in_little_memory():
    known = {"bias": np.array(0.5), "texts": np.ones((4, 2)), "peak": np.array(900.0)}
    assert WORK.judge.in_blocks(known, known)
    assert not WORK.judge.in_blocks({**known, "peak": np.array(1e6)}, known)
    assert not WORK.judge.in_blocks({**known, "texts": np.zeros((4, 2))}, known)


def test_predicate_wants_right_shares_from_a_ring():
    known = {"losses": np.ones(5), "rounds": np.array(5.0), "largest": np.array(16.0)}
    assert WORK.judge.around_the_ring(known, known)
    assert WORK.judge.around_the_ring({**known, "rounds": np.array(4.0)}, known)
    for change in ({"rounds": 0.0}, {"rounds": 20.0}, {"largest": 289.0}):
        assert not WORK.judge.around_the_ring({**known, **change}, known)
    assert not WORK.judge.around_the_ring({**known, "losses": np.zeros(5)}, known)


def test_every_question_has_the_mistakes_of_the_seed_notes():
    names = {mutant.name for mutant in WORK.lab.mutants}
    assert {
        "q1_bias_outside_label",
        "q1_bias_subtracted",
        "q1_mean_over_pairs",
        "q5_averages_tokens",
        "q5_takes_first_token",
        "q6_squashed",
    } <= names
