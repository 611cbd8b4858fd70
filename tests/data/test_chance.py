"""Hashed random numbers: uniform, independent of order, fixed for ever."""

import numpy as np
import pytest
import torch

from vislearn.data.chance import integers, uniform


def test_a_number_depends_on_its_own_coordinates_only():
    whole = uniform(3, torch.arange(100), 7)
    part = uniform(3, torch.arange(40, 60), 7)
    assert torch.equal(whole[40:60], part)


def test_these_numbers_never_change():
    """Measured once; another value means that every data set of the course changed."""
    drawn = uniform(0, torch.arange(3), 1)
    expected = torch.tensor(GOLDEN, dtype=torch.float64)
    assert torch.equal(drawn, expected)


GOLDEN = [0.842900580731405, 0.03194213698803794, 0.607623696786638]


@pytest.mark.parametrize("seed", [0, 1, -5, 2**70])
def test_the_numbers_are_uniform(seed):
    drawn = uniform(seed, torch.arange(20_000))
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = torch.histc(drawn, bins=20, min=0, max=1)
    # Chi-squared with 19 degrees of freedom exceeds 50 once in 8,000 times.
    assert float(((counts - 1000) ** 2 / 1000).sum()) < 50


def test_seeds_streams_and_places_are_independent():
    scenes = torch.arange(20_000)
    columns = [
        uniform(0, scenes, 1),
        uniform(1, scenes, 1),
        uniform(0, scenes, 2),
        uniform(0, 1, scenes),
        uniform(0, scenes + 1, 1),
    ]
    correlation = torch.corrcoef(torch.stack(columns)) - torch.eye(5)
    assert correlation.abs().max() < 0.03  # 4 standard errors are 0.028


def test_integers_stay_below_their_limit_and_reach_every_value():
    drawn = integers(8, 0, torch.arange(1000))
    assert sorted(drawn.unique().tolist()) == list(range(8))


def test_a_seed_may_be_a_number_of_numpy_or_torch():
    expected = uniform(3, torch.arange(5))
    for seed in (np.int64(3), np.uint8(3), torch.tensor(3)):
        assert torch.equal(uniform(seed, torch.arange(5)), expected)
    assert torch.equal(uniform(np.int64(-5), 1), uniform(-5, 1))


@pytest.mark.parametrize("seed", [1.5, None, "1"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed .*: expected a whole number"):
        uniform(seed, torch.arange(5))
