"""Sources are read by structure, and what is wrong in them is said with its line."""

from __future__ import annotations

import pytest

from vislearn.course.source import parse, read, select_language

GOOD = """---
kernelspec: {name: python3}
---

+++ {"lang": "ko"}

# 제목

````{note}
```text
+++ {"lang": "en"}
```
````

+++ {"lang": "en"}

# Title

+++

$$ x $$

```{code-cell} python
---
tags: [hide-input]
vislearn: {role: solution, question: q1}
---
x = '''
+++
'''
```

shared text behind code
"""


def test_cells_have_language_kind_and_line() -> None:
    cells = parse(GOOD).cells
    assert [(cell.kind, cell.lang) for cell in cells] == [
        ("markdown", "ko"),
        ("markdown", "en"),
        ("markdown", None),
        ("code", None),
        ("markdown", None),
    ]
    lines = GOOD.splitlines()
    assert [lines[cell.line - 1] for cell in cells] == [
        "# 제목",
        "# Title",
        "$$ x $$",
        "x = '''",
        "shared text behind code",
    ]


def test_a_break_inside_a_fence_is_text() -> None:
    cells = parse(GOOD).cells
    assert '+++ {"lang": "en"}' in cells[0].text
    assert cells[3].text == "x = '''\n+++\n'''"


def test_code_metadata_is_read_and_not_part_of_the_code() -> None:
    cell = parse(GOOD).cells[3]
    assert (cell.role, cell.question, cell.tags) == ("solution", "q1", ["hide-input"])
    short = parse("```{code-cell} python\n:tags: [a, b]\nx = 1\n```\n").cells[0]
    assert (short.tags, short.text) == (["a", "b"], "x = 1")


def test_selecting_a_language_keeps_every_line_number() -> None:
    for lang, other in (("ko", "# Title"), ("en", "# 제목")):
        text = select_language(GOOD, lang)
        assert other not in text
        assert text.count("\n") == GOOD.count("\n")
        kept, lines = text.splitlines(), GOOD.splitlines()
        assert all(line in ("", lines[index]) for index, line in enumerate(kept))


def test_selecting_a_language_drops_expected_outputs() -> None:
    text = '```{code-cell} python\nprint(1)\n```\n\n+++ {"role": "expected-output"}\n\n'
    assert "```text" not in select_language(text + "```text\n1\n```\n", "en")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# a\n\n+++ {lang: ko}\n", r"c.md:3: after '\+\+\+' expected a JSON object"),
        ('+++ {"lang": "kr"}\n', "c.md:1: lang is 'kr'; expected 'ko' or 'en'"),
        ('+++ {"role": "test"}\n', "c.md:1: role is 'test'; expected one of"),
        ("```{code-cell} python\nx = 1\n", "c.md:1: the fence .* is never closed"),
        ("a\n\n```text\nx\n", "c.md:3: the fence ```text is never closed"),
        ("```{code-cell} python\n---\na: b: c\n---\n```\n", "c.md:2: metadata is not"),
        ("```{code-cell} python\n---\na: b\n```\n", "c.md:2: the metadata block"),
        (
            "```{code-cell} python\n---\n- a\n---\n```\n",
            "c.md:2: expected 'key: value'",
        ),
        ("- a\n\n  +++\n", r"c.md:3: '\+\+\+' inside a list or a quote"),
        ("> ```{code-cell} python\n> x\n> ```\n", "c.md:1: a code cell inside a list"),
        ("- ```text\n  x\n", "c.md:1: the fence ```text is never closed"),
        (":::{note}\nx\n", "c.md:1: the fence :::{note} is never closed"),
        ("```{code-cell}\nx\n```\n", "c.md:1: code cell in 'no language'"),
        ("```{code-cell} bash\nx\n```\n", "c.md:1: code cell in 'bash'"),
        ('+++ {"langs": "ko"}\n', "c.md:1: unknown key 'langs'; expected lang, level"),
        ("+++ [1]\n", "c.md:1: after"),
        ('+++ {"role": "hint", "level": 1}\n', "c.md:1: a cell with role 'hint' needs"),
        ('+++ {"role": "hint", "question": "q1"}\n', "c.md:1: level is None; a hint"),
        ('+++ {"lang": "ko", "level": 2}\n', "c.md:1: level is 2; a hint has level"),
        (
            "```{code-cell} python\n---\nvislearn: {role: probe}\n---\n```\n",
            "c.md:2: a cell with role 'probe' needs a question",
        ),
        (
            "```{code-cell} python\n---\nvislearn: probe\n---\n```\n",
            "c.md:2: vislearn: expected 'role: …', got 'probe'",
        ),
    ],
)
def test_a_broken_source_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text, "c.md")


def test_odd_characters_do_not_move_the_lines() -> None:
    """Form feeds and Unicode line separators end no line for Markdown."""
    odd = "# a\x0cb\u2028c\x85d\r\n\r\n```{code-cell} python\r\nx = 1\r\n```\r\n"
    assert [cell.line for cell in parse(odd).cells] == [1, 4]
    assert select_language(odd, "ko").count("\n") == odd.count("\n")


def test_trailing_blanks_of_code_are_kept() -> None:
    text = '```{code-cell} python\nx = """a  \n"""\n```\n'
    assert parse(text).cells[0].text == 'x = """a  \n"""'


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path) -> None:
    path = tmp_path / "c.md"
    path.write_bytes("가\n나".encode("cp949"))
    with pytest.raises(ValueError, match=r"c.md:1: not UTF-8"):
        read(path)
    path.write_bytes("\ufeff# a\n".encode())
    assert read(path).cells[0].text == "# a"


def test_pages_are_named_as_in_the_book() -> None:
    assert parse("", "/x/book/03_vit.md").docname == "book/03_vit"
    assert parse("", "book/appendix/data.md").docname == "book/appendix/data"
    assert parse("", "labs/lab01_x/lab.md").docname == "lab01_x"


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown language 'kr'"):
        parse(GOOD).in_language("kr")


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.md"):
        read(tmp_path / "none.md")
