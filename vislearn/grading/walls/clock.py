"""Time for deadlines: it passes more slowly where more wants to run than can.

A learner's time must not depend on how many others are graded at the same moment, or
on what one of them does to the processors. Where three programs share one processor,
each gets a third of it, and a second counts as a third of a second. How many there are
is what Linux says of the whole machine; elsewhere a second is a second.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

MOST = 8.0  # times as long as on an idle machine, whoever keeps it busy
LOAD = Path("/proc/loadavg")


def crowd() -> float:
    """How many want to run for each processor; the one that asks does not count."""
    try:
        running, _, _ = LOAD.read_text(encoding="ascii").split()[3].partition("/")
        return (int(running) - 1) / (os.cpu_count() or 1)
    except (OSError, ValueError, IndexError):
        return 1.0


class FairClock:
    """A clock that is asked often while something runs, and looks around each time."""

    def __init__(
        self,
        crowd: Callable[[], float] = crowd,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        self._crowd, self._wall = crowd, wall
        self._lock = threading.Lock()
        self._seen = wall()
        self._time = 0.0

    def now(self) -> float:
        """Seconds since the clock was made, as they count."""
        with self._lock:
            seen = self._wall()
            slower = min(MOST, max(1.0, self._crowd()))
            self._time += (seen - self._seen) / slower
            self._seen = seen
            return self._time


now = FairClock().now
