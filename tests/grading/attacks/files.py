"""Notebooks that somebody has tampered with, or that an editor has mangled.

Each function writes one; its docstring says why the points are fair. All are written
against `forms.Form`, so that every grading tool meets them in its own shape.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
from forms import QUESTIONS, RIGHT, ZEROS, Form, right_but
from nbformat.v4 import new_code_cell, new_output
from specs import Register

from vislearn.grading.emit import MIME

attack = Register()
ATTACKS = attack.attacks


def save(notebook: Any, path: Path) -> None:
    """Write a notebook as it is: double ids and all."""
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


@attack("honest", 10.0, ko="모두 맞는 답안", en="Everything right")
def correct(form: Form, path: Path, _stage: Any) -> None:
    """the control: an honest learner gets everything"""
    save(form.notebook(**RIGHT), path)


@attack("honest", 6.0, ko="문제 2가 틀린 답안", en="Question 2 wrong")
def zeros(form: Form, path: Path, _stage: Any) -> None:
    """the control: a wrong answer loses its own question"""
    save(form.notebook(**right_but(ZEROS)), path)


@attack("honest", 0.0, ko="손대지 않은 배포본", en="The untouched release")
def untouched(form: Form, path: Path, _stage: Any) -> None:
    """nothing was answered, and that is a mark"""
    save(form.notebook(), path)


@attack("integrity", 6.0, ko="검사 셀 지우기", en="Deletes the cells that check")
def tests_deleted(form: Form, path: Path, _stage: Any) -> None:
    """the checks are ours, not the file's"""
    notebook = form.notebook(**right_but(ZEROS))
    doomed = {id(cell) for cell in form.tests(notebook)}
    notebook.cells = [cell for cell in notebook.cells if id(cell) not in doomed]
    save(notebook, path)


@attack("honest", 10.0, ko="답안 셀만 남긴 노트북", en="Only the answers are left")
def only_answers_left(form: Form, path: Path, _stage: Any) -> None:
    """who tidies up has still answered everything"""
    notebook = form.notebook(**RIGHT)
    notebook.cells = [form.solution(notebook, question) for question in QUESTIONS]
    save(notebook, path)


@attack("integrity", 6.0, ko="검사 셀 고치기", en="Edits the cells that check")
def tests_edited(form: Form, path: Path, _stage: Any) -> None:
    """what stands in the place of a check has no effect"""
    notebook = form.notebook(**right_but(ZEROS))
    for cell in form.tests(notebook):
        cell.source = "print('all tests passed')"
    save(notebook, path)


@attack("integrity", 6.0, ko="검사 셀을 글로 바꾸기", en="Checks turned into markdown")
def tests_to_markdown(form: Form, path: Path, _stage: Any) -> None:
    """a check that is text now is still a check"""
    notebook = form.notebook(**right_but(ZEROS))
    for cell in form.tests(notebook):
        cell.cell_type = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    save(notebook, path)


@attack("integrity", 6.0, ko="검사 셀을 답안으로 바꾸기", en="Checks made answers")
def tests_to_solutions(form: Form, path: Path, _stage: Any) -> None:
    """only the cells that we know as answers are answers"""
    notebook = form.notebook(**right_but(ZEROS))
    for cell in form.tests(notebook):
        cell.source = "pass"
        if "vislearn" in cell.metadata:
            cell.metadata["vislearn"]["role"] = "solution"
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"].update(solution=True, grade=False, locked=False)
            cell.metadata["nbgrader"].pop("points", None)
    save(notebook, path)


@attack("integrity", 6.0, ko="배점을 100으로 바꾸기", en="Points changed to 100")
def points_100(form: Form, path: Path, _stage: Any) -> None:
    """points come from the lab"""
    notebook = form.notebook(**right_but(ZEROS))
    for cell in notebook.cells:
        for key in ("vislearn", "nbgrader", "otter"):
            if key in cell.metadata:
                cell.metadata[key]["points"] = 100
    save(notebook, path)


@attack("integrity", 6.0, ko="같은 id의 셀 여러 개", en="Several cells with one id")
def duplicate_ids(form: Form, path: Path, _stage: Any) -> None:
    """a second first question earns nothing for the second one"""
    notebook = form.notebook(**right_but(ZEROS))
    extra = [copy.deepcopy(form.solution(notebook, "q1")) for _ in range(3)]
    extra += [copy.deepcopy(cell) for cell in form.tests(notebook)]
    notebook.cells += extra
    save(notebook, path)


