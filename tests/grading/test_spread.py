"""Chunks on workers: the same table on every cluster, nothing lost, nothing left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from vislearn.grading import batch, shard, spread
from vislearn.grading.batch import BatchRefusedError, Outcome, grade
from vislearn.grading.checks.verdict import QuestionResult
from vislearn.grading.journal import open_journal
from vislearn.grading.lab import Lab
from vislearn.grading.submission import read_submission
from vislearn.grading.walls.kernel import remove_folder
from vislearn.grading.walls.listen import folder_bytes

MINILAB = Path(__file__).parent / "minilab"


def table(outcome: Outcome) -> dict[str, tuple[str, list[float]]]:
    return {
        record.key: (record.state, [r.points for r in record.results.values()])
        for record in outcome.records
    }


@pytest.fixture
def hand_in(
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
) -> Callable[[Path, int], None]:
    def write(folder: Path, count: int) -> None:
        for number in range(count):
            answers = right if number % 2 == 0 else {"q1": right["q1"]}
            save(notebook_of(**answers), folder / f"s{number:02d}.ipynb")

    return write


@pytest.mark.parametrize(
    ("notebooks", "workers", "sizes"),
    [
        (1, 4, [1]),
        (36, 1, [36]),
        (36, 2, [18, 18]),
        (100, 2, [36, 36, 28]),
        (900, 2, [113] * 7 + [109]),
    ],
)
def test_chunks_are_neither_tiny_nor_huge(
    notebooks: int, workers: int, sizes: list[int]
) -> None:
    made = spread.chunks([str(n) for n in range(notebooks)], workers)
    assert [len(chunk) for chunk in made] == sizes
    assert [text for chunk in made for text in chunk] == [
        str(n) for n in range(notebooks)
    ]


def test_a_dask_cluster_gives_the_same_table(
    minilab: Lab, hand_in: Callable[[Path, int], None], tmp_path: Path
) -> None:
    """Two workers in processes of their own, reached by the scheduler's address."""
    from distributed import LocalCluster

    hand_in(tmp_path / "in", 4)
    here = grade(minilab, tmp_path / "in", tmp_path / "here", jobs=2, walls="none")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        there = grade(
            minilab,
            tmp_path / "in",
            tmp_path / "there",
            scheduler=cluster.scheduler_address,
            walls="none",
        )
    assert table(there) == table(here)
    assert table(here)["s00.ipynb"] == ("graded", [3, 4, 3])
    assert table(here)["s01.ipynb"] == ("graded", [3, 0, 0])


def test_the_own_cluster_leaves_no_folder_of_dask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(Path("/tmp").glob(f"{shard.PREFIX}{os.getpid()}-*"))
    with spread.cluster(1, "") as client:
        assert client.submit(lambda: 7).result() == 7
        assert set(Path("/tmp").glob(f"{shard.PREFIX}{os.getpid()}-*")) == before
    assert list(tmp_path.iterdir()) == []


