"""What `run_autograder` of our Gradescope zip runs, inside Gradescope's container.

    python -m vislearn.grading.exchange.gradescope_run [--prepare]

The folders are Gradescope's (/autograder/source, submission, results); another root
can be given in AUTOGRADER_ROOT. The course (lab, secret, expected values) lies in
`source`, which only root may enter; learners' code runs behind bubblewrap where the
container allows that, else as another user without rights.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vislearn.grading.batch import grade
from vislearn.grading.commands import import_quickly
from vislearn.grading.exchange.gradescope import (
    about_submission,
    failed,
    nothing_handed_in,
    results_of,
    write_results,
)
from vislearn.grading.journal import Record
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.reference import reference
from vislearn.grading.submission import find_submissions
from vislearn.grading.walls import sandbox

ROOT = Path("/autograder")
MAX_NOTEBOOKS = 4  # more are not graded: each one takes time of the container


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the submission, or with --prepare compute the expected values.

    Returns:
        0 if results.json holds a score; 1 if it says that grading failed.
    """
    import_quickly()
    root = Path(os.environ.get("AUTOGRADER_ROOT", ROOT))
    settings = json.loads((root / "source" / "settings.json").read_text("utf-8"))
    lab = load_lab(root / "source" / "course" / settings["lab"])
    secret = root / "source" / "course-secret"
    if "--prepare" in (sys.argv[1:] if arguments is None else arguments):
        reference(lab, secret.read_text(encoding="utf-8").strip())
        return 0
    about = about_submission(root / "submission_metadata.json")
    try:
        results = _results(lab, root, secret, settings["visibility"], about)
    except Exception as error:  # ours, whatever it is: told, and no 0
        traceback.print_exc()
        results = failed(lab.id, f"{type(error).__name__}: {error}", about)
    write_results(results, root / "results" / "results.json")
    return 0 if "score" in results else 1


def _results(
    lab: Lab, root: Path, secret: Path, visibility: str, about: dict[str, Any]
) -> dict[str, Any]:
    begun = time.monotonic()
    found = notebooks(root / "submission")
    if not found:
        return nothing_handed_in(lab, about)
    with tempfile.TemporaryDirectory(prefix="vislearn-gradescope-") as work:
        folder = Path(work) / "in"
        for number, file in enumerate(found, 1):
            target = folder / str(number) / file.name
            target.parent.mkdir(parents=True)
            shutil.copyfile(file, target)
        outcome = grade(
            *(lab, folder, Path(work) / "out"),
            walls=_walls(root),
            seed_file=secret,
            say=lambda line: print(line, flush=True),
        )
    return results_of(
        lab,
        counting(outcome.records, lab),
        visibility=visibility,
        seconds=time.monotonic() - begun,
        notes=["several_notebooks"] if len(found) > 1 else [],
        extra={**about, "walls": outcome.walls},
    )


def _walls(root: Path) -> str:
    """How learners' code is kept apart here.

    Docker forbids bubblewrap by default. Then the kernel runs as another user, which
    changes rights in the installation: right in a container that is thrown away, so
    only where Gradescope's folders are.

    Raises:
        ValueError: if neither is possible.
    """
    state = sandbox.probe()
    if state.available:
        return "bwrap"
    if os.geteuid() == 0 and root == ROOT:
        return "user"
    raise ValueError(f"no walls for learners' code here: {state.reason}")


def notebooks(folder: Path) -> list[Path]:
    """The notebooks of a submission; links are not followed."""
    try:
        found = find_submissions(folder)
    except ValueError:
        return []
    return [file for file in found if not file.is_symlink()][:MAX_NOTEBOOKS]


def counting(records: Sequence[Record], lab: Lab) -> Record:
    """The record that counts: the best, unless an ungraded one might be better."""
    known = [record for record in records if record.points is not None]
    best = max(known, key=lambda record: record.points or 0.0, default=None)
    waiting = [record for record in records if record.points is None]
    if best is None or (waiting and (best.points or 0.0) < lab.points):
        return waiting[0]
    return best


if __name__ == "__main__":
    sys.exit(main())
