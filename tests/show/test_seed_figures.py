"""Dots of seeds and sweeps of a setting say what was measured."""

from typing import Any

import pytest

from vislearn import show
from vislearn.show.look import PALETTE

ROWS = {
    "seen": {"ko": [0.7, 0.9, 0.8], "en": [0.6, 0.65, 0.7]},
    "held out": {"ko": [0.5, 0.4]},
}
PANELS = {
    "zero-shot": {"fixed": {0.01: [0.2, 0.3], 0.1: [0.8, 0.9], 1.0: [0.4, 0.5]}},
    "recall": {"fixed": {0.01: [0.1], 0.1: [0.2], 1.0: [0.1]}},
}


def test_a_row_stands_for_each_condition_the_first_on_top():
    axis: Any = show.seed_ranges(ROWS, words={"held out": "처음 보는 조합"}).axes[0]
    assert [text.get_text() for text in axis.get_yticklabels()] == [
        "seen",
        "처음 보는 조합",
    ]
    low, high = axis.get_ylim()
    assert low > high


def test_every_seed_is_a_dot_and_a_line_joins_worst_and_best():
    axis: Any = show.seed_ranges(ROWS).axes[0]
    dots = [sorted(line.get_xdata()) for line in axis.lines]
    assert dots == [[0.7, 0.8, 0.9], [0.6, 0.65, 0.7], [0.4, 0.5]]
    joined = axis.collections[0].get_paths()[0].vertices[:, 0]
    assert (joined.min(), joined.max()) == pytest.approx((0.7, 0.9))


def test_a_series_keeps_its_colour_and_its_place_in_every_row():
    axis: Any = show.seed_ranges(ROWS).axes[0]
    assert axis.lines[0].get_color() == axis.lines[2].get_color() == PALETTE[0]
    first, second = axis.lines[0].get_ydata()[0], axis.lines[1].get_ydata()[0]
    assert first < 0 < second
    assert axis.lines[2].get_ydata()[0] - 1 == pytest.approx(first)


def test_a_live_run_is_a_star_and_chance_a_dotted_line():
    figure: Any = show.seed_ranges(
        ROWS, live={"seen": {"en": 0.66}}, chance=0.1, words={"live": "이 페이지"}
    )
    axis: Any = figure.axes[0]
    star = next(line for line in axis.lines if line.get_marker() == "*")
    assert list(star.get_xdata()) == [0.66]
    assert any(line.get_linestyle() == ":" for line in axis.lines)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["ko", "en", "이 페이지", "chance"]


def test_bad_rows_are_named():
    with pytest.raises(ValueError, match="no row"):
        show.seed_ranges({})
    with pytest.raises(ValueError, match="'seen', 'ko': no value"):
        show.seed_ranges({"seen": {"ko": []}})
    with pytest.raises(ValueError, match="no row"):
        show.seed_ranges({"seen": {}})
    with pytest.raises(ValueError, match="'seen', 'de', which is not drawn"):
        show.seed_ranges(ROWS, live={"seen": {"de": 0.1}})


def test_a_sweep_has_a_panel_for_each_measure_and_a_tick_at_each_setting():
    figure: Any = show.sweep(PANELS, words={"zero-shot": "제로샷", "x": "온도 τ"})
    assert [axis.get_title() for axis in figure.axes] == ["제로샷", "recall"]
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert ticks == ["0.01", "0.1", "1"]
    assert figure.axes[0].get_xscale() == "log"


def test_a_sweep_draws_the_mean_inside_of_the_range():
    axis: Any = show.sweep(PANELS).axes[0]
    assert axis.lines[0].get_ydata() == pytest.approx([0.25, 0.85, 0.45])
    heights = axis.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.2, 0.9))


def test_runs_that_chose_their_setting_are_stars():
    figure: Any = show.sweep(
        PANELS,
        marked={"zero-shot": {"learned": [(0.06, 0.9), (0.07, 0.92)]}},
        words={"learned": "학습한 온도"},
        chance={"zero-shot": 1 / 64},
    )
    star = next(line for line in figure.axes[0].lines if line.get_marker() == "*")
    assert list(star.get_xdata()) == [0.06, 0.07]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["fixed", "학습한 온도"]


def test_bad_sweeps_are_named():
    with pytest.raises(ValueError, match="no curve"):
        show.sweep({"zero-shot": {}})
    with pytest.raises(ValueError, match="setting 0, expected above 0"):
        show.sweep({"a": {"b": {0: [1.0]}}})
    with pytest.raises(ValueError, match=r"a, b, 0\.1: no value"):
        show.sweep({"a": {"b": {0.1: []}}})
    with pytest.raises(ValueError, match="a, b: no value"):
        show.sweep({"a": {"b": {}}})


def test_stars_that_no_panel_could_show_are_named():
    with pytest.raises(ValueError, match="marked 'speed', which is not drawn"):
        show.sweep(PANELS, marked={"speed": {"learned": [(0.1, 0.5)]}})
    with pytest.raises(ValueError, match="recall, learned: setting 0, expected above"):
        show.sweep(PANELS, marked={"recall": {"learned": [(0, 0.5)]}})
