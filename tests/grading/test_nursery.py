"""Warm kernels: forked, walled one by one, and unable to see each other."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from vislearn.grading.walls import sandbox
from vislearn.grading.walls.kernel import (
    GuardedKernel,
    KernelSettings,
    KernelStartError,
    base_environment,
)
from vislearn.grading.walls.nursery import (
    Nursery,
    NurseryError,
    imports_of,
    open_nursery,
)

MASKED = ("vislearn.grading.pages.report",)
SETTINGS = KernelSettings(
    walls="bwrap", masked_modules=MASKED, environment={"VISLEARN_LANG": "ko"}
)


@pytest.fixture(scope="module")
def nursery(needs_sandbox: None) -> Iterator[Nursery]:
    made = open_nursery(["import numpy as np"], MASKED, base_environment())
    assert made is not None
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(nursery: Nursery) -> Iterator[tuple[GuardedKernel, GuardedKernel]]:
    """Two kernels at the same time."""
    with (
        GuardedKernel(SETTINGS, nursery) as one,
        GuardedKernel(SETTINGS, nursery) as two,
    ):
        yield one, two


@pytest.fixture(scope="module", params=["warm", "cold"])
def kernel(request: pytest.FixtureRequest, nursery: Nursery) -> Iterator[GuardedKernel]:
    warm = nursery if request.param == "warm" else None
    with GuardedKernel(SETTINGS, warm) as made:
        yield made


def test_a_nursery_is_closed_while_another_thread_waits_for_its_answer() -> None:
    nursery = Nursery((), (), base_environment())
    os.kill(nursery.pid, signal.SIGSTOP)  # it will not answer
    refused: list[Exception] = []

    def ask() -> None:
        try:
            nursery._ask({"modules": [], "forbidden": []})
        except NurseryError as error:
            refused.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    time.sleep(0.5)  # now it waits
    closing = threading.Thread(target=nursery.close, daemon=True)
    closing.start()
    closing.join(10)
    asking.join(10)
    assert not closing.is_alive()
    assert not asking.is_alive()
    assert len(refused) == 1


def text_of(kernel: GuardedKernel, source: str) -> str:
    run = kernel.run_cell(source, 20)
    assert run.state == "ok", (run.state, run.error_name, run.error_text)
    return run.text.strip()


def test_what_the_set_up_imports_is_already_there(
    pair: tuple[GuardedKernel, GuardedKernel],
) -> None:
    assert text_of(pair[0], "import sys; print('numpy' in sys.modules)") == "True"


def test_no_kernel_sees_files_or_processes_of_another(
    pair: tuple[GuardedKernel, GuardedKernel],
) -> None:
    one, two = pair
    write = (
        "import os, subprocess, sys\n"
        "for place in ('/tmp', '/dev/shm', os.path.expanduser('~')):\n"
        "    open(place + '/answer', 'w').write('42')\n"
        "process = subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(60)', 'own-marker'])\n"
    )
    assert one.run_cell(write, 20).state == "ok"
    look = (
        "import glob\n"
        "found = [p for d in ('/tmp', '/dev/shm', '/home/learner') "
        "for p in glob.glob(d + '/answer')]\n"
        "for name in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    if b'own-' + b'marker' in open(name, 'rb').read(): found.append(name)\n"
        "print(len(found))"
    )
    assert text_of(one, look) == "4"
    assert text_of(two, look) == "0"


def test_kernels_of_root_run_as_different_users(
    pair: tuple[GuardedKernel, GuardedKernel],
) -> None:
    users = {text_of(kernel, "import os; print(os.getuid())") for kernel in pair}
    if os.geteuid() == 0:
        assert len(users) == 2
        assert min(map(int, users)) >= sandbox.FIRST_UID
    else:
        assert users == {str(os.geteuid())}


def test_unseeded_generators_differ(pair: tuple[GuardedKernel, GuardedKernel]) -> None:
    draw = "import random, numpy; print(random.random(), numpy.random.rand())"
    first, second = (text_of(kernel, draw).split() for kernel in pair)
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_a_warm_kernel_holds_no_door_to_the_nursery_or_the_grader(
    nursery: Nursery, pair: tuple[GuardedKernel, GuardedKernel]
) -> None:
    code = (
        "import os\n"
        "for name in os.listdir('/proc/self/fd'):\n"
        "    try: print(os.readlink('/proc/self/fd/' + name))\n"
        "    except OSError: pass"
    )
    theirs = set(text_of(pair[0], code).splitlines())
    assert any(link.startswith("socket:") for link in theirs)
    for pid in (os.getpid(), nursery.pid):
        folder = Path(f"/proc/{pid}/fd")
        ours = {os.readlink(link) for link in folder.iterdir() if link.is_symlink()}
        shared = {link for link in ours & theirs if not link.startswith("anon_inode")}
        assert shared <= {"/dev/null"}


@pytest.mark.parametrize(
    "attempt",
    [
        "libc.unshare(0x10000000)",
        "libc.memfd_create(b'x', 0)",
        "libc.ptrace(0, 0, 0, 0)",
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.setns(0, 0)",
        "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)",
        "libc.socket(40, 1, 0)",  # AF_VSOCK: past every namespace
        "libc.socket(17, 3, 0)",  # AF_PACKET
    ],
)
def test_calls_that_no_answer_needs_are_refused(
    kernel: GuardedKernel, attempt: str
) -> None:
    if "syscall(56" in attempt and os.uname().machine != "x86_64":
        pytest.skip("the number of clone is x86-64's")
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print({attempt}, ctypes.get_errno())"
    )
    assert text_of(kernel, code) == "-1 1"


def test_threads_processes_and_loaders_still_work(kernel: GuardedKernel) -> None:
    code = (
        "import multiprocessing, socket, threading\n"
        "thread = threading.Thread(target=print, args=('thread',))\n"
        "thread.start(); thread.join()\n"
        "def work(queue): queue.put(6 * 7)\n"
        "context = multiprocessing.get_context('fork')\n"
        "queue = context.Queue()\n"
        "process = context.Process(target=work, args=(queue,))\n"
        "process.start(); print(queue.get()); process.join()\n"
        "left, right = socket.socketpair(); left.send(b'x'); print(right.recv(1))"
    )
    assert text_of(kernel, code).split() == ["thread", "42", "b'x'"]


def test_it_ends_at_once_when_the_kernel_ends(nursery: Nursery) -> None:
    with GuardedKernel(SETTINGS, nursery) as kernel:
        begin = time.monotonic()
        run = kernel.run_cell("import os; os._exit(0)", 120)
        assert run.state == "kernel_died"
        assert time.monotonic() - begin < 20  # not the cell's 120 s


def test_nothing_is_left_of_a_stopped_kernel(nursery: Nursery) -> None:
    kernel = GuardedKernel(SETTINGS, nursery)
    inside = [
        process
        for root in kernel.roots
        for process in [psutil.Process(root), *psutil.Process(root).children(True)]
    ]
    assert len(inside) >= 4  # bubblewrap twice, its placeholder, keeper and kernel
    kernel.stop()
    _, alive = psutil.wait_procs(inside, timeout=5)
    assert alive == []
    assert not kernel.folder.exists()


def test_masked_modules_stay_out_of_the_nursery() -> None:
    with pytest.raises(NurseryError, match=r"json came in with"):
        Nursery(["email"], ["json"], base_environment())


def test_without_what_a_masked_module_needs_it_still_starts() -> None:
    """The set-up imports the masked module: that is left to the kernels."""
    made = open_nursery(
        ["import vislearn.grading.pages.report"],
        ["vislearn.grading.lab"],
        base_environment(),
    )
    assert made is not None
    made.close()


def test_a_nursery_that_is_gone_is_our_failure(needs_sandbox: None) -> None:
    nursery = Nursery([], [], base_environment())
    nursery.close()
    with pytest.raises(KernelStartError, match="nursery"):
        GuardedKernel(SETTINGS, nursery)


def test_imports_are_read_from_code_without_running_it() -> None:
    sources = [
        "import torch.nn as nn, json\nfrom os import path\nraise SystemExit",
        "%matplotlib inline\nimport never",
        "def f():\n    from . import sibling\n    import math",
    ]
    assert imports_of(sources) == [
        *("torch.nn", "json", "os", "os.path"),
        "math",
    ]
