"""What is known about one attack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("integrity", "availability", "honest", "file")


@dataclass(frozen=True)
class Expected:
    """What a fair grader says about one file.

    `state` is graded or unreadable; `reasons` are what may be said about question 2,
    where that matters.
    """

    state: str
    points: float = 0.0
    reasons: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Attack:
    """One hostile or odd submission.

    Attributes:
        expected: one entry for every file that it hands in.
        peers: why it cannot be tried on other graders; empty if it can.
        probes_walls: the answer is right, and takes itself back where something is
            allowed to it that a wall should refuse; its points tell about the wall.
        write: (form, path, stage) writes it, as a learner would hand it in.
    """

    name: str
    kind: str
    expected: tuple[Expected, ...]
    title: Mapping[str, str]
    why: str
    peers: str
    write: Callable[..., Any]
    probes_walls: bool = False

    @property
    def points(self) -> float:
        """What all its files together are worth."""
        return sum(mark.points for mark in self.expected)


class Register:
    """Collects functions that write a file into attacks."""

    def __init__(self) -> None:
        self.attacks: list[Attack] = []

    def __call__(
        self,
        kind: str,
        points: float | tuple[float | None, ...] | None,
        *,
        ko: str,
        en: str,
        peers: str = "",
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorate a writer; its docstring says why the points are fair.

        Args:
            points: of each file handed in; None for one that cannot be read.
        """
        marks = points if isinstance(points, tuple) else (points,)

        def register(write: Callable[..., Any]) -> Callable[..., Any]:
            expected = tuple(
                Expected("unreadable") if mark is None else Expected("graded", mark)
                for mark in marks
            )
            title = {"ko": ko, "en": en}
            why = " ".join((write.__doc__ or "").split())
            self.attacks.append(
                Attack(write.__name__, kind, expected, title, why, peers, write)
            )
            return write

        return register