@attack("honest", 10.0, ko="복사된 답안 셀", en="A copied answer cell")
def copied_answer(form: Form, path: Path, _stage: Any) -> None:
    """who copies a cell, metadata and all, has done nothing wrong"""
    notebook = form.notebook(**RIGHT)
    cell = form.solution(notebook, "q2")
    notebook.cells.insert(notebook.cells.index(cell) + 1, copy.deepcopy(cell))
    save(notebook, path)


@attack("integrity", 6.0, ko="저장된 출력 위조", en="Forged stored outputs")
def forged_outputs(form: Form, path: Path, _stage: Any) -> None:
    """outputs of the file are never read"""
    notebook = form.notebook(**right_but(ZEROS))
    payload = {"name": "output", "shape": [1], "dtype": "float64", "data": [1.0]}
    shown = {MIME: payload, "text/plain": "4.0"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                new_output("display_data", data=shown),
                new_output("execute_result", data=shown, execution_count=1),
                new_output("stream", name="stdout", text="All tests passed!\n"),
            ]
            cell.execution_count = 1
    save(notebook, path)


@attack("integrity", 6.0, ko="자기 커널을 지정하기", en="Names a kernel of its own")
def own_kernel(form: Form, path: Path, stage: Any) -> None:
    """the grader's kernel is the grader's choice"""
    notebook = form.notebook(**right_but(ZEROS))
    notebook.metadata["kernelspec"] = {
        "name": "evil",
        "display_name": "evil",
        "language": "python",
        "argv": ["/bin/sh", "-c", f"touch {stage.out}/vislearn-marker-kernel"],
    }
    save(notebook, path)


@attack("integrity", 6.0, ko="가짜 측정 셀 끼워 넣기", en="Adds a measuring cell")
def second_probe(form: Form, path: Path, _stage: Any) -> None:
    """a cell of the file that calls itself a check is none"""
    notebook = form.notebook(**right_but(ZEROS))
    cell = new_code_cell("emit('output', 1)", id="q2-probe")
    cell.metadata["vislearn"] = {"role": "probe", "question": "q2"}
    notebook.cells.append(cell)
    save(notebook, path)


@attack(
    "integrity", 6.0, ko="맞는 답 뒤에 틀린 답", en="A wrong answer behind a right one"
)
def second_answer_wrong(form: Form, path: Path, _stage: Any) -> None:
    """the cells run in the notebook's order, and the last definition counts"""
    notebook = form.notebook(**RIGHT)
    cell = form.solution(notebook, "q2")
    wrong = copy.deepcopy(cell)
    wrong.source = ZEROS
    notebook.cells.insert(notebook.cells.index(cell) + 1, wrong)
    save(notebook, path)


@attack("honest", 10.0, ko="nbformat 3으로 저장한 파일", en="A file in nbformat 3")
def nbformat_3(form: Form, path: Path, _stage: Any) -> None:
    """an old format is read"""
    notebook = nbformat.from_dict(json.loads(json.dumps(form.notebook(**RIGHT))))
    path.write_text(nbformat.writes(notebook, version=3), encoding="utf-8")


@attack("file", 0.0, ko="셀이 없는 파일", en="A file without cells")
def no_cells(form: Form, path: Path, _stage: Any) -> None:
    """a notebook, readable and empty"""
    notebook = form.notebook()
    notebook.cells = []
    save(notebook, path)


@attack(
    "honest",
    10.0,
    ko="한글 설명과 이모지가 있는 파일",
    en="A file with Korean and emoji",
)
def korean(form: Form, path: Path, _stage: Any) -> None:
    """text is Unicode"""
    notebook = form.notebook(**{**RIGHT, "q1": "# 소프트맥스 🙂\n" + RIGHT["q1"]})
    text = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    text.source += "\n\n어텐션을 풉니다. 😀 가나다"
    save(notebook, path)


@attack("honest", 10.0, ko="BOM과 CRLF가 있는 파일", en="A file with BOM and CRLF")
def windows_text(form: Form, path: Path, _stage: Any) -> None:
    """Windows editors write both"""
    notebook = form.notebook(**RIGHT)
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(notebook, indent=1).encode())


@attack("honest", 10.0, ko="셀 id를 잃은 파일", en="A file without its cell ids")
def lost_ids(form: Form, path: Path, _stage: Any) -> None:
    """some editors write new ids; the metadata still says what a cell is"""
    notebook = form.notebook(**RIGHT)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"new-{number}"
    save(notebook, path)


