"""Sources of chance: one seed for all of them, or one for a single purpose."""

import random

import numpy as np
import pytest
import torch

from vislearn.train import seed_everything
from vislearn.train.seed import own_generator


def test_one_seed_fixes_python_numpy_and_torch():
    def draw() -> tuple[float, float, float, float]:
        generator = seed_everything(7)
        own = float(torch.rand((), generator=generator))
        return random.random(), float(np.random.rand()), float(torch.rand(())), own

    assert draw() == draw()


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(ValueError, match="seed -1"):
        seed_everything(-1)


def numbers(generator: torch.Generator) -> torch.Tensor:
    return torch.rand(2_000, generator=generator, dtype=torch.float64)


def test_a_purpose_has_the_same_numbers_every_time_and_does_not_touch_others():
    state = torch.get_rng_state()
    first, again = (numbers(own_generator(3, "masks")) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)


def test_purposes_and_seeds_are_unrelated():
    drawn = [numbers(seed_everything(3))]
    for seed, purpose in ((3, "masks"), (3, "languages"), (4, "masks"), (3, "")):
        drawn.append(numbers(own_generator(seed, purpose)))
    related = torch.corrcoef(torch.stack(drawn)) - torch.eye(len(drawn))
    assert float(related.abs().max()) < 0.1  # 4.5 standard deviations


@pytest.mark.parametrize(
    ("seed", "message"),
    [(-1, "seed -1: expected 0 <= seed"), (2**32, "seed 4294967296"), (0.5, "whole")],
)
def test_no_generator_for_a_seed_out_of_range(seed, message):
    with pytest.raises(ValueError, match=message):
        own_generator(seed, "masks")
