"""Whose file it is, when it was handed in, which attempt it was: from where it lies.

Layouts that are known, each as the platform's own code writes it:

- Canvas (`content_zipper.rb`): `lastfirst[_LATE]_<user>_<file id>_<name>.ipynb`;
  `-1`, `-2` after the name for further uploads of one name; `anon_xxxxx` for the user
  where marking is anonymous.
- Moodle (`mod/assign`): `Full Name_<number>_assignsubmission_file_/…`, or with the file
  name instead of the folder in old versions.
- Blackboard, as in nbgrader's example for zip_collect:
  `<assignment>_<user>_attempt_2026-11-02-09-30-00_<name>.ipynb`.
- nbgrader: `submitted/<student>/<assignment>/…` with `timestamp.txt`, and of its
  exchange `<student>+<assignment>+<time>+<random>/…`.
- otherwise the first folder, else the file's stem; below a student's folder
  `attempt-2/`, `2026-11-02T09-30.ipynb` and the like say which attempt it is.

What lies deeper was named by learners and cannot make a file somebody else's: a
download in a folder of its own counts only if there is nothing beside that folder.
A part of a name is taken for a student or for a number of an attempt only where a
roster confirms the student. A table `submissions.csv` in the folder (student, file,
time, attempt) is the instructor's word and goes before everything else.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath

from vislearn.grading.people.roster import Roster, Student
from vislearn.grading.people.tables import column, read_table, refuse
from vislearn.grading.people.times import UTC, iso, read_time

LIST = "submissions.csv"
SIDECAR = "timestamp.txt"
_CANVAS = re.compile(
    r"(?:(?P<name>(?!LATE_).+?)_)?(?:(?P<late>LATE|late)_)?"
    r"(?P<user>\d{2,}|anon_[A-Za-z0-9]{5})_\d{3,}_(?P<file>.+)"
)
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?"
)
_BLACKBOARD = re.compile(
    r"(?P<lab>.+)_(?P<user>[^_]+)_attempt_"
    r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<clock>\d{2}-\d{2}-\d{2})(?:_.*)?"
)
_EXCHANGE = re.compile(r"(?P<user>.+)\+[^+]+\+(?P<time>\d{4}-[^+]+)(?:\+[^+]*)?")
_ATTEMPT = re.compile(
    r"(?:attempt|try|submission|시도|제출)[-_ ]?(?P<a>\d{1,4})|(?P<b>\d{1,4})차"
)
_NUMBERED = re.compile(r"[-_ ]?(?P<a>\d{1,3})|\((?P<more>\d{1,3})\)|(?P<b>\d{1,3})차")
_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}[T _]\d{2}[-:.]?\d{2}.*")


@dataclass(frozen=True)
class Whose:
    """One file of one student.

    `handed_in` is ISO 8601 with offset, or empty; `attempt` is 0 where nothing says
    it; `source` is where the time comes from (submissions.csv, timestamp.txt, name,
    file, or empty); `notes` are keys of `messages.REASONS`.
    """

    student: str
    name: str
    handed_in: str
    attempt: int
    source: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """What a layout says; `time` as written.

    `dated`: whether the file's date means anything; `sidecar`: whether a
    `timestamp.txt` beside it is to be believed.
    """

    student: str
    name: str = ""
    time: str = ""
    attempt: int = 0
    notes: tuple[str, ...] = ()
    dated: bool = True
    sidecar: bool = False


def identify(
    path: Path,
    folder: Path | None,
    roster: Roster | None = None,
    zone: tzinfo | None = None,
) -> Whose:
    """Whose file `path` is, which lies somewhere under `folder`.

    Args:
        roster: confirms students; without it names are taken as they stand.
        zone: of times that do not say theirs, by default this machine's. A
            `timestamp.txt` without one is in UTC, as nbgrader writes it.

    Raises:
        ValueError: if the folder's submissions.csv is not well formed.
    """
    inside = folder is not None and path != folder
    relative = path.relative_to(folder) if folder and inside else Path(path.name)
    parts = [unicodedata.normalize("NFC", part) for part in relative.parts]
    listed = _listed(folder, zone).get("/".join(parts)) if folder and inside else None
    if listed is not None and listed.student:
        found = _Found(listed.student, attempt=listed.attempt, sidecar=len(parts) > 1)
    else:
        found = _by_layout(path, parts, roster)
    known = roster.match(found.student) if roster is not None else None
    handed_in, source = _handed_in(path, found, listed, zone)
    return Whose(
        student=printable(known.id if known else found.student),
        name=printable((known.name if known else "") or found.name),
        handed_in=handed_in,
        attempt=(listed.attempt if listed else 0) or found.attempt,
        source=source,
        notes=found.notes,
    )


def _by_layout(path: Path, parts: Sequence[str], roster: Roster | None) -> _Found:
    """The first layout that fits, as the default the first folder or the stem."""
    only = len(parts) > 1 and _is_only_folder(path.parents[len(parts) - 2])
    for inner in (parts, parts[1:]) if only else (parts,):
        if found := _platform(inner, roster):
            return found
    if only and len(parts) > 2 and _known(parts[1], roster):
        parts = parts[1:] if not _known(parts[0], roster) else parts
    found = _named(parts[0] if len(parts) > 1 else _stem(parts[0]), roster)
    if len(parts) > 1:
        found = replace(found, sidecar=True)
        if not found.attempt and not found.time:
            found = _with_attempt(found, [*parts[1:-1], _stem(parts[-1])])
    return found


def _platform(parts: Sequence[str], roster: Roster | None) -> _Found | None:
    """A file in a platform's download, by the name of its topmost part."""
    if found := _moodle(parts[0], roster):
        return found
    if len(parts) == 1:
        return _canvas(parts[0], roster) or _blackboard(parts[0], roster)
    if len(parts) >= 4 and parts[0] == "submitted":
        return _Found(parts[1], sidecar=True)
    if match := _EXCHANGE.fullmatch(parts[0]):
        return _Found(match["user"], time=match["time"], sidecar=True)
    return None


