"""Item statistics: what a lab's marks say about its questions and checks.

Only graded submissions enter. An ungraded one has no marks, and of an unreadable one
nobody has read an answer: its nought says nothing about any question and, being the
same in all of them, would make every question look as if it told learners apart. Both
are counted and nothing else. An answer that was left empty is an answer: it enters.

The definitions are those of classical test theory (Crocker and Algina, *Introduction
to Classical and Modern Test Theory*, 1986, chapters 7 and 14): difficulty is the mean
share of the points, discrimination the correlation of an item with the sum of all
*other* points, reliability Cronbach's alpha over the questions. A figure that cannot
be computed is None: never nan, never nought.
"""

from __future__ import annotations

import math
import statistics as stats
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vislearn.grading.checks.verdict import CheckResult, QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Check, Lab, Question

# With fewer learners the standard error of a correlation near 0, 1 / sqrt(n - 1), is
# above a third: the figure would say nothing.
MIN_LEARNERS = 10
CRASHES = ("kernel_died", "memory_limit", "disk_limit", "output_limit")


@dataclass(frozen=True)
class Count:
    """How often something happened."""

    name: str
    count: int


@dataclass(frozen=True)
class CheckItem:
    """One check over all learners; `lost` counts those without its points."""

    question: str
    name: str
    points: float
    count: int
    lost: int
    difficulty: float | None
    discrimination: float | None
    reasons: tuple[Count, ...]  # why it was lost, commonest first


@dataclass(frozen=True)
class QuestionItem:
    """One question over all learners.

    `difficulty` is the mean share of the points, so that 1 is easiest; `full` and
    `none` count the learners with all and with no points. Shares are of `count`.
    """

    question: str
    points: float
    count: int
    difficulty: float | None
    discrimination: float | None
    full: int
    none: int
    timeouts: float | None
    crashes: float | None
    errors: float | None
    blocked: int  # lost because an earlier question was wrong
    checks: tuple[CheckItem, ...]
    misconceptions: tuple[Count, ...]  # commonest first

    @property
    def lost_check(self) -> CheckItem | None:
        """The check that most learners lost, the first of equals."""
        worst = max(self.checks, key=lambda check: check.lost, default=None)
        return worst if worst and worst.lost else None

    @property
    def misconception(self) -> Count | None:
        """The commonest one."""
        return self.misconceptions[0] if self.misconceptions else None


@dataclass(frozen=True)
class Statistics:
    """A lab over all learners; `scores` are the autograded points, sorted."""

    submissions: int
    graded: int
    unreadable: int
    ungraded: int
    points: float
    scores: tuple[float, ...]
    mean: float | None
    median: float | None
    deviation: float | None
    quartiles: tuple[float, float] | None
    alpha: float | None
    questions: tuple[QuestionItem, ...]


def statistics(lab: Lab, records: Iterable[Record]) -> Statistics:
    """Item statistics of a batch; give one record per learner, or say that you do not.

    Args:
        records: in any state. Where learners handed in several files, give those that
            count: otherwise the same learner enters more than once.
    """
    every = list(records)
    graded = [record for record in every if _is_graded(lab, record)]
    unreadable = sum(record.state == "unreadable" for record in every)
    scores = [_total(record) for record in graded]
    columns = [
        [record.results[name].points for record in graded] for name in lab.questions
    ]
    return Statistics(
        submissions=len(every),
        graded=len(graded),
        unreadable=unreadable,
        ungraded=len(every) - len(graded) - unreadable,
        points=lab.points,
        scores=tuple(sorted(scores)),
        mean=stats.fmean(scores) if scores else None,
        median=stats.median(scores) if scores else None,
        deviation=stats.stdev(scores) if len(scores) > 1 else None,
        quartiles=_quartiles(scores),
        alpha=cronbach_alpha(columns),
        questions=tuple(
            _question(
                question, [record.results[question.id] for record in graded], scores
            )
            for question in lab.questions.values()
        ),
    )


