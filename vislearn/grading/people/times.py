"""Times of a course term: read with their offset, compared as instants.

A deadline is a wall-clock time of a place. Days after it are counted on that clock, so
that "one day late" stays one day across a change to or from daylight-saving time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC = timezone.utc
_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T _]"
    r"(?P<hour>\d{2})[:.-]?(?P<minute>\d{2})"
    r"(?:[:.-]?(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|[A-Za-z][A-Za-z0-9_+/-]*)?"
)
EXPECTED = "expected a date and a time such as 2026-11-02T23:59+09:00"


def zone_of(name: str) -> tzinfo:
    """A time zone from its name, such as Asia/Seoul.

    Raises:
        ValueError: if there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone, expected a name such as Asia/Seoul"
        ) from None


def read_time(text: str, zone: tzinfo | None = None) -> datetime:
    """A time with its zone; fractions of a second are dropped.

    Args:
        text: ISO 8601, or as file names and nbgrader write it (`2026-11-02T09-30`,
            `2026-11-02 09:30:00.5 Asia/Seoul`).
        zone: the zone of a text that names none; a text with an offset is shown on
            this zone's clock, if there is one.

    Raises:
        ValueError: if it is no time, if nothing says in which zone, or if the clocks
            of the zone leave this hour out.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no time, {EXPECTED}")
    clock = f"{found['hour']}:{found['minute']}:{found['second'] or '00'}"
    try:
        wall = datetime.fromisoformat(f"{found['date']}T{clock}")
        if not 1970 <= wall.year <= 2200:
            raise ValueError(f"the year is {wall.year}")
    except ValueError as error:
        raise ValueError(f"{text!r} is no time ({error})") from None
    if found["zone"]:
        time = _local(wall, _zone(found["zone"]))
        return time if zone is None else time.astimezone(zone)
    if zone is None:
        raise ValueError(f"{text!r} does not say in which time zone, {EXPECTED}")
    return _local(wall, zone)


def _zone(text: str) -> tzinfo:
    if text in ("Z", "UTC", "GMT"):
        return UTC
    if text[0] in "+-":
        sign = -1 if text[0] == "-" else 1
        hours, minutes = int(text[1:3]), int(text[-2:])
        if hours > 23 or minutes > 59:
            raise ValueError(f"{text!r} is no offset, expected one such as +09:00")
        return timezone(sign * timedelta(hours=hours, minutes=minutes))
    return zone_of(text)


def _local(wall: datetime, zone: tzinfo) -> datetime:
    """A wall-clock time in a zone; of an hour that comes twice, the second."""
    time = wall.replace(tzinfo=zone, fold=1)
    if time.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError(f"{wall.isoformat()} does not exist on the clocks of {zone}")
    first = time.replace(fold=0)
    return time if first.utcoffset() != time.utcoffset() else first


def iso(time: datetime) -> str:
    """ISO 8601 with the offset, to the second."""
    return time.replace(microsecond=0).isoformat()


def seconds_between(begin: datetime, end: datetime) -> float:
    """Real seconds; subtracting two times of one zone would compare wall clocks."""
    return (end.astimezone(UTC) - begin.astimezone(UTC)).total_seconds()


@dataclass(frozen=True)
class Lateness:
    """How long after a deadline: full days, and what of the next day has passed."""

    full_days: int = 0
    part: float = 0.0  # of a day, 0 <= part < 1
    seconds: float = 0.0

    @property
    def days(self) -> float:
        return self.full_days + self.part

    @property
    def started_days(self) -> int:
        return self.full_days + (self.part > 0)


def lateness(deadline: datetime, time: datetime) -> Lateness:
    """How late `time` is; exactly at the deadline is not late.

    Day k ends when the deadline's clock shows the same time k days later, so a day
    of 23 or 25 hours counts as one.
    """
    seconds = seconds_between(deadline, time)
    if seconds <= 0:
        return Lateness()
    full = max(int(seconds // 86_400) - 1, 0)
    while _after(deadline, full + 1) <= time.astimezone(UTC):
        full += 1
    begin, end = _after(deadline, full), _after(deadline, full + 1)
    passed = seconds_between(begin, time)
    return Lateness(full, passed / seconds_between(begin, end), seconds)


def _after(deadline: datetime, days: int) -> datetime:
    """The instant `days` days later on the deadline's clock; in doubt the later one."""
    if days == 0:
        return deadline.astimezone(UTC)
    wall = deadline.replace(tzinfo=None) + timedelta(days=days)
    both = (wall.replace(tzinfo=deadline.tzinfo, fold=fold) for fold in (0, 1))
    return max(time.astimezone(UTC) for time in both)
