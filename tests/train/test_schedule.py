"""Warm-up and cosine decay."""

import pytest

from vislearn.train import cosine_schedule


def test_without_warm_up_the_first_update_has_the_full_rate():
    assert cosine_schedule(0, steps=10) == 1.0


def test_the_curve_ends_at_the_floor():
    assert cosine_schedule(10, steps=10, floor=0.1) == pytest.approx(0.1)
    assert cosine_schedule(99, steps=10, floor=0.1) == pytest.approx(0.1)


def test_the_curve_is_half_way_down_half_way_through():
    assert cosine_schedule(6, steps=10, warmup=2) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps=0"),
        ({"steps": 5, "warmup": 5}, "warmup=5"),
        ({"steps": 5, "warmup": -1}, "warmup=-1"),
        ({"steps": 5, "floor": 1.5}, r"floor=1\.5"),
    ],
)
def test_impossible_schedules_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        cosine_schedule(0, **settings)
