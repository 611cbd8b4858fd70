"""The pictures of the SigLIP chapter hold the numbers that belong into them."""

import pytest
import torch
from matplotlib.patches import Rectangle

from vislearn.show.siglip import kept_shape, probe_maps, two_questions

ASKED = {"choose": "Which?", "judge": "Is it?"}
PROBE = {"images": "image", "a": "head A", "b": "head B"}
SHAPES = {"original": "as it is", "squashed": "square", "kept": "kept"}


def pictures(count: int) -> torch.Tensor:
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def frames(axis) -> list[Rectangle]:
    return [patch for patch in axis.patches if isinstance(patch, Rectangle)]


def test_a_choice_has_a_frame_for_each_row_and_a_judgement_for_each_pair() -> None:
    choose, judge = two_questions(pictures(3), ["x", "y", "z"], ASKED).axes
    assert [axis.get_title() for axis in (choose, judge)] == ["Which?", "Is it?"]
    assert (len(frames(choose)), len(frames(judge))) == (3, 9)
    marks = [text.get_text() for text in judge.texts]
    assert (marks.count("✓"), marks.count("✗")) == (3, 6)
    chosen = [dot for dot in choose.lines if dot.get_markerfacecolor() != "white"]
    places = [(float(dot.get_xdata()[0]), float(dot.get_ydata()[0])) for dot in chosen]
    assert places == [(0.5, 0.5), (1.5, 1.5), (2.5, 2.5)]


def test_a_table_needs_two_pictures_and_their_texts() -> None:
    with pytest.raises(ValueError, match="at least 2 pictures"):
        two_questions(pictures(1), ["x"], ASKED)
    with pytest.raises(ValueError, match="got 2 and 1"):
        two_questions(pictures(2), ["x"], ASKED)


def test_each_map_of_the_probe_tells_its_strongest_weight() -> None:
    table = torch.zeros(2, 4)
    table[0, 3], table[1, 0] = 0.7, 0.25
    drawn = probe_maps(pictures(2), {"a": table, "b": 1 - table}, (2, 2), PROBE)
    assert len(drawn.axes) == 6
    assert [axis.get_title() for axis in drawn.axes[2:]] == [
        "0.70",
        "0.25",
        "1.00",
        "1.00",
    ]
    colours = drawn.axes[2].images[1].get_array()
    assert colours[1, 1] == 1
    assert colours.sum() == 1


def test_attention_that_does_not_fit_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'a': expected weights \(2, 4\)"):
        probe_maps(pictures(2), {"a": torch.zeros(2, 5)}, (2, 2), PROBE)
    with pytest.raises(ValueError, match="no image or no attention"):
        probe_maps(pictures(2), {}, (2, 2), PROBE)


def test_attention_may_be_of_half_precision_but_not_nan() -> None:
    table = torch.full((2, 4), 0.25)
    for kind in (torch.float16, torch.bfloat16):
        drawn = probe_maps(pictures(2), {"a": table.to(kind)}, (2, 2), PROBE)
        assert drawn.axes[2].get_title() == "0.25"
    with pytest.raises(ValueError, match="'a': the weights are not all finite"):
        probe_maps(pictures(2), {"a": table * torch.nan}, (2, 2), PROBE)


def test_a_picture_is_ruled_by_its_grid() -> None:
    wide, square, kept = (torch.rand(3, *size) for size in ((8, 24), (32, 32), (8, 24)))
    drawn = kept_shape(wide, (square, (4, 4)), (kept, (2, 6)), SHAPES)
    assert [len(axis.lines) for axis in drawn.axes] == [0, 3 + 3, 1 + 5]
    assert [axis.get_title() for axis in drawn.axes] == list(SHAPES.values())


def test_a_picture_that_is_not_wide_is_refused() -> None:
    square = torch.rand(3, 8, 8)
    with pytest.raises(ValueError, match="expected a wide picture, got 8 × 8"):
        kept_shape(square, (square, (2, 2)), (square, (2, 2)), SHAPES)
