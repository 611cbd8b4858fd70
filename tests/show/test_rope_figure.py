"""The figure of RoPE: arrows that turn with the row, and a pattern that travels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vislearn import show
from vislearn.layers.rope import DINOV3, EVA02, QWEN2_VL
from vislearn.show.rope import row_angles, same_vector_scores


@pytest.mark.parametrize("style", [DINOV3, EVA02, QWEN2_VL])
def test_score_is_largest_at_the_query_and_travels_with_it(style) -> None:
    scores = same_vector_scores((6, 7), 16, style)
    assert scores.shape == (6, 7, 6, 7)
    flat = scores.view(42, 42)
    torch.testing.assert_close(flat.diag(), torch.ones(42, dtype=torch.float64))
    assert (flat.argmax(1) == torch.arange(42)).all()
    torch.testing.assert_close(scores[1, 2, 0, :5], scores[4, 4, 3, 2:])


def test_arrows_turn_by_equal_steps_and_the_first_pair_by_larger_ones() -> None:
    angles = row_angles((8, 5), 16, DINOV3)
    steps = angles.diff(dim=0) % (2 * math.pi)
    torch.testing.assert_close(steps, steps[:1].expand(7, 4))
    assert (steps[0].diff() < 0).all()
    assert float(steps[0, 0]) == pytest.approx(math.pi / 2)  # 2π times 2 / 8


def test_maps_show_the_scores_of_the_queries() -> None:
    figure = show.rope_turns((6, 7), 16, QWEN2_VL, queries=((1, 2), (4, 4)))
    drawn = [np.asarray(axis.images[0].get_array()) for axis in figure.axes[2:]]
    scores = same_vector_scores((6, 7), 16, QWEN2_VL)
    assert np.allclose(drawn[0], scores[1, 2])
    assert np.allclose(drawn[1], scores[4, 4])
    titles = [axis.get_title() for axis in figure.axes[2:]]
    assert titles == ["query at row 1, column 2", "query at row 4, column 4"]


def test_rows_at_the_same_angle_share_a_label() -> None:
    figure = show.rope_turns((8, 8), 16, DINOV3)
    labels = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert sorted(labels) == ["0, 4", "1, 5", "2, 6", "3, 7"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"queries": ((0, 0), (8, 1))}, r"query \(8, 1\) lies outside a grid of 8 × 8"),
        ({"head_width": 4}, "Dh of at least 8, got 4"),
    ],
)
def test_impossible_figure_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        show.rope_turns(**options)
