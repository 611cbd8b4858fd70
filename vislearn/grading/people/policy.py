"""The rules of a course term: which attempt counts, what lateness costs, the mark.

Rules that are easily got wrong, and how they are here:

- Exactly at the deadline (plus the grace) is in time. After the grace, lateness counts
  from the deadline.
- The choice of an attempt looks at the autograded points after the penalty and not at
  what a person gave, so that a later manual mark cannot change what it was given for.
- `last` and `first`: if the attempt that counts is ungraded, there is no mark.
- `best`: an ungraded attempt that could still win leaves the student without a mark;
  one that could not (too late, or another attempt has all points) changes nothing.
- An unreadable attempt has 0 points and says so. Ungraded is never 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.people.rubric import ManualRow
from vislearn.grading.people.times import (
    UTC,
    Lateness,
    iso,
    lateness,
    read_time,
    seconds_between,
)

if TYPE_CHECKING:
    from vislearn.grading.people.roster import Roster

ATTEMPTS = ("best", "last", "first")
PER = ("day", "started_day", "hour")
OF = ("earned", "possible")
MISSING = ("blank", "zero")


@dataclass(frozen=True)
class Mark:
    """The final mark of one student in one lab: what every export takes.

    `points` is None where `auto` or `manual` is, and never 0 for "ungraded".
    `notes` are keys of `messages.REASONS`: what an instructor should know about it.
    """

    student: str  # id, as in the roster or as the file layout says
    name: str  # display name, "" if unknown
    email: str  # "" if unknown
    record: Record | None  # the attempt that counts; None: nothing handed in
    attempts: int
    handed_in: str  # ISO 8601 with offset, "" if unknown
    auto: float | None  # autograded points; None: no mark
    manual: float | None  # what a person gave; None: not marked yet
    penalty: float  # points taken off for lateness, never above what was earned
    points: float | None  # auto + manual - penalty
    max_points: float  # autograded and manual
    late_days: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """Later than so many days (on the clock) and hours (real ones): `percent` off."""

    percent: float
    after_days: float = 0.0
    after_hours: float = 0.0

    def applies(self, late: Lateness) -> bool:
        hours = late.seconds / 3600
        return late.days > self.after_days and hours > self.after_hours


@dataclass(frozen=True)
class Late:
    """What lateness costs: a rate with a ceiling, or steps.

    `per` says how the rate counts: "day" full days, "started_day" every day begun,
    "hour" every hour begun, each a 24th of `percent_per_day`. `of` says what the
    percentage is of: the points earned, or the points possible.
    """

    percent_per_day: float = 0.0
    max_percent: float = 100.0
    per: str = "started_day"
    of: str = "earned"
    steps: tuple[Step, ...] = ()

    def percent(self, late: Lateness) -> float:
        """The percentage to take off, from 0 to `max_percent`."""
        if late.seconds <= 0:
            return 0.0
        if self.steps:
            passed = [step.percent for step in self.steps if step.applies(late)]
            return min(max(passed, default=0.0), self.max_percent)
        units: float = {
            "day": late.full_days,
            "started_day": late.started_days,
            "hour": -(-late.seconds // 3600) / 24,
        }[self.per]
        return min(units * self.percent_per_day, self.max_percent)


@dataclass(frozen=True)
class Accommodation:
    """What one student gets beyond the rules of all."""

    extra_hours: float = 0.0
    no_penalty: bool = False
    max_attempts: int | None = None


@dataclass(frozen=True)
class Policy:
    """The rules for one lab; without a deadline nothing is late.

    `closes` is the end: what comes later gets 0 points. An extension replaces the
    deadline of one student, and moves the end if it is later than that.
    """

    deadline: datetime | None = None
    grace_minutes: float = 0.0
    closes: datetime | None = None
    late: Late = field(default_factory=Late)
    attempts: str = "best"
    max_attempts: int | None = None
    missing: str = "blank"
    extensions: Mapping[str, datetime] = field(default_factory=dict)
    accommodations: Mapping[str, Accommodation] = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo | None:
        """The place whose clock the rules go by; None without a deadline or an end."""
        time = self.deadline or self.closes
        return time.tzinfo if time else None

    def of_student(self, student: str) -> Policy:
        """The same rules with this student's extension and accommodation applied."""
        extra = self.accommodations.get(student, Accommodation())
        more = timedelta(hours=extra.extra_hours)
        deadline = self.deadline and _later(self.deadline, more)
        closes = self.closes and _later(self.closes, more)
        if student in self.extensions:
            deadline = self.extensions[student]
            closes = closes and max(closes, deadline, key=datetime.timestamp)
        return Policy(
            deadline=deadline,
            grace_minutes=self.grace_minutes,
            closes=closes,
            late=Late() if extra.no_penalty else self.late,
            attempts=self.attempts,
            max_attempts=extra.max_attempts or self.max_attempts,
            missing=self.missing,
        )

    def lateness(self, handed_in: str) -> Lateness:
        """How late a submission is under these rules; an unknown time is not late."""
        if self.deadline is None or not handed_in:
            return Lateness()
        time = read_time(handed_in)
        grace = 60 * self.grace_minutes
        if seconds_between(self.deadline, time) <= grace:
            return Lateness()
        return lateness(self.deadline, time)

    def is_closed(self, handed_in: str) -> bool:
        if self.closes is None or not handed_in:
            return False
        return seconds_between(self.closes, read_time(handed_in)) > 0


