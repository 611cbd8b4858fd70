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
    "a quiz choice without words": (
        "```{admonition} Goals\n:class: tip\n\n- one\n- two\n",
        "```{quiz}\nHow many?\n\n- [x] $0$\n- [ ] two\n",
        "quiz",
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
    "a second title": ("## Self-attention", "# Self-attention", "heading"),
    "a banned word without its space": ("## 셀프 어텐션", "## 자기관심", "word"),
    "a banned word in a figure's text": ('alt_ko="그림"', 'alt_ko="변압기"', "word"),
    "a number in a figure's text": ('"a picture"', '"a picture of 12"', "numbers"),
    "Hangul in a figure's text": ('"a picture"', '"a 그림"', "language"),
    "a number on a diagram": ('A["pixel"]', 'A["16 pixels"]', "numbers"),
    "Hangul in a heading of a box": (
        "{admonition} Goals",
        "{admonition} 목표",
        "language",
    ),
    "an image without alt text": (
        "- one\n- two\n",
        "- one ![](/book/dot.png)\n- two\n",
        "alt",
    ),
    "an HTML image without alt text": (
        "- one\n- two\n",
        '- one <img src="dot.png">\n- two\n',
        "alt",
    ),
    "a picture that is not there": (
        "- one\n- two\n",
        "- one ![dot](gone.png)\n- two\n",
        "reference",
    ),
    "a picture described in one language": (
        "$$ N = HW / P^2 $$",
        "![a dot](/book/dot.png)",
        "alt",
    ),
    "a displayed formula": (
        "It is 6.",
        "It is 6.\n\n$$ 6 $$",
        "math",
    ),
    "a checked cell without its output": (
        '+++ {"role": "expected-output"}\n\n```text\n196\n```\n\n',
        "",
        "output",
    ),
    "an output behind a cell that is not checked": (
        "---\ntags: [nbval-check-output]\n---\n",
        "",
        "output",
    ),
    "a fence that is never closed": (
        "```{solution} ex-one\n:class: dropdown\n\nIt is 6.",
        "````{solution} ex-one\n:class: dropdown\n\n```python\nIt is 6.\n````\n\n"
        "```{note}",
        "source",
    ),
    "a language that does not exist": (
        '+++ {"lang": "en"}\n\n## Self',
        '+++ {"lang": "eng"}\n\n## Self',
        "source",
    ),
    "a solution to nothing": (
        "```{solution} ex-one\n:class: dropdown\n\nIt",
        "```{solution} ex-two\n:class: dropdown\n\nIt",
        "reference",
    ),
    "an unknown page": (
        "and {ref}`sec-good`. The",
        "and {doc}`/book/09_gone`. The",
        "reference",
    ),
    "a label twice": ("## Self-attention", "(sec-good)=\n## Self-attention", "labels"),
    "an unknown source": (
        "$$ N = HW / P^2 $$",
        "```{vl-source} vislearn.gone\n```",
        "reference",
    ),
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
    for problem in problems:
        lines = (course.root / problem.path).read_text().splitlines()
        assert 0 < problem.line <= len(lines)


NO_FALSE_ALARM = {
    "numbers in other clothes": (
        "4억 쌍, 1,000개, 1만 번, 질의 1만 봅니다, 2만큼, 3조각, 0.50",
        "400 million pairs, 1000, 10 thousand times, only query 1, by 2, 3 pieces, 0.5",
    ),
    "particles behind roles": (
        "{term}`patch`는 {fact}`vit_b16.tokens`개이고 {ref}`sec-good`에서 봅니다.",
        "A {term}`patch`; {fact}`vit_b16.tokens` of them; see {ref}`sec-good`.",
    ),
    "a term said once more": (
        "{term}`patch`입니다. 이것은 작습니다.",
        "A {term}`patch` it is. The {term}`patch` is small.",
    ),
    "Korean words marked in English": (
        "'눈'은 뜻이 둘입니다.",
        'The word <span lang="ko">눈</span> has several meanings.',
    ),
    "Korean inside code": ("`'눈'`을 넣으십시오.", "Put in `'눈'`."),
    "names in Latin letters": (
        "CLIP, DINOv2, SigLIP 2, SAM, LLaVA, BLIP-2, Swin, ConvNeXt, MAE를 씁니다.",
        "We use CLIP, DINOv2, SigLIP 2, SAM, LLaVA, BLIP-2, Swin, ConvNeXt, MAE.",
    ),
    "a heading of model names alone": ("### CLIP ViT-L/14", "### CLIP ViT-L/14"),
    "a number in the address of a link only": (
        "[논문](https://arxiv.org/abs/2010.11929)을 보십시오.",
        "See [the paper](https://arxiv.org/abs/2010.11929).",
    ),
    "a sentence broken at another place": (
        "이 값은\n$x$와\n`y`입니다.",
        "This value is $x$ and `y`.",
    ),
    "order of words": (
        "`b`보다 `a`가 크고 $y$는 3, $x$는 2입니다.",
        "`a` is larger than `b`; $x$ is 2 and $y$ is 3.",
    ),
    "pseudo-code with words": (
        "```text\n모든 i에 대해: 2를 더한다\n```",
        "```text\nfor all i: add 2\n```",
    ),
    "an innocent word around a short one": (
        "대회선언문입니다.",
        "It is a declaration.",
    ),
    "a formula with stars": (
        "$a * b * c$는 *강조*가 아닙니다.",
        "$a * b * c$ is *not*.",
    ),
}


@pytest.mark.parametrize("sample", NO_FALSE_ALARM)
def test_there_is_no_false_alarm(sample: str, course: Course) -> None:
    ko, en = NO_FALSE_ALARM[sample]
    chapter = course.root / "book" / "02_good.md"
    twins = f'\n+++ {{"lang": "ko"}}\n\n{ko}\n\n+++ {{"lang": "en"}}\n\n{en}\n'
    chapter.write_text(chapter.read_text() + twins)
    glossary = course.root / "book" / "glossary.yml"
    glossary.write_text(glossary.read_text().replace("[변압기]", "[변압기, 회선]"))
    accept(read(chapter), course.root)
    assert check_course(Course(course.root)) == []


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
