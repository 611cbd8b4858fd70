"""Results that were made here, as an autograder that only looks them up.

For courses that hand in through Gradescope and grade on a machine of their own: the
zip installs nothing and holds neither the secret nor a solution. Upload it after
`vislearn grade`, and let Gradescope regrade all submissions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from vislearn.grading.exchange import gradescope_lookup
from vislearn.grading.exchange.gradescope import (
    check_visibility,
    nothing_handed_in,
    results_of,
)
from vislearn.grading.exchange.gradescope_archive import (
    EXECUTABLE,
    named,
    write_archive,
)
from vislearn.grading.journal import Record
from vislearn.grading.lab import LANGUAGES, Lab
from vislearn.grading.messages import reason

_SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the image: what looks results up needs Python only.
set -euo pipefail
command -v python3 > /dev/null || { apt-get update; apt-get install -y python3; }
chmod 700 "${AUTOGRADER_ROOT:-/autograder}/source"
"""
_RUN = """\
#!/usr/bin/env bash
# Looks one submission up; results.json exists whatever happens.
set -u
root="${AUTOGRADER_ROOT:-/autograder}"
mkdir -p "$root/results"
cp "$root/source/unknown.json" "$root/results/results.json"
exec python3 -I "$root/source/look_up.py"
"""
_README = """\
vislearn, lab {lab}: results for Gradescope

Upload this archive as it is (Configure Autograder), then choose "Regrade All
Submissions". Submissions are known by the content of their notebooks; who hands in
something new sees that it is not graded yet. What is taken off for lateness, and what
a person gives, is up to Gradescope.

이 파일을 그레이드스코프에 그대로 올린 다음 모든 제출물을 다시 채점하게 하십시오.
제출물은 노트북의 내용으로 알아봅니다. 그 뒤에 새로 낸 노트북에는 아직 채점하지
않았다고 나옵니다. 늦은 제출의 감점과 사람이 주는 점수는 그레이드스코프에서 정합니다.
"""


def results_zip(
    lab: Lab, records: Iterable[Record], out: Path, *, visibility: str = "visible"
) -> Path:
    """Write the results of all submissions as a zip for Gradescope.

    Args:
        out: the file, or a folder for `<lab>.results.gradescope.zip`.
        visibility: when learners see the tests (`gradescope.VISIBILITY`).

    Raises:
        ValueError: if the visibility is unknown.
    """
    check_visibility(visibility)
    settings = {"points": lab.points, "several": _both("several_notebooks")}
    unknown = {
        "output": _both("ungraded"),
        "stdout_visibility": "hidden",
        "extra_data": {"lab": lab.id, "state": "ungraded"},
        "tests": [],
    }
    file = named(out, f"{lab.id}.results.gradescope.zip")
    with write_archive(file) as archive:
        archive.add("setup.sh", _SETUP, EXECUTABLE)
        archive.add("run_autograder", _RUN, EXECUTABLE)
        archive.add("README.txt", _README.format(lab=lab.id))
        archive.add("look_up.py", Path(gradescope_lookup.__file__).read_bytes())
        archive.add("settings.json", settings)
        archive.add("unknown.json", unknown)
        archive.add("none.json", nothing_handed_in(lab))
        for sha, record in _by_content(records).items():
            results = results_of(lab, record, visibility=visibility)
            archive.add(f"graded/{sha}.json", results)
    return file


def _by_content(records: Iterable[Record]) -> dict[str, Record]:
    """Records by the hash of their file; of equal files the one with most points."""
    found: dict[str, Record] = {}
    for record in sorted(records, key=lambda record: (record.sha, record.key)):
        if not re.fullmatch("[0-9a-f]{64}", record.sha):
            continue  # a file that could not be read has no content to be known by
        best = found.get(record.sha)
        if best is None or (record.points or 0.0) > (best.points or 0.0):
            found[record.sha] = record
    return found


def _both(key: str) -> str:
    return "\n".join(reason(key, lang) for lang in LANGUAGES)
