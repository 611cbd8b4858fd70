"""Handing chunks of a grading run to workers: threads here, or a Dask cluster.

One code path: the default is a cluster inside this process whose threads each wait for
one pytest process; `--scheduler tcp://…` is somebody's cluster. Results come back one
by one as events while a chunk runs, and once more, all of them, at its end.
"""

from __future__ import annotations

import logging
import math
import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from vislearn.grading.shard import (
    BatchRefusedError,
    Job,
    Row,
    grade_chunk,
    stop_all,
    workshop,
)
from vislearn.grading.walls.kernel import remove_folder

POLL_SECONDS = 0.1
CONNECT_SECONDS = 30.0
# A session costs some seconds before its first notebook: chunks are not too small, and
# not so large that the last one keeps everybody waiting.
CHUNKS_PER_WORKER = 4
MIN_CHUNK, MAX_CHUNK = 36, 120  # notebooks


@contextmanager
def cluster(jobs: int, scheduler: str) -> Iterator[Any]:
    """A client of the cluster at `scheduler`, or of one in this process.

    Raises:
        ValueError: if there is no scheduler at that address.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler:
        try:
            with Client(scheduler, timeout=CONNECT_SECONDS) as client:
                yield client
        except OSError as error:
            raise ValueError(
                f"no Dask scheduler at {scheduler!r}: {error}; start one with "
                "`dask scheduler`, and workers with `dask worker ADDRESS`"
            ) from error
        return
    # Nothing of it can be reached from outside this process but two status pages
    # without contents: the library cannot be told to open no port at all.
    settings = {
        "distributed.admin.tick.limit": 1e9,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    with (
        workshop() as scratch,
        dask.config.set({**settings, "temporary-directory": str(scratch)}),
        LocalCluster(
            n_workers=1,
            threads_per_worker=jobs,
            processes=False,
            protocol="inproc",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as local,
        Client(local) as client,
    ):
        remove_folder(scratch)  # Dask keeps nothing there; a killed run would leave it
        try:
            yield client
        finally:
            stop_all()


def run(
    client: Any, job: Job, notebooks: Sequence[str], take: Callable[[Row], None]
) -> list[str]:
    """Grade notebooks on a cluster; every result goes to `take`, maybe twice.

    Returns:
        What went wrong on workers, a line each; their notebooks may lack results.

    Raises:
        BatchRefusedError: if a worker fails the known answers.
    """
    rows: queue.Queue[Row] = queue.Queue()
    client.subscribe_topic(job.id, lambda event: rows.put(event[1]))
    shared = client.scatter(job, broadcast=True, hash=False)
    pending = {
        client.submit(_on_worker, shared, chunk, pure=False)
        for chunk in chunks(notebooks, sum(client.nthreads().values()))
    }
    problems = []
    try:
        while pending:
            _drain(rows, take)
            done = {future for future in pending if future.done()}
            for future in done:
                if (error := future.exception()) is None:
                    for row in future.result():
                        take(row)
                elif isinstance(error, BatchRefusedError):
                    raise error
                else:
                    problems.append(f"{type(error).__name__}: {error}")
            pending -= done
    finally:
        client.cancel(list(pending))
        client.unsubscribe_topic(job.id)
    return problems


def chunks(notebooks: Sequence[str], workers: int) -> list[list[str]]:
    """Shares of equal size: at least one for each worker, several if there is much."""
    workers = max(1, workers)
    share = math.ceil(len(notebooks) / workers)
    part = math.ceil(share / CHUNKS_PER_WORKER)
    size = max(1, min(share, max(MIN_CHUNK, part), MAX_CHUNK))
    return [
        list(notebooks[begin : begin + size])
        for begin in range(0, len(notebooks), size)
    ]


def _drain(rows: queue.Queue[Row], take: Callable[[Row], None]) -> None:
    try:
        take(rows.get(timeout=POLL_SECONDS))
        while True:
            take(rows.get_nowait())
    except queue.Empty:
        pass


def _on_worker(job: Job, notebooks: list[str]) -> list[Row]:
    from distributed import get_worker

    worker = get_worker()
    return grade_chunk(job, notebooks, lambda row: worker.log_event(job.id, dict(row)))
