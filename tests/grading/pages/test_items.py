"""Item statistics agree with other people's arithmetic and never say nan."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.pages.items import (
    MIN_LEARNERS,
    Statistics,
    cronbach_alpha,
    statistics,
)

Class = Callable[..., list[Record]]
Answer = Callable[..., QuestionResult]


@pytest.fixture(scope="module")
def records(lab01: Lab, class_of: Class) -> list[Record]:
    return class_of(lab01, 60)


@pytest.fixture(scope="module")
def found(lab01: Lab, records: list[Record]) -> Statistics:
    return statistics(lab01, records)


def table(lab: Lab, records: list[Record]) -> np.ndarray:
    """Points by learner and question."""
    graded = [record for record in records if record.state == "graded"]
    return np.array(
        [[record.results[name].points for name in lab.questions] for record in graded]
    )


def numbers(value: Any) -> list[float]:
    """Every number anywhere in a dataclass."""
    if dataclasses.is_dataclass(value):
        return numbers([getattr(value, f.name) for f in dataclasses.fields(value)])
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, float) else []


def of_points(lab: Lab, answered: Answer, right: list[list[bool]]) -> list[Record]:
    """Records of learners who got whole questions right or wrong."""
    made = []
    for number, row in enumerate(right):
        results = {
            q.id: answered(q, [good] * len(q.checks))
            for q, good in zip(lab.questions.values(), row, strict=True)
        }
        made.append(
            Record(f"{number}.ipynb", f"s{number}", "", "graded", "ko", "", (), results)
        )
    return made


def test_difficulty_is_the_mean_share_of_the_points(
    lab01: Lab, records: list[Record], found: Statistics
) -> None:
    points = np.array([question.points for question in lab01.questions.values()])
    expected = (table(lab01, records) / points).mean(axis=0)
    assert [item.difficulty for item in found.questions] == pytest.approx(expected)


def test_discrimination_is_pearsons_correlation_with_the_other_points(
    lab01: Lab, records: list[Record], found: Statistics
) -> None:
    from scipy.stats import pearsonr

    marks = table(lab01, records)
    expected = [
        pearsonr(marks[:, n], np.delete(marks, n, axis=1).sum(axis=1)).statistic
        for n in range(marks.shape[1])
    ]
    assert [item.discrimination for item in found.questions] == pytest.approx(expected)


def test_a_checks_discrimination_leaves_out_that_check_only(
    lab01: Lab, records: list[Record], found: Statistics
) -> None:
    from scipy.stats import pearsonr

    own = [r.results["q2"].checks[3].points for r in records if r.state == "graded"]
    rest = table(lab01, records).sum(axis=1) - own
    item = found.questions[1].checks[3]
    assert item.discrimination == pytest.approx(pearsonr(own, rest).statistic)


def test_alpha_follows_from_the_covariance_matrix(
    lab01: Lab, records: list[Record], found: Statistics
) -> None:
    covariance = np.cov(table(lab01, records), rowvar=False)
    count = len(covariance)
    between = covariance.sum() - np.trace(covariance)
    expected = count / (count - 1) * between / covariance.sum()
    assert found.alpha == pytest.approx(expected)
    assert 0 < expected < 1


def test_the_distribution_of_marks_agrees_with_numpy(
    lab01: Lab, records: list[Record], found: Statistics
) -> None:
    totals = table(lab01, records).sum(axis=1)
    assert found.scores == pytest.approx(sorted(totals))
    assert found.mean == pytest.approx(totals.mean())
    assert found.median == pytest.approx(np.median(totals))
    assert found.deviation == pytest.approx(totals.std(ddof=1))
    assert found.quartiles == pytest.approx(np.quantile(totals, [0.25, 0.75]))


def test_only_graded_submissions_enter(
    lab01: Lab, records: list[Record], found: Statistics
) -> None:
    states = Counter(record.state for record in records)
    assert (found.graded, found.unreadable, found.ungraded) == (
        states["graded"],
        states["unreadable"],
        states["ungraded"],
    )
    assert found.unreadable > 0
    assert found.ungraded > 0
    kept = [record for record in records if record.state == "graded"]
    assert statistics(lab01, kept).questions == found.questions
    assert {item.count for item in found.questions} == {states["graded"]}


def test_a_record_that_lacks_a_question_does_not_enter(
    minilab: Lab, answered: Answer
) -> None:
    whole = of_points(minilab, answered, [[True, True, True]])[0]
    part = dataclasses.replace(whole, results={"q1": whole.results["q1"]})
    assert statistics(minilab, [whole, part]).graded == 1


def test_the_commonest_lost_check_and_misconception_are_counted(
    minilab: Lab, answered: Answer
) -> None:
    records = of_points(minilab, answered, [[True, True, True]] * 4)
    q1 = minilab.questions["q1"]
    wrong = [
        answered(q1, [True, False], misconception="q1_overflow"),
        answered(q1, [False, False], misconception="q1_columns"),
        answered(q1, [True, False], misconception="q1_overflow"),
    ]
    records[:3] = [
        dataclasses.replace(record, results={**record.results, "q1": result})
        for record, result in zip(records, wrong, strict=False)
    ]
    item = statistics(minilab, records).questions[0]
    assert item.lost_check is not None
    assert (item.lost_check.name, item.lost_check.lost) == ("large", 3)
    assert item.misconception is not None
    assert (item.misconception.name, item.misconception.count) == ("q1_overflow", 2)
    assert (item.full, item.none) == (1, 1)


def test_shares_of_timeouts_crashes_and_errors(minilab: Lab, answered: Answer) -> None:
    reasons = ["timeout", "kernel_died", "memory_limit", "error", "ok"]
    records = of_points(minilab, answered, [[True, True, True]] * len(reasons))
    q2 = minilab.questions["q2"]
    records = [
        dataclasses.replace(
            record,
            results={**record.results, "q2": answered(q2, [False, False], reason)},
        )
        for record, reason in zip(records, reasons, strict=True)
    ]
    item = statistics(minilab, records).questions[1]
    assert (item.timeouts, item.crashes, item.errors) == (0.2, 0.4, 0.2)


def test_too_few_learners_have_no_correlations(minilab: Lab, answered: Answer) -> None:
    rows = [[n % 2 == 0, n % 3 == 0, n % 2 == 0] for n in range(MIN_LEARNERS)]
    enough = statistics(minilab, of_points(minilab, answered, rows))
    fewer = statistics(minilab, of_points(minilab, answered, rows[1:]))
    assert enough.alpha is not None
    assert enough.questions[0].discrimination is not None
    assert fewer.alpha is None
    assert {item.discrimination for item in fewer.questions} == {None}


def test_without_variance_there_is_no_discrimination(
    minilab: Lab, answered: Answer
) -> None:
    rows = [[True, n % 2 == 0, False] for n in range(20)]
    items = statistics(minilab, of_points(minilab, answered, rows)).questions
    assert [item.discrimination for item in items] == [None, None, None]
    same = statistics(minilab, of_points(minilab, answered, [[True] * 3] * 20))
    assert same.alpha is None


@pytest.mark.parametrize("size", [0, 1, 2, 9, 40])
def test_no_figure_is_ever_nan(lab01: Lab, class_of: Class, size: int) -> None:
    found = numbers(statistics(lab01, class_of(lab01, size)))
    assert all(math.isfinite(number) for number in found)


def test_alpha_may_be_negative_and_is_one_for_equal_questions() -> None:
    dice = np.random.default_rng(0)
    one = dice.integers(0, 5, 30).tolist()
    assert cronbach_alpha([one, one, one]) == pytest.approx(1)
    opposed = [4 - value + (n % 2) for n, value in enumerate(one)]
    value = cronbach_alpha([one, opposed])
    assert value is not None
    assert value < 0
