"""Which attempt counts and what lateness costs: the rules of a course term."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab
from vislearn.grading.messages import REASONS
from vislearn.grading.people.policy import Accommodation, Late, Policy, Step, marks
from vislearn.grading.people.policy_file import parse_policy, read_policy
from vislearn.grading.people.roster import Roster, Student
from vislearn.grading.people.rubric import ManualRow, RubricItem
from vislearn.grading.people.times import iso, lateness, read_time

hypothesis = pytest.importorskip("hypothesis")
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies

SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")  # its clocks go back on 2026-10-25
DEADLINE = datetime(2026, 11, 2, 23, 59, tzinfo=SEOUL)
TEN_A_DAY = Late(percent_per_day=10, max_percent=50)


@pytest.fixture(scope="module")
def rubric_lab(minilab: Lab) -> Lab:
    items = (
        RubricItem("analysis", {"ko": "분석", "en": "Analysis"}, 40.0),
        RubricItem("style", {"ko": "글", "en": "Writing"}, 10.0),
    )
    return replace(minilab, rubric=items)


def record(
    lab: Lab,
    points: float | None,
    hours: float | None = -1,
    *,
    student: str = "kim",
    key: str = "",
    deadline: datetime = DEADLINE,
) -> Record:
    """An attempt `hours` after the deadline; without points it is ungraded."""
    time = "" if hours is None else iso(deadline + timedelta(hours=hours))
    name = next(iter(lab.questions))
    state = "ungraded" if points is None else "graded"
    result = QuestionResult(name, state, points or 0.0, lab.points, ())
    return Record(
        key=key or f"{student}/{hours}.ipynb",
        student=student,
        sha=f"sha-{student}-{hours}-{points}",
        state=state,
        lang="ko",
        reason="ungraded" if points is None else "",
        notes=(),
        results={name: result},
        handed_in=time,
    )


def unreadable(lab: Lab, hours: float = -1, student: str = "kim") -> Record:
    broken = record(lab, 0.0, hours, student=student)
    return replace(broken, state="unreadable", reason="not_json", results={})


def one(lab: Lab, records: list[Record], policy: Policy, **more):
    (mark,) = marks(lab, records, policy, **more)
    return mark


def test_times_are_shown_on_the_clock_of_the_deadline(minilab):
    early = replace(record(minilab, 6), handed_in="2026-11-02T14:00:00+00:00")
    assert one(minilab, [early], Policy(DEADLINE)).handed_in == (
        "2026-11-02T23:00:00+09:00"
    )
    assert one(minilab, [early], Policy()).handed_in == early.handed_in


def test_exactly_at_the_deadline_is_in_time_and_a_second_later_is_not(minilab):
    policy = Policy(DEADLINE, late=TEN_A_DAY)
    assert one(minilab, [record(minilab, 6, 0)], policy).penalty == 0
    late = one(minilab, [record(minilab, 6, 1 / 3600)], policy)
    assert (late.penalty, late.points) == (0.6, 5.4)


def test_after_the_grace_lateness_counts_from_the_deadline(minilab):
    policy = Policy(DEADLINE, grace_minutes=10, late=TEN_A_DAY)
    within = one(minilab, [record(minilab, 6, 10 / 60)], policy)
    assert (within.points, within.late_days) == (6, 0)
    beyond = one(minilab, [record(minilab, 6, 24 + 1)], policy)
    assert (beyond.penalty, beyond.late_days) == (1.2, 1.0417)


@pytest.mark.parametrize(
    ("per", "hours", "percent"),
    [
        ("day", 23.9, 0),
        ("day", 24, 10),
        ("started_day", 0.1, 10),
        ("started_day", 24, 10),
        ("started_day", 24.1, 20),
        ("hour", 11.5, 5),
        ("hour", 12, 5),
        ("started_day", 24 * 30, 50),
    ],
)
def test_a_rate_counts_full_days_started_days_or_started_hours(
    minilab, per, hours, percent
):
    policy = Policy(DEADLINE, late=replace(TEN_A_DAY, per=per))
    mark = one(minilab, [record(minilab, 10, hours)], policy)
    assert mark.penalty == pytest.approx(percent / 10)


def test_steps_take_the_largest_percentage_that_applies(minilab):
    late = Late(steps=(Step(10), Step(25, after_days=1), Step(100, after_days=7)))
    policy = Policy(DEADLINE, late=late)
    points = [
        one(minilab, [record(minilab, 10, hours)], policy).points
        for hours in (-1, 0.5, 24, 24.5, 24 * 7, 24 * 7 + 1)
    ]
    assert points == [10, 9, 9, 7.5, 7.5, 0]


def test_a_penalty_of_the_points_possible_never_goes_below_zero(minilab):
    policy = Policy(DEADLINE, late=Late(percent_per_day=50, of="possible"))
    mark = one(minilab, [record(minilab, 2, 1)], policy)
    assert (mark.penalty, mark.points) == (2, 0)


@pytest.mark.parametrize("zone", ["+09:00", "Z", "-08:00"])
def test_the_same_instant_costs_the_same_in_every_offset(minilab, zone):
    moved = read_time(f"2026-11-03T02:59{zone}")
    handed_in = replace(record(minilab, 10), handed_in=iso(moved))
    hours = (moved - DEADLINE).total_seconds() / 3600
    direct = one(
        minilab, [record(minilab, 10, hours)], Policy(DEADLINE, late=TEN_A_DAY)
    )
    policy = Policy(DEADLINE, late=TEN_A_DAY)
    assert one(minilab, [handed_in], policy).points == direct.points


def test_a_day_of_25_hours_counts_as_one_day():
    deadline = datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN)
    next_day = datetime(2026, 10, 25, 23, 59, tzinfo=BERLIN)
    late = lateness(deadline, next_day)
    assert (late.seconds, late.started_days, late.days) == (25 * 3600, 1, 1)
    assert lateness(deadline, next_day + timedelta(seconds=1)).started_days == 2


def test_the_hour_that_comes_twice_counts_for_the_learner():
    deadline = read_time("2026-10-25T02:30", BERLIN)
    first = read_time("2026-10-25T02:45+02:00")  # before the clocks went back
    second = read_time("2026-10-25T02:45+01:00")
    assert lateness(deadline, first).seconds == 0
    assert lateness(deadline, second).seconds == 15 * 60


def test_a_day_that_ends_in_the_hour_that_comes_twice_ends_the_second_time():
    deadline = read_time("2026-10-24T02:30", BERLIN)
    first, second = (read_time(f"2026-10-25T02:45+0{n}:00") for n in (2, 1))
    assert lateness(deadline, first).started_days == 1
    assert lateness(deadline, second).started_days == 2


def test_after_the_end_there_are_no_points_and_the_mark_says_why(minilab):
    closes = DEADLINE + timedelta(days=2)
    policy = Policy(DEADLINE, closes=closes)
    mark = one(minilab, [record(minilab, 10, 49)], policy)
    assert (mark.points, mark.penalty, mark.auto) == (0, 10, 10)
    assert "closed" in mark.notes
    assert one(minilab, [record(minilab, 10, 48)], policy).points == 10


def test_an_attempt_after_the_end_does_not_replace_one_before(minilab):
    policy = Policy(closes=DEADLINE, attempts="last")
    records = [record(minilab, 4, -1), record(minilab, 10, 1)]
    assert one(minilab, records, policy).points == 4


def test_the_best_attempt_is_the_best_after_the_penalty(minilab):
    policy = Policy(DEADLINE, late=Late(percent_per_day=50))
    records = [record(minilab, 6, -1), record(minilab, 10, 1)]
    mark = one(minilab, records, policy)
    assert (mark.points, mark.attempts, mark.record) == (6, 2, records[0])


def test_of_equally_good_attempts_the_unpunished_counts_then_the_latest(rubric_lab):
    policy = Policy(DEADLINE, late=TEN_A_DAY)
    records = [record(rubric_lab, 0, hours) for hours in (-5, -1, 1)]
    assert one(rubric_lab, records, policy).record == records[1]


@pytest.mark.parametrize(("rule", "points"), [("best", 8), ("last", 5), ("first", 3)])
def test_best_last_and_first(minilab, rule, points):
    records = [record(minilab, p, h) for p, h in ((5, -1), (3, -9), (8, -5))]
    assert one(minilab, records, Policy(attempts=rule)).points == points


def test_attempts_beyond_the_limit_do_not_count(minilab):
    records = [record(minilab, p, h) for p, h in ((2, -9), (4, -8), (10, -7))]
    assert one(minilab, records, Policy(max_attempts=2)).points == 4
    more = {"kim": Accommodation(max_attempts=3)}
    policy = Policy(max_attempts=2, accommodations=more)
    assert one(minilab, records, policy).points == 10


def test_attempts_without_times_are_counted_in_natural_order(minilab):
    records = [
        record(minilab, 3, None, key="kim/attempt-2/lab.ipynb"),
        record(minilab, 5, None, key="kim/attempt-10/lab.ipynb"),
    ]
    assert one(minilab, records, Policy(attempts="last")).points == 5


def test_an_ungraded_last_attempt_is_not_replaced_by_the_one_before(minilab):
    records = [record(minilab, 9, -5), record(minilab, None, -1)]
    mark = one(minilab, records, Policy(attempts="last"))
    assert (mark.auto, mark.points, mark.record) == (None, None, records[1])
    assert "ungraded" in mark.notes


def test_best_waits_for_an_ungraded_attempt_that_could_still_win(minilab):
    records = [record(minilab, 9, -5), record(minilab, None, -1)]
    mark = one(minilab, records, Policy(attempts="best"))
    assert (mark.points, mark.record) == (None, records[1])


def test_best_does_not_wait_for_an_attempt_that_cannot_win(minilab):
    full = minilab.points
    perfect = [record(minilab, full, -5), record(minilab, None, -1)]
    assert one(minilab, perfect, Policy()).points == full
    policy = Policy(DEADLINE, late=Late(percent_per_day=50))
    too_late = [record(minilab, full / 2, -5), record(minilab, None, 1)]
    assert one(minilab, too_late, policy).points == full / 2


def test_only_ungraded_attempts_give_no_mark_and_never_zero(minilab):
    for rule in ("best", "last", "first"):
        mark = one(
            minilab, [record(minilab, None, 30)], Policy(DEADLINE, attempts=rule)
        )
        assert (mark.auto, mark.points, mark.penalty) == (None, None, 0)


def test_an_unreadable_notebook_has_zero_points_and_its_reason(minilab):
    mark = one(minilab, [unreadable(minilab)], Policy())
    assert (mark.points, mark.notes) == (0, ("not_json",))
    both = [unreadable(minilab, -1), record(minilab, 7, -5)]
    assert one(minilab, both, Policy(attempts="best")).points == 7
    assert one(minilab, both, Policy(attempts="last")).points == 0


def test_an_extension_moves_one_students_deadline_and_end(minilab):
    later = DEADLINE + timedelta(days=3)
    policy = Policy(
        DEADLINE,
        closes=DEADLINE + timedelta(days=1),
        late=TEN_A_DAY,
        extensions={"kim": later},
    )
    records = [record(minilab, 10, 71), record(minilab, 10, 71, student="lee")]
    points = {m.student: m.points for m in marks(minilab, records, policy)}
    assert points == {"kim": 10, "lee": 0}


def test_accommodations_add_hours_or_drop_the_penalty(minilab):
    policy = Policy(
        DEADLINE,
        late=TEN_A_DAY,
        accommodations={
            "kim": Accommodation(extra_hours=24),
            "lee": Accommodation(no_penalty=True),
        },
    )
    records = [record(minilab, 10, 23, student=s) for s in ("kim", "lee", "park")]
    points = {m.student: m.points for m in marks(minilab, records, policy)}
    assert points == {"kim": 10, "lee": 10, "park": 9}


def test_an_extension_for_somebody_who_is_not_in_the_roster_is_refused(minilab):
    policy = Policy(DEADLINE, extensions={"kim2": DEADLINE})
    with pytest.raises(ValueError, match=r"extensions: 'kim2' is not in the roster"):
        marks(minilab, [], policy, Roster((Student("kim"),)))


def test_who_handed_in_nothing_appears_without_a_mark_or_with_zero(minilab):
    roster = Roster((Student("kim", "김철수", "kim@x.kr"), Student("lee")))
    records = [record(minilab, 5, student="lee")]
    absent, present = marks(minilab, records, Policy(), roster)
    assert (absent.student, absent.name, absent.record) == ("kim", "김철수", None)
    assert (absent.points, absent.auto, absent.attempts) == (None, None, 0)
    assert present.points == 5
    zero, _ = marks(minilab, records, Policy(missing="zero"), roster)
    assert (zero.points, zero.record) == (0, None)


def test_each_student_appears_once_whatever_the_form_of_the_name(minilab):
    composed, decomposed = (unicodedata.normalize(f, "김철수") for f in ("NFC", "NFD"))
    assert composed != decomposed
    records = [
        record(minilab, 5, -5, student=composed),
        record(minilab, 6, -4, student=decomposed),
    ]
    mark = one(minilab, records, Policy())
    assert (mark.student, mark.attempts, mark.points) == (composed, 2, 6)
    roster = Roster((Student("20260001", composed),))
    assert one(minilab, records, Policy(), roster=roster).student == "20260001"


def test_somebody_outside_the_roster_keeps_the_mark_and_is_pointed_out(minilab):
    roster = Roster((Student("lee"),))
    kim, _ = marks(minilab, [record(minilab, 5)], Policy(), roster)
    assert (kim.student, kim.points, kim.notes) == ("kim", 5, ("not_in_roster",))


def test_an_unknown_time_is_in_time_but_said_so(minilab):
    policy = Policy(DEADLINE, late=TEN_A_DAY)
    mark = one(minilab, [record(minilab, 5, None)], policy)
    assert (mark.points, mark.notes) == (5, ("time_unknown",))
    known_late = replace(record(minilab, 5, None), notes=("late_by_platform",))
    mark = one(minilab, [known_late], policy)
    assert (mark.points, mark.notes) == (None, ("late_time_unknown",))


def test_there_is_no_final_mark_before_every_item_is_marked(rubric_lab):
    attempt = record(rubric_lab, 6)
    rows = [ManualRow("kim", "analysis", 35.0)]
    mark = one(rubric_lab, [attempt], Policy(), manual=rows)
    assert (mark.auto, mark.manual, mark.points) == (6, None, None)
    assert mark.max_points == rubric_lab.points + 50
    rows.append(ManualRow("kim", "style", None, "a comment alone"))
    assert one(rubric_lab, [attempt], Policy(), manual=rows).manual is None
    rows[-1] = ManualRow("kim", "style", 0.0)
    mark = one(rubric_lab, [attempt], Policy(), manual=rows)
    assert (mark.manual, mark.points, mark.notes) == (35, 41, ())


def test_lateness_is_taken_off_the_manual_part_as_well(rubric_lab):
    rows = [ManualRow("kim", "analysis", 30.0), ManualRow("kim", "style", 4.0)]
    policy = Policy(DEADLINE, late=TEN_A_DAY)
    mark = one(rubric_lab, [record(rubric_lab, 6, 1)], policy, manual=rows)
    assert (mark.penalty, mark.points) == (4, 36)


def test_manual_marks_do_not_change_which_attempt_counts(rubric_lab):
    policy = Policy(DEADLINE, late=TEN_A_DAY)
    records = [record(rubric_lab, 5, -1), record(rubric_lab, 9, 1)]
    rows = [ManualRow("kim", "analysis", 40.0), ManualRow("kim", "style", 10.0)]
    before = one(rubric_lab, records, policy)
    after = one(rubric_lab, records, policy, manual=rows)
    assert before.record == after.record == records[1]


def test_a_mark_for_another_version_is_pointed_out(rubric_lab):
    rows = [ManualRow("kim", "analysis", 40.0, sha="an older one")]
    mark = one(rubric_lab, [record(rubric_lab, 5)], Policy(), manual=rows)
    assert "marked_other_attempt" in mark.notes


def test_points_carry_no_dust_of_floating_point(minilab):
    policy = Policy(DEADLINE, late=Late(percent_per_day=30))
    assert one(minilab, [record(minilab, 10, 1)], policy).points == 7
    assert one(minilab, [record(minilab, 0.1 + 0.2, -1)], policy).points == 0.3
    assert one(minilab, [record(minilab, 0.7, 1)], policy).points == 0.49


def test_every_note_of_a_mark_has_its_words():
    for note in (
        *("nothing_handed_in", "not_in_roster", "late_time_unknown", "time_unknown"),
        *("closed", "marked_other_attempt", "not_marked", "late_by_platform"),
    ):
        assert REASONS[note]["ko"]
        assert REASONS[note]["en"]


@pytest.mark.parametrize("per", ["day", "started_day", "hour"])
@pytest.mark.parametrize("of", ["earned", "possible"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_later_never_gives_more_points(minilab, per, of, data):
    zone = data.draw(st.sampled_from([SEOUL, BERLIN, timezone.utc]))
    wall = datetime(2026, 10, 23) + timedelta(minutes=data.draw(st.integers(0, 4320)))
    late = Late(
        percent_per_day=data.draw(st.floats(0, 100)),
        max_percent=data.draw(st.floats(0, 100)),
        per=per,
        of=of,
    )
    policy = Policy(
        deadline=wall.replace(tzinfo=zone),
        grace_minutes=data.draw(st.integers(0, 600)),
        closes=(wall + timedelta(days=4)).replace(tzinfo=zone),
        late=late,
    )
    points = data.draw(st.floats(0, minilab.points))
    times = sorted(data.draw(st.lists(st.integers(-600, 7200), min_size=2)))
    start = wall.replace(tzinfo=zone).astimezone(timezone.utc)
    got = []
    for minutes in times:
        time = iso((start + timedelta(minutes=minutes)).astimezone(zone))
        attempt = replace(record(minilab, points), handed_in=time)
        mark = one(minilab, [attempt], policy)
        assert mark.points is not None
        assert mark.auto is not None
        assert 0 <= mark.points <= mark.auto
        assert mark.points == pytest.approx(mark.auto - mark.penalty)
        got.append(mark.points)
    assert got == sorted(got, reverse=True)


attempts_of_a_class = st.lists(
    st.tuples(
        st.sampled_from(["kim", "lee", "박"]),
        st.one_of(st.none(), st.integers(0, 10)),
        st.one_of(st.none(), st.integers(-50, 100)),
    ),
    max_size=8,
    unique_by=lambda attempt: (attempt[0], attempt[2]),
)


@given(attempts=attempts_of_a_class, data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_records_never_matters(minilab, attempts, data):
    policy = Policy(
        DEADLINE,
        late=TEN_A_DAY,
        attempts=data.draw(st.sampled_from(["best", "last", "first"])),
        max_attempts=data.draw(st.sampled_from([None, 1, 2])),
    )
    records = [record(minilab, p, h, student=s) for s, p, h in attempts]
    shuffled = data.draw(st.permutations(records))
    expected = marks(minilab, records, policy)
    assert marks(minilab, shuffled, policy) == expected
    students = [mark.student for mark in expected]
    assert students == sorted({student for student, _, _ in attempts})
    for mark in expected:
        if mark.auto is None:
            assert mark.points is None


def test_a_policy_file_reads_as_written(tmp_path):
    file = tmp_path / "policy.yml"
    file.write_text(
        """