def _is_graded(lab: Lab, record: Record) -> bool:
    return record.state == "graded" and all(
        name in record.results and record.results[name].state == "graded"
        for name in lab.questions
    )


def _total(record: Record) -> float:
    return math.fsum(result.points for result in record.results.values())


def _quartiles(scores: Sequence[float]) -> tuple[float, float] | None:
    if len(scores) < 2:
        return None
    low, _, high = stats.quantiles(scores, n=4, method="inclusive")
    return low, high


def _question(
    question: Question, results: Sequence[QuestionResult], scores: Sequence[float]
) -> QuestionItem:
    given = [result.points for result in results]
    why = Counter(result.reason for result in results)
    named = Counter(r.misconception for r in results if r.misconception)
    crashes = sum(why[reason] for reason in CRASHES)
    return QuestionItem(
        question=question.id,
        points=question.points,
        count=len(results),
        difficulty=_share(math.fsum(given), question.points * len(results)),
        discrimination=discrimination(given, scores),
        full=sum(points >= question.points for points in given),
        none=sum(points == 0 for points in given),
        timeouts=_share(why["timeout"], len(results)),
        crashes=_share(crashes, len(results)),
        errors=_share(why["error"], len(results)),
        blocked=sum(bool(result.blocked_by) for result in results),
        checks=tuple(
            _check(question.id, check, place, results, scores)
            for place, check in enumerate(question.checks)
        ),
        misconceptions=_counts(named),
    )


def _check(
    question: str,
    check: Check,
    place: int,
    results: Sequence[QuestionResult],
    scores: Sequence[float],
) -> CheckItem:
    mine = [_result_of(check, place, result) for result in results]
    given = [result.points if result else 0.0 for result in mine]
    why = Counter(r.reason if r else "no_value" for r in mine if not (r and r.passed))
    return CheckItem(
        question=question,
        name=check.name,
        points=check.points,
        count=len(results),
        lost=why.total(),
        difficulty=_share(math.fsum(given), check.points * len(results)),
        discrimination=discrimination(given, scores),
        reasons=_counts(why),
    )


def _result_of(check: Check, place: int, result: QuestionResult) -> CheckResult | None:
    """The check's own result: by its place, which is the lab's, if the name agrees."""
    if place < len(result.checks) and result.checks[place].name == check.name:
        return result.checks[place]
    return next((found for found in result.checks if found.name == check.name), None)


def _counts(counter: Counter[str]) -> tuple[Count, ...]:
    ordered = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Count(name, count) for name, count in ordered)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def discrimination(item: Sequence[float], totals: Sequence[float]) -> float | None:
    """The corrected item-total correlation: an item against all points but its own.

    None with fewer than MIN_LEARNERS learners, and where the item or the rest does not
    vary: if everybody gets the same, the question tells nobody from anybody.
    """
    if len(item) < MIN_LEARNERS:
        return None
    rest = [total - own for own, total in zip(item, totals, strict=True)]
    if _is_constant(item) or _is_constant(rest):
        return None
    return max(-1.0, min(1.0, stats.correlation(item, rest)))


def cronbach_alpha(columns: Sequence[Sequence[float]]) -> float | None:
    """Cronbach's alpha of items (columns) over learners (rows).

    None with one item, with fewer than MIN_LEARNERS learners, and without variance.
    It may be negative: then the questions measure different things.
    """
    if len(columns) < 2 or len(columns[0]) < MIN_LEARNERS:
        return None
    totals = [math.fsum(row) for row in zip(*columns, strict=True)]
    if _is_constant(totals):
        return None
    own = math.fsum(stats.variance(column) for column in columns)
    count = len(columns)
    return count / (count - 1) * (1 - own / stats.variance(totals))


def _is_constant(values: Sequence[float]) -> bool:
    """Whether all are the same, but for what sums of fractions leave behind."""
    return max(values) - min(values) <= 1e-9 * max(1.0, max(map(abs, values)))
