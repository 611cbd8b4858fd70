"""The zip that a course uploads to Gradescope: setup.sh, run_autograder, lab, library.

It holds the secret of the course and the lab's solution, so it goes to Gradescope and
nowhere else. Two zips of the same lab, secret and library are equal byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import vislearn
from vislearn.grading.exchange.gradescope import check_visibility, failed
from vislearn.grading.exchange.gradescope_archive import (
    EXECUTABLE,
    PRIVATE,
    named,
    write_archive,
)
from vislearn.grading.lab import Lab
from vislearn.grading.secret import MIN_LENGTH

LIBRARY = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "LICENSE-TEXT")
_SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the image of this assignment.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
export DEBIAN_FRONTEND=noninteractive
apt-get update
# prlimit and setpriv (util-linux) keep learners' code apart; bubblewrap where it may.
apt-get install -y --no-install-recommends util-linux bubblewrap
apt-get install -y --no-install-recommends python3.11 python3.11-venv ||
  apt-get install -y --no-install-recommends python3 python3-venv
python="$(command -v python3.11 || command -v python3)"
"$python" -m venv "$root/venv"
# Containers there have no GPU: without its libraries torch is a tenth as large.
"$root/venv/bin/pip" install --no-cache-dir \\
  --extra-index-url https://download.pytorch.org/whl/cpu \\
  -c "$root/source/library/constraints.txt" "$root/source/library[course,grade]"
# The expected values, so that the first submission need not wait for them.
VISLEARN_CACHE="$root/source/cache" "$root/venv/bin/python" \\
  -m vislearn.grading.exchange.gradescope_run --prepare
chmod 700 "$root/source"
"""
_RUN = """\
#!/usr/bin/env bash
# Grades one submission; results.json exists whatever happens.
set -u
root="${AUTOGRADER_ROOT:-/autograder}"
mkdir -p "$root/results"
# Learners' code must not read the course nor write its own result.
chmod 700 "$root/source" "$root/results"
cp "$root/source/not_graded.json" "$root/results/results.json"
chmod 600 "$root/results/results.json"
if [ -d "$root/venv" ]; then export PATH="$root/venv/bin:$PATH"; fi
export VISLEARN_CACHE="$root/source/cache" PYTHONUTF8=1
unset PYTHONPATH
cd "$root"
exec python3 -P -m vislearn.grading.exchange.gradescope_run
"""
_README = """\
vislearn, lab {lab}: an autograder for Gradescope

Confidential: this archive holds the solutions and the secret from which the hidden
inputs are drawn. Upload it as it is (Configure Autograder) and give it to nobody.

Settings of the assignment in Gradescope:
- points: {points:g}
- container: at least {memory} MB of memory
- timeout: at least {minutes} minutes
- base image: Ubuntu 22.04 or later

비공개 파일입니다. 정답과 숨은 입력을 만드는 비밀값이 들어 있습니다. 그레이드스코프에
그대로 올리고 다른 사람에게 주지 마십시오.
"""


def gradescope_zip(
    lab: Lab, out: Path, secret: str, *, visibility: str = "visible"
) -> Path:
    """Write the archive of a lab's autograder.

    Args:
        out: the file, or a folder for `<lab>.gradescope.zip`.
        secret: of the course (`secret.course_secret`).
        visibility: when learners see the tests: visible, after_due_date,
            after_published or hidden.

    Raises:
        ValueError: if the secret is too short, the visibility is unknown, or vislearn
            is not run from its source tree, which goes into the zip.
    """
    check_visibility(visibility)
    if len(secret.strip()) < MIN_LENGTH:
        raise ValueError(
            f"the secret has {len(secret.strip())} characters, expected {MIN_LENGTH} "
            "or more"
        )
    settings = {"lab": lab.id, "visibility": visibility}
    file = named(out, f"{lab.id}.gradescope.zip")
    with write_archive(file) as archive:
        archive.add("setup.sh", _SETUP, EXECUTABLE)
        archive.add("run_autograder", _RUN, EXECUTABLE)
        archive.add("README.txt", _readme(lab))
        archive.add("settings.json", settings)
        archive.add("not_graded.json", failed(lab.id, "run_autograder was cut short"))
        archive.add("course-secret", f"{secret.strip()}\n", PRIVATE)
        for path in _files(lab.path):
            name = path.relative_to(lab.path).as_posix()
            archive.add(f"course/{lab.id}/{name}", path.read_bytes(), PRIVATE)
        for name, path in library_files():
            archive.add(f"library/{name}", path.read_bytes())
    return file


def _readme(lab: Lab) -> str:
    """What the container needs, from the lab's own limits."""
    seconds = 60 + 2 * lab.question_timeout_s * len(lab.questions)
    return _README.format(
        lab=lab.id,
        points=lab.points,
        memory=lab.memory_budget_mb + 1024,  # and the grader itself
        minutes=max(10, round(seconds / 60 + 0.5)),
    )


def library_files() -> Iterator[tuple[str, Path]]:
    """The source tree of vislearn: names in the archive and files.

    Raises:
        ValueError: if it is installed without its pyproject.toml.
    """
    package = Path(vislearn.__file__).resolve().parent
    root = package.parent
    if not (root / "pyproject.toml").is_file():
        raise ValueError(
            f"{root}: no pyproject.toml there; a Gradescope zip is made from a clone"
        )
    for name in LIBRARY:
        if (root / name).is_file():
            yield name, root / name
    for folder in (package, root / "experiments" / "results"):
        for path in _files(folder):
            yield path.relative_to(root).as_posix(), path


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            yield path
