"""New chapters and labs pass the check at once and never replace anything."""

from __future__ import annotations

import pytest

from vislearn.course.check import check_course
from vislearn.course.notebooks import build_notebook
from vislearn.course.outputs import renew_outputs
from vislearn.course.scaffold import new_chapter, new_lab
from vislearn.course.site import Course
from vislearn.course.source import read


def test_a_new_chapter_passes_the_check(course: Course) -> None:
    (path,) = new_chapter("05_clip", course.root)
    assert check_course(Course(course.root), [path]) == []


def test_a_new_lab_passes_the_check_and_has_five_mutants(course: Course) -> None:
    paths = new_lab("lab02_vit", course.root)
    assert (
        check_course(Course(course.root), [p for p in paths if p.name == "lab.md"])
        == []
    )
    assert sum("mutants" in path.parts for path in paths) == 5
    document = read(course.root / "labs" / "lab02_vit" / "lab.md")
    build_notebook(document, "ko", "student", Course(course.root))


def test_a_new_lab_loads_in_the_grader(course: Course) -> None:
    from vislearn.grading.lab import load_lab

    new_lab("lab02_vit", course.root)
    lab = load_lab(course.root / "labs" / "lab02_vit")
    assert list(lab.questions) == ["q1"]


@pytest.mark.parametrize("name", ["clip", "5_clip", "05-clip", "../x"])
def test_a_bad_name_is_refused(course: Course, name: str) -> None:
    with pytest.raises(ValueError, match="expected something like"):
        new_chapter(name, course.root)


def test_nothing_is_overwritten(course: Course) -> None:
    new_chapter("05_clip", course.root)
    new_lab("lab02_vit", course.root)
    with pytest.raises(ValueError, match="exists already"):
        new_chapter("05_clip", course.root)
    with pytest.raises(ValueError, match="exists already"):
        new_lab("lab02_vit", course.root)


def test_outputs_are_renewed_in_the_source(course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    text = chapter.read_text().split('+++ {"lang": "ko"}\n\n## 셀프')[0]
    chapter.write_text(text.replace("14 * 14", "15 * 15"))
    assert renew_outputs(read(chapter), course) == 1
    assert "```text\n225\n```" in chapter.read_text()
    assert renew_outputs(read(chapter), course) == 0


def test_a_first_output_gets_its_cell(course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    text = chapter.read_text().split('+++ {"role": "expected-output"}')[0]
    chapter.write_text(text + "\nshared text\n")
    assert renew_outputs(read(chapter), course) == 1
    cells = read(chapter).cells
    assert [c.role for c in cells[-2:]] == ["expected-output", None]
    assert cells[-1].text == "shared text"
