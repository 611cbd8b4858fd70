"""Figures of windows draw what the layers compute."""

import numpy as np
import pytest
import torch

from vislearn import show
from vislearn.layers.windows import shift_mask

PHOTO = torch.linspace(0, 1, 3 * 16 * 16).reshape(3, 16, 16)


def lines_at(axis):
    """Where vertical lines stand."""
    return sorted(
        {
            float(line.get_xdata()[0])
            for line in axis.lines
            if line.get_xdata()[0] == line.get_xdata()[1]
        }
    )


def test_shifted_windows_start_later_and_are_cut_at_the_border():
    regular, shifted, rolled = show.shifted_windows(PHOTO, 8, window=4, shift=2).axes
    assert lines_at(regular) == [0, 4, 8]
    assert lines_at(shifted) == [0, 2, 6, 8]
    assert lines_at(rolled) == [0, 4, 8]


def test_the_third_panel_is_the_image_rolled_up_and_left():
    first, _, third = show.shifted_windows(PHOTO, 8, window=4, shift=2).axes
    before, after = first.images[0].get_array(), third.images[0].get_array()
    assert np.array_equal(after, np.roll(before, (-4, -4), (0, 1)))


def test_what_came_around_an_edge_is_tinted_and_nothing_else():
    third = show.shifted_windows(PHOTO, 8, window=4, shift=2).axes[2]
    tint = third.images[1].get_array()
    came = np.zeros((8, 8), dtype=bool)
    came[6:], came[:, 6:] = True, True
    assert np.array_equal(tint[..., 3] > 0, came)
    corners = {tuple(tint[0, 7]), tuple(tint[7, 0]), tuple(tint[7, 7])}
    assert len(corners) == 3  # each piece has its colour


def test_without_a_shift_nothing_is_tinted():
    third = show.shifted_windows(PHOTO, 8, window=4, shift=0).axes[2]
    assert (third.images[1].get_array()[..., 3] == 0).all()


def test_masks_are_those_of_the_layer_window_by_window():
    axes = show.shift_masks(8, window=4, shift=2).axes
    expected = shift_mask((8, 8), 4, (2, 2)) == 0
    assert len(axes) == 4
    for axis, table in zip(axes, expected, strict=True):
        assert np.array_equal(axis.images[0].get_array(), table.numpy())


def test_titles_and_names_come_from_the_words():
    words = {"regular": "처음", "shifted": "다음", "rolled": "계산"}
    figure = show.shifted_windows(PHOTO, 8, 4, 2, words)
    assert [axis.get_title() for axis in figure.axes] == ["처음", "다음", "계산"]
    legend = show.shift_masks(8, 4, 2, {"may": "본다", "apart": "가린다"}).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["본다", "가린다"]


def test_tables_of_layers_have_zero_in_the_middle_of_their_colours():
    table = torch.tensor([[0.0, 2.0], [-1.0, 0.0]])
    (axis,) = show.who_hears_whom([table], ["conv"], {"key": "from"}).axes
    assert axis.images[0].get_clim() == (-2.0, 2.0)
    assert (axis.get_title(), axis.get_xlabel()) == ("conv", "from")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: show.shifted_windows(PHOTO, 8, 3, 1), "8 × 8 does not divide"),
        (lambda: show.shifted_windows(PHOTO, 12, 4, 1), "16 × 16 pixels"),
        (lambda: show.shifted_windows(PHOTO[:, :8], 8, 4, 1), "8 × 16 pixels"),
        (lambda: show.shifted_windows(PHOTO, 8, 4, 4), "shift must be from 0 to 3"),
        (lambda: show.shift_masks(40, 8, 4), "5 × 5 windows"),
        (lambda: show.shift_masks(8, 4, 9), "shift must be from 0 to 3"),
        (lambda: show.who_hears_whom([], []), "0 tables"),
        (lambda: show.who_hears_whom([torch.zeros(2, 3)], ["a"]), r"\(2, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
