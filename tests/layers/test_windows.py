"""Windows: cutting, putting back, padding, and the mask of rolled maps."""

from __future__ import annotations

import math

import pytest
import torch

from vislearn.layers.relative import relative_index
from vislearn.layers.windows import (
    WindowAttention,
    pad_to_windows,
    shift_mask,
    usable_shift,
    window_partition,
    window_reverse,
)


def numbered(h: int, w: int) -> torch.Tensor:
    """A map (1, h, w, 1) whose tokens carry their raster number."""
    return torch.arange(h * w).reshape(1, h, w, 1)


def test_windows_and_their_tokens_are_in_raster_order() -> None:
    windows = window_partition(numbered(4, 6), 2)
    assert windows.shape == (6, 4, 1)
    assert windows[..., 0].tolist() == [
        [0, 1, 6, 7],
        [2, 3, 8, 9],
        [4, 5, 10, 11],
        [12, 13, 18, 19],
        [14, 15, 20, 21],
        [16, 17, 22, 23],
    ]


def test_windows_of_one_image_stay_together_in_a_batch() -> None:
    x = torch.randn(3, 4, 6, 5)
    windows = window_partition(x, 2)
    assert windows.shape == (18, 4, 5)
    assert torch.equal(windows[6:12], window_partition(x[1:2], 2))


@pytest.mark.parametrize(("grid", "window"), [((4, 6), 2), ((6, 6), 3), ((3, 3), 3)])
def test_reverse_undoes_partition(grid, window) -> None:
    x = torch.randn(2, *grid, 5)
    windows = window_partition(x, window)
    assert torch.equal(window_reverse(windows, window, grid), x)


@pytest.mark.parametrize("window", [4, 5, 0, 7])
def test_map_that_does_not_divide_into_windows_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match=rf"6 × 6.*windows of {window}|at least 1"):
        window_partition(torch.zeros(1, 6, 6, 2), window)


def test_tokens_in_one_row_are_no_map() -> None:
    with pytest.raises(ValueError, match=r"\(B, h, w, D\), got \(1, 36, 2\)"):
        window_partition(torch.zeros(1, 36, 2), 2)


@pytest.mark.parametrize("shape", [(5, 4, 2), (6, 9, 2), (6, 4)])
def test_windows_that_make_no_whole_map_are_refused(shape) -> None:
    with pytest.raises(ValueError, match="multiple of 6 windows of 4 tokens"):
        window_reverse(torch.zeros(shape), 2, (4, 6))


def test_padding_adds_zeros_below_and_to_the_right() -> None:
    padded = pad_to_windows(torch.ones(1, 5, 6, 2), 4)
    assert padded.shape == (1, 8, 8, 2)
    assert (padded[:, :5, :6] == 1).all()
    assert padded.sum() == 5 * 6 * 2


def test_map_that_fits_is_not_copied() -> None:
    x = torch.ones(1, 4, 8, 2)
    assert pad_to_windows(x, 4) is x


@pytest.mark.parametrize(
    ("grid", "shift"), [((14, 14), (3, 3)), ((7, 14), (0, 3)), ((5, 7), (0, 0))]
)
def test_a_side_that_one_window_covers_is_not_rolled(grid, shift) -> None:
    assert usable_shift(grid, 7, 3) == shift


def allowed_by_hand(grid, window, shift) -> torch.Tensor:
    """May look: in the same window after rolling, and neighbours before it, too.

    Tokens carry their place in the map before rolling; two of them belong together if
    no edge of the map lies between them, so their distance is below the window.
    """
    h, w = grid
    rolled = numbered(h, w).roll((-shift[0], -shift[1]), (1, 2))
    places = window_partition(rolled, window)[..., 0]  # (windows, M²)
    rows, columns = places // w, places % w
    near_rows = (rows[:, :, None] - rows[:, None, :]).abs() < window
    near_columns = (columns[:, :, None] - columns[:, None, :]).abs() < window
    return near_rows & near_columns


@pytest.mark.parametrize("shift", [(0, 0), (1, 1), (2, 2), (0, 2), (2, 0), (3, 1)])
@pytest.mark.parametrize("grid", [(8, 8), (8, 12), (16, 8)])
def test_tokens_look_at_tokens_that_were_near_before_rolling(grid, shift) -> None:
    mask = shift_mask(grid, 4, shift)
    assert mask.shape == (grid[0] * grid[1] // 16, 16, 16)
    assert set(mask.unique().tolist()) <= {0.0, -math.inf}
    assert torch.equal(mask == 0, allowed_by_hand(grid, 4, shift))


def test_without_rolling_everything_is_allowed() -> None:
    assert not shift_mask((8, 8), 4, (0, 0)).any()


def test_only_windows_at_the_far_edges_are_divided() -> None:
    divided = shift_mask((12, 12), 4, (2, 2)).flatten(1).any(1).reshape(3, 3)
    assert divided.tolist() == [
        [False, False, True],
        [False, False, True],
        [True, True, True],
    ]


def test_every_token_may_look_at_itself() -> None:
    mask = shift_mask((8, 8), 4, (3, 1))
    assert (mask.diagonal(dim1=1, dim2=2) == 0).all()


@pytest.mark.parametrize("shift", [(4, 0), (0, -1)])
def test_shift_outside_of_the_window_is_refused(shift) -> None:
    with pytest.raises(ValueError, match="shift must be from 0 to 3"):
        shift_mask((8, 8), 4, shift)


def test_bias_is_one_number_for_each_step_from_query_to_key() -> None:
    layer = WindowAttention(8, 2, window=3)
    torch.nn.init.normal_(layer.relative_position_bias_table)
    bias, table = layer.bias(), layer.relative_position_bias_table
    assert bias.shape == (1, 2, 9, 9)
    for query, key in [(0, 0), (4, 0), (8, 2), (1, 6)]:
        down = query // 3 - key // 3
        right = query % 3 - key % 3
        row = (down + 2) * 5 + right + 2
        assert torch.equal(bias[0, :, query, key], table[row])
        assert relative_index((3, 3))[query, key] == row


def test_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="width 8 is not divisible by heads 3"):
        WindowAttention(8, 3, window=2)


@pytest.mark.parametrize("shape", [(6, 4, 4), (6, 9, 8), (4, 8)])
def test_windows_of_another_size_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"windows, 4, 8\), got"):
        WindowAttention(8, 2, window=2)(torch.zeros(shape))
