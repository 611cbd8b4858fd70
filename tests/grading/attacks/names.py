"""Files that are no notebooks, and notebooks with names that hurt.

Each function writes what a learner hands in below one folder of its own.
"""

from __future__ import annotations

import copy
import json
import os
import unicodedata
from pathlib import Path
from typing import Any

from files import save
from forms import RIGHT, ZEROS, Form, right_but
from nbformat.v4 import new_code_cell
from specs import Register

attack = Register()
ATTACKS = attack.attacks
NAMES = "the other graders fix the file's name"


@attack("file", None, ko="잘린 JSON", en="Cut-off JSON")
def corrupt_json(form: Form, path: Path, _stage: Any) -> None:
    """half a file is no notebook"""
    path.write_text(json.dumps(form.notebook(**RIGHT))[:-200], encoding="utf-8")


@attack("file", None, ko="빈 파일", en="An empty file")
def empty_file(_form: Form, path: Path, _stage: Any) -> None:
    """nothing is no notebook"""
    path.write_bytes(b"")


@attack("file", None, ko="노트북이 아닌 JSON", en="JSON that is no notebook")
def other_json(_form: Form, path: Path, _stage: Any) -> None:
    """a list is no notebook"""
    path.write_text("[1, 2, 3]", encoding="utf-8")


@attack("file", None, ko="UTF-8이 아닌 바이트", en="Bytes that are not UTF-8")
def not_utf8(_form: Form, path: Path, _stage: Any) -> None:
    """noise is no notebook"""
    path.write_bytes(b'{"nbformat": 4, "cells": ["\xff\xfe\xfa"]}')


@attack("file", None, ko="10만 겹의 JSON", en="JSON nested 100,000 deep")
def deep_json(_form: Form, path: Path, _stage: Any) -> None:
    """what no parser can follow is no notebook"""
    text = "[" * 100_000 + "]" * 100_000
    path.write_text(f'{{"nbformat": 4, "cells": {text}}}', encoding="utf-8")


@attack("file", None, ko="자릿수가 백만인 정수", en="An integer of a million digits")
def huge_integer(_form: Form, path: Path, _stage: Any) -> None:
    """a number that takes minutes to read is not read"""
    path.write_text(f'{{"nbformat": {"9" * 1_000_000}}}', encoding="utf-8")


@attack("integrity", 6.0, ko="같은 키가 두 번 있는 JSON", en="JSON with keys twice")
def duplicate_keys(form: Form, path: Path, _stage: Any) -> None:
    """one of two answers counts, and it is wrong"""
    text = json.dumps(form.notebook(**right_but(ZEROS)))
    path.write_text(f'{{"cells": [], "nbformat": 3, {text[1:]}', encoding="utf-8")


@attack("availability", None, ko="셀 10,000개", en="10,000 cells")
def ten_thousand_cells(form: Form, path: Path, _stage: Any) -> None:
    """nobody has written that, and reading it would keep all others waiting"""
    notebook = form.notebook(**RIGHT)
    cell = new_code_cell("x = 1")
    notebook.cells += [copy.deepcopy(cell) for _ in range(10_000)]
    save(notebook, path)


@attack(
    *("file", None),
    ko="/etc/passwd를 가리키는 링크",
    en="A link to /etc/passwd",
)
def link_to_passwd(_form: Form, path: Path, _stage: Any) -> None:
    """links are not followed"""
    path.symlink_to("/etc/passwd")


@attack(
    *("integrity", None),
    ko="남의 노트북을 가리키는 링크",
    en="A link to another learner's file",
)
def link_to_another(form: Form, path: Path, _stage: Any) -> None:
    """links are not followed"""
    here, name = path.parent, path.name
    others = (
        here.parent / "correct" / name,
        here.parents[1] / "other" / path.stem / name,
    )
    target = next(filter(Path.exists, others), here / "elsewhere.txt")
    if not target.exists():
        save(form.notebook(**RIGHT), target)
    # Relative: the peers see the folder at another place.
    path.symlink_to(os.path.relpath(target, here))


@attack("file", None, ko="이름이 노트북인 FIFO", en="A FIFO with a notebook's name")
def fifo(_form: Form, path: Path, _stage: Any) -> None:
    """whoever opens it would wait for ever"""
    os.mkfifo(path)


