"""A misconception is shown on the smallest public case, and nothing hidden leaks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from vislearn.grading import emit as emitting
from vislearn.grading.check import check_notebook
from vislearn.grading.checks.cases import case_lines, case_text, decode_case
from vislearn.grading.checks.cases import smallest_difference as smallest
from vislearn.grading.checks.counterexamples import (
    counter_example_lines,
    read_cases,
    write_cases,
)
from vislearn.grading.emit import PUBLIC_SECRET, SEEDS_VARIABLE, emit_case
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.reference import reference
from vislearn.grading.release import bundle, release
from vislearn.grading.selftest import check_lab

MINILAB = Path(__file__).parent / "minilab"
LABS = sorted((Path(__file__).parents[2] / "labs").glob("*/lab.yml"))


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """case(function, *args, **kw): what emit_case sends to the grader."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(emitting, "publish", lambda payload: found.append(payload))
    monkeypatch.setenv(SEEDS_VARIABLE, "{}")

    def emitted(function: Callable[..., Any], *args: Any, **kw: Any) -> dict[str, Any]:
        emit_case("q1", function, *args, **kw)
        return json.loads(json.dumps(found[-1], allow_nan=False))

    return emitted


def double(values: Any, times: int = 2) -> Any:
    return np.asarray(values) * times


def triple(values: Any, times: int = 3) -> Any:
    return np.asarray(values) * 3


triple.__name__ = "double"


def test_the_smallest_case_that_differs_is_shown(case: Any) -> None:
    inputs = ([0.0, 0.0], [4.0, 5.0, 6.0], [1.0, 2.0], [3.0, 1.0])
    expected = [case(double, values) for values in inputs]
    got = [case(triple, values) for values in inputs]
    found = smallest(expected, got)
    assert found is not None
    assert case_lines(*found, "ko") == [
        "작은 입력: double(values=[1, 2])",
        "기대한 값: [2, 4]",
        "나온 값: [3, 6]",
    ]
    assert case_lines(*found, "en")[0] == "small input: double(values=[1, 2])"
    assert smallest(expected, expected) is None


def test_an_error_is_a_result(case: Any) -> None:
    def double(values: Any) -> Any:
        raise ValueError("no room for 2 numbers")

    def other(values: Any) -> Any:
        raise ValueError("another message")

    other.__name__ = "double"
    right, wrong = case(globals()["double"], [1.0]), case(double, [1.0])
    assert case_lines(decode_case(right), decode_case(wrong), "en")[1:] == [
        "expected: [2]",
        "got: ValueError: no room for 2 numbers",
    ]
    assert smallest([wrong], [case(other, [1.0])]) is None  # messages are free


def test_a_function_that_is_not_written_yet_has_no_counter_example(case: Any) -> None:
    def double(values: Any) -> Any:
        if len(values) < 2:
            raise NotImplementedError("q1")
        return np.zeros(2)

    inputs = [1.0], [1.0, 2.0]
    expected = [case(globals()["double"], values) for values in inputs]
    got = [case(double, values) for values in inputs]
    found = smallest(expected, got)
    assert found is not None
    assert found[1].size == 2
    assert smallest(expected[:1], got[:1]) is None


def test_arguments_that_were_changed_are_shown(case: Any) -> None:
    def plus(values: Any) -> Any:
        values += 1
        return values * 1

    right, wrong = case(lambda values: values + 1, np.zeros(2)), case(plus, np.zeros(2))
    right["data"]["call"] = "plus"
    found = smallest([right], [wrong])
    assert found is not None
    assert case_lines(*found, "en") == [
        "small input: plus(values=[0, 0])",
        "expected (values after the call): [0, 0]",
        "got (values after the call): [1, 1]",
    ]
    assert "! values → [1, 1]" in case_text(wrong)


