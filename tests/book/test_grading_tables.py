"""The instructors' tables, made from small reports that nobody has measured."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes

from vislearn.grading.walls.sandbox import Limits

TOOLS = Path(__file__).parents[2] / "book" / "_ext"
VERSIONS = {"vislearn": "9.9", "nbgrader": "9.8", "otter": "9.7", "python": "3.0"}


def _load(name: str) -> Any:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TOOLS))


tables = _load("grading_tables")


def _attack(name: str, kind: str, fair: float, **given: Any) -> dict[str, Any]:
    title = {"ko": f"{name}의 제목", "en": f"title of {name}"}
    return {"id": name, "kind": kind, "title": title, "fair": fair, **given}


def _points(points: float | None, result: str = "graded", **more: Any) -> Any:
    return {"points": points, "result": result, **more}


@pytest.fixture
def attacks() -> dict[str, Any]:
    return {
        "date": "2000-01-01",
        "points": 10,
        "versions": VERSIONS,
        "settings": {"limit_seconds": 150.0, "address_space_gb": 6},
        "attacks": [
            _attack(
                *("cheat", "integrity", 6.0),
                ours=_points(6.0),
                nbgrader=_points(10.0),
                otter=_points(None, "hang"),
            ),
            _attack(
                *("noise", "honest", 10.0),
                ours=_points(10.0),
                nbgrader=_points(7.0, others_ungraded=True),
                otter=_points(10.0, reached=True),
            ),
            _attack("channel", "integrity", 6.0, ours=_points(6.0)),
            _attack(
                *("wall", "availability", 10.0),
                probes_walls=True,
                ours=_points(10.0),
                nbgrader=_points(6.0),
                otter=_points(None, "no result"),
            ),
        ],
    }


def _texts(rows: list[list[Any]]) -> list[list[str]]:
    return [
        [c.astext() if isinstance(c, nodes.Node) else str(c) for c in row]
        for row in rows
    ]


def test_an_attack_shows_what_each_grader_gave(attacks: dict[str, Any]) -> None:
    table = tables.attacks(attacks, "en", "integrity")

    assert table.head[-3:] == ["vislearn", "nbgrader", "otter-grader"]
    assert _texts(table.rows) == [
        ["title of cheat", "6", "6", "▲ 10", "hangs"],
        ["title of channel", "6", "6", "does not apply", "does not apply"],
    ]


def test_what_happened_besides_stands_with_the_points(attacks: dict[str, Any]) -> None:
    (row,) = _texts(tables.attacks(attacks, "ko", "honest").rows)

    assert row[0] == "noise의 제목"
    assert row[3] == "▼ 7 (다른 사람도 채점하지 못함)"
    assert row[4] == "10 (네트워크에 닿음)"


def test_only_what_is_not_fair_is_bold(attacks: dict[str, Any]) -> None:
    cheat, channel = tables.attacks(attacks, "en", "integrity").rows

    assert [isinstance(cell, nodes.strong) for cell in cheat[2:]] == [False, True, True]
    assert not any(isinstance(cell, nodes.strong) for cell in channel)


def test_points_that_tell_about_a_wall_are_not_called_lost(
    attacks: dict[str, Any],
) -> None:
    (row,) = _texts(tables.attacks(attacks, "en", "availability").rows)

    assert row == ["title of wall", "10", "10", "no wall refused it", "no result"]


def test_the_summary_counts_by_grader(attacks: dict[str, Any]) -> None:
    table = tables.attack_summary(attacks, "en")

    assert table.rows == [
        ["vislearn", 4, 4, 0, 0, 0, 0, 0],
        ["nbgrader", 3, 0, 1, 1, 0, 1, 1],
        ["otter-grader", 3, 1, 0, 0, 2, 0, 0],
    ]
    assert "150 s" in table.note
    assert "otter-grader 9.7" in table.note


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "not tried"),
        (_points(None, "no result"), "none"),
        (_points(0.0, "graded, ungraded"), "none"),  # ungraded is no 0
        (_points(2.0), "fair"),
        (_points(20 / 10 + 1e-12), "fair"),  # a mean over files
        (_points(2.5), "unearned"),
        (_points(0.0), "lost"),
    ],
)
def test_an_outcome_has_a_name(given: Any, expected: str) -> None:
    assert tables.outcome({"fair": 2.0, "ours": given}, "ours") == expected


@pytest.fixture
def speed() -> dict[str, Any]:
    def spread(median: float) -> dict[str, float]:
        return {"median": median, "lowest": median / 2, "highest": median * 2}

    def row(each: float, ratio: float, reach: float = 1.0) -> dict[str, Any]:
        return {
            "seconds_per_submission": spread(each),
            "start_seconds": spread(4.0),
            "ratio": ratio,
            "ratio_lowest": ratio / reach,
            "ratio_highest": ratio * reach,
        }

    return {
        "date": "2000-01-01",
        "versions": VERSIONS,
        "settings": {"processors": 3},
        "about": {"slow": {"ko": "느린 것", "en": "the slow one"}},
        "labs": [
            {
                "lab": "tiny",
                "questions": 2,
                "submissions": 4,
                "right_submissions": 1,
                "rounds": 7,
                "graders": {"vislearn": row(1.0, 1.0), "slow": row(3.0, 3.0, 2.0)},
            }
        ],
    }


def test_speed_shows_medians_ranges_and_ratios(speed: dict[str, Any]) -> None:
    table = tables.speed(speed, "en")

    assert table.rows == [
        ["tiny", "vislearn", "1.00 (0.50–2.00)", "4.0", "1.0"],
        ["tiny", "slow", "3.00 (1.50–6.00)", "4.0", "3.0 (1.5–6.0)"],
    ]
    assert "7 rounds" in table.note
    assert table.remarks == (("slow", "the slow one"),)


@pytest.fixture
def school() -> dict[str, Any]:
    run = {"seconds": 99.6, "seconds_per_submission": 0.332, "driver_peak_mb": 123}
    return {
        "date": "2000-01-01",
        "versions": VERSIONS,
        "files": 30,
        "students": 20,
        "unreadable_files": 2,
        "questions": 84,
        "tables_identical": True,
        "files_with_the_expected_result": {"jobs": 30, "cluster": 30, "killed": 29},
        "runs": {
            "jobs": {"jobs": 2, **run},
            "cluster": {"dask_workers": 3, **run},
            "killed": {"jobs": 2, **run, "kills": [{}, {}]},
        },
    }


def test_a_class_shows_each_way_of_grading(school: dict[str, Any]) -> None:
    table = tables.school_class(school, "en")

    assert table.rows[0] == ["one machine, 2 workers", "100", "0.33", 123, "30 / 30"]
    assert [row[0] for row in table.rows[1:]] == [
        "3 Dask workers over TCP",
        "2 workers, kill -9 at 2 random moments",
    ]
    assert table.rows[2][-1] == "29 / 30"


def test_a_class_with_different_tables_is_not_shown(school: dict[str, Any]) -> None:
    school["tables_identical"] = False

    with pytest.raises(ValueError, match="differ"):
        tables.school_class(school, "en")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_limit_has_a_name_and_its_value(lang: str) -> None:
    rows = tables.limits(lang).rows

    assert len(rows) == len(fields(Limits))
    assert all(name for name, _ in rows)
    memory, cpu = rows[0][1], rows[-1][1]
    assert memory == f"{Limits().memory_mb:,} MB"
    assert cpu.split()[0] == str(Limits().cpu_s)


@pytest.mark.parametrize("kind", tables.FILES)
def test_a_missing_report_names_the_command_that_writes_it(
    kind: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"missing; `make \w+"):
        tables.grading_table(kind, "en", tmp_path)


def test_every_table_is_made_in_both_languages(
    attacks: dict[str, Any],
    speed: dict[str, Any],
    school: dict[str, Any],
    tmp_path: Path,
) -> None:
    for name, report in {"attacks": attacks, "speed": speed, "class": school}.items():
        (tmp_path / f"grading_{name}.json").write_text(json.dumps(report))

    for kind in tables.KINDS:
        korean, english = (
            tables.grading_table(kind, lang, tmp_path) for lang in ("ko", "en")
        )
        assert len(korean.rows) == len(english.rows)
        assert len(korean.head) == len(english.head)
        assert all(len(row) == len(korean.head) for row in korean.rows)
        assert korean.head != english.head


@pytest.fixture
def measured() -> Path:
    folder = TOOLS.parent
    if missing := {n for n in tables.FILES.values() if not (folder / n).is_file()}:
        pytest.skip(f"not measured yet: {', '.join(sorted(missing))}")
    return folder


def test_what_the_book_measured_can_be_shown(measured: Path) -> None:
    for kind in tables.KINDS:
        for lang in ("ko", "en"):
            assert tables.grading_table(kind, lang, measured).rows


def test_our_own_marks_are_all_fair_in_the_book(measured: Path) -> None:
    report = tables.read_report(measured, "attack-summary")
    found = {one["id"]: tables.outcome(one, "ours") for one in report["attacks"]}

    assert {name for name, text in found.items() if text != "fair"} == set()


def test_every_peer_is_slower_in_the_book(measured: Path) -> None:
    for lab in tables.read_report(measured, "grading-speed")["labs"]:
        for name, row in lab["graders"].items():
            assert name.startswith("vislearn") or row["ratio"] > 1


def test_both_languages_have_the_same_words() -> None:
    assert set(tables.WORDS["ko"]) == set(tables.WORDS["en"])


def test_strong_cells_find_their_way_into_a_table() -> None:
    table = _load("tables").table(
        ["a", "b"], [["x", nodes.strong("", "▲ 9")], ["y", "7"]], "page"
    )

    assert "<strong>" in table.pformat()
    assert table.pformat().count('classes="vl-number"') == 0
