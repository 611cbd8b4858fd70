"""The walls and the guard around one kernel."""

from __future__ import annotations

import contextlib
import os
import py_compile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from vislearn.grading import guard
from vislearn.grading.pages import report
from vislearn.grading.walls import sandbox
from vislearn.grading.walls.kernel import (
    GuardedKernel,
    KernelSettings,
    KernelStartError,
)
from vislearn.grading.walls.sandbox import Limits

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def walled(needs_sandbox: None) -> Iterator[GuardedKernel]:
    """A kernel behind walls for which one module of the library is masked."""
    with contextlib.suppress(PermissionError):  # its byte code must not show it either
        py_compile.compile(str(report.__file__))
    settings = KernelSettings(
        walls="bwrap",
        masked_modules=("vislearn.grading.pages.report",),
        environment={"VISLEARN_LANG": "ko"},
    )
    with GuardedKernel(settings) as kernel:
        yield kernel


def text_of(kernel: GuardedKernel, source: str) -> str:
    run = kernel.run_cell(source, 20)
    assert run.state == "ok", (run.state, run.error_name, run.error_text)
    return run.text.strip()


def test_the_library_is_there_but_not_what_lies_beside_it(
    walled: GuardedKernel,
) -> None:
    code = f"import os, vislearn; print(sorted(os.listdir({str(ROOT)!r})))"
    seen = text_of(walled, code)
    assert "vislearn" in seen
    for hidden in ("labs", "tests", "book", ".git"):
        assert f"'{hidden}'" not in seen


def test_a_masked_module_cannot_be_imported_or_read(walled: GuardedKernel) -> None:
    run = walled.run_cell("import vislearn.grading.pages.report", 20)
    assert run.error_name == "ImportError"
    assert "this lab asks you to write" in run.error_text
    code = (
        "import pathlib, vislearn.grading as g\n"
        "files = pathlib.Path(g.__file__).parent.rglob('{}*')\n"
        "print(sum({} in f.read_bytes() for f in files if f.is_file()))"
    )
    assert text_of(walled, code.format("report", b"grades_csv")) == "0"
    assert int(text_of(walled, code.format("messages", b"REASONS"))) > 0
    assert b"grades_csv" in Path(report.__file__).read_bytes()


def test_the_environment_is_ours_alone(walled: GuardedKernel) -> None:
    names = text_of(walled, "import os; print(*os.environ)").split()
    assert "VISLEARN_LANG" in names
    assert not [
        name for name in names if name.startswith(("PYTEST", "JPY", "VISLEARN_C"))
    ]


def test_the_kernel_is_nobody_without_powers(walled: GuardedKernel) -> None:
    status = text_of(walled, "print(open('/proc/self/status').read())")
    facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    assert facts["CapEff"].strip() == "0" * 16
    assert facts["NoNewPrivs"].strip() == "1"
    if os.geteuid() == 0:
        (uid,) = set(facts["Uid"].split())
        assert int(uid) >= sandbox.FIRST_UID


@pytest.mark.parametrize("place", ["/", "/usr", "/dev", "/etc", str(ROOT / "vislearn")])
def test_the_system_is_read_only(walled: GuardedKernel, place: str) -> None:
    code = f"open({place!r} + '/vislearn-was-here', 'w').write('x')"
    run = walled.run_cell(code, 20)
    assert run.error_name in ("OSError", "PermissionError", "FileNotFoundError")
    assert not (Path(place) / "vislearn-was-here").exists()


def test_files_have_a_limit_of_their_own_and_together(walled: GuardedKernel) -> None:
    code = (
        "import os\n"
        "try:\n"
        "    for n in range(40):\n"
        "        with open(f'/tmp/{n}', 'wb') as file: file.write(bytes(10 << 20))\n"
        "except OSError as error: print(n, error.errno)\n"
        "for name in os.listdir('/tmp'):\n"
        "    if name.isdigit(): os.unlink('/tmp/' + name)"
    )
    count, errno = map(int, text_of(walled, code).split())
    assert count <= Limits().tmp_mb // 10
    assert errno == 28  # no space left on device
    big = walled.run_cell("open('/tmp/x', 'wb').write(bytes(20 << 20))", 20)
    assert big.error_name == "OSError"


def test_an_interrupt_ends_a_cell_and_the_kernel_goes_on(walled: GuardedKernel) -> None:
    run = walled.run_cell("import time\nwhile True: time.sleep(0.01)", 0.5)
    assert run.state == "timeout"
    assert run.seconds < 5
    assert text_of(walled, "print(6 * 7)") == "42"


def test_a_kernel_leaves_no_process_and_no_folder(needs_sandbox: None) -> None:
    kernel = GuardedKernel(KernelSettings(walls="bwrap"))
    inside = psutil.Process(kernel.pid).children(recursive=True)
    assert inside
    kernel.stop()
    _, alive = psutil.wait_procs(inside, timeout=5)
    assert alive == []
    assert not kernel.folder.exists()
    assert kernel.run_cell("1", 1).state == "kernel_died"


def test_a_kernel_that_cannot_start_is_our_failure() -> None:
    settings = KernelSettings(walls="bwrap", masked_modules=("vislearn.nothing",))
    with pytest.raises(KernelStartError, match=r"vislearn\.nothing"):
        GuardedKernel(settings)


def test_without_walls_masks_and_forbidden_calls_still_speak() -> None:
    code = (
        "from vislearn.grading import guard\n"
        "calls = ['textwrap.dedent', 'pathlib.Path.exists']\n"
        "guard.install(['vislearn.budget'], calls)\n"
        "import pathlib, textwrap\n"
    )
    attempts = {
        "import vislearn.budget": "ImportError",
        "textwrap.dedent('a')": "RuntimeError",
        "pathlib.Path('x').exists()": "RuntimeError",
    }
    with GuardedKernel(KernelSettings(walls="none")) as kernel:
        assert kernel.run_cell(code, 20).state == "ok"
        for attempt, error in attempts.items():
            assert kernel.run_cell(attempt, 20).error_name == error


def test_a_forbidden_call_must_exist() -> None:
    with pytest.raises(ValueError, match=r"json\.dumsp"):
        guard._resolve("json.dumsp")


def test_the_probe_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda _name: None)
    found = sandbox.probe.__wrapped__()
    assert not found.available
    assert "not installed" in found.reason or "needs Linux" in found.reason