def test_only_the_part_that_differs_is_shown_and_never_more_than_six_lines(
    case: Any,
) -> None:
    def pair(values: Any) -> Any:
        return values.sum(), values * 1.0

    def other(values: Any) -> Any:
        return values.sum(), values + np.eye(19)[3] * 1e-3

    other.__name__ = "pair"
    values = np.arange(380.0).reshape(20, 19) / 7
    found = smallest([case(pair, values)], [case(other, values)])
    assert found is not None
    lines = case_lines(*found, "en")
    assert len(lines) <= 6
    assert max(len(line) for line in lines) <= 80
    assert lines[3].startswith("expected [1][0]: [0, 0.1429, 0.2857, 0.4286, ")
    assert lines[-1].startswith("got [1][0]: [0, 0.1429, 0.2857, 0.4296, ")


def test_numbers_that_look_alike_get_more_digits(case: Any) -> None:
    def near(value: float) -> float:
        return value + 3e-4

    def same(value: float) -> float:
        return value

    near.__name__ = "same"
    found = smallest([case(same, 2.5)], [case(near, 2.5)])
    assert found is not None
    assert case_lines(*found, "en")[1:] == ["expected: 2.5", "got: 2.5003"]


def test_inputs_must_be_small(case: Any) -> None:
    with pytest.raises(ValueError, match="at most 400 numbers"):
        case(double, np.zeros(401))
    sent = case(lambda values: np.zeros((99, 99)), [1.0])  # the answer may be anything
    assert case_text(sent).endswith("→ <ndarray(99, 99)>")


def test_in_a_notebook_a_case_prints_what_came_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(SEEDS_VARIABLE, raising=False)

    def stub(values: Any) -> Any:
        raise NotImplementedError("q1")

    emit_case("q1", double, [1.0, 2.0], times=3)
    emit_case("q1", stub, [1.0])
    assert capsys.readouterr().out == (
        "double(values=[1, 2], times=3)\n  → [3, 6]\n"
        "stub(values=[1])\n  → NotImplementedError: q1\n"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "float64"},
        {"data": None},
        {"data": {}},
        {"data": {"call": "f", "inputs": [1], "keywords": [], "output": {}}},
        {"data": {"call": "f", "inputs": [], "keywords": [], "output": 3}},
    ],
)
def test_a_malformed_case_is_no_case(case: Any, change: dict[str, Any]) -> None:
    good = case(double, [1.0])
    assert decode_case(good).size == 1
    with pytest.raises(ValueError, match="malformed"):
        decode_case({**good, **change})
    assert smallest([good], [{**good, **change}]) is None


def test_a_report_shows_the_case_of_the_misconception(
    minilab: Lab, tmp_path: Path
) -> None:
    written = write_cases(minilab, tmp_path)
    assert written == tmp_path / "cases.json"
    cases = read_cases(tmp_path)
    assert set(cases) == {mutant.name for mutant in minilab.mutants}
    assert cases["q1_columns"]["en"] == [
        "small input: softmax(scores=[[0, 0]])",
        "expected: [[0.5, 0.5]]",
        "got: [[1, 1]]",
    ]
    assert cases["q3_inverted"]["ko"][1:] == ["기대한 값: 6", "나온 값: 2"]
    known = reference(minilab, PUBLIC_SECRET, public=True)
    assert counter_example_lines(minilab, known, "q9_unknown", "ko") == []
    assert read_cases(tmp_path / "elsewhere") == {}


def test_hidden_inputs_have_no_part_in_it(minilab: Lab) -> None:
    """The reference of a secret runs no case, so that none can be taken from it."""
    hidden = reference(minilab, "a secret of the course")
    for measured in (*hidden.solutions.values(), *hidden.mutants.values()):
        assert not [name for name in measured.values if name.startswith("case:")]


def test_the_check_bundle_knows_stochastic_misconceptions_and_no_answer(
    minilab: Lab,
) -> None:
    made = bundle(minilab, reference(minilab, PUBLIC_SECRET, public=True))
    mutants = {mutant["name"]: mutant for mutant in made["mutants"]}
    assert mutants["q3_inverted"]["recognise"] == "predicates:hides_a_quarter"
    assert "def hides_a_quarter" in made["predicates"]["predicates"]
    assert "raised.sum" not in json.dumps(made)


