"""Curves of accuracy over the number of images say what was measured."""

import matplotlib.colors
import pytest

from vislearn import show
from vislearn.show.look import PALETTE

PANELS = {
    "digits": {
        "cnn": {100: [0.8, 0.9, 0.85], 1000: [0.95, 0.97, 0.96]},
        "vit": {100: [0.4, 0.5, 0.45], 1000: [0.7, 0.8, 0.75]},
    },
    "shapes": {"vit": {1000: [0.3, 0.35], 64000: [0.9]}},
}


def panels(figure):
    return figure.axes


def test_each_data_set_has_a_panel_with_its_title():
    figure = show.data_curves(PANELS, words={"digits": "손글씨", "shapes": "도형"})
    assert [axis.get_title() for axis in panels(figure)] == ["손글씨", "도형"]


def test_a_curve_is_the_mean_over_seeds():
    line = panels(show.data_curves(PANELS))[0].lines[0]
    assert list(line.get_xdata()) == [100, 1000]
    assert line.get_ydata() == pytest.approx([0.85, 0.96])


def test_the_band_runs_from_the_worst_to_the_best_seed():
    band = panels(show.data_curves(PANELS))[0].collections[0]
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(0.8)
    assert heights.max() == pytest.approx(0.97)


def test_a_model_keeps_its_colour_in_every_panel():
    first, second = panels(show.data_curves(PANELS))
    assert first.lines[1].get_color() == second.lines[0].get_color() == PALETTE[1]


def test_a_live_run_is_a_star_in_the_colour_of_its_model():
    live = {"digits": {"vit": {100: 0.42}}}
    axis = panels(show.data_curves(PANELS, live=live))[0]
    star = next(line for line in axis.lines if line.get_marker() == "*")
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([100], [0.42])
    assert matplotlib.colors.same_color(star.get_color(), PALETTE[1])


def test_the_legend_names_models_once_live_runs_and_chance():
    figure = show.data_curves(
        PANELS,
        live={"digits": {"cnn": {100: 0.8}}},
        chance={"digits": 0.1},
        words={"cnn": "CNN", "live": "this page", "chance": "guessing"},
    )
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["CNN", "vit", "this page", "guessing"]


def test_numbers_of_images_are_short_on_a_logarithmic_axis():
    axis = panels(show.data_curves(PANELS))[1]
    assert axis.get_xscale() == "log"
    assert [t.get_text() for t in axis.get_xticklabels()] == ["1k", "64k"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"panels": {}}, "no curve"),
        ({"panels": {"digits": {}}}, "no curve"),
        ({"panels": {"d": {"cnn": {0: [0.5]}}}}, "d, cnn: 0 training images"),
        ({"panels": {"d": {"cnn": {10: [1.2]}}}}, r"from 0 to 1, got \[1.2\]"),
        ({"panels": {"d": {"cnn": {10: []}}}}, r"from 0 to 1, got \[\]"),
        ({"panels": PANELS, "chance": {"mnist": 0.1}}, "'mnist' is not one of"),
        (
            {"panels": PANELS, "live": {"digits": {"swin": {10: 0.5}}}},
            "'swin' has no curve in the panel 'digits'",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        show.data_curves(**arguments)
