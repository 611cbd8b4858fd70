"""A small class, graded on every kind of workers and through kills: one table."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from vislearn.grading.lab import Lab

ROOT = Path(__file__).resolve().parents[2]
for place in (ROOT, ROOT / "tests" / "grading" / "attacks"):
    if str(place) not in sys.path:
        sys.path.append(str(place))

from watch import Watch  # noqa: E402

from tests.grading import trial  # noqa: E402
from tests.grading.make_class import HandedIn, make_class  # noqa: E402


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    files: list[HandedIn]
    runs: dict[str, trial.Run]
    left_behind: dict[str, set[str]]


@pytest.fixture(scope="module")
def tried(
    minilab: Lab, needs_sandbox: None, tmp_path_factory: pytest.TempPathFactory
) -> Trial:
    folder = tmp_path_factory.mktemp("trial")
    files = make_class(minilab, folder / "in", 10, seed=4)
    wanted = (minilab.path, folder / "in")
    watch = Watch()
    runs = {"jobs": trial.grade_once(*wanted, folder / "jobs", "--jobs", "2")}
    with trial.dask_cluster(folder / "dask", 2) as address:
        cluster = ("--scheduler", address)
        runs["cluster"] = trial.grade_once(*wanted, folder / "cluster", *cluster)
    runs["killed"] = trial.grade_with_kills(
        *(*wanted, folder / "killed"),
        questions=sum(len(one.points) for one in files),
        kills=2,
        dice=random.Random(1),
        delay=0.0,
    )
    return Trial(files, runs, watch.left_behind())


@pytest.mark.parametrize("name", trial.TABLES)
def test_every_way_of_grading_gives_the_same_table(tried: Trial, name: str) -> None:
    tables = {run.out: (run.out / name).read_bytes() for run in tried.runs.values()}
    assert len(tables) == 3
    assert len(set(tables.values())) == 1


@pytest.mark.parametrize("way", ["jobs", "cluster", "killed"])
def test_every_file_gets_what_it_must_get_once(tried: Trial, way: str) -> None:
    assert trial.differences(tried.runs[way].out, tried.files) == []


def test_kills_lose_nothing_that_was_in_the_journal(tried: Trial) -> None:
    killed = tried.runs["killed"]
    assert len(killed.kills) == 2
    assert killed.problems == []


def test_kills_leave_nothing_behind(tried: Trial) -> None:
    assert tried.left_behind == {}


def test_a_lost_result_and_a_wrong_one_are_noticed(tried: Trial) -> None:
    graded = next(one for one in tried.files if one.points)
    out = tried.runs["jobs"].out
    missing = [one for one in tried.files if one != graded]
    assert len(trial.differences(out, missing)) == 2  # records, results
    more = {name: points + 1 for name, points in graded.points.items()}
    other = HandedIn(**{**graded.__dict__, "points": more})
    (problem,) = trial.differences(out, [*missing, other])
    assert problem.startswith(graded.key)
