"""Bilingual messages outside of prose: in code cells, in lab.yml, in mutants.

`expect(…, ko="…", en="…")`, `show.label(…, alt_ko="…", alt_en="…")` and the mappings
`{ko: …, en: …}` of a lab say the same in both languages, or the check fails.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import yaml

from vislearn.course.pairs import Shape, forgive_only
from vislearn.course.problem import Finding
from vislearn.course.pycode import (
    calls,
    comments_and_names,
    placeholders,
    string_value,
    tree,
)
from vislearn.course.site import Course
from vislearn.course.source import Document
from vislearn.course.wording import HANGUL, judge

SPELLED = 10  # smaller numbers may be words: "a single patch", 패치 1개
_GREAT = {10**3: "thousand", 10**6: "million", 10**9: "billion"}
Message = tuple[int, str, str]  # line, Korean, English


def code_cells(document: Document, course: Course) -> Iterator[Finding]:
    """Code is Python, its comments are English, and its messages are in both."""
    for cell in document.cells:
        if cell.kind != "code":
            continue
        try:
            tree(cell.text)
        except SyntaxError as error:
            yield cell.line + (error.lineno or 1) - 1, "code", f"{error.msg}"
            continue
        for row, text in comments_and_names(cell.text):
            if HANGUL.search(text):
                yield cell.line + row - 1, "code", f"comments are English: {text!r}"
        for line, call in calls(cell):
            for name, ko, en in _twin_arguments(call):
                yield from _compare(name, ko, en, line, course.root)


def _twin_arguments(
    call: ast.Call,
) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Arguments named `ko`/`en` or `…_ko`/`…_en`."""
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    stems = {name[:-2] for name in given if name in ("ko", "en") or _is_twin(name)}
    for stem in sorted(stems):
        yield stem.rstrip("_"), given.get(f"{stem}ko"), given.get(f"{stem}en")


def _is_twin(name: str) -> bool:
    return name.endswith(("_ko", "_en"))


def _compare(
    name: str, ko: ast.expr | None, en: ast.expr | None, line: int, root: Path
) -> Iterator[Finding]:
    if ko is None or en is None:
        given, lacking = (f"{name}_en", "ko") if ko is None else (f"{name}_ko", "en")
        yield line, "unpaired", f"{given.lstrip('_')} is given, its {lacking} twin not"
    elif isinstance(ko, ast.Dict) and isinstance(en, ast.Dict):
        words = {_key(k): v for k, v in zip(ko.keys, ko.values, strict=True)}
        others = {_key(k): v for k, v in zip(en.keys, en.values, strict=True)}
        for key in sorted(set(words) ^ set(others)):
            side = "ko" if key in others else "en"
            yield line, "unpaired", f"the {side} words lack {key}"
        for key in words.keys() & others.keys():
            yield from _compare(key, words[key], others[key], line, root)
    elif isinstance(ko, ast.List | ast.Tuple) and isinstance(en, ast.List | ast.Tuple):
        if len(ko.elts) != len(en.elts):
            yield (
                line,
                "unpaired",
                f"{name}: {len(ko.elts)} in ko, {len(en.elts)} in en",
            )
        for one, other in zip(ko.elts, en.elts, strict=False):
            yield from _compare(name, one, other, line, root)
    else:
        korean, english = string_value(ko), string_value(en)
        if korean is not None and english is not None:
            yield from compare_message(line, korean, english, root)
        for missing in sorted(placeholders(ko) ^ placeholders(en)):
            yield line, "code", f"{{{missing}}} is printed in one language only"


def _key(node: ast.expr | None) -> str:
    return ast.unparse(node) if node is not None else "**"


def compare_message(line: int, ko: str, en: str, root: Path) -> Iterator[Finding]:
    """What is wrong with one message in two languages."""
    yield from judge(ko, "ko", line, root)
    yield from judge(en, "en", line, root)
    if bool(ko.strip()) != bool(en.strip()):
        yield line, "unpaired", f"{ko or en!r} is said in one language only"
    for field, sentence in _differences(Shape.of(ko), Shape.of(en), en):
        yield line, field, sentence


def _differences(ko: Shape, en: Shape, english: str) -> Iterator[tuple[str, str]]:
    """Numbers and formulas that one lacks; how often they occur does not matter."""
    forgive_only(ko.numbers, en.numbers)
    for field, noun in (("numbers", "number"), ("math", "formula")):
        left, right = set(getattr(ko, field)), set(getattr(en, field))
        for missing, side in ((left - right, "en"), (right - left, "ko")):
            for value in sorted(missing):
                if field != "numbers" or _counts(Decimal(value), english):
                    yield field, f"the {side} twin lacks the {noun} {value}"


def _counts(value: Decimal, english: str) -> bool:
    """Whether a number must be in digits; 10억 may be "billions"."""
    if value == value.to_integral_value() and int(value) in _GREAT:
        return _GREAT[int(value)] not in english
    return value >= SPELLED or value != value.to_integral_value()


def lab_files(folder: Path, root: Path) -> Iterator[tuple[Path, Finding]]:
    """The messages of lab.yml and of the mutants of one lab."""
    settings = folder / "lab.yml"
    files = [settings] if settings.exists() else []
    for path in [*files, *sorted((folder / "mutants").glob("*.py"))]:
        for line, ko, en in _messages(path):
            for finding in compare_message(line, ko, en, root):
                yield path, finding


def _messages(path: Path) -> Iterator[Message]:
    """Every `{ko: …, en: …}` of a YAML file, or of the docstring of a Python file."""
    text, offset = path.read_text(encoding="utf-8"), 1
    if path.suffix == ".py":
        module = ast.parse(text)
        text = ast.get_docstring(module, clean=False) or ""
        offset = module.body[0].lineno if text else 1
    try:
        node = yaml.compose(text)
    except yaml.YAMLError:
        return  # whoever loads the lab says so
    yield from _twin_mappings(node, offset)


def _twin_mappings(node: yaml.Node | None, offset: int) -> Iterator[Message]:
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _twin_mappings(child, offset)
    if not isinstance(node, yaml.MappingNode):
        return
    given = {key.value: value for key, value in node.value}
    texts = [given.get(lang) for lang in ("ko", "en")]
    if any(isinstance(text, yaml.ScalarNode) for text in texts):
        ko, en = (str(text.value) if text else "" for text in texts)
        yield node.start_mark.line + offset, ko, en
    for value in given.values():
        yield from _twin_mappings(value, offset)
