"""Every way in which the two languages could drift apart is caught, by its rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from vislearn.course.check import check_course
from vislearn.course.lock import accept
from vislearn.course.site import Course
from vislearn.course.source import read

# What is changed, into what, and the rule that must notice.
DRIFTS = {
    "a number": ("A patch has 16 pixels", "A patch has 14 pixels", "numbers"),
    "a large number": ("400 million", "40 million", "numbers"),
    "a number in a table": ("small one | 1000", "small one | 100", "numbers"),
    "a formula": ("and $d = 64$", "and $d = 46$", "math"),
    "inline code": ("`N` is 196", "`M` is 196", "code"),
    "a citation": (
        "An image is cut into {term}`patch`es {cite}`dosovitskiy2021vit`",
        "An image is cut into {term}`patch`es",
        "citations",
    ),
    "a link": (
        "[code](https://example.org/code)",
        "[code](https://example.org/other)",
        "links",
    ),
    "a label": ("(sec-good)=\n# Patches", "(sec-bad)=\n# Patches", "labels"),
    "a list item": ("- one\n- two\n", "- one\n", "structure"),
    "a table row": ("| a small one | 1000 |\n", "", "structure"),
    "a directive": (
        "```{admonition} Goals\n:class: tip\n",
        "```{note}\n:class: tip\n",
        "structure",
    ),
    "an arrow of a diagram": ('A["pixel"] --> B', 'B["token"] --> A', "structure"),
    "an exercise label": (
        "```{exercise}\n:label: ex-one\n\nWhat",
        "```{exercise}\n:label: ex-two\n\nWhat",
        "labels",
    ),
    "a cell without its twin": (
        '+++ {"lang": "en"}\n\n## Self',
        "+++\n\n## Self",
        "unpaired",
    ),
    "one language reworded": ("An image is cut", "A picture is cut", "accept"),
    "a banned word": ("## 셀프 어텐션", "## 자기 관심", "word"),
    "Hangul in English": ("## Self-attention", "## Self-어텐션", "language"),
    "an untranslated paragraph": (
        "이미지를 {term}`patch`로 자릅니다 {cite}`dosovitskiy2021vit`. "
        "패치는 16 픽셀이고 `N`은 196입니다.",
        "An image is cut into {term}`patch`es {cite}`dosovitskiy2021vit`. "
        "A patch has 16 pixels and `N` is 196.",
        "language",
    ),
    "a figure without Korean alt text": ('alt_ko="그림", ', "", "alt"),
    "a figure with empty English alt text": ("a picture", "", "alt"),
    "a diagram without description": ("  accDescr: Two boxes\n", "", "alt"),
    "a heading level skipped": ("## Self-attention", "### Self-attention", "heading"),
    "an unknown term": ("{term}`patch`es", "{term}`pitch`es", "reference"),
    "an unknown fact": (
        "The value is {fact}`vit_b16.tokens`",
        "The value is {fact}`vit_b17.tokens`",
        "reference",
    ),
    "an unknown label": (
        "and {ref}`sec-good`. The",
        "and {ref}`sec-gone`. The",
        "reference",
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_caught(drift: str, course: Course) -> None:
    old, new, rule = DRIFTS[drift]
    chapter = course.root / "book" / "02_good.md"
    text = chapter.read_text()
    assert text.count(old) == 1
    chapter.write_text(text.replace(old, new))
    problems = check_course(Course(course.root))
    assert rule in {problem.rule for problem in problems}, problems
    assert all(problem.line > 0 for problem in problems)


def test_a_good_chapter_passes(course: Course) -> None:
    assert check_course(course) == []


def test_accepting_clears_a_drift_of_wording_but_not_of_numbers(course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    text = chapter.read_text()
    chapter.write_text(text.replace("A patch has 16", "Each patch has 14"))
    accept(read(chapter), course.root)
    assert {problem.rule for problem in check_course(Course(course.root))} == {
        "numbers"
    }
    chapter.write_text(text.replace("A patch has 16", "Each patch has 16"))
    accept(read(chapter), course.root)
    assert check_course(Course(course.root)) == []


def test_a_pair_put_in_leaves_the_other_pairs_accepted(course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    pair = (
        '+++ {"lang": "ko"}\n\n## 새 절\n\n+++ {"lang": "en"}\n\n## A new section\n\n'
    )
    old = '+++ {"lang": "ko"}\n\n## 셀프 어텐션'
    chapter.write_text(chapter.read_text().replace(old, pair + old))
    problems = check_course(Course(course.root))
    assert [problem.message for problem in problems] == ["this pair was never accepted"]


def test_a_chapter_that_the_table_of_contents_forgot(course: Course) -> None:
    (course.root / "_toc.yml").write_text("format: jb-book\nroot: book/01_gone\n")
    problems = check_course(Course(course.root))
    assert [problem.message for problem in problems] == [
        "book/01_gone.md does not exist",
        "book/02_good.md is not listed",
    ]


def test_numbers_are_equal_however_they_are_written(course: Course) -> None:
    from vislearn.course.pairs import numbers

    assert list(numbers("4억, 1,000, 3만 5")) == ["400000000", "1000", "30000", "5"]
    assert list(numbers("400 million, 1000, 30 thousand, 5.0")) == [
        "400000000",
        "1000",
        "30000",
        "5",
    ]


def test_the_book_itself_passes() -> None:
    root = Path(__file__).resolve().parents[2]
    assert [str(problem) for problem in check_course(Course(root))] == []
