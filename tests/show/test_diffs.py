"""The differences that a page shows are those of the code."""

from dataclasses import dataclass
from typing import Any

import pytest

from vislearn.show.diffs import config_diff, source_diff


class Before:
    """One text."""

    def run(self, x: int) -> int:
        """Of the method."""
        y = x + 1
        return y


class After:
    """Another text."""

    def run(self, x: int) -> int:
        """Also changed."""
        y = x + 2
        return y


@dataclass(frozen=True)
class Config:
    size: int = 1
    name: str = "a"
    block: Any = Before


def test_only_changed_lines_are_shown_without_names_and_docstrings() -> None:
    assert source_diff(Before, After) == ("- y = x + 1\n+ y = x + 2")


def test_equal_code_has_no_difference() -> None:
    assert source_diff(Before, Before) == ""


def test_configs_differ_in_values_and_in_the_source_of_their_parts() -> None:
    text = config_diff(Config(), Config(size=2, block=After))
    assert text == ("- size = 1\n+ size = 2\n- y = x + 1\n+ y = x + 2")


def test_things_without_source_are_refused() -> None:
    with pytest.raises(ValueError, match="no source"):
        source_diff(len, Before)


def test_configs_of_two_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="Config and int"):
        config_diff(Config(), 1)
