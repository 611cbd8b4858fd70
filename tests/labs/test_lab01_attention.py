"""Lab 1 tells the truth: against the library, and every number of its prose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F

from tests.labs.workbook import Workbook, close, normal
from vislearn.grading import emit as emit_module
from vislearn.layers import attention as library_attention
from vislearn.layers import patches as library_patches
from vislearn.layers import positions as library_positions

WORK = Workbook("lab01_attention")


def test_attention_agrees_with_the_library(solved):
    q, k, v = normal(2, 3, 5, 8), normal(2, 3, 7, 8), normal(2, 3, 7, 4)
    mask = torch.ones(5, 7, dtype=torch.bool).tril()
    for given in (None, mask):
        ours = solved["attention"](q, k, v, given)
        theirs = library_attention.attention(q, k, v, given)
        close(ours[0], theirs[0])
        close(ours[1], theirs[1])


def test_multi_head_attention_agrees_with_the_library(solved):
    layer = library_attention.Attention(width=24, heads=4)
    x = normal(2, 9, 24)
    with torch.no_grad():
        packed = layer.qkv.weight, layer.qkv.bias, layer.proj.weight, layer.proj.bias
        close(solved["multi_head_attention"](x, *packed, heads=4), layer(x))


def test_patches_agree_with_the_library(solved):
    images = normal(2, 3, 8, 20)
    patches = solved["patchify"](images, 4)
    close(patches, library_patches.patchify(images, 4))
    close(solved["unpatchify"](patches, 4, (2, 5)), images)


def test_patch_embedding_agrees_with_the_library(solved):
    embed = library_patches.PatchEmbed(patch_size=4, width=10)
    images = normal(2, 3, 8, 20)
    with torch.no_grad():
        tokens = solved["patch_embed"](images, embed.proj.weight, embed.proj.bias)
        close(tokens, embed(images))


def test_channels_last_weights_fit_channels_last_patches(solved):
    weight, images = normal(6, 3, 4, 4), normal(1, 3, 8, 12)
    patches = library_patches.patchify(images, 4).reshape(1, 6, 3, 16)
    patches = patches.transpose(2, 3).flatten(2)  # (row, column, channel)
    tokens = patches @ solved["conv_to_linear"](weight, channels_last=True).T
    close(tokens, F.conv2d(images, weight, stride=4).flatten(2).transpose(1, 2))


def test_positions_agree_with_the_library(solved):
    for temperature in (10_000.0, 100.0):
        ours = solved["sincos_2d"]((5, 7), 24, temperature)
        close(ours, library_positions.sincos_2d((5, 7), 24, temperature))
    table = library_positions.fixed_table("sincos_2d", (5, 7), 24, prefix=1)
    sequence = solved["add_cls_and_positions"](
        torch.zeros(1, 35, 24), torch.zeros(1, 1, 24), ours
    )
    assert sequence.shape == table.shape
    assert sequence[0, 0].abs().max() == table[0, 0].abs().max() == 0


def test_cost_agrees_with_the_library(solved):
    ours = solved["attention_cost"]((448, 224), 14, width=384, heads=6, batch=3)
    theirs = library_attention.attention_cost(ours.tokens, width=384, heads=6)
    macs = ours.projection_macs + ours.mixing_macs
    assert macs == 3 * theirs.multiply_adds
    assert ours.score_bytes == 3 * 4 * theirs.score_entries


def test_worked_numbers_of_attention_come_out(solved):
    q = torch.tensor([[2.0, 0, 0, 0]])
    k = torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    without_division = solved["attention"](2 * q, k, k)[1][0]
    for weight in without_division.tolist():
        assert WORK.prose.count(f"{weight:.4f}") >= 2
    assert torch.tensor(89.0).exp().isinf()
    assert not torch.tensor(88.0).exp().isinf()


def test_worked_position_vector_comes_out(solved):
    row = next(
        line for line in WORK.prose.splitlines() if r"\mathrm{pos}(2, 4)" in line
    )
    told = [float(text.replace("−", "-")) for text in row.split("|")[2:-1]]
    vector = solved["sincos_2d"]((4, 6), 8)[2 * 6 + 4]
    torch.testing.assert_close(vector, torch.tensor(told), rtol=0, atol=5.1e-5)


def test_cost_table_of_the_prose_comes_out(solved):
    cost = solved["attention_cost"]((224, 224), 16, width=768, heads=12)
    rows = [
        line for line in WORK.prose.splitlines() if re.search(r"\| [\d,]{9,} \|$", line)
    ]
    qkv, scores, mix, proj = (int(r.split("|")[3].replace(",", "")) for r in rows)
    assert qkv + proj == cost.projection_macs
    assert scores + mix == cost.mixing_macs
    assert qkv == 3 * proj
    assert scores == mix


def test_demo_claims_about_the_cost_come_out(solved):
    def cost(side: int) -> Any:
        return solved["attention_cost"]((side, side), 16, width=768, heads=12)

    assert cost(640).mixing_macs >= cost(640).projection_macs
    assert cost(624).mixing_macs < cost(624).projection_macs


def test_unscaled_scores_saturate_the_softmax(solved):
    q, k = normal(200, 1, 1024), normal(200, 64, 1024)
    scaled = solved["attention"](q, k, k)[1].amax(-1).mean()
    unscaled = solved["attention"](q * 32, k, k)[1].amax(-1).mean()
    assert scaled < 0.2
    assert unscaled > 0.9


def test_a_wrong_scale_in_q1_costs_nothing_in_q2_but_the_full_attention(monkeypatch):
    values: dict[str, list[Any]] = {}

    def keep(payload: Mapping[str, Any]) -> None:
        values.setdefault(payload["name"], []).append(payload["data"])

    monkeypatch.setattr(emit_module, "publish", keep)
    wrong = next(m.source for m in WORK.lab.mutants if m.name == "q1_no_scale")
    for answers in ({}, {"q1": wrong}):
        names = WORK.namespace(answers)
        for probe in WORK.lab.questions["q2"].probes:
            exec(probe, names)
    differing = set()
    for name, (right, other) in values.items():
        if not torch.allclose(torch.tensor(right), torch.tensor(other), atol=1e-5):
            differing.add(name)
    assert differing == {"attention", "one_image"}