@pytest.fixture(scope="module")
def released(minilab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release")
    release(minilab, ["ko", "en"], out)
    return out


def filled(folder: Path, lang: str, **answers: str) -> Path:
    notebook = nbformat.read(folder / f"minilab.{lang}.ipynb", as_version=4)
    for cell in notebook.cells:
        question = cell.metadata.get("vislearn", {}).get("question", "")
        if cell.id.endswith("-solution") and question in answers:
            cell.source = answers[question]
    path = folder / f"mine.{lang}.ipynb"
    nbformat.write(notebook, path)
    return path


def test_learners_see_the_case_for_their_own_mistake(
    released: Path, right: dict[str, str]
) -> None:
    """No mutant divides by two; the case comes from running the learner's code."""
    own = right["q1"].replace("return raised /", "return 0.5 * raised /")
    inverted = right["q3"].replace("np.zeros", "np.ones").replace("= True", "= False")
    path = filled(released, "ko", q1=own, q2=right["q2"], q3=inverted)
    lines, _ = check_notebook(path)
    assert "작은 입력: softmax(scores=[[0, 0]])" in lines[0].messages
    assert "나온 값: [[0.25, 0.25]]" in lines[0].messages
    assert "먼저 고칠 문제: q1. 이 문제는 그 답을 씁니다." in lines[1].messages
    assert lines[2].messages[0] == "가린 것과 남긴 것이 뒤바뀌었습니다."
    assert "나온 값: 2" in lines[2].messages


def test_a_right_answer_has_no_counter_example(
    released: Path, right: dict[str, str]
) -> None:
    lines, _ = check_notebook(filled(released, "en", **right))
    assert [line.messages for line in lines] == [("Right.",)] * 3


def test_students_get_the_cases_and_they_run_with_an_empty_answer(
    released: Path,
) -> None:
    notebook = nbformat.read(released / "minilab.en.ipynb", as_version=4)
    cells = [c for c in notebook.cells if c.metadata.get("vislearn", {}).get("role")]
    names: dict[str, Any] = {}
    run = [c for c in cells if c.metadata["vislearn"]["role"] in ("setup", "solution")]
    cases = [c for c in cells if c.metadata["vislearn"]["role"] == "cases"]
    assert [cell.id for cell in cases] == ["q1-cases", "q2-cases", "q3-cases"]
    for cell in (*run, *cases):
        exec(cell.source, names)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {
                "[1000.0, 1000.0]": "[1.0, 1.0]",
                "role: cases, question: q2": "role: demo",
                "int(random_mask(count, ratio).sum())": "random_mask(99, ratio)",
            },
            {
                ("q1", "mutant q1_overflow"): "no small case shows it",
                ("q2", "small cases"): "no cell with role cases",
                ("q3", "small cases"): "the solution gives other results: small input",
            },
        ),
        (
            {
                "np.array([[0.0, 0.0], [1000.0, 1000.0]])": "np.array([999.0, 999.0])",
                'emit_case("q3"': 'emit_case("q2"',
            },
            {
                ("q1", "small cases"): "alternative q1_log gives other results: small",
                ("q3", "small cases"): "no cell calls emit_case('q3', ...)",
                ("q3", "mutant q3_inverted"): "no small case shows it",
            },
        ),
    ],
)
def test_cases_that_show_nothing_are_problems_of_the_lab(
    tmp_path: Path, changes: dict[str, str], problems: dict[tuple[str, str], str]
) -> None:
    folder = tmp_path / "minilab"
    shutil.copytree(MINILAB, folder)
    text = (folder / "lab.md").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "lab.md").write_text(text, encoding="utf-8")
    findings = check_lab(load_lab(folder), min_mutants=1)
    found = {(f.question, f.answer): f.problem for f in findings if f.problem}
    assert set(found) == set(problems)
    for key, problem in problems.items():
        assert found[key].startswith(problem)


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.parent.name)
def test_every_misconception_of_the_course_has_a_readable_example(path: Path) -> None:
    lab = load_lab(path.parent)
    known = reference(lab, PUBLIC_SECRET, public=True)
    for mutant in lab.mutants:
        lines = counter_example_lines(lab, known, mutant.name, "en")
        assert 3 <= len(lines) <= 6, mutant.name
        assert not any(line.endswith("…") for line in lines), (mutant.name, lines)
