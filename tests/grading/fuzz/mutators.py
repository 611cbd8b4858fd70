"""Mutations of notebooks: of their bytes, their values, their structure, their code.

Every mutant follows from a seed alone, so that a failure can be repeated by its number.
"""

from __future__ import annotations

import codecs
import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.grading.fuzz.sources import hard_source

Path = tuple[Any, ...]
LARGEST = 3_000_000  # characters that one mutation may add

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 3, 5, 7, 10**30, -(10**18), 0.5, 1e308),
    *(float("nan"), float("inf"), float("-inf"), "", " ", "code", "markdown", "raw"),
    *(
        "solution",
        "q1",
        "q2",
        "q1-solution",
        "q2-solution",
        "minilab",
        "\x00",
        "\ud800",
    ),
    *(
        "\u202etxt.exe",
        "🙂" * 40,
        "가" * 300,
        "../../etc/passwd",
        "=1+1",
        "<b>",
        "%s{0}",
    ),
    *([], {}, [[]], [{}], [None], [1, "a", None], {"": ""}, {"a": {"a": {}}}, ["x\n"]),
]


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """The place of every value in JSON data."""
    yield prefix
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, child in items:
        yield from paths(child, (*prefix, key))


def get(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """With another value at a place; returns the whole."""
    if not path:
        return new
    get(value, path[:-1])[path[-1]] = new
    return value


def some_path(value: Any, dice: random.Random) -> Path:
    """A place, of any depth with equal chances, so that cells do not drown the rest."""
    found = list(paths(value))
    depth = dice.choice(sorted({len(path) for path in found}))
    return dice.choice([path for path in found if len(path) == depth])


def cells(notebook: Any) -> list[Any]:
    """The list of cells, wherever this version has it."""
    for holder in (notebook, *(_list(notebook, "worksheets"))):
        if isinstance(holder, dict) and isinstance(holder.get("cells"), list):
            return holder["cells"]
    return []


def _list(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _cell(notebook: Any, dice: random.Random) -> dict[str, Any]:
    """A cell to change; a new one where there is none."""
    found = [cell for cell in cells(notebook) if isinstance(cell, dict)]
    if found and dice.random() < 0.7:  # answers more often than prose
        answers = [c for c in found if "solution" in json.dumps(c.get("metadata", ""))]
        found = answers or found
    return dice.choice(found) if found else {}


# Values and structure


def swap_value(notebook: Any, dice: random.Random) -> Any:
    return put(notebook, some_path(notebook, dice), copy.deepcopy(dice.choice(ODD)))


def swap_places(notebook: Any, dice: random.Random) -> Any:
    one, other = some_path(notebook, dice), some_path(notebook, dice)
    return put(notebook, one, copy.deepcopy(get(notebook, other)))


def drop_value(notebook: Any, dice: random.Random) -> Any:
    path = some_path(notebook, dice)
    if path:
        del get(notebook, path[:-1])[path[-1]]
    return notebook


def wrap_value(notebook: Any, dice: random.Random) -> Any:
    path = some_path(notebook, dice)
    value = get(notebook, path)
    wrapped = dice.choice([[value], {"a": value}, [value, value], json.dumps(value)])
    return put(notebook, path, copy.deepcopy(wrapped))


def nest_value(notebook: Any, dice: random.Random) -> Any:
    value: Any = dice.choice(["x", {}, []])
    for _ in range(dice.choice([10, 100, 300])):
        value = [value] if dice.random() < 0.5 else {"a": value}
    return put(notebook, some_path(notebook, dice), value)


def format_numbers(notebook: Any, dice: random.Random) -> Any:
    if isinstance(notebook, dict):
        odd = [0, 1, 2, 3, 4, 5, 6, -1, 10**40, 4.0, "4", None, True, [4], "4.5"]
        notebook["nbformat"] = dice.choice(odd)
        notebook["nbformat_minor"] = dice.choice([*odd, -(10**9), 99])
    return notebook


def worksheets(notebook: Any, dice: random.Random) -> Any:
    """The layout of versions 1 to 3, well or badly done."""
    found = cells(notebook)
    for cell in found:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            cell["input"] = cell.get("source", "")
            cell["language"] = dice.choice(["python", "", None, 3])
    sheets = [{"cells": found, "metadata": {}}] * dice.choice([1, 1, 1, 2, 7])
    odd = [sheets, sheets, sheets, [{"cells": 3}], {"cells": found}, [found], [None], 7]
    return {
        "nbformat": dice.choice([1, 2, 3, 3, 3, 0, -3]),
        "nbformat_minor": dice.choice([0, 0, 5, -1]),
        "metadata": dice.choice([{"name": ""}, {}, None, []]),
        "cells": found if dice.random() < 0.3 else [],
        "worksheets": dice.choice(odd),
    }


# Cells


def shuffle_cells(notebook: Any, dice: random.Random) -> Any:
    dice.shuffle(cells(notebook))
    return notebook


def repeat_cells(notebook: Any, dice: random.Random) -> Any:
    found = cells(notebook)
    if found:
        cell, times = dice.choice(found), dice.choice([1, 2, 30, 3_000, 6_000])
        text = json.dumps(cell)
        times = min(times, 1 + LARGEST // len(text))
        at = dice.randrange(len(found))
        copies = [json.loads(text) for _ in range(times)]
        found[at:at] = copies
    return notebook


def drop_cells(notebook: Any, dice: random.Random) -> Any:
    found, keep = cells(notebook), dice.random()
    found[:] = [cell for cell in found if dice.random() < keep]
    return notebook


def odd_cells(notebook: Any, dice: random.Random) -> Any:
    found = cells(notebook)
    for _ in range(dice.choice([1, 3, 20])):
        odd = dice.choice([*ODD, {"cell_type": "code", "source": dice.choice(ODD)}])
        found.insert(dice.randint(0, len(found)), copy.deepcopy(odd))
    return notebook


def cell_kinds(notebook: Any, dice: random.Random) -> Any:
    kinds = [
        "code",
        "markdown",
        "raw",
        "heading",
        "html",
        "CODE",
        "",
        None,
        3,
        ["code"],
    ]
    for cell in cells(notebook):
        if isinstance(cell, dict) and dice.random() < 0.3:
            cell["cell_type"] = dice.choice(kinds)
    return notebook


def cell_ids(notebook: Any, dice: random.Random) -> Any:
    names = [cell.get("id") for cell in cells(notebook) if isinstance(cell, dict)]
    for cell in cells(notebook):
        if isinstance(cell, dict) and dice.random() < 0.4:
            cell["id"] = copy.deepcopy(dice.choice([*names, *ODD]))
            if dice.random() < 0.3:
                del cell["id"]
    return notebook


def nbgrader_metadata(notebook: Any, dice: random.Random) -> Any:
    """Metadata of another version, of another cell, with points nobody gave."""
    kept = [c["metadata"] for c in cells(notebook) if _has_metadata(c)]
    for cell in cells(notebook):
        if _has_metadata(cell) and dice.random() < 0.4:
            other = copy.deepcopy(dice.choice(kept))
            nbgrader = other.setdefault("nbgrader", {})
            if isinstance(nbgrader, dict):
                version = dice.choice([1, 2, 3, 99, None, "3"])
                nbgrader |= {"schema_version": version, "points": dice.choice(ODD)}
                nbgrader["grade"] = dice.choice([True, False, 1, "yes"])
                if dice.random() < 0.3:
                    nbgrader["grade_id"] = copy.deepcopy(dice.choice(ODD))
            cell["metadata"] = other
    return notebook


def _has_metadata(cell: Any) -> bool:
    return isinstance(cell, dict) and isinstance(cell.get("metadata"), dict)


def our_metadata(notebook: Any, dice: random.Random) -> Any:
    for cell in cells(notebook):
        if isinstance(cell, dict) and dice.random() < 0.4:
            role = dice.choice(["solution", "probe", "setup", "visible", *ODD])
            own = {"role": role, "question": dice.choice(["q1", "q2", "q99", *ODD])}
            cell["metadata"] = {"vislearn": dice.choice([own, own, own, *ODD])}
            cell["metadata"] = copy.deepcopy(cell["metadata"])
    return notebook


def split_source(notebook: Any, dice: random.Random) -> Any:
    """Sources as lists: of characters, with values that are no text, nested."""
    cell = _cell(notebook, dice)
    source = cell.get("source", "")
    parts: list[Any] = list(source) if isinstance(source, (str, list)) else [source]
    for _ in range(dice.choice([0, 1, 9])):
        odd = copy.deepcopy(dice.choice(ODD))
        parts.insert(dice.randint(0, len(parts)), odd)
    cell["source"] = dice.choice([parts, parts, [parts], {"0": parts}])
    return notebook


def hard_code(notebook: Any, dice: random.Random) -> Any:
    cell = _cell(notebook, dice)
    field = "input" if "input" in cell else "source"
    cell[field] = hard_source(dice)[1]
    return notebook


def much_code(notebook: Any, dice: random.Random) -> Any:
    """Hard code in many cells that the learner added."""
    source = hard_source(dice)[1][: dice.choice([500, 5_000, 60_000])]
    added = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
        for _ in range(dice.choice([2, 20, 200]))
    ]
    cells(notebook)[2:2] = added
    return notebook


def big_outputs(notebook: Any, dice: random.Random) -> Any:
    size = dice.choice([1_000, 100_000, LARGEST // 10])
    data: Any = dice.choice(["x" * size, ["가\n"] * (size // 10), {"a": "🙂" * size}])
    output = {"output_type": "stream", "name": "stdout", "text": data}
    _cell(notebook, dice)["outputs"] = [output] * dice.choice([1, 3])
    return notebook


def attachments(notebook: Any, dice: random.Random) -> Any:
    picture = {"image/png": "iVBORw0KGgo=" * dice.choice([1, 10_000])}
    odd = dice.choice(ODD)
    given = [{"a.png": picture}, {"a.png": odd}, {"../x": picture}, odd, [picture]]
    _cell(notebook, dice)["attachments"] = copy.deepcopy(dice.choice(given))
    return notebook


STRUCTURE: list[Callable[[Any, random.Random], Any]] = [
    *(swap_value, swap_places, drop_value, wrap_value, nest_value, format_numbers),
    *(worksheets, shuffle_cells, repeat_cells, drop_cells, odd_cells, cell_kinds),
    *(cell_ids, nbgrader_metadata, our_metadata, split_source, hard_code, much_code),
    *(big_outputs, attachments),
]


# Bytes


def flip_bytes(raw: bytes, dice: random.Random) -> bytes:
    text = bytearray(raw)
    for _ in range(dice.choice([1, 1, 2, 10, 200])):
        if text:
            text[dice.randrange(len(text))] = dice.randrange(256)
    return bytes(text)


def cut_bytes(raw: bytes, dice: random.Random) -> bytes:
    return raw[: dice.randint(0, len(raw))]


def cut_out(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(raw))
    return raw[:at] + raw[at + dice.choice([1, 2, 50, 2_000]) :]


def insert_bytes(raw: bytes, dice: random.Random) -> bytes:
    odd = [
        *(b"\x00", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
        *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\\u", b"\\ud800", b"NaN"),
        *(b"-Infinity", b"1e99999", b"9" * 5_000, b"-", b"1.", b"/* */", b"<<<<<<<\n"),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'"' * 1_000, b"[]," * 600_000),
        b"0" * 1_000_000,
    ]
    at = dice.randint(0, len(raw))
    return raw[:at] + dice.choice(odd) + raw[at:]


def repeat_bytes(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(raw))
    piece = raw[at : at + dice.choice([1, 20, 300])]
    return raw[:at] + piece * dice.choice([2, 50]) + raw[at:]


def encode_otherwise(raw: bytes, dice: random.Random) -> bytes:
    text = raw.decode("utf-8", "replace")
    name = dice.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp949", "utf-7"])
    marks = [b"", b"", codecs.BOM_UTF8, codecs.BOM_UTF16_BE, b"\xef\xbb"]
    return dice.choice(marks) + text.encode(name, "replace")


def double_keys(raw: bytes, dice: random.Random) -> bytes:
    """The same key twice in a mapping, with another value."""
    keys = [
        b'"nbformat"',
        b'"cells"',
        b'"metadata"',
        b'"source"',
        b'"cell_type"',
        b'"id"',
    ]
    key = dice.choice(keys)
    values = [b"4", b"3", b"[]", b"{}", b'"x"', b"null", b'"code"', b"1e400"]
    return raw.replace(key, key + b": " + dice.choice(values) + b", " + key, 1)


def number_literals(raw: bytes, dice: random.Random) -> bytes:
    literal = dice.choice([b"NaN", b"-Infinity", b"1e999", b"1" * 4_500, b"-0", b"4E0"])
    for digit in dice.sample([b": 4", b": 5", b": null", b": []", b": {}"], 2):
        raw = raw.replace(digit, b": " + literal, dice.choice([1, 50]))
    return raw


def change_lines(raw: bytes, dice: random.Random) -> bytes:
    old, new = dice.choice(
        [(b"\\n", b"\\r\\n"), (b"\\n", b"\\r"), (b"\\n", b"\\u2028")]
    )
    return raw.replace(old, new)


BYTES: list[Callable[[bytes, random.Random], bytes]] = [
    *(flip_bytes, cut_bytes, cut_out, insert_bytes, repeat_bytes, encode_otherwise),
    *(double_keys, number_literals, change_lines),
]


def mutate(notebook: Any, dice: random.Random) -> tuple[str, bytes]:
    """What was done to a notebook, and the file."""
    made, done = copy.deepcopy(notebook), []
    for _ in range(dice.choice([0, 1, 1, 1, 2, 3])):
        change = dice.choice(STRUCTURE)
        made = change(made, dice)
        done.append(change.__name__)
    ascii_only = dice.random() < 0.7
    text = json.dumps(
        made, ensure_ascii=ascii_only, indent=1 if dice.random() < 0.1 else None
    )
    raw = text.encode("utf-8", "surrogatepass")
    for _ in range(dice.choice([0, 0, 1, 2]) if done else 1):
        damage = dice.choice(BYTES)
        raw = damage(raw, dice)
        done.append(damage.__name__)
    return " + ".join(done), raw