def _is_only_folder(folder: Path) -> bool:
    """Whether a folder has no folder and no notebook beside it."""
    try:
        return _only(folder.parent, folder.parent.stat().st_mtime_ns) == folder.name
    except OSError:
        return False


@functools.lru_cache(maxsize=64)
def _only(parent: Path, _changed: int) -> str:
    names = [
        entry.name
        for entry in parent.iterdir()
        if not entry.name.startswith((".", "__MACOSX"))
        and (entry.is_dir() or entry.suffix.lower() == ".ipynb")
    ]
    return names[0] if len(names) == 1 else ""


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _moodle(part: str, roster: Roster | None) -> _Found | None:
    if not (match := _MOODLE.fullmatch(part)):
        return None
    name, number = match["name"], match["number"]
    # Group submissions stand there as "Group-Full Name".
    for text in (name, name.partition("-")[2]):
        if roster is not None and (known := roster.match(text)):
            return _Found(known.id, known.name)
    return _Found(f"{name}_{number}", name)


def _canvas(name: str, roster: Roster | None) -> _Found | None:
    """A file of a Canvas download; its date is that of the download, not its own."""
    match = _CANVAS.fullmatch(name)
    if not match or not (match["name"] or match["user"].startswith("anon_")):
        return None
    again = re.search(r"-(\d{1,3})$", _stem(match["file"]))
    known = None
    if roster is not None:
        known = roster.match(match["user"]) or roster.match(match["name"] or "")
    return _Found(
        student=known.id if known else match["user"],
        name=match["name"] or "",
        attempt=int(again[1]) + 1 if again else 1,
        notes=("late_by_platform",) if match["late"] else (),
        dated=False,
    )


def _blackboard(name: str, roster: Roster | None) -> _Found | None:
    match = _BLACKBOARD.fullmatch(_stem(name))
    if not match:
        return None
    student = match["user"]
    if roster is not None and (hit := roster.match_within(f"{match['lab']}_{student}")):
        student = hit[0].id
    return _Found(student, time=f"{match['date']}T{match['clock']}")


def _known(text: str, roster: Roster | None) -> tuple[Student, str] | None:
    """The roster's student who is named in a text, and what else stands there."""
    if roster is None:
        return None
    if whole := roster.match(text):
        return whole, ""
    return roster.match_within(text)


def _named(text: str, roster: Roster | None) -> _Found:
    """A student's name; where a roster confirms a part, the rest may be an attempt."""
    if not (hit := _known(text, roster)):
        return _Found(text)
    student, rest = hit
    if student.name:
        rest = rest.replace(student.name, "").strip(" _-")
    return _with_attempt(_Found(student.id, student.name), [rest], _NUMBERED)


