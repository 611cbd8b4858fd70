"""Lab 2 tells the truth: against the library, its prose, and its measured bands."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import vislearn
from tests.labs.workbook import Workbook, close, normal
from vislearn.budget.parameters import count_parameters
from vislearn.layers import blocks, pooling, positions, windows

WORK = Workbook("lab02_vit")
BANDS = WORK.bands["share_right"]


def randomised(module: nn.Module) -> Any:
    for name, parameter in module.named_parameters():
        near = float("norm" in name and name.endswith("weight"))
        parameter.data = near + 0.2 * normal(*parameter.shape)
    return module.eval()


def test_block_agrees_with_the_library(solved):
    theirs = randomised(blocks.Block(width=24, heads=4, hidden=50))
    state = {
        name.replace("attn.", "").replace("mlp.", ""): value
        for name, value in theirs.state_dict().items()
    }
    ours = solved["Block"](24, 4, 50).eval()
    ours.load_state_dict(state)
    for scale in (1.0, 0.001):  # epsilon shows where tokens are small
        x = scale * normal(2, 9, 24)
        with torch.no_grad():
            close(ours(x), theirs(x))


def test_embedding_agrees_with_the_library(solved):
    model = randomised(vislearn.create_model("vit_b16", width=24, heads=4, depth=1))
    images = normal(2, 3, 224, 224)
    with torch.no_grad():
        patches = model.patch_embed(images)
        ours = solved["embed"](patches, model.cls_token, model.pos_embed)
        close(ours, model.embed(images))


def test_registers_agree_with_the_library_where_the_table_has_no_row_for_cls(solved):
    model = randomised(
        vislearn.create_model("dinov2_vits14_reg", width=24, heads=4, depth=1)
    )
    images = normal(1, 3, 518, 518)
    table = F.pad(model.pos_embed, (0, 0, 1, 0))  # CLS has no position there
    with torch.no_grad():
        patches = model.patch_embed(images)
        ours = solved["embed"](patches, model.cls_token, table, model.reg_token)
        close(ours, model.embed(images))


def test_pooling_agrees_with_the_library(solved):
    x = normal(2, 14, 24)
    close(solved["cls_pool"](x), pooling.cls_pool(x[:, :5]))
    close(solved["gap_pool"](x, 5), pooling.mean_pool(x[:, 5:]))


def test_map_agrees_with_the_library_without_projection_and_mlp(solved):
    head = randomised(pooling.AttentionPool(width=24, heads=4, hidden=8))
    for layer in (head.q, head.kv, head.proj, head.mlp.fc2):
        layer.bias.data.zero_()
    head.mlp.fc2.weight.data.zero_()
    head.proj.weight.data = torch.eye(24)
    x = normal(2, 14, 24)
    with torch.no_grad():
        query, (key, value) = head.q(head.latent[0, 0]), head.kv.weight.chunk(2)
        pooled, weights = solved["map_pool"](x, 5, query, key, value, heads=4)
        close(pooled, head(x[:, 5:]))
    close(weights.sum(-1), torch.ones(2, 4))


@pytest.mark.parametrize("new", [(7, 7), (3, 4), (5, 9), (6, 8)])
def test_resized_positions_agree_with_the_library(solved, new):
    table = normal(1, 5 + 6 * 8, 12)
    ours = solved["resize_positions"](table, (6, 8), new, prefix=5)
    theirs = positions.interpolate(table, (6, 8), new, prefix=5, antialias=False)
    close(ours, theirs)


@pytest.mark.parametrize("classes", [None, 10])
def test_parameter_count_agrees_with_the_library(solved, classes):
    for name in ("vit_ti16", "vit_b16", "vit_b32", "vit_h14", "vit_giant14"):
        c = vislearn.create_model(name, device="meta").config
        sizes = c.image_shape, c.patch_size, c.channels, c.width, c.depth, c.heads
        config = solved["Config"](*sizes, c.hidden, classes=classes)
        ours = sum(solved["count_parameters"](config))
        assert ours == count_parameters(name, num_classes=classes)


def test_parameter_count_agrees_with_the_model_of_question_7(solved):
    config = solved["Config"]((8, 20), 4, 2, 12, 3, 2, 30, True, 6)
    model = solved["ViT"](config)
    assert sum(solved["count_parameters"](config)) == count_parameters(model)


def test_windows_agree_with_the_library(solved):
    maps = normal(2, 6, 9, 4)
    cut = solved["window_partition"](maps, 3)
    close(cut, windows.window_partition(maps, 3))
    close(solved["window_reverse"](cut, 3, (6, 9)), maps)
    rolled = torch.roll(maps, (-1, -1), dims=(1, 2))
    moved = solved["window_partition"](maps, 3, 1)
    close(moved, windows.window_partition(rolled, 3))
    close(solved["window_reverse"](moved, 3, (6, 9), 1), maps)


def test_whole_model_agrees_with_the_library(solved):
    sizes: dict[str, Any] = {
        "img_size": (8, 20),
        "patch_size": 4,
        "channels": 2,
        "width": 24,
    }
    sizes |= {"depth": 2, "heads": 4, "mlp_hidden": 40, "num_classes": 6}
    theirs = randomised(vislearn.create_model("vit_b16", **sizes))
    ours = solved["ViT"](solved["Config"]((8, 20), 4, 2, 24, 2, 4, 40, True, 6)).eval()
    renamed = {}
    for name, value in theirs.state_dict().items():
        short = name.replace("attn.", "").replace("mlp.", "")
        renamed[short.replace("patch_embed.proj.", "patch_embed.")] = value
    ours.load_state_dict(renamed)
    images = normal(3, 2, 8, 20)
    with torch.no_grad():
        close(ours(images), theirs(images).logits)


def test_quarters_are_where_the_labels_say(solved):
    images, labels = solved["quarters"](400, seed=3)
    assert 200 < len(labels) < 300  # "about 6 of 10 remain"
    assert labels.unique().tolist() == [0, 1, 2, 3]
    corner = images[:, :, 0, 0][:, :, None, None]  # flat ground
    mass = (images - corner).abs().amax(1)  # where the object is
    line = torch.arange(16.0) - 7.5
    down = (mass.sum(2) * line).sum(1) > 0
    right = (mass.sum(1) * line).sum(1) > 0
    assert torch.equal(2 * down.long() + right.long(), labels)


def test_worked_numbers_of_the_block_come_out(solved):
    normed = F.layer_norm(torch.tensor([0.001, -0.001]), (2,), eps=1e-6)[0]
    default = F.layer_norm(torch.tensor([0.001, -0.001]), (2,))[0]
    for number in (normed, default, F.gelu(torch.tensor(1.0))):
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_worked_numbers_of_pooling_come_out(solved):
    told = math.sqrt(2) * math.log(3)
    flat = torch.softmax(torch.tensor([0.0, told]), dim=0)
    for number in (told, math.log(3), *flat.tolist()):
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_worked_numbers_of_interpolation_come_out(solved):
    table = torch.tensor([0.0, 1.0]).reshape(1, 2, 1)
    right = solved["resize_positions"](table, (1, 2), (1, 4), prefix=0)
    smooth = positions.interpolate(table, (1, 2), (1, 4))[0, 0]  # antialias, as in timm
    assert all(WORK.prose.count(f"{abs(n):.4f}") >= 2 for n in right.flatten().tolist())
    assert WORK.prose.count(f"{smooth.item():.4f}") >= 2


def test_count_table_of_the_prose_comes_out(solved):
    counted = solved["count_parameters"](solved["Config"]())
    rows = re.findall(r"^\| [a-z ]+ \| .* \| ([\d,]+) \|$", WORK.prose, re.M)
    assert [int(row.replace(",", "")) for row in rows] == list(counted)
    assert WORK.prose.count(str(sum(counted))) == 2
    assert WORK.prose.count(str(counted.blocks // 12)) == 2


def test_worked_losses_come_out():
    twice = F.cross_entropy(
        torch.softmax(torch.tensor([[0.1, -0.1]]), dim=1), torch.tensor([0])
    )
    floor = math.log(1 + 3 / math.e)
    for number in (math.log(1 + math.exp(-0.2)), twice.item(), floor):
        assert WORK.prose.count(f"{number:.4f}") >= 2


def test_band_of_the_training_lies_between_the_measured_runs():
    assert len(BANDS["solution"]) >= 20
    assert min(BANDS["solution"]) > WORK.judge.ENOUGH + 0.03
    lost = {"q7_no_positions", "q7_sgd", "q7_always_the_first_images"}
    for name in lost | {"q7_gradients_not_cleared"}:
        assert max(BANDS[name]) < WORK.judge.ENOUGH - 0.03, name
    told = (WORK.folder / "judge.py").read_text("utf-8")
    for name in ("solution", "q7_no_positions"):
        assert f"{min(BANDS[name]):.3f} to {max(BANDS[name]):.3f}" in told


def run(logits: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    return {"logits": logits, "labels": labels}


def test_predicate_uses_the_labels_of_the_solution():
    labels = np.arange(100) % 4
    right, other = np.eye(4)[labels], np.eye(4)[(labels + 1) % 4]
    known = run(right, labels)
    assert WORK.judge.learned(run(right, labels), known)
    assert not WORK.judge.learned(run(other, (labels + 1) % 4), known)
    assert not WORK.judge.learned(run(right[:50], labels[:50]), known)
    assert not WORK.judge.learned(run(right * np.nan, labels), known)
    some = right.copy()
    some[:8] = other[:8]  # 92 % are right
    assert not WORK.judge.learned(run(some, labels), known)


def test_predicate_wants_the_same_losses_for_the_same_seed_only():
    a, b = np.array([1.0, 0.5]), np.array([1.0, 0.6])
    known = {"first": a, "again": a, "other": b}
    assert WORK.judge.repeatable(known, known)
    assert not WORK.judge.repeatable({**known, "again": b}, known)
    assert not WORK.judge.repeatable({**known, "other": a}, known)
    assert not WORK.judge.repeatable({key: v[:1] for key, v in known.items()}, known)


def test_every_question_has_the_mistakes_of_the_seed_notes():
    names = {mutant.name for mutant in WORK.lab.mutants}
    assert {
        "q1_post_norm",
        "q1_relu",
        "q1_dropout_left_on",
        "q1_default_epsilon",
    } <= names
