"""New chapters and labs pass the check at once and never replace anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from vislearn.course.check import check_course
from vislearn.course.notebooks import build_notebook
from vislearn.course.outputs import renew_outputs
from vislearn.course.scaffold import new_chapter, new_lab
from vislearn.course.site import Course
from vislearn.course.source import read

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "ko": [
        *("그림으로 먼저 보기", "식", "작은 실험", "무엇이 잘못되는가"),
        *("언제 무엇을 쓰는가", "스스로 점검하기", "더 생각해 보기", "참고 문헌"),
    ],
    "en": [
        *("The picture first", "The formula", "A small experiment", "What goes wrong"),
        *("Which would you use, when?", "Check yourself", "Further questions"),
        "References",
    ],
}


def test_a_new_chapter_passes_the_check(course: Course) -> None:
    (path,) = new_chapter("05_clip", course.root)
    problems = check_course(Course(course.root), [path])
    # The temporary course has no library whose source could be shown.
    assert [problem.message for problem in problems] == [
        "vl-source 'vislearn.registry.list_models': no such module in the repository"
    ]
    (course.root / "vislearn").symlink_to(ROOT / "vislearn")
    assert check_course(Course(course.root), [path]) == []


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("00_start", ["00_start", "02_good", "07_b"]),
        ("05_clip", ["02_good", "05_clip", "07_b"]),
        ("09_mae", ["02_good", "07_b", "09_mae"]),
    ],
)
def test_a_new_chapter_is_listed_where_it_belongs(course, name, order) -> None:
    toc = course.root / "_toc.yml"
    toc.write_text(
        "# kept\nformat: jb-book\nroot: book/index\nparts:\n  - chapters:\n"
        "      - file: book/02_good\n  - chapters:\n      - file: book/07_b\n"
    )
    assert new_chapter(name, course.root)[1] == toc
    text = toc.read_text()
    listed = re.findall(r"book/(\d\d\w+)", text)
    assert listed == order
    assert text.startswith("# kept\n")
    part = yaml.safe_load(text)["parts"][name > "05"]["chapters"]
    assert {"file": f"book/{name}"} in part


def test_a_new_chapter_has_every_part_of_a_page(course: Course) -> None:
    (path,) = new_chapter("05_clip", course.root)
    (course.root / "vislearn").symlink_to(ROOT / "vislearn")
    for lang, headings in PARTS.items():
        notebook = build_notebook(read(path), lang, "reader", Course(course.root))
        text = "\n".join(cell.source for cell in notebook.cells)
        found = [row[3:] for row in text.splitlines() if row.startswith("## ")]
        assert found == headings
        assert "def list_models" in text


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


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "02_good.md: ZeroDivisionError: division by zero"),
        ("x = 1", "checked, but prints nothing"),
        ("14 * 14", "checked, but shows more than it prints (execute_result)"),
    ],
)
def test_outputs_that_cannot_be_compared_are_refused(code, message, course) -> None:
    chapter = course.root / "book" / "02_good.md"
    text = chapter.read_text().split('+++ {"role": "expected-output"}')[0]
    chapter.write_text(text.replace("print(14 * 14)", code))
    with pytest.raises(ValueError, match=re.escape(message)):
        renew_outputs(read(chapter), course)


def test_a_first_output_gets_its_cell(course: Course) -> None:
    chapter = course.root / "book" / "02_good.md"
    text = chapter.read_text().split('+++ {"role": "expected-output"}')[0]
    chapter.write_text(text + "\nshared text\n")
    assert renew_outputs(read(chapter), course) == 1
    cells = read(chapter).cells
    assert [c.role for c in cells[-2:]] == ["expected-output", None]
    assert cells[-1].text == "shared text"
