"""A learner's seconds are the same on an idle machine and on a crowded one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from vislearn.grading.walls import clock
from vislearn.grading.walls.clock import MOST, FairClock
from vislearn.grading.walls.kernel import GuardedKernel, KernelSettings


class World:
    """A wall clock and a crowd that tests move."""

    def __init__(self) -> None:
        self.time, self.crowd = 100.0, 0.5
        self.clock = FairClock(lambda: self.crowd, lambda: self.time)

    def seconds(self, wall: float, crowd: float) -> float:
        """What the clock counts while a crowd stays that long."""
        begin, self.crowd = self.clock.now(), crowd
        self.time += wall
        return self.clock.now() - begin


@pytest.mark.parametrize(
    ("crowd", "counted"), [(0.0, 6.0), (1.0, 6.0), (3.0, 2.0), (6.0, 1.0)]
)
def test_a_second_counts_as_the_share_that_one_gets(
    crowd: float, counted: float
) -> None:
    assert World().seconds(6.0, crowd) == pytest.approx(counted)


def test_nobody_stops_the_clock() -> None:
    assert World().seconds(80.0, 10_000.0) == pytest.approx(80.0 / MOST)


def test_what_was_counted_stays_when_the_crowd_goes() -> None:
    world = World()
    times = [world.seconds(4.0, 4.0), world.seconds(4.0, 1.0), world.seconds(4.0, 2.0)]
    assert times == pytest.approx([1.0, 4.0, 2.0])


def test_the_crowd_is_what_linux_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = tmp_path / "loadavg"
    monkeypatch.setattr(clock, "LOAD", load)
    monkeypatch.setattr(clock.os, "cpu_count", lambda: 2)
    assert clock.crowd() == 1.0  # not Linux
    load.write_text("56.82 25.51 19.97 13/708 12852\n")
    assert clock.crowd() == 6.0
    load.write_text("nothing of the kind")
    assert clock.crowd() == 1.0


def test_a_cell_gets_its_seconds_in_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times too slow for a wall clock, and in time all the same."""
    settings = KernelSettings(walls="none")
    with GuardedKernel(settings) as kernel:
        crowded = FairClock(lambda: 5.0)
        monkeypatch.setattr(clock, "now", crowded.now)
        begin = time.monotonic()
        assert kernel.run_cell("import time; time.sleep(1.5)", 0.5).state == "ok"
        assert time.monotonic() - begin >= 1.5
        assert kernel.run_cell("while True: pass", 0.1).state == "timeout"
