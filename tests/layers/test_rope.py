"""2-D RoPE: turning keeps lengths, and the dot product sees the offset only."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from vislearn.layers.attention import Attention
from vislearn.layers.rope import (
    DINOV3,
    EVA02,
    QWEN2_VL,
    RopeStyle,
    axial_angles,
    places,
    rotate,
    rotation,
    rotation_at,
)

STYLES = {"EVA-02": EVA02, "Qwen2-VL": QWEN2_VL, "DINOv3": DINOV3}
every_style = pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)


def everywhere(vector: Tensor, grid: tuple[int, int], style: RopeStyle) -> Tensor:
    """One vector, turned as a token at each place of the grid: (h, w, Dh)."""
    copies = vector.expand(1, 1, grid[0] * grid[1], -1)
    turned = rotation(grid, vector.shape[-1], style, dtype=vector.dtype)(copies)
    return turned.view(*grid, -1)


@every_style
def test_dot_product_depends_on_the_offset_only(style: RopeStyle) -> None:
    torch.manual_seed(0)
    q, k = torch.randn(2, 16, dtype=torch.float64)
    queries, keys = everywhere(q, (6, 7), style), everywhere(k, (6, 7), style)
    for down, right in [(0, 0), (2, 0), (0, 3), (2, 3), (1, -2)]:
        scores = [
            float(queries[row + down, column + right] @ keys[row, column])
            for row in range(6 - down)
            for column in range(max(0, -right), 7 - max(0, right))
        ]
        assert scores == pytest.approx([scores[0]] * len(scores), abs=1e-10)
    assert float(queries[2, 3] @ keys[0, 0]) != pytest.approx(float(q @ k), abs=1e-3)


@every_style
def test_turning_keeps_every_length(style: RopeStyle) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 20, 8)
    turned = rotation((4, 5), 8, style)(x)
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))


@every_style
def test_turning_back_gives_the_token_back(style: RopeStyle) -> None:
    x = torch.randn(1, 1, 20, 8)
    turn = rotation((4, 5), 8, style)
    torch.testing.assert_close(turn._replace(sin=-turn.sin)(turn(x)), x)


@every_style
def test_prefix_tokens_are_not_turned(style: RopeStyle) -> None:
    x = torch.randn(2, 3, 5 + 20, 8)
    turn = rotation((4, 5), 8, style)
    turned = turn(x)
    assert torch.equal(turned[:, :, :5], x[:, :, :5])
    assert torch.equal(turned[:, :, 5:], turn(x[:, :, 5:]))


@every_style
def test_row_turns_one_half_of_the_pairs_and_the_column_the_other(style) -> None:
    angles = axial_angles(places((4, 5), style), 16, style).view(4, 5, 8)
    assert (angles[:, :1, :4] == angles[:, :, :4]).all()  # the same in a whole row
    assert (angles[:1, :, 4:] == angles[:, :, 4:]).all()
    assert (angles[:, 0, :4].diff(dim=0) > 0).all()
    assert (angles[0, :, 4:].diff(dim=0) > 0).all()


def test_pairs_are_neighbours_or_halves() -> None:
    quarter = torch.tensor([0.0, 1.0])  # the second pair turns by 90°, the first by 0
    cos, sin = 1 - quarter, quarter
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    assert rotate(x, cos, sin, "neighbours").tolist() == [[1, 2, -4, 3]]
    assert rotate(x, cos, sin, "halves").tolist() == [[1, -4, 3, 2]]


def test_places_are_what_the_three_papers_say() -> None:
    assert places((2, 3), QWEN2_VL).tolist() == [
        [0, 0],
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 1],
        [1, 2],
    ]
    assert places((2, 4), EVA02)[-1].tolist() == [8, 12]  # 1 / 2 · 16 and 3 / 4 · 16
    middles = places((2, 4), DINOV3)
    assert middles[0].tolist() == [-0.5, -0.75]
    assert middles[-1].tolist() == [0.5, 0.75]


@every_style
def test_frequencies_fall_from_the_first_pair_by_theta(style: RopeStyle) -> None:
    angles = axial_angles(torch.tensor([[1.0, 2.0]]), 16, style)[0]
    expected = [style.turns * style.theta ** (-k / 4) for k in range(4)]
    assert angles[:4].tolist() == pytest.approx(expected)
    assert angles[4:].tolist() == pytest.approx([2 * value for value in expected])


def test_fastest_pair_of_dinov3_turns_twice_across_the_image() -> None:
    ends = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    angles = axial_angles(ends, 16, DINOV3)
    assert float(angles[1, 0] - angles[0, 0]) == pytest.approx(4 * math.pi)


def test_tokens_in_any_order_turn_by_where_they_are() -> None:
    where = places((4, 5), QWEN2_VL)
    x, order = torch.randn(1, 1, 20, 8), torch.randperm(20)
    in_order = rotation((4, 5), 8, QWEN2_VL)(x)
    shuffled = rotation_at(where[order], 8, QWEN2_VL)(x[:, :, order])
    torch.testing.assert_close(shuffled, in_order[:, :, order])


def test_half_precision_stays_and_is_turned_in_float32() -> None:
    x = torch.randn(1, 1, 20, 8).bfloat16()
    turn = rotation((4, 5), 8, dtype=torch.bfloat16)
    assert turn.cos.dtype == torch.float32
    assert turn(x).dtype == torch.bfloat16
    torch.testing.assert_close(turn(x), turn(x.float()).bfloat16())


def test_rotation_exists_on_the_meta_device() -> None:
    turn = rotation((4, 5), 8, device="meta")
    assert turn(torch.empty(2, 3, 21, 8, device="meta")).shape == (2, 3, 21, 8)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_readable_and_fused_attention_agree_when_turned(style: RopeStyle) -> None:
    torch.manual_seed(0)
    layer, x = Attention(32, 4), torch.randn(2, 1 + 12, 32)
    turn = rotation((3, 4), 8, style)
    fused = layer(x, rotation=turn)
    layer.fused = False
    torch.testing.assert_close(layer(x, rotation=turn), fused, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(layer(x), fused, atol=1e-3)


def test_values_are_not_turned() -> None:
    """One token alone looks at itself only: its value comes through as it is."""
    layer, x = Attention(32, 4), torch.randn(2, 1, 32)
    half_turn = rotation_at(torch.tensor([[3.0, 5.0]]), 8, QWEN2_VL)
    torch.testing.assert_close(layer(x, rotation=half_turn), layer(x))


@pytest.mark.parametrize("head_width", [0, 2, 6, 10, 33])
def test_head_width_without_pairs_for_both_axes_is_refused(head_width: int) -> None:
    with pytest.raises(ValueError, match=rf"divisible by 4, got {head_width}$"):
        rotation((4, 4), head_width)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 19, 8), "turns 20 tokens of head width 8, got 19 of 8"),
        ((1, 1, 20, 4), "of 4"),
    ],
)
def test_tokens_that_do_not_fit_are_refused(shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rotation((4, 5), 8)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coordinates": "pixels"}, "coordinates must be one of .* got 'pixels'"),
        ({"pairs": "thirds"}, "pairs must be one of .* got 'thirds'"),
        ({"theta": 0.0}, "theta must be positive, got 0.0"),
        ({"coordinates": "scaled"}, "'scaled' needs a reference"),
        ({"reference": 16}, "'centred' with reference 16"),
    ],
)
def test_impossible_style_is_refused(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(DINOV3, **change)