def _with_attempt(
    found: _Found, texts: Sequence[str], number: re.Pattern[str] = _ATTEMPT
) -> _Found:
    """With the attempt or the time that the first fitting text says."""
    for text in texts:
        if match := number.fullmatch(text) or _ATTEMPT.fullmatch(text):
            groups = match.groupdict()
            more = groups.get("more")
            value = int(more) + 1 if more else int(groups["a"] or groups["b"])
            return replace(found, attempt=value)
        if _TIMED.fullmatch(text):
            return replace(found, time=text)
    return found


def _handed_in(
    path: Path, found: _Found, listed: _Listed | None, zone: tzinfo | None
) -> tuple[str, str]:
    """The time and its source: the table, then a sidecar, the name, the file's date.

    Only where the layout is an instructor's is a sidecar believed: in a platform's
    download it would be a file that the learner handed in.
    """
    if listed is not None and listed.time:
        return listed.time, LIST
    if found.sidecar and (time := _sidecar(path.with_name(SIDECAR), zone)):
        return time, SIDECAR
    if found.time:
        try:
            return iso(_read(found.time, zone)), "name"
        except ValueError:
            pass  # a name that only looks like a time
    if not found.dated:
        return "", ""
    try:
        seconds = path.lstat().st_mtime
        time = iso(datetime.fromtimestamp(seconds, UTC).astimezone(zone))
        return iso(read_time(time)), "file"
    except (OSError, OverflowError, ValueError):
        return "", ""


def _sidecar(file: Path, zone: tzinfo | None) -> str:
    try:
        if file.is_symlink() or not file.is_file():
            return ""
        with file.open("rb") as stream:
            text = stream.read(200).decode("utf-8-sig")
        time = read_time(text.strip(), None if _has_zone(text) else UTC)
    except (OSError, ValueError):
        return ""
    return iso(time if _has_zone(text) else time.astimezone(zone))


def _has_zone(text: str) -> bool:
    try:
        read_time(text)
    except ValueError:
        return False
    return True


def _read(text: str, zone: tzinfo | None) -> datetime:
    """A time that may name its zone, else in `zone` or this machine's."""
    if _has_zone(text):
        return read_time(text)
    time = read_time(text, zone or UTC)
    return time if zone else time.replace(tzinfo=None).astimezone()


@dataclass(frozen=True)
class _Listed:
    """One row of submissions.csv."""

    student: str
    time: str
    attempt: int


def _listed(folder: Path, zone: tzinfo | None) -> Mapping[str, _Listed]:
    """The folder's submissions.csv by file, or nothing if there is none."""
    file = folder / LIST
    if not file.is_file() or file.is_symlink():
        return {}
    return _read_list(file, file.stat().st_mtime_ns, zone)


@functools.lru_cache(maxsize=8)
def _read_list(file: Path, _changed: int, zone: tzinfo | None) -> Mapping[str, _Listed]:
    table = read_table(file)
    heads = {
        "file": column(table, ("file", "path", "filename", "파일", "파일 이름")),
        "student": column(table, ("student", "student_id", "학번", "id", "학생")),
        "time": column(table, ("time", "handed_in", "submitted at", "제출 시각")),
        "attempt": column(table, ("attempt", "attempts", "시도")),
    }
    if not heads["file"]:
        raise ValueError(f"{LIST}: no column called file")
    problems: list[str] = []
    found: dict[str, _Listed] = {}
    for row in table.rows:
        place = f"{LIST}: line {row.line}"
        name = PurePosixPath(row.get(heads["file"]).replace("\\", "/")).as_posix()
        time, attempt = row.get(heads["time"]), row.get(heads["attempt"]) or "0"
        try:
            time = time and iso(_read(time, zone))
        except ValueError as error:
            problems.append(f"{place}: {error}")
        if not attempt.isdecimal():
            problems.append(f"{place}: attempt {attempt!r} is no whole number")
            attempt = "0"
        if name in found:
            problems.append(f"{place}: file {name!r} stands there twice")
        found[name] = _Listed(row.get(heads["student"]), time, int(attempt))
    refuse(problems)
    return found


def printable(text: str) -> str:
    """A name that is safe in reports and terminals."""
    text = unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()
    kept = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(kept)[:200]
