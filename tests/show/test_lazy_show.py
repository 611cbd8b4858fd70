"""Importing the room of figures costs nothing until a figure is drawn."""

import subprocess
import sys

import pytest

from vislearn import show


def test_importing_show_and_data_loads_no_plotting_and_no_data_package():
    code = (
        "import sys, vislearn.show, vislearn.data, vislearn.data.shapes;"
        "heavy = {'matplotlib', 'sklearn', 'skimage', 'mlxtend', 'emoji', 'timm'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_figure_that_is_listed_exists():
    for name in vars(show)["_HOMES"]:
        assert callable(getattr(show, name)), name


def test_an_unknown_figure_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        _ = show.pie
