"""Markdown is read as the book reads it, and every span knows its place."""

from __future__ import annotations

import pytest

from vislearn.course.inline import replace_spans, spans
from vislearn.course.markdown import directive, parse, walk, words

TEXT = r"""a `b` {term}`c d` ``e ` f`` $x$ \$5 and `open

next. {ref}`t <g>` [x {fact}`h` y](http://z) **{term}`i`** ![alt](a.png)

> - list {term}`in
>   quote` end
>
> | a | `x\|y` {term}`k` |
> |---|---|
> | {term}`k` | {term}`k` |

## 제목 {term}`l` ##

```{note}
{term}`not here`
```

    {term}`not here`
"""


def test_spans_stand_where_they_say() -> None:
    found = [TEXT[span.start : span.end] for span in spans(TEXT)]
    assert found == [
        *("`b`", "{term}`c d`", "``e ` f``", "$x$", "{ref}`t <g>`", "{fact}`h`"),
        *("{term}`i`", "![alt](a.png)", "{term}`in\n>   quote`", r"`x\|y`"),
        *("{term}`k`", "{term}`k`", "{term}`k`", "{term}`l`"),
    ]


def test_replacing_nothing_changes_nothing() -> None:
    assert replace_spans(TEXT, lambda span: None) == TEXT
    assert replace_spans(TEXT, lambda span: TEXT[span.start : span.end]) == TEXT


def test_a_role_has_words_and_a_target() -> None:
    (titled, bare) = spans("{ref}`the a < b <sec-x>` {ref}`sec-y`")
    assert (titled.words, titled.target) == ("the a < b", "sec-x")
    assert (bare.words, bare.target) == (None, "sec-y")


def test_walking_goes_into_directives_and_counts_lines() -> None:
    text = "one\n\n::::{grid} 1 2\n:gutter: 3\n\n:::{grid-item-card} T\nin\n:::\n::::\n"
    found = {words(token): line for line, token in walk(text, 10) if words(token)}
    assert found == {"one": 10, "in": 16}


def test_options_are_read_in_both_spellings() -> None:
    (fence,) = parse("```{figure} a.png\n---\nalt: x\nname: fig-a\n---\n\ncaption\n```")
    (short,) = parse("```{figure} a.png\n:alt: x\n:name: fig-a\n\ncaption\n```")
    for token in (fence, short):
        found = directive(token)
        assert found is not None
        assert found.options == {"alt": "x", "name": "fig-a"}
        assert found.body == "caption"


def test_a_mermaid_fence_is_a_diagram_and_a_python_fence_is_not_a_directive() -> None:
    (diagram, code) = parse("```mermaid\nflowchart LR\n```\n\n```python\nx\n```")
    assert directive(diagram) is not None
    assert directive(code) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\n```{note}\n~~~python\nx\n```", "4: the fence ~~~python is never closed"),
        (":::{note}\nx", "1: the fence :::{note} is never closed"),
        ("```{figure} a\n---\nalt: x\n```", "1: {figure}: its block of options"),
        ("```{figure} a\n---\n- x\n---\n```", "1: {figure}: expected options"),
    ],
)
def test_a_broken_directive_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"\d+: ") as error:
        list(walk(text))
    assert str(error.value).startswith(message)


def test_words_leave_out_what_is_no_language() -> None:
    (_, inline, _) = parse(
        'A **b** `c` $d$ [e](http://f) {term}`g` <span lang="ko">가</span>.'
    )
    assert words(inline).split() == ["A", "b", "e", "."]
