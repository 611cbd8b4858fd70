"""How much a chapter computes: one page, three sizes.

smoke   seconds; proves that the code runs, shows nothing about learning
cpu     the run whose figures the page shows (the default)
t4      the same cells with more steps, for a GPU with 16 GB
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, TypeVar

Value = TypeVar("Value")
SCALES = ("smoke", "cpu", "t4")


@dataclass(frozen=True)
class Scale:
    """One of the three sizes; `scale()` returns the one in force."""

    name: Literal["smoke", "cpu", "t4"]

    def pick(self, *, smoke: Value, cpu: Value, t4: Value) -> Value:
        """Return the value that belongs to this scale."""
        return {"smoke": smoke, "cpu": cpu, "t4": t4}[self.name]

    def claim(self, condition: object, message: str) -> None:
        """Hold the page to what it says, except at smoke scale.

        A few steps show nothing, so at smoke scale a claim is not looked at.

        Raises:
            AssertionError: with `message`, if the condition is false at cpu or t4.
        """
        if self.name != "smoke" and not bool(condition):
            raise AssertionError(message)


def scale() -> Scale:
    """Read the environment variable VISLEARN_SCALE (default: cpu).

    Raises:
        ValueError: if it is none of smoke, cpu, t4.
    """
    name = os.environ.get("VISLEARN_SCALE") or "cpu"
    if name not in SCALES:
        raise ValueError(f"VISLEARN_SCALE={name!r}: expected 'smoke', 'cpu' or 't4'")
    return Scale(name)  # type: ignore[arg-type]