def _later(time: datetime, more: timedelta) -> datetime:
    """Real hours later; adding to a local time would move its wall clock."""
    return (time.astimezone(UTC) + more).astimezone(time.tzinfo)


@dataclass(frozen=True)
class _Attempt:
    """One attempt under its student's rules."""

    record: Record
    late: Lateness
    closed: bool
    percent: float
    auto: float | None
    order: int

    def value(self, auto: float, late: Late, possible: float) -> float:
        """What autograded points are worth here, after the penalty."""
        if self.closed:
            return 0.0
        return tidy(auto - _penalty(self.percent, late, auto, possible))


def tidy(points: float) -> float:
    """Points without the dust of floating-point sums."""
    return round(points, 6) + 0.0


def _penalty(percent: float, late: Late, earned: float, possible: float) -> float:
    base = possible if late.of == "possible" else earned
    return tidy(min(round(percent / 100 * base, 2), earned)) if earned > 0 else 0.0


def marks(
    lab: Lab,
    records: Iterable[Record],
    policy: Policy,
    roster: Roster | None = None,
    manual: Iterable[ManualRow] | None = None,
) -> list[Mark]:
    """Every student's mark, each once, sorted by id.

    Args:
        records: all attempts of all students, in any order.
        roster: gives names, and the students who handed in nothing.
        manual: what people gave for the items of the lab's rubric.

    Raises:
        ValueError: if a record's time is no ISO 8601 time with an offset, or if the
            policy names students who are not in the roster.
    """
    _check_names(policy, roster)
    groups: dict[str, list[Record]] = {}
    if roster is not None:
        groups = {student.id: [] for student in roster.students}
    for record in records:
        student = unicodedata.normalize("NFC", record.student)
        known = roster.match(student) if roster is not None else None
        groups.setdefault(known.id if known else student, []).append(record)
    given: dict[str, list[ManualRow]] = {}
    for row in manual or ():
        given.setdefault(unicodedata.normalize("NFC", row.student), []).append(row)
    return [
        _mark(lab, student, own, policy.of_student(student), roster, given)
        for student, own in sorted(groups.items())
    ]


def _check_names(policy: Policy, roster: Roster | None) -> None:
    """A typing error in an id must not cost somebody an extension."""
    if roster is None:
        return
    for place in ("extensions", "accommodations"):
        for student in getattr(policy, place):
            if roster.get(student) is None:
                raise ValueError(f"policy: {place}: {student!r} is not in the roster")


def _mark(
    lab: Lab,
    student: str,
    records: Sequence[Record],
    policy: Policy,
    roster: Roster | None,
    given: Mapping[str, Sequence[ManualRow]],
) -> Mark:
    about = roster.get(student) if roster is not None else None
    who = (student, about.name if about else "", about.email if about else "")
    notes = ["not_in_roster"] if roster is not None and about is None else []
    rubric = {item.id: item.points for item in lab.rubric}
    possible = tidy(lab.points + sum(rubric.values()))
    rows = [row for row in given.get(student, ()) if row.item in rubric]
    manual = _manual(list(rubric), rows)
    if not records:
        return _absent(who, manual, possible, policy.missing)
    chosen = choose(lab, records, policy)
    notes += _notes(chosen, policy)
    auto = None if "late_time_unknown" in notes else chosen.auto
    if any(row.sha and row.sha != chosen.record.sha for row in rows):
        notes.append("marked_other_attempt")
    notes += ["not_marked"] if manual is None else []
    earned = tidy((auto or 0.0) + (manual or 0.0))
    penalty = _penalty(chosen.percent, policy.late, earned, possible)
    penalty = earned if chosen.closed else penalty
    return Mark(
        *who,
        record=chosen.record,
        attempts=len(records),
        handed_in=_on_the_clock(chosen.record.handed_in, policy),
        auto=auto,
        manual=manual,
        penalty=penalty,
        points=None if None in (auto, manual) else tidy(earned - penalty),
        max_points=possible,
        late_days=round(chosen.late.days, 4),
        notes=tuple(notes),
    )


