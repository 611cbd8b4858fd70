"""The part of a lab that a person marks: items of lab.yml, marks given for them.

`rubric` in lab.yml names the items; without `levels` any points from 0 up to the
item's are possible::

    rubric:
      analysis:
        title: {ko: "분석", en: "Analysis"}
        points: 40
        look_at: {ko: "실패한 예를 3개 이상 …", en: "At least 3 failures …"}
        levels:
          - {points: 40, label: {ko: "근거가 충분합니다", en: "Well supported"}}
          - {points: 20, label: {ko: "근거가 부족합니다", en: "Poorly supported"}}
          - {points: 0, label: {ko: "없습니다", en: "Missing"}}
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vislearn.grading.checks.lab_checks import LANGUAGES
from vislearn.grading.people.tables import refuse

if TYPE_CHECKING:
    from vislearn.grading.lab import Lab  # which reads its rubric with this module

_ITEM_KEYS = ("title", "points", "look_at", "levels")
_LEVEL_KEYS = ("points", "label")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
RESERVED = ("student", "name", "page", "auto", "manual", "total")


@dataclass(frozen=True)
class Level:
    """A step of an item: what it is called and what it is worth."""

    points: float
    label: Mapping[str, str]


@dataclass(frozen=True)
class RubricItem:
    """One thing that a person marks; `levels`, if any, from the best down."""

    id: str
    title: Mapping[str, str]
    points: float
    look_at: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class ManualRow:
    """What a person gave one student for one item.

    `points` is None where there is only a comment so far; `sha` is that of the
    submission that was looked at, empty if unknown.
    """

    student: str
    item: str
    points: float | None
    comment: str = ""
    marker: str = ""
    at: str = ""
    sha: str = ""


@dataclass(frozen=True)
class Manual:
    """The marks of one sheet, and in which cell each of them stands."""

    name: str
    rows: tuple[ManualRow, ...]
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class RubricLine:
    """One item as a learner should see it; nothing in it is escaped yet."""

    title: str
    points: float | None  # None: not marked yet
    max_points: float
    level: str  # the text of the level, "" without levels
    comment: str


def rubric_of(raw: object, problems: list[str]) -> tuple[RubricItem, ...]:
    """The items under `rubric` of a lab.yml; what is wrong goes to `problems`."""
    if raw is None:
        return ()
    if not isinstance(raw, Mapping):
        problems.append(f"lab.yml: rubric: {raw!r} is no mapping of items")
        return ()
    items = []
    for name, content in raw.items():
        place = f"lab.yml: rubric.{name}"
        if not _ID.fullmatch(str(name)) or str(name) in RESERVED:
            problems.append(
                f"{place}: the id may hold letters, digits, - and _ only and be none "
                f"of {', '.join(RESERVED)}"
            )
        if isinstance(content, Mapping):
            items.append(_item(str(name), content, place, problems))
        else:
            problems.append(f"{place}: expected a mapping")
    return tuple(items)


def _item(
    name: str, content: Mapping[str, Any], place: str, problems: list[str]
) -> RubricItem:
    _known_keys(content, _ITEM_KEYS, place, problems)
    title = _texts(content.get("title"), f"{place}: title", problems)
    look_at: Mapping[str, str] = {}
    if "look_at" in content:
        look_at = _texts(content["look_at"], f"{place}: look_at", problems)
    points = _points(content.get("points"), f"{place}: points", problems)
    if points == 0:
        problems.append(f"{place}: points must be above 0")
    levels = _levels(content.get("levels", ()), place, problems)
    if levels and levels[0].points != points:
        problems.append(
            f"{place}: the best level has {levels[0].points:g} points, "
            f"the item {points:g}"
        )
    return RubricItem(name, title, points, look_at, levels)


def _levels(raw: object, place: str, problems: list[str]) -> tuple[Level, ...]:
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        problems.append(f"{place}: levels: expected a list")
        return ()
    levels = []
    for number, content in enumerate(raw, 1):
        where = f"{place}: level {number}"
        if not isinstance(content, Mapping):
            problems.append(f"{where}: expected a mapping")
            continue
        _known_keys(content, _LEVEL_KEYS, where, problems)
        points = _points(content.get("points"), f"{where}: points", problems)
        label = _texts(content.get("label"), f"{where}: label", problems)
        levels.append(Level(points, label))
    if len(levels) == 1:
        problems.append(f"{place}: one level leaves no choice, expected 2 or more")
    same: list[tuple[str, list[object]]] = [("points", [x.points for x in levels])]
    same += [(lang, [x.label.get(lang) for x in levels]) for lang in LANGUAGES]
    for name, values in same:
        if len(set(values)) < len(values):
            problems.append(f"{place}: two levels have the same {name}")
    return tuple(sorted(levels, key=lambda level: -level.points))


def _known_keys(
    content: Mapping[str, Any], keys: Sequence[str], place: str, problems: list[str]
) -> None:
    for key in content:
        if key not in keys:
            problems.append(f"{place}: unknown key {key!r}")


def _texts(raw: object, place: str, problems: list[str]) -> Mapping[str, str]:
    texts = raw if isinstance(raw, Mapping) else {}
    for lang in LANGUAGES:
        if not str(texts.get(lang) or "").strip():
            problems.append(f"{place}: the text in {lang!r} is missing")
    return {lang: str(texts.get(lang) or "").strip() for lang in LANGUAGES}


def _points(raw: object, place: str, problems: list[str]) -> float:
    good = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    if not good or not math.isfinite(float(str(raw))) or float(str(raw)) < 0:
        problems.append(f"{place}: {raw!r} is no number from 0")
        return 0.0
    return float(str(raw))


def items_of(lab: Lab) -> tuple[RubricItem, ...]:
    """What a person marks in a lab; nothing in most."""
    return lab.rubric


def rubric_lines(
    lab: Lab, manual: Iterable[ManualRow], student: str, lang: str
) -> list[RubricLine]:
    """What one student's page says about the items, in the rubric's order."""
    own = {row.item: row for row in manual if row.student == student}
    lines = []
    for item in lab.rubric:
        row = own.get(item.id, ManualRow(student, item.id, None))
        level = next((x for x in item.levels if x.points == row.points), None)
        lines.append(
            RubricLine(
                title=item.title[lang],
                points=row.points,
                max_points=item.points,
                level=level.label[lang] if level else "",
                comment=row.comment,
            )
        )
    return lines


def merge(sheets: Sequence[Manual]) -> tuple[ManualRow, ...]:
    """The marks of several people's sheets as one.

    Blank cells yield to filled ones; where two people agree on the points, both
    comments stay.

    Raises:
        ValueError: naming both places wherever two sheets give different points.
    """
    merged: dict[tuple[str, str], ManualRow] = {}
    places: dict[tuple[str, str], str] = {}
    problems = []
    for sheet in sheets:
        for row in sheet.rows:
            key = (row.student, row.item)
            place = f"{sheet.name} {sheet.places.get(key, '')}".rstrip()
            old = merged.get(key)
            if old is None:
                merged[key], places[key] = row, place
                continue
            if None not in (old.points, row.points) and old.points != row.points:
                problems.append(
                    f"{row.student}, {row.item}: {old.points:g} in {places[key]}, "
                    f"{row.points:g} in {place}"
                )
                continue
            merged[key] = _both(old, row)
            if old.points is None and row.points is not None:
                places[key] = place
    refuse(problems)
    return tuple(merged[key] for key in sorted(merged))


def _both(old: ManualRow, new: ManualRow) -> ManualRow:
    main, other = (new, old) if old.points is None else (old, new)
    comments = dict.fromkeys(text for text in (old.comment, new.comment) if text)
    names = dict.fromkeys(text for text in (old.marker, new.marker) if text)
    return replace(
        main,
        comment="\n".join(comments),
        marker=", ".join(names),
        sha=main.sha or other.sha,
    )


def changed_since(
    rows: Iterable[ManualRow], shas: Mapping[str, Iterable[str]]
) -> list[str]:
    """Students whose marked submission is no longer there, in order.

    Args:
        shas: the submissions that each student has now.
    """
    stale = {
        row.student
        for row in rows
        if row.sha and row.sha not in set(shas.get(row.student, ()))
    }
    return sorted(stale)