timezone: Asia/Seoul
deadline: 2026-11-02T23:59
grace_minutes: 10
closes: 2026-11-09T23:59
late: {percent_per_day: 10, max_percent: 50, per: day, of: possible}
attempts: last
max_attempts: 5
missing: zero
extensions:
  0123: 2026-11-05T12:00+00:00
accommodations:
  김철수: {extra_hours: 24, no_penalty: yes, max_attempts: 8}
""",
        encoding="utf-8",
    )
    policy = read_policy(file)
    assert policy.deadline == DEADLINE
    assert policy.closes == DEADLINE + timedelta(days=7)
    assert policy.late == Late(10, 50, "day", "possible")
    assert (policy.attempts, policy.max_attempts, policy.missing) == ("last", 5, "zero")
    # YAML itself reads 0123 as the number 83.
    assert policy.extensions == {"0123": read_time("2026-11-05T21:00+09:00")}
    assert policy.accommodations == {"김철수": Accommodation(24, True, 8)}


def test_an_empty_policy_is_the_default():
    assert parse_policy("# nothing yet\n") == Policy()


def test_steps_are_read_in_any_order():
    text = "deadline: 2026-11-02T23:59+09:00\nlate: [{percent: 25, after_days: 1}]"
    assert parse_policy(text).late == Late(steps=(Step(25, after_days=1),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dead_line: x", r"policy.yml:1: dead_line: unknown key, expected one of"),
        ("deadline: 2026-11-02", r":1: deadline: '2026-11-02' is no time"),
        ("deadline: 2026-11-02T23:59", r"does not say in which time zone"),
        ("timezone: Asia/Soul", r"'Asia/Soul' is no time zone"),
        ("attempts: worst", r"attempts: 'worst' is not one of best, last, first"),
        ("max_attempts: 0", r"max_attempts: '0' is no whole number from 1"),
        ("late: {percent_per_day: 10}", r"late: this needs a deadline"),
        (
            "deadline: 2026-11-02T23:59Z\nlate: {percent_per_day: 110}",
            r":2: late.percent_per_day: '110' is no number from 0 to 100",
        ),
        (
            "deadline: 2026-11-02T23:59Z\nlate:\n  percent: 10",
            r":3: late.percent: unknown key",
        ),
        (
            "deadline: 2026-11-02T23:59Z\ncloses: 2026-11-01T23:59Z",
            r":2: closes: this is before the deadline",
        ),
        ("missing: blank\nmissing: zero", r":2: missing: this key stands there twice"),
        ("timezone: Europe/Berlin\ndeadline: 2026-03-29T02:30", r"does not exist"),
        ("- 1", r"is no mapping"),
        ("a: [", r"policy.yml: not YAML"),
    ],
)
def test_a_bad_policy_is_refused_with_its_place(text, message):
    with pytest.raises(ValueError, match=message):
        parse_policy(text)


def test_all_problems_of_a_policy_come_at_once():
    with pytest.raises(ValueError, match="worst") as caught:
        parse_policy("attempts: worst\nmissing: never\nmax_attempts: many")
    assert len(str(caught.value).splitlines()) == 3
