"""Messages in code, lab.yml and mutants say the same in both languages."""

from __future__ import annotations

import pytest

from vislearn.course.check import check_course
from vislearn.course.scaffold import new_lab
from vislearn.course.site import Course

CALLS = {
    'expect(a, ko="가")': ["ko is given, its en twin not"],
    'expect(a, ko="12개", en="12")': [],
    'expect(a, ko="12개", en="13")': ["the en twin lacks", "the ko twin lacks"],
    'expect(a, ko="1개", en="a single one")': [],
    'expect(a, ko="89만 넣어도", en="even for 89")': [],
    'expect(a, ko=f"{x} 가", en=f"{x} a")': [],
    'expect(a, ko=f"{x} 가", en=f"{y} a")': ["{x} is printed", "{y} is printed"],
    'expect(a, ko="변압기", en="a transformer")': ["'변압기' is banned"],
    'expect(a, ko="가", en="a 나")': ["Hangul in English prose"],
    'expect(a, ko="가", en="")': ["said in one language only"],
    'draw(ko={"x": "가"}, en={"x": "a"})': [],
    'draw(ko={"x": "가"}, en={})': ["the en words lack 'x'"],
    'draw(ko={"x": ["가", "나"]}, en={"x": ["a"]})': ["2 in ko, 1 in en"],
    'draw(caption_ko="가")': ["caption_ko is given, its en twin not"],
}


@pytest.mark.parametrize("call", CALLS)
def test_messages_in_code(call: str, course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    code = f"\n+++\n\n```{{code-cell}} python\n{call}\n```\n"
    chapter.write_text(chapter.read_text() + code)
    problems = check_course(Course(course.root))
    assert len(problems) == len(CALLS[call]), problems
    assert all(p.line == len(chapter.read_text().splitlines()) - 1 for p in problems)
    for start in CALLS[call]:
        assert any(start in problem.message for problem in problems)


def test_code_must_be_python_with_english_comments(course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    good = chapter.read_text()
    code = '\n```{code-cell} python\n%pip list\nx = "가"  # {}\n```\n'
    chapter.write_text(good + code.replace("{}", "why"))
    assert check_course(Course(course.root)) == []
    chapter.write_text(good + code.replace("{}", "왜"))
    (problem,) = check_course(Course(course.root))
    assert (problem.rule, problem.message) == ("code", "comments are English: '# 왜'")
    chapter.write_text(good + "\n```{code-cell} python\nx = = 1\n```\n")
    assert [p.rule for p in check_course(Course(course.root))] == ["code"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("lab.yml", "ko: 표준화,", 'ko: "",', "said in one language only"),
        ("lab.yml", "en: Standardising", "en: Standardising 12", "ko twin lacks"),
        ("mutants/q1_no_mean.py", "the mean.", "the 평균.", "Hangul in English"),
        ("mutants/q1_no_mean.py", "평균을", "변압기를", "'변압기' is banned"),
    ],
)
def test_messages_in_the_files_of_a_lab(file, old, new, message, course) -> None:
    new_lab("lab02_vit", course.root)
    assert check_course(Course(course.root)) == []
    path = course.root / "labs" / "lab02_vit" / file
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    (problem,) = check_course(Course(course.root))
    assert problem.path.as_posix() == f"labs/lab02_vit/{file}"
    assert message in problem.message
