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
    ],
)
def test_a_broken_source_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text, "c.md")


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown language 'kr'"):
        parse(GOOD).in_language("kr")


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.md"):
        read(tmp_path / "none.md")
