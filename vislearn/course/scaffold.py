"""Starting a chapter or a lab: files that pass `vislearn course check` at once.

The templates carry the parts that every page must have, in both languages. They are
ordinary files in `vislearn/course/templates/`, with `@NAME@` where the name goes.
"""

from __future__ import annotations

import re
from pathlib import Path

from vislearn.course.lock import accept
from vislearn.course.source import read

TEMPLATES = Path(__file__).parent / "templates"


def new_chapter(name: str, root: Path) -> list[Path]:
    """Write `book/NN_name.md` from the template and list it in `_toc.yml`.

    Raises:
        ValueError: if the name is not like `05_clip`, or the file exists.
    """
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9_]*", name):
        raise ValueError(f"chapter name {name!r}: expected something like '05_clip'")
    path = root / "book" / f"{name}.md"
    _write(path, "chapter.md", name)
    accept(read(path), root)
    return [path, *_list_chapter(name, root / "_toc.yml")]


def _list_chapter(name: str, toc: Path) -> list[Path]:
    """Put a chapter where its number belongs; comments of the file stay.

    It goes before the next higher number, or behind the last one: a part begins with
    its lowest number. A table of contents without chapters is left alone.
    """
    rows = toc.read_text(encoding="utf-8").split("\n") if toc.exists() else []
    listed = {
        match[1]: number
        for number, row in enumerate(rows)
        if (match := re.match(r"\s*- file: book/(\d\d)_", row))
    }
    if not listed:
        return []
    later = [row for chapter, row in listed.items() if chapter > name[:2]]
    row = min(later) if later else max(listed.values())
    indent = rows[row][: rows[row].index("-")]
    rows.insert(row if later else row + 1, f"{indent}- file: book/{name}")
    toc.write_text("\n".join(rows), encoding="utf-8")
    return [toc]


def new_lab(name: str, root: Path) -> list[Path]:
    """Write `labs/labNN_name/` with a question, its mutants and an alternative.

    Raises:
        ValueError: if the name is not like `lab02_vit`, or the folder exists.
    """
    if not re.fullmatch(r"lab\d\d_[a-z][a-z0-9_]*", name):
        raise ValueError(f"lab name {name!r}: expected something like 'lab02_vit'")
    folder = root / "labs" / name
    if folder.exists():
        raise ValueError(f"{folder} exists already; nothing was written")
    written = []
    for template in sorted((TEMPLATES / "lab").rglob("*.*")):
        where = template.relative_to(TEMPLATES / "lab")
        path = folder / where.with_suffix(
            "" if where.suffix == ".txt" else where.suffix
        )
        _write(path, f"lab/{where}", name)
        written.append(path)
    accept(read(folder / "lab.md"), root)
    return written


def _write(path: Path, template: str, name: str) -> None:
    if path.exists():
        raise ValueError(f"{path} exists already; nothing was written")
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    label = re.sub(r"^(lab)?\d\d_", "", name).replace("_", "-")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        text.replace("@NAME@", name).replace("@LABEL@", label), encoding="utf-8"
    )