@attack("file", None, ko="이름이 노트북인 폴더", en="A folder with a notebook's name")
def folder(_form: Form, path: Path, _stage: Any) -> None:
    """a folder is no notebook"""
    path.mkdir()


@attack("file", None, ko="1 TB짜리 빈 파일", en="A sparse file of 1 TB")
def terabyte(_form: Form, path: Path, _stage: Any) -> None:
    """the size is looked at before the content"""
    with path.open("wb") as file:
        file.truncate(1 << 40)


@attack(
    *("integrity", (6.0, 6.0, 6.0, 6.0, 6.0)),
    ko="수식, 줄바꿈, HTML, RTL 문자로 된 이름",
    en="Names of formulas, line breaks, HTML and RTL marks",
    peers=NAMES,
)
def hostile_names(form: Form, path: Path, _stage: Any) -> None:
    """a name is text, in a table, on a page and in a terminal"""
    for name in (
        "=cmd|' &C calc'!A0.ipynb",
        "line\nbreak\r\ttab.ipynb",
        "<img src=x onerror=alert(1)>.ipynb",
        "\u202ecod\u2066\u200f\x1b[2J.ipynb",
        "-rf --help $(touch vislearn-marker-shell);'\".ipynb",
    ):
        save(form.notebook(**right_but(ZEROS)), path.with_name(name))


@attack(
    *("honest", (10.0, 6.0)),
    ko="macOS와 Linux에서 온 같은 한글 이름",
    en="One Korean name from macOS and from Linux",
    peers=NAMES,
)
def same_name_twice(form: Form, path: Path, _stage: Any) -> None:
    """two files are two marks, however their names are composed"""
    name = "김철수.ipynb"
    composed = path.with_name(unicodedata.normalize("NFC", name))
    save(form.notebook(**RIGHT), composed)
    decomposed = path.with_name(unicodedata.normalize("NFD", name))
    save(form.notebook(**right_but(ZEROS)), decomposed)


@attack(
    *("availability", (10.0, 6.0, 10.0, 6.0)),
    ko="출력할 수 없는 부분만 다른 이름",
    en="Names that differ only where they cannot be printed",
    peers=NAMES,
)
def names_that_collide(form: Form, path: Path, _stage: Any) -> None:
    """nobody's file may take another's place"""
    for good, name in ((True, b"a\x01b"), (False, b"a\x02b"), (True, b"\xff\xfe")):
        raw = os.fsencode(path.parent) + b"/" + name + b".ipynb"
        answers = RIGHT if good else right_but(ZEROS)
        with open(raw, "w", encoding="utf-8") as file:
            json.dump(form.notebook(**answers), file)
    raw = os.fsencode(path.parent) + b"/\xfe\xff.ipynb"
    with open(raw, "w", encoding="utf-8") as file:
        json.dump(form.notebook(**right_but(ZEROS)), file)


@attack(
    *("honest", (10.0, 6.0)),
    ko="앞 200자가 같은 긴 이름",
    en="Long names with the same first 200 characters",
    peers=NAMES,
)
def long_names(form: Form, path: Path, _stage: Any) -> None:
    """nobody's file may take another's place"""
    for answers, end in ((RIGHT, "1"), (right_but(ZEROS), "2")):
        save(form.notebook(**answers), path.with_name("n" * 240 + end + ".ipynb"))


@attack(
    *("availability", 6.0),
    ko="1,500겹 폴더와 링크 고리",
    en="1,500 nested folders and a loop of links",
    peers=NAMES,
)
def deep_folder(form: Form, path: Path, _stage: Any) -> None:
    """whoever looks for notebooks must come back"""
    save(form.notebook(**right_but(ZEROS)), path)
    (path.parent / "loop").symlink_to(path.parent)
    here = os.open(path.parent, os.O_RDONLY)
    try:
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
    finally:
        os.close(here)


@attack(
    *("honest", (6.0,)),
    ko="편집기의 사본과 숨은 파일",
    en="Editors' copies and hidden files",
    peers=NAMES,
)
def hidden_copies(form: Form, path: Path, _stage: Any) -> None:
    """checkpoints and archives' leftovers are not handed in"""
    save(form.notebook(**right_but(ZEROS)), path)
    for place in (".ipynb_checkpoints/minilab-checkpoint.ipynb", "._minilab.ipynb"):
        copy_ = path.parent / place
        copy_.parent.mkdir(exist_ok=True)
        save(form.notebook(**RIGHT), copy_)
