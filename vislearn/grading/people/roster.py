"""Who is in the course: roster.csv, and finding a student by what a file is called.

Besides a table of one's own (student, name, email, group, …) the gradebook that Canvas
exports and Moodle's list of participants are understood.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vislearn.grading.people.tables import Row, Table, column, plain, read_table, refuse

_ID = ("student_id", "학번", "student", "SIS User ID", "SIS ID")
_WEAK_ID = ("ID number", "아이디", "id", "username", "user", "SIS Login ID", "login id")
_NAME = ("name", "full name", "display name", "student name", "이름", "성명")
_FIRST = ("first name", "given name", "이름")
_LAST = ("last name", "surname", "family name", "성")
_EMAIL = ("email", "email address", "e-mail", "mail", "이메일", "전자우편", "메일")
_GROUP = ("group", "section", "class", "분반", "반", "조", "그룹")
_IDENTIFIES = re.compile(
    r"(^|[ _-])(id|user|username|login|github)($|[ _-])|학번|아이디"
)


@dataclass(frozen=True)
class Student:
    """One row of a roster; `other` holds the columns without a meaning of their own."""

    id: str
    name: str = ""
    email: str = ""
    group: str = ""
    other: Mapping[str, str] = field(default_factory=dict)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """What else identifies this student: other ids, the email, its first part."""
        ids = [v for head, v in self.other.items() if _IDENTIFIES.search(head.lower())]
        return tuple(v for v in (*ids, self.email, self.email.partition("@")[0]) if v)


@dataclass(frozen=True)
class Roster:
    """All students of a course, sorted by id."""

    students: tuple[Student, ...]

    def get(self, student: str) -> Student | None:
        """The student with exactly this id."""
        return self._by_id.get(_normal(student))

    def match(self, text: str) -> Student | None:
        """The student whose id, other identifier or full name this is, if only one."""
        key = _normal(text)
        if not key:
            return None
        if key in self._by_id:
            return self._by_id[key]
        found = self._others.get(key, ()) or self._names.get(_letters(text), ())
        return found[0] if len(found) == 1 else None

    def match_within(self, text: str) -> tuple[Student, str] | None:
        """The one student who is named somewhere in a text, and what stands around.

        Looks at the parts between separators and at runs of parts, the longest first,
        so that `lab1-kim-cs` finds `kim-cs` before `kim`.
        """
        spans = sorted(_spans(text), key=lambda span: span[0] - span[1])
        for index in (self._by_id.get, self._other, self._name):
            hits = [(b, e, s) for b, e in spans if (s := index(_normal(text[b:e])))]
            longest = [h for h in hits if h[1] - h[0] == hits[0][1] - hits[0][0]]
            if len({student.id for _, _, student in longest}) == 1:
                begin, end, student = longest[0]
                return student, f"{text[:begin]} {text[end:]}".strip(" _-")
        return None

    def _other(self, key: str) -> Student | None:
        found = self._others.get(key, ())
        return found[0] if len(found) == 1 else None

    def _name(self, key: str) -> Student | None:
        found = self._names.get(_letters(key), ())
        return found[0] if len(found) == 1 else None

    @functools.cached_property
    def _by_id(self) -> dict[str, Student]:
        return {_normal(student.id): student for student in self.students}

    @functools.cached_property
    def _others(self) -> dict[str, tuple[Student, ...]]:
        return _index((_normal(v), s) for s in self.students for v in s.identifiers)

    @functools.cached_property
    def _names(self) -> dict[str, tuple[Student, ...]]:
        return _index((key, s) for s in self.students for key in _name_keys(s.name))


def _index(pairs: Iterable[tuple[str, Student]]) -> dict[str, tuple[Student, ...]]:
    found: dict[str, dict[str, Student]] = {}
    for key, student in pairs:
        found.setdefault(key, {})[student.id] = student
    return {key: tuple(students.values()) for key, students in found.items()}


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _letters(text: str) -> str:
    """Letters and digits only: how Canvas writes names into file names."""
    return "".join(c for c in _normal(text) if c.isalnum())


def _name_keys(name: str) -> set[str]:
    """A name as written, and with the family name before and after the given ones."""
    if "," in name:
        last, _, first = name.partition(",")
        return {_letters(last + first), _letters(first + last)} - {""}
    words = name.split()
    orders = (words, words[-1:] + words[:-1], words[1:] + words[:1])
    return {_letters("".join(order)) for order in orders} - {""}


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of every run of parts; a long name gives only its first parts."""
    parts = [m.span() for m in re.finditer(r"[^\s_\-(),.+]+", text)][:16]
    for first, (begin, _) in enumerate(parts):
        for _, end in parts[first:]:
            yield begin, end


def read_roster(path: str | Path) -> Roster:
    """Read a roster.

    Raises:
        OSError: if it cannot be read.
        ValueError: with one line per problem: no column of ids, rows without an id,
            ids that stand there twice.
    """
    table = read_table(Path(path))
    heads = _heads(table)
    if not heads["id"]:
        raise ValueError(
            f"{table.name}: no column of ids, expected one called student "
            f"(found {', '.join(table.columns)})"
        )
    problems: list[str] = []
    seen: dict[str, int] = {}
    students = []
    for row in table.rows:
        if row.get(table.columns[0]).startswith("Points Possible"):
            continue  # the second row of a Canvas gradebook
        student = _student(row, heads)
        if not student.id:
            problems.append(f"{table.name}: line {row.line}: there is no id")
        elif _normal(student.id) in seen:
            problems.append(
                f"{table.name}: line {row.line}: student {student.id!r} is already on "
                f"line {seen[_normal(student.id)]}"
            )
        else:
            seen[_normal(student.id)] = row.line
            students.append(student)
    refuse(problems)
    return Roster(tuple(sorted(students, key=lambda student: student.id)))


def _heads(table: Table) -> dict[str, str]:
    """Which column means what."""
    heads = {plain(head) for head in table.columns}
    canvas = "student" in heads and {"sisuserid", "sisloginid"} & heads
    ids = tuple(name for name in _ID if not (canvas and name == "student"))
    found = {
        "id": column(table, ids) or column(table, _WEAK_ID),
        "last": column(table, _LAST),
        "email": column(table, _EMAIL),
        "group": column(table, _GROUP),
    }
    found["first"] = column(table, _FIRST) if found["last"] else ""
    name = column(table, ("student", *_NAME) if canvas else _NAME)
    found["name"] = "" if name == found["first"] else name
    found["login"] = column(table, ("ID",)) if canvas else ""
    return found


def _student(row: Row, heads: Mapping[str, str]) -> Student:
    first, last = row.get(heads["first"]), row.get(heads["last"])
    space = "" if _is_hangul(first + last) else " "
    name = row.get(heads["name"]) or (
        f"{last}{first}" if not space else f"{first} {last}".strip()
    )
    used = {heads[key] for key in ("id", "first", "last", "name", "email", "group")}
    return Student(
        id=row.get(heads["id"]) or row.get(heads["login"]),
        name=name,
        email=row.get(heads["email"]),
        group=row.get(heads["group"]),
        other={h: v for h, v in row.values.items() if h not in used and h and v},
    )


def _is_hangul(text: str) -> bool:
    return bool(text) and all("가" <= c <= "힣" for c in text)
