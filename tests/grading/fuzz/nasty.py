"""The nastiest files that we know, one after the other, in this very process.

    python -m tests.grading.fuzz.nasty

What can end a process (a C stack that overflows, a machine's memory) is tried in a
thread with a small stack, as in a worker of a cluster, and under a limit on memory. It
prints a line for each file; if Python does not survive, the exit code says so.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.grading.fuzz.seeds import LABS, seeds
from tests.grading.fuzz.sources import MAKERS
from vislearn.grading.definitions import definitions
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.notebook_file import MAX_BYTES
from vislearn.grading.submission import MAX_CODE, MAX_SOURCE, read_submission

MEMORY = 3 << 30
STACK = 1 << 20  # of a thread; Linux and macOS give 8 MB and more
SECONDS = 2.0  # of processor time for a file or a cell, in the best of its TRIES
TRIES = 5  # a crowded machine makes the same work take longer, now and then
HEAD = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"x": '
TAIL = b'}, "cells": []}'


def files(notebook: Any, size: int) -> Iterator[tuple[str, bytes]]:
    """Files by name; most have about so many bytes."""
    yield "lists in lists", HEAD + b"[" * size
    yield "mappings in mappings", HEAD + b'{"":' * (size // 4)
    yield "closed lists in lists", HEAD + b"[" * 10**6 + b"]" * 10**6 + TAIL
    yield "empty lists", HEAD + b"[" + b"[]," * (size // 3) + b"0]" + TAIL
    yield "empty mappings", HEAD + b"[" + b"{}," * (size // 3) + b"0]" + TAIL
    yield "numbers", HEAD + b"[" + b"1.5," * (size // 4) + b"0]" + TAIL
    yield "texts", HEAD + b"[" + b'"",' * (size // 3) + b"0]" + TAIL
    yield "one number", HEAD + b"9" * size + TAIL
    yield "one fraction", HEAD + b"9" * size + b".0" + TAIL
    yield "one exponent", HEAD + b"1e" + b"9" * size + TAIL
    yield "one text", HEAD + b'"' + b"x" * size + "🙂".encode() + b'"' + TAIL
    yield "escapes", HEAD + b'"' + rb"\"" * (size // 2) + b'"' + TAIL
    yield "an open text of escapes", HEAD + b'"' + rb"\"" * (size // 2)
    yield "quotes", b'"' * size
    yield "backslashes", b"\\" * size
    yield "blanks", b" " * size
    yield "zeros", b"\0" * size
    yield "UTF-32", '{"nbformat": 4, "cells": []}'.encode("utf-32") + b"\0" * 8_000
    yield from _with_cells(notebook)


def _with_cells(notebook: Any) -> Iterator[tuple[str, bytes]]:
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": []}
    code["execution_count"] = None
    definitions = "def f(): return 1\n" * (MAX_CODE // 18 // 5)
    statements = "a=1;" * (MAX_CODE // 4 // 5)
    for name, source in (("definitions", definitions), ("statements", statements)):
        cells = [{**code, "id": f"c{n}", "source": source} for n in range(4)]
        made = {**notebook, "cells": [*cells, *notebook["cells"]]}
        yield f"as many {name} as we read", json.dumps(made).encode()
    many = [{**code, "id": "same", "source": "import a"} for _ in range(4_900)]
    made = {**notebook, "cells": [*many, *notebook["cells"]]}
    yield "thousands of cells", json.dumps(made).encode()
    sheet = {"cells": [{"cell_type": "code", "input": "x", "outputs": []}] * 4_900}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}
    yield "thousands of old cells", json.dumps(old).encode()
    old["worksheets"] = [sheet] * 20
    yield "far too many old cells", json.dumps(old).encode()


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and its processor time: the first below SECONDS, or the best."""
    best = float("inf")
    for _ in range(TRIES):
        begin = time.process_time()
        result = work()
        best = min(best, time.process_time() - begin)
        if best <= SECONDS:
            break
    return result, best


def read_all(lab: Lab, folder: Path, size: int) -> int:
    """Read every file; the number of those that took too long."""
    slow = 0
    path = folder / "nasty.ipynb"
    for name, raw in files(seeds(lab)["en-filled"], size):
        path.write_bytes(raw)
        found, seconds = timed(lambda: read_submission(path, lab))
        slow += seconds > SECONDS
        print(f"{seconds:6.2f} s  {found.reason or 'readable':16}{name}", flush=True)
    for name, maker in MAKERS.items():
        each = -(-len(maker(1_000)) // 1_000)
        source = maker(MAX_SOURCE // max(1, each))
        kept, seconds = timed(partial(definitions, source))
        slow += seconds > SECONDS
        print(f"{seconds:6.2f} s  {len(kept):<16}{name}", flush=True)
    return slow


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bytes", type=int, default=MAX_BYTES - 4_096)
    size = parser.parse_args().bytes
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    lab, slow = load_lab(LABS[0]), []
    threading.stack_size(STACK)
    with tempfile.TemporaryDirectory(prefix="nasty-") as folder:
        worker = threading.Thread(
            target=lambda: slow.append(read_all(lab, Path(folder), size))
        )
        worker.start()
        worker.join()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"at most {megabytes} MB, {slow} too slow")
    return 0 if slow == [0] else 1


if __name__ == "__main__":
    sys.exit(main())
