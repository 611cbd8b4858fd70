"""All marks as one JUnit XML file, for what reads test reports (Jenkins, GitLab, …).

A suite is a submission, a case is one check of one question, in the lab's order. The
structure is that of the schema that Jenkins checks with (junit-10.xsd), which knows no
properties of a case, so points stand among the properties of the suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as Xml

from vislearn.grading.checks.verdict import CheckResult, QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import reason
from vislearn.grading.pages.learner_page import feedback_lines
from vislearn.grading.pages.render import write_whole

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(lab: Lab, records: Iterable[Record], out: Path) -> Path:
    """Write the results of all submissions into one file."""
    root = Xml.Element("testsuites", name=lab.id)
    ordered = sorted(records, key=lambda record: record.key)
    suites = [_suite(lab, record) for record in ordered]
    root.extend(suites)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    Xml.indent(root)
    text = Xml.tostring(root, encoding="unicode")
    write_whole(out, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')
    return out


def _suite(lab: Lab, record: Record) -> Xml.Element:
    suite = Xml.Element("testsuite", name=_text(record.key))
    properties = Xml.SubElement(suite, "properties")
    facts = {
        "student": record.student,
        "state": record.state,
        "points": "" if record.points is None else f"{record.points:g}",
        "max_points": f"{lab.points:g}",
        "handed_in": record.handed_in,
        "sha256": record.sha,
    }
    seconds = 0.0
    cases = []
    for name, question in lab.questions.items():
        result = record.results.get(name)
        seconds += result.seconds if result else 0.0
        known = {check.name: check for check in result.checks} if result else {}
        for check in question.checks:
            case, points = _case(
                lab, record, name, check.name, result, known.get(check.name)
            )
            facts[f"points.{name}.{check.name}"] = f"{points}/{check.points:g}"
            cases.append(case)
    for fact, content in facts.items():
        Xml.SubElement(properties, "property", name=_text(fact), value=_text(content))
    suite.extend(cases)
    kinds = {"failures": "failure", "skipped": "skipped"}
    suite.set("tests", str(len(cases)))
    suite.set("errors", "0")
    for count, kind in kinds.items():
        suite.set(count, str(sum(case.find(kind) is not None for case in cases)))
    suite.set("time", f"{seconds:.3f}")
    return suite


def _case(
    lab: Lab,
    record: Record,
    question: str,
    name: str,
    result: QuestionResult | None,
    check: CheckResult | None,
) -> tuple[Xml.Element, str]:
    """One check, and its points as text; without a verdict it is skipped."""
    case = Xml.Element(
        "testcase",
        classname=f"{lab.id}.{_text(record.student)}",
        name=f"{question}.{name}",
    )
    if record.state == "unreadable":
        said = reason(record.reason, record.lang)
        _outcome(case, "failure", record.reason, said, said)
        return case, "0"
    if result is None or check is None or result.state != "graded":
        said = reason("ungraded", record.lang)
        _outcome(case, "skipped", "ungraded", said, said)
        return case, "-"
    if not check.passed:
        lines = "\n".join(feedback_lines(lab, result, record.lang))
        why = check.reason or result.reason
        _outcome(case, "failure", why, reason(why, record.lang), lines)
    return case, f"{check.points:g}"


def _outcome(case: Xml.Element, tag: str, kind: str, message: str, text: str) -> None:
    made = Xml.SubElement(case, tag, type=_text(kind), message=_text(message))
    made.text = _text(text)


def _text(text: str) -> str:
    """Text without the characters that no XML may hold, even escaped."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
