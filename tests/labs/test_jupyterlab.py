"""JupyterLab opens a generated lab in each language and runs it from top to bottom."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbformat.reader import NotJSONError

from vislearn.course.commands import write_notebook
from vislearn.course.site import Course

ROOT = Path(__file__).resolve().parents[2]
LABS = sorted(path.parent.name for path in ROOT.glob("labs/*/lab.yml"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and find_spec("playwright") and find_spec("jupyterlab")),
    reason="chromium, playwright or JupyterLab is not installed",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab on this machine alone, with the labs in both languages."""
    folder = tmp_path_factory.mktemp("lab")
    course = Course(ROOT)
    assert [source.path.parent.name for source in course.labs] == LABS
    for source in course.labs:
        for lang in ("ko", "en"):
            path = folder / f"{source.path.parent.name}_{lang}.ipynb"
            write_notebook(source, lang, "instructor", course, path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", f"--notebook-dir={folder}"),
        *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
    ]
    log = (folder / "log.txt").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/api", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail((folder / "log.txt").read_text()[-2000:])
        yield url, folder
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("lab", LABS)
def test_jupyterlab_runs_the_lab_from_top_to_bottom(
    lab: str, lang: str, server: tuple[str, Path]
) -> None:
    from playwright.sync_api import sync_playwright

    url, folder = server
    name = f"{lab}_{lang}.ipynb"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(f"{url}/lab/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.wait_for_selector("text=| Idle", timeout=60_000)  # the kernel answers
        page.locator("#jp-MainMenu >> text=Run").first.click()
        page.locator("text=Run All Cells").first.click()
        cells = run_cells(page, folder / name)
        browser.close()
    assert [cell["source"] for cell in cells if errors(cell)] == []
    assert [cell["source"] for cell in cells if not cell["execution_count"]] == []


def run_cells(page, path: Path) -> list[dict]:
    """Save until the last code cell has run; return the code cells of the file."""
    cells: list[dict] = []
    for _ in range(180):
        page.wait_for_timeout(1_000)
        page.locator('[data-command="docmanager:save"]').first.click()
        page.wait_for_timeout(300)
        try:
            notebook = nbformat.read(path, as_version=4)
        except NotJSONError:  # read while it was being written
            continue
        cells = [
            cell
            for cell in notebook.cells
            if cell.cell_type == "code" and cell.source.strip()
        ]
        if all(cell.execution_count for cell in cells) or any(map(errors, cells)):
            break
    return cells


def errors(cell: dict) -> list[dict]:
    return [out for out in cell["outputs"] if out["output_type"] == "error"]
