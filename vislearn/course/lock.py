"""The lock file: which wording of each pair of twins somebody has read and accepted.

When one twin changes and the other does not, the hashes say so until both were read
again and `vislearn course accept` was run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from vislearn.course.markdown import parse
from vislearn.course.pairs import Pair, pairs
from vislearn.course.source import Document

FILE = Path("book/i18n.lock.json")


def keyed_pairs(document: Document) -> Iterator[tuple[str, Pair]]:
    """Pairs with a key for people who read the file: English heading, number."""
    heading, count = "start", Counter[str]()
    for pair in pairs(document):
        if not isinstance(pair, Pair):
            continue
        tokens = parse(pair.en.text)
        for token, inside in pairwise(tokens):
            if token.type == "heading_open":
                heading = re.sub(r"[^a-z0-9]+", "-", inside.content.lower()).strip("-")
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
    _write(lock, root)
    return len(entry)


def forget(documents: Iterable[Document], root: Path) -> None:
    """Drop what was accepted for documents that no longer exist."""
    names = {document.name for document in documents}
    _write({name: entry for name, entry in load(root).items() if name in names}, root)


def drifts(document: Document, root: Path) -> Iterator[tuple[int, str]]:
    """(line, sentence) for every pair whose wording is not the accepted one.

    A pair is known by its wordings, not by its place: pairs may be moved and others
    put between them.
    """
    entry = load(root).get(document.name, {})
    accepted = {tuple(wordings) for wordings in entry.values()}
    korean, english = ({pair[side] for pair in accepted} for side in (0, 1))
    for key, pair in keyed_pairs(document):
        ko, en = hashes(pair)
        if (ko, en) in accepted:
            continue
        if ko in korean:
            yield pair.en.line, "en changed since the pair was accepted, ko did not"
        elif en in english:
            yield pair.ko.line, "ko changed since the pair was accepted, en did not"
        elif key in entry:
            yield pair.ko.line, "both twins changed and were not accepted yet"
        else:
            yield pair.ko.line, "this pair was never accepted"


def _write(lock: dict[str, dict[str, list[str]]], root: Path) -> None:
    text = json.dumps(dict(sorted(lock.items())), indent=1, ensure_ascii=False)
    (root / FILE).write_text(text + "\n", encoding="utf-8")