def _on_the_clock(handed_in: str, policy: Policy) -> str:
    """A time as the clock shows it that the deadline was set by."""
    if policy.deadline is None or not handed_in:
        return handed_in
    return iso(read_time(handed_in, policy.deadline.tzinfo))


def _notes(chosen: _Attempt, policy: Policy) -> list[str]:
    """What is special about the attempt that counts."""
    notes = [chosen.record.reason] if chosen.record.reason else []
    if policy.deadline is not None and not chosen.record.handed_in:
        is_late = "late_by_platform" in chosen.record.notes
        notes.append("late_time_unknown" if is_late else "time_unknown")
    return [*notes, "closed"] if chosen.closed else notes


def _absent(
    who: tuple[str, str, str], manual: float | None, possible: float, missing: str
) -> Mark:
    """The mark of a student who handed in nothing: none, or 0 if the policy says so."""
    zero = missing == "zero"
    return Mark(
        *who,
        record=None,
        attempts=0,
        handed_in="",
        auto=0.0 if zero else None,
        manual=(manual or 0.0) if zero else manual,
        penalty=0.0,
        points=(manual or 0.0) if zero else None,
        max_points=possible,
        late_days=0.0,
        notes=("nothing_handed_in",),
    )


def _manual(items: Sequence[str], rows: Sequence[ManualRow]) -> float | None:
    """The sum over a rubric, or None while an item is not marked."""
    points = {row.item: row.points for row in rows}
    got = [points.get(item) for item in items]
    if any(value is None for value in got):
        return None
    return tidy(sum(value for value in got if value is not None))


def choose(lab: Lab, records: Sequence[Record], policy: Policy) -> _Attempt:
    """The attempt that counts, or the ungraded one that has to be waited for."""
    ordered = sorted(records, key=_place(records))
    attempts = [_attempt(record, policy, n) for n, record in enumerate(ordered)]
    in_time = [a for a in attempts if not a.closed][: policy.max_attempts]
    attempts = in_time or attempts
    if policy.attempts == "first":
        return attempts[0]
    if policy.attempts == "last":
        return attempts[-1]

    def rank(attempt: _Attempt) -> tuple[float, float, int]:
        value = attempt.value(attempt.auto or 0.0, policy.late, lab.points)
        return (value, -attempt.percent, attempt.order)

    graded = [attempt for attempt in attempts if attempt.auto is not None]
    waiting = [attempt for attempt in attempts if attempt.auto is None]
    best = max(graded, key=rank, default=None)
    if best is None:
        return waiting[-1]
    for attempt in reversed(waiting):
        if attempt.value(lab.points, policy.late, lab.points) > rank(best)[0]:
            return attempt
    return best


def _attempt(record: Record, policy: Policy, order: int) -> _Attempt:
    late = policy.lateness(record.handed_in)
    auto = record.points
    return _Attempt(
        record=record,
        late=late,
        closed=policy.is_closed(record.handed_in),
        percent=policy.late.percent(late),
        auto=None if auto is None else tidy(auto),
        order=order,
    )


def _place(records: Sequence[Record]) -> Callable[[Record], tuple[object, ...]]:
    """How to sort attempts: by their numbers if all have one, else by time."""
    numbers = [getattr(record, "attempt", 0) for record in records]
    numbered = all(numbers) and len(set(numbers)) == len(numbers)

    def place(record: Record) -> tuple[object, ...]:
        time = record.handed_in
        instant = read_time(time).timestamp() if time else float("-inf")
        number = getattr(record, "attempt", 0) if numbered else 0
        return (number, instant, natural(record.key), record.key)

    return place


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts attempt-10 after attempt-2."""
    parts = re.split(r"(\d+)", text)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)
