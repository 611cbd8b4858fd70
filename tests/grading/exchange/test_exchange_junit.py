"""One junit.xml, read back by a parser of test reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from vislearn.grading.exchange.junit import write_junit
from vislearn.grading.lab import Lab

junitparser = pytest.importorskip("junitparser")

# Children and attributes, as Jenkins' schema has them (junit-10.xsd).
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    ),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "testcase": ({"skipped", "failure"}, {"name", "classname", "time"}),
    "skipped": (set(), {"type", "message"}),
    "failure": (set(), {"type", "message"}),
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "property": {"name", "value"},
    "testcase": {"name"},
}


@pytest.fixture
def records(minilab: Lab, record_of: Callable[..., Any]) -> list[Any]:
    return [
        record_of(minilab, "ada", lang="en"),
        record_of(minilab, "2026-김철수", {"q1": ("rows",), "q3": ("mask",)}),
        record_of(minilab, "lee", state="ungraded", reason="ungraded"),
        record_of(minilab, "han", state="unreadable", reason="not_json"),
    ]


def test_cases_failures_and_skips_are_counted(
    minilab: Lab, records: list[Any], tmp_path: Path
) -> None:
    write_junit(minilab, records, tmp_path / "junit.xml")
    read = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    suites = {suite.name.split("/")[0]: suite for suite in read}
    assert list(suites) == ["2026-김철수", "ada", "han", "lee"]
    counts = {n: (s.tests, s.failures, s.skipped) for n, s in suites.items()}
    assert counts == {
        "2026-김철수": (5, 2, 0),
        "ada": (5, 0, 0),
        "han": (5, 5, 0),
        "lee": (5, 0, 5),
    }
    assert (read.tests, read.failures) == (20, 7)


def test_points_and_reasons_are_told(
    minilab: Lab, records: list[Any], tmp_path: Path
) -> None:
    write_junit(minilab, records, tmp_path / "junit.xml")
    read = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    kim, _, _, lee = read
    facts = {fact.name: fact.value for fact in kim.properties()}
    assert facts["points"] == "5"
    assert facts["points.q1.rows"] == "0/2"
    assert facts["handed_in"] == "2026-11-02T09:30:00+09:00"
    assert {fact.name: fact.value for fact in lee.properties()}["points"] == ""
    case = next(case for case in kim if case.name == "q1.rows")
    assert case.result[0].type == "wrong_value"
    assert "각 행의 합은 1이어야 합니다." in case.result[0].text


def test_the_structure_is_that_of_the_schema(
    minilab: Lab, records: list[Any], tmp_path: Path
) -> None:
    root = Xml.parse(write_junit(minilab, records, tmp_path / "junit.xml")).getroot()
    for element in root.iter():
        children, attributes = ALLOWED[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.attrib) <= attributes
        assert set(element.attrib) >= REQUIRED.get(element.tag, set())


def test_the_order_does_not_depend_on_that_of_the_records(
    minilab: Lab, records: list[Any], tmp_path: Path
) -> None:
    one = write_junit(minilab, records, tmp_path / "1.xml").read_bytes()
    two = write_junit(minilab, records[::-1], tmp_path / "2.xml").read_bytes()
    assert one == two


def test_names_that_learners_chose_cannot_break_the_file(
    minilab: Lab, records: list[Any], tmp_path: Path
) -> None:
    name = 'a"/><testcase name="x">\x00\x1b[31m&\ufffe'
    record = dataclasses.replace(records[0], key=name, student=name)
    read = Xml.parse(write_junit(minilab, [record], tmp_path / "j.xml")).getroot()
    suite = read[0]
    assert len(suite.findall("testcase")) == 5
    assert suite.get("name") == name.translate(
        dict.fromkeys(map(ord, "\x00\x1b\ufffe"), "\N{REPLACEMENT CHARACTER}")
    )
