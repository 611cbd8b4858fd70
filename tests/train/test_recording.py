"""An experiment that was stopped goes on; changed settings start anew."""

import json
from pathlib import Path

import pytest

from vislearn.train.recording import record_runs

PLAN = [{"size": 1, "seed": 0}, {"size": 2, "seed": 0}]


def make(calls: list):
    def measure(size: int, seed: int) -> dict:
        calls.append((size, seed))
        return {"twice": 2 * size}

    return measure


def test_a_result_says_what_was_measured_with_what_and_when(tmp_path):
    path = tmp_path / "results" / "twice.json"
    result = record_runs(path, "How much?", {"a": (1, 2)}, PLAN, make([]))
    assert json.loads(path.read_text()) == result
    assert result["question"] == "How much?"
    assert result["settings"] == {"a": [1, 2]}
    assert [run["twice"] for run in result["runs"]] == [2, 4]
    assert result["runs"][0]["arguments"] == PLAN[0]
    assert result["cpu_seconds"] >= 0
    assert {"versions", "hardware", "date"} <= set(result)


def test_only_missing_runs_are_made(tmp_path):
    path = tmp_path / "twice.json"
    calls: list = []
    record_runs(path, "?", {}, PLAN[:1], make(calls))
    result = record_runs(path, "?", {}, PLAN, make(calls))
    assert calls == [(1, 0), (2, 0)]
    assert len(result["runs"]) == 2
    record_runs(path, "?", {}, PLAN, make(calls), again=True)
    assert len(calls) == 4


def test_a_stopped_experiment_keeps_its_finished_runs(tmp_path):
    path = tmp_path / "twice.json"
    calls: list = []

    def stops(size: int, seed: int) -> dict:
        if size == 2:
            raise KeyboardInterrupt
        return make(calls)(size, seed)

    with pytest.raises(KeyboardInterrupt):
        record_runs(path, "?", {}, PLAN, stops)
    record_runs(path, "?", {}, PLAN, make(calls))
    assert calls == [(1, 0), (2, 0)]


def test_changed_settings_make_all_runs_anew(tmp_path):
    path = tmp_path / "twice.json"
    calls: list = []
    record_runs(path, "?", {"lr": 1}, PLAN, make(calls))
    record_runs(path, "?", {"lr": 2}, PLAN, make(calls))
    assert len(calls) == 4


def test_runs_that_are_no_longer_planned_are_dropped(tmp_path):
    path = tmp_path / "twice.json"
    record_runs(path, "?", {}, PLAN, make([]))
    assert len(record_runs(path, "?", {}, PLAN[1:], make([]))["runs"]) == 1


def test_what_is_returned_is_what_the_file_holds(tmp_path):
    path = tmp_path / "results" / "of" / "pairs.json"
    result = record_runs(
        path, "?", {}, [{"size": (1, 2)}], lambda size: {"sizes": size}
    )
    assert json.loads(path.read_text()) == result
    assert result["runs"][0]["sizes"] == [1, 2]


def test_versions_and_hardware_are_those_of_the_runs(tmp_path):
    """Asking again for runs that are all there does not make them newer."""
    path = tmp_path / "twice.json"
    record_runs(path, "?", {}, PLAN, make([]))
    old = json.loads(path.read_text())
    old |= {"versions": {"torch": "1.0"}, "hardware": {"processor": "a"}}
    old["date"] = "2001-02-03"
    path.write_text(json.dumps(old))
    same = record_runs(path, "?", {}, PLAN, make([]))
    assert {key: same[key] for key in ("versions", "hardware", "date")} == {
        key: old[key] for key in ("versions", "hardware", "date")
    }
    more = record_runs(path, "?", {}, [*PLAN, {"size": 3, "seed": 0}], make([]))
    assert more["versions"] != old["versions"]
    assert more["date"] != old["date"]


def test_a_stop_while_the_file_is_written_loses_nothing(tmp_path, monkeypatch):
    path, whole = tmp_path / "twice.json", Path.write_text
    calls: list = []
    record_runs(path, "?", {}, PLAN[:1], make(calls))

    def half(self, text, **options):
        whole(self, text[: len(text) // 2], **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", half)
        with pytest.raises(KeyboardInterrupt):
            record_runs(path, "?", {}, PLAN, make(calls))
    record_runs(path, "?", {}, PLAN, make(calls))
    assert calls == [(1, 0), (2, 0), (2, 0)]
    assert [one.name for one in tmp_path.iterdir()] == ["twice.json"]


def test_the_order_of_the_arguments_makes_no_other_run(tmp_path):
    calls: list = []
    path, turned = tmp_path / "twice.json", [{"seed": 0, "size": 1}]
    record_runs(path, "?", {}, PLAN[:1], make(calls))
    record_runs(path, "?", {}, turned, make(calls))
    assert calls == [(1, 0)]
    with pytest.raises(ValueError, match="planned twice"):
        record_runs(path, "?", {}, PLAN[:1] + turned, make(calls))


def test_an_empty_plan_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the plan has no runs"):
        record_runs(tmp_path / "x.json", "?", {}, [], make([]))


def test_a_run_cannot_be_planned_twice(tmp_path):
    with pytest.raises(ValueError, match="planned twice"):
        record_runs(tmp_path / "x.json", "?", {}, [PLAN[0], PLAN[0]], make([]))
