"""The pictures of chapter 01 hold the numbers that belong into them."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from vislearn.show.convolution import convolution_window
from vislearn.show.receptive_field import Field, half_side, receptive_fields

PIXELS = np.arange(20).reshape(4, 5)
KERNEL = [[1, 0], [0, -1]]


def words_on(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


def squares(axis) -> list[Rectangle]:
    return [patch for patch in axis.patches if isinstance(patch, Rectangle)]


def test_the_output_table_is_the_convolution() -> None:
    axes = convolution_window(PIXELS, KERNEL, at=(1, 2)).axes
    assert words_on(axes[0])[:6] == ["0", "1", "2", "3", "4", "5"]
    assert words_on(axes[1]) == ["1", "0", "0", "−1"]
    assert words_on(axes[2]) == ["−6"] * 12  # x[i, j] − x[i + 1, j + 1]


def test_the_marked_window_belongs_to_the_marked_number() -> None:
    axes = convolution_window(PIXELS, KERNEL, at=(1, 2)).axes
    window, number = squares(axes[0])[0], squares(axes[2])[0]
    assert window.get_xy() == number.get_xy() == (1.5, 0.5)
    assert (window.get_width(), window.get_height()) == (2, 2)
    assert (number.get_width(), number.get_height()) == (1, 1)


@pytest.mark.parametrize(
    ("pixels", "kernel", "at", "message"),
    [
        (PIXELS, np.ones((5, 2)), (0, 0), "does not fit"),
        (PIXELS, KERNEL, (3, 0), "outside"),
        (PIXELS, [1, 2], (0, 0), "expected a table"),
    ],
)
def test_what_cannot_be_convolved_is_refused(pixels, kernel, at, message) -> None:
    with pytest.raises(ValueError, match=message):
        convolution_window(pixels, kernel, at)


def test_half_side_counts_the_centred_square() -> None:
    values = np.zeros((9, 9))
    values[4, 4] = 3
    assert half_side(values) == 1
    values[4, 6] = values[4, 2] = 2  # 4 of 7 lie two pixels from the centre
    assert half_side(values) == 5
    assert half_side(values, 0.4) == 1


def test_half_side_of_an_even_picture_has_no_middle_pixel() -> None:
    assert half_side(np.ones((4, 4)), 0.2) == 2
    assert half_side(np.ones((4, 4)), 0.9) == 4


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.ones(3), -np.ones((3, 3))])
def test_half_side_without_a_gradient_is_refused(values) -> None:
    with pytest.raises(ValueError, match="not negative"):
        half_side(values)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        half_side(np.ones((3, 3)), share)


def test_fields_are_framed_by_both_squares_that_fit() -> None:
    small, large = Field(np.ones((9, 9)), 5, 3), Field(np.ones((9, 9)), 40, 7)
    drawn = receptive_fields({"one": [small, large]}, {"stage": "Stufe"})
    first, second = drawn.axes
    assert [square.get_width() for square in squares(first)] == [5, 3]
    assert squares(first)[0].get_xy() == (1.5, 1.5)
    assert [square.get_width() for square in squares(second)] == [7]
    assert first.get_title() == "Stufe 1"
    assert second.get_xlabel() == "7 / 40"


def test_rows_of_different_length_are_refused() -> None:
    field = Field(np.ones((3, 3)), 1, 1)
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        receptive_fields({"a": [field], "b": [field, field]})
