"""Recorded experiments are found, and a wrong name says which there are."""

from __future__ import annotations

import pytest

from vislearn.train import recorded


def test_a_recorded_experiment_has_its_runs_and_where_they_were_made() -> None:
    result = recorded("vit_init")
    assert result["runs"]
    assert {"settings", "versions", "hardware", "date"} <= set(result)


def test_an_unknown_experiment_is_named_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no recorded result 'vit_int'.*vit_init"):
        recorded("vit_int")