@attack(
    *("honest", 10.0),
    ko="셀 메타데이터를 잃어버린 파일",
    en="A file that has lost its metadata",
    peers="the other graders know cells by their metadata only",
)
def lost_metadata(form: Form, path: Path, _stage: Any) -> None:
    """some editors drop what they do not know; the ids still say it"""
    notebook = form.notebook(**RIGHT)
    for cell in notebook.cells:
        cell.metadata = {}
    save(notebook, path)


@attack(
    *("integrity", 6.0),
    ko="메타데이터 속 경로와 HTML",
    en="Paths and HTML in the metadata",
)
def hostile_metadata(form: Form, path: Path, _stage: Any) -> None:
    """metadata is data, never a path or a page"""
    notebook = form.notebook(**right_but(ZEROS))
    words = ["../../../../etc/passwd", "<script>alert(1)</script>", "q1\n- q2", "\x00"]
    own = notebook.metadata.setdefault("vislearn", {})
    own.update(lang="../../etc", audience=words[1], extra=words)
    notebook.metadata["title"] = notebook.metadata["authors"] = words[1]
    notebook.metadata["name"] = words[0]
    for word, cell in zip(words * 10, notebook.cells, strict=False):
        cell.metadata["tags"] = [word, "nbval-skip", "raises-exception"]
        cell.metadata["name"] = word
    save(notebook, path)


@attack(
    *("honest", 10.0),
    ko="저장된 출력이 40 MB인 파일",
    en="A file with 40 MB of stored outputs",
)
def large_outputs(form: Form, path: Path, _stage: Any) -> None:
    """figures make notebooks large, and are not read"""
    notebook = form.notebook(**RIGHT)
    picture = "iVBORw0KGgo" + "A" * (40 << 20)
    data = {"image/png": picture, "text/plain": "<Figure>"}
    form.solution(notebook, "q3").outputs = [new_output("display_data", data=data)]
    save(notebook, path)


@attack(
    *("availability", 6.0),
    ko="표현식이 2만 겹인 답안",
    en="An answer nested 20,000 deep",
)
def deep_expression(form: Form, path: Path, _stage: Any) -> None:
    """what breaks a parser breaks only its own question"""
    tail = "\nx = " + "1+" * 20_000 + "1\ny = " + "-" * 20_000 + "1"
    notebook = form.notebook(**right_but(ZEROS + tail))
    helper = new_code_cell("z = " + "[" * 90_000, id="helper")
    place = notebook.cells.index(form.solution(notebook, "q2"))
    notebook.cells.insert(place, helper)
    save(notebook, path)


@attack(
    *("availability", 6.0),
    ko="줄바꿈 10만 개짜리 셀",
    en="Cells of 100,000 line breaks",
)
def blank_lines(form: Form, path: Path, _stage: Any) -> None:
    """whoever reads the file must not try every way to see nothing in it"""
    notebook = form.notebook(**right_but(ZEROS))
    for number in range(2):
        cell = new_code_cell("\n" * 100_000 + "a = 1", id=f"blank-{number}")
        notebook.cells.insert(3, cell)
    save(notebook, path)


@attack(
    *("availability", None),
    ko="코드가 60 MB인 파일",
    en="A file of 60 MB of code",
)
def mountain_of_code(form: Form, path: Path, _stage: Any) -> None:
    """nobody has written that, and reading it would keep all others waiting"""
    notebook = form.notebook(**right_but(ZEROS))
    mountain = "abc = 12345\n" * 16_000
    for number in range(300):
        notebook.cells.insert(3, new_code_cell(mountain, id=f"code-{number}"))
    save(notebook, path)


@attack(
    *("integrity", 6.0),
    ko="소스가 글이 아닌 셀들",
    en="Cells whose source is no text",
)
def sources_of_wrong_types(form: Form, path: Path, _stage: Any) -> None:
    """cells that cannot be read are passed over, the others count"""
    notebook = json.loads(json.dumps(form.notebook(**right_but(ZEROS))))
    odd: list[Any] = [
        None,
        7,
        "cell",
        {"cell_type": "code"},
        {"cell_type": "code", "source": [["emit('output', 1)"], 3], "metadata": None},
        {"cell_type": ["code"], "source": {"a": 1}, "metadata": {"vislearn": "q2"}},
        {"cell_type": "code", "source": "x = 1", "id": ["q2-solution"], "metadata": 5},
        {"cell_type": "code", "source": "\ud800 = 1\x00", "metadata": {}},
    ]
    notebook["cells"] += odd
    path.write_text(json.dumps(notebook), encoding="utf-8")
