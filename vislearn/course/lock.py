"""The lock file: which wording of each pair of twins somebody has read and accepted.

When one twin changes and the other does not, the hashes say so until both were read
again and `vislearn course accept` was run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vislearn.course.pairs import Pair, pairs
from vislearn.course.source import Document

FILE = Path("book/i18n.lock.json")


def keyed_pairs(document: Document) -> Iterator[tuple[str, Pair]]:
    """Pairs with a key that survives insertions elsewhere: English heading, number."""
    heading, count = "start", Counter[str]()
    for pair in pairs(document):
        if not isinstance(pair, Pair):
            continue
        for line in pair.en.text.splitlines():
            if re.match(r"#+ ", line):
                heading = re.sub(r"[^a-z0-9]+", "-", line.lower()).strip("-")
                break
        count[heading] += 1
        yield f"{heading}/{count[heading]}", pair


def hashes(pair: Pair) -> list[str]:
    """Short digests of the two wordings; trailing blanks do not count."""
    return [
        hashlib.sha256(
            "\n".join(line.rstrip() for line in cell.text.splitlines()).encode()
        ).hexdigest()[:16]
        for cell in (pair.ko, pair.en)
    ]


def load(root: Path) -> dict[str, dict[str, list[str]]]:
    path = root / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def accept(document: Document, root: Path) -> int:
    """Write down the present wording of every pair; return how many there are."""
    lock = load(root)
    entry = {key: hashes(pair) for key, pair in keyed_pairs(document)}
    lock[document.name] = entry
    text = json.dumps(dict(sorted(lock.items())), indent=1, ensure_ascii=False)
    (root / FILE).write_text(text + "\n", encoding="utf-8")
    return len(entry)


def drifts(document: Document, root: Path) -> Iterator[tuple[int, str]]:
    """(line, sentence) for every pair whose wording is not the accepted one."""
    entry = load(root).get(document.name, {})
    for key, pair in keyed_pairs(document):
        accepted, now = entry.get(key), hashes(pair)
        if accepted is None:
            yield pair.ko.line, "this pair was never accepted"
        elif accepted[0] != now[0] and accepted[1] == now[1]:
            yield pair.ko.line, "ko changed since the pair was accepted, en did not"
        elif accepted[0] == now[0] and accepted[1] != now[1]:
            yield pair.en.line, "en changed since the pair was accepted, ko did not"
        elif accepted != now:
            yield pair.ko.line, "both twins changed and were not accepted yet"
