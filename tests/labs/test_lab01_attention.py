"""What the general self-test of labs does not cover: truth, prose and visible checks.

The solutions agree with the library; the numbers in the prose come out of the cells;
the checks that learners run in the notebook catch what they claim to catch.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import yaml

from vislearn.grading import emit as emit_module
from vislearn.grading.lab import Lab, load_lab
from vislearn.layers import attention as library_attention
from vislearn.layers import patches as library_patches
from vislearn.layers import positions as library_positions

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "labs" / "lab01_attention"
LAB = load_lab(FOLDER)
PROSE = (FOLDER / "lab.md").read_text(encoding="utf-8")
# Left to the hidden checks: nothing in the visible ones uses another temperature.
HIDDEN_ONLY = {"q5_temperature_ignored"}


def namespace(lab: Lab, answers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run set-up and solutions (or the given answers instead) in order."""
    answers = answers or {}
    names: dict[str, Any] = {"__name__": "lab01"}
    for source in lab.setup:
        exec(source, names)
    for question in lab.questions.values():
        for source in question.solution:
            exec(answers.get(question.id, source), names)
    return names


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    return namespace(LAB)


def printed(question: str, names: dict[str, Any]) -> list[str]:
    """Lines that the visible checks of a question print."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for source in LAB.questions[question].visible:
            exec(source, dict(names))
    return out.getvalue().splitlines()


def normal(*shape: int) -> torch.Tensor:
    seed = hash(shape) % 2**31  # another one for every shape
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


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


@pytest.mark.parametrize("question", LAB.questions)
def test_expected_output_in_both_languages_is_what_the_cell_prints(question, solved):
    *shown, last = printed(question, solved)
    assert last == f"{question}: OK"
    assert shown
    for line in shown:
        assert PROSE.count(f"\n```\n{line}\n```\n") == 2, line


def test_worked_numbers_of_attention_come_out(solved):
    q = torch.tensor([[2.0, 0, 0, 0]])
    k = torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    without_division = solved["attention"](2 * q, k, k)[1][0]
    for weight in without_division.tolist():
        assert PROSE.count(f"{weight:.4f}") >= 2
    assert torch.tensor(89.0).exp().isinf()
    assert not torch.tensor(88.0).exp().isinf()


def test_worked_position_vector_comes_out(solved):
    row = next(line for line in PROSE.splitlines() if r"\mathrm{pos}(2, 4)" in line)
    told = [float(text.replace("−", "-")) for text in row.split("|")[2:-1]]
    vector = solved["sincos_2d"]((4, 6), 8)[2 * 6 + 4]
    torch.testing.assert_close(vector, torch.tensor(told), rtol=0, atol=5.1e-5)


def test_cost_table_of_the_prose_comes_out(solved):
    cost = solved["attention_cost"]((224, 224), 16, width=768, heads=12)
    rows = [line for line in PROSE.splitlines() if re.search(r"\| [\d,]{9,} \|$", line)]
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


@pytest.mark.parametrize("mutant", LAB.mutants, ids=lambda mutant: mutant.name)
def test_visible_checks_catch_the_mutant(mutant):
    names = namespace(LAB, {mutant.question: mutant.source})
    if mutant.name in HIDDEN_ONLY:
        printed(mutant.question, names)
        return
    with pytest.raises(AssertionError, match=" / "):
        printed(mutant.question, names)


def test_a_wrong_scale_in_q1_costs_nothing_in_q2_but_the_full_attention(monkeypatch):
    values: dict[str, list[Any]] = {}

    def keep(payload: Mapping[str, Any]) -> None:
        values.setdefault(payload["name"], []).append(payload["data"])

    monkeypatch.setattr(emit_module, "publish", keep)
    wrong = next(m.source for m in LAB.mutants if m.name == "q1_no_scale")
    for answers in ({}, {"q1": wrong}):
        names = namespace(LAB, answers)
        for probe in LAB.questions["q2"].probes:
            exec(probe, names)
    differing = set()
    for name, (right, other) in values.items():
        if not torch.allclose(torch.tensor(right), torch.tensor(other), atol=1e-5):
            differing.add(name)
    assert differing == {"attention", "one_image"}


def test_minutes_add_up_and_fit_a_lesson():
    assert sum(question.minutes for question in LAB.questions.values()) == LAB.minutes
    assert 60 <= LAB.minutes <= 90


@pytest.mark.parametrize("question", LAB.questions.values(), ids=lambda q: q.id)
def test_statement_tells_minutes_points_and_difficulty(question):
    told = question.minutes, question.points, question.difficulty
    assert "{:g}분 · {:g}점 · 난이도 {}/5".format(*told) in PROSE
    assert "{:g} minutes · {:g} points · difficulty {}/5".format(*told) in PROSE
    for language in ("ko", "en"):
        assert re.search(rf"^## .*{re.escape(question.title[language])}", PROSE, re.M)


def test_mutants_speak_the_course_s_korean():
    glossary = yaml.safe_load((ROOT / "book" / "glossary.yml").read_text("utf-8"))
    banned = [word for term in glossary.values() for word in term.get("banned", ())]
    for mutant in LAB.mutants:
        korean, english = mutant.messages["ko"], mutant.messages["en"]
        assert not [word for word in banned if word in korean], mutant.name
        assert re.search(r"(니다|세요)\.\)?$", korean), mutant.name
        assert not re.search(r"[가-힣]", english), mutant.name
        # A message explains; "wrong" alone would be one short sentence.
        assert len(english.split()) >= 20, mutant.name