def test_no_scheduler_is_said(
    minilab: Lab,
    hand_in: Callable[[Path, int], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spread, "CONNECT_SECONDS", 1.0)
    hand_in(tmp_path / "in", 1)
    with pytest.raises(
        ValueError, match=r"no Dask scheduler at 'tcp://127\.0\.0\.1:9'"
    ):
        grade(
            minilab,
            tmp_path / "in",
            tmp_path / "out",
            scheduler="tcp://127.0.0.1:9",
            walls="none",
        )


def job_of(lab: Lab) -> shard.Job:
    from vislearn.grading.reference import reference

    secret = "a secret of the tests"
    return batch.make_job(lab, reference(lab, secret), "mark", secret, "none")


def test_a_worker_of_another_version_grades_nobody(minilab: Lab) -> None:
    job = replace(job_of(minilab), environment="another")
    with pytest.raises(BatchRefusedError, match="other versions"):
        shard.grade_chunk(job, ["{}"], lambda _row: None)


def test_results_wait_for_the_known_answers(
    minilab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong mark for the solution: no result of the chunk gets through."""
    job = job_of(minilab)
    told: list[shard.Row] = []

    def session(_job: object, _shop: object, notebooks: Any, take: Any) -> None:
        for text in notebooks:
            about = json.loads(text)["metadata"]["vislearn"]
            name = f"{about['submission']} {about['question']}"
            points = job.known_points.get(name, 1.0)
            if name == "known/solution q2":
                points = 3.5
            result = QuestionResult(about["question"], "graded", points, 4, ())
            take({"key": about["submission"], "result": result.to_json()})

    monkeypatch.setattr(shard, "_session", session)
    with pytest.raises(BatchRefusedError, match=r"known/solution q2 got 3\.5 \(ok\)"):
        shard.grade_chunk(job, [job.known[0]], told.append)
    assert told == []


def test_only_failed_takes_up_what_ran_out_of_time_and_nothing_else(
    minilab: Lab,
    notebook_of: Callable[..., Any],
    right: dict[str, str],
    save: Callable[[Any, Path], Path],
    tmp_path: Path,
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    save(notebook_of(**{**right, "q2": "import os; os._exit(0)"}), folder / "a.ipynb")
    save(notebook_of(q1=right["q1"]), folder / "b.ipynb")
    first = grade(minilab, folder, out, walls="none")
    assert table(first)["a.ipynb"] == ("graded", [3, 0, 3])
    assert grade(minilab, folder, out, walls="none").graded_now == 0
    again = grade(minilab, folder, out, walls="none", only_failed=True)
    assert again.graded_now == 1
    assert table(again) == table(first)


def test_regrade_grades_anew_whom_it_names(
    minilab: Lab, hand_in: Callable[[Path, int], None], tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    hand_in(folder, 2)
    grade(minilab, folder, out, walls="none")
    with pytest.raises(ValueError, match="--regrade 'kim' fits no submission"):
        grade(minilab, folder, out, walls="none", regrade=["kim"])
    again = grade(minilab, folder, out, walls="none", regrade=["s01"])
    assert again.graded_now == 3


def sessions(processes: list[psutil.Process], folders: list[Path]) -> list[Path]:
    """Those of the folders that a session of these processes works in."""
    lines = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return [f for f in folders if any(f"{f}/" in line for line in lines)]


def test_a_killed_driver_takes_its_sessions_and_folders_with_it(
    hand_in: Callable[[Path, int], None], tmp_path: Path, needs_sandbox: None
) -> None:
    hand_in(tmp_path / "in", 24)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "vislearn.cli", "grade", str(MINILAB)),
            *(str(tmp_path / "in"), "--out", str(out)),
        ],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    deadline = time.monotonic() + 90
    results = 0
    while results == 0 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
        if (out / "journal.sqlite").exists():
            journal = open_journal(out, create=False)
            results = len(journal.results(journal.fact("fingerprint")))
    below = psutil.Process(process.pid).children(recursive=True)
    folders = list(Path("/tmp").glob(f"{shard.PREFIX}{process.pid}-*"))
    assert results
    assert below
    running = sessions(below, folders)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert alive == []
    assert running
    assert [folder for folder in running if folder.exists()] == []
    shard.sweep()  # the next run's first act: a folder without a session at that time
    assert [folder for folder in folders if folder.exists()] == []


def test_names_that_look_alike_stay_apart(
    minilab: Lab,
    notebook_of: Callable[..., Any],
    save: Callable[[Any, Path], Path],
    tmp_path: Path,
) -> None:
    korean = "김철수.ipynb"
    names = [unicodedata.normalize(form, korean) for form in ("NFC", "NFD")]
    names += ["a\x01b.ipynb", "a\x02b.ipynb"]
    names += ["x" * 150 + "/" + "y" * 100 + end for end in ("1.ipynb", "2.ipynb")]
    files = [save(notebook_of(), tmp_path / name) for name in names]
    read = [read_submission(file, minilab, tmp_path) for file in files]
    keys = [submission.key for submission in batch.distinct(read, tmp_path)]
    assert len(set(keys)) == len(names)


def test_deep_and_locked_folders_can_be_measured_and_removed(tmp_path: Path) -> None:
    top = tmp_path / "kernel"
    top.mkdir()
    handle = os.open(top, os.O_RDONLY)
    for _ in range(1500):  # deeper than Python's own recursion goes
        os.mkdir("d", dir_fd=handle)
        deeper = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = deeper
    os.close(handle)
    locked = top / "locked"
    locked.mkdir()
    (locked / "file").write_text("x")
    locked.chmod(0)
    assert folder_bytes(top) >= 1500 * 4096
    remove_folder(top)
    assert not top.exists()


def test_strewn_files_cost_the_kernel_more_than_the_grader(tmp_path: Path) -> None:
    for number in range(5000):
        (tmp_path / str(number)).touch()
    begin = time.process_time()
    assert folder_bytes(tmp_path) >= 32 << 20
    assert time.process_time() - begin < 1
