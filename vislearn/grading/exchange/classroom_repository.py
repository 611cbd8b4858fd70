"""The files of a GitHub Classroom starter repository (`release --classroom`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from vislearn.grading.exchange.classroom import runners_of
from vislearn.grading.lab import Lab
from vislearn.grading.release import release

WORKFLOW = ".github/workflows/classroom.yml"
_WORKFLOW = """\
# A self-check of {lab} with public inputs, for learners and for GitHub Classroom.
# It is not the mark: it runs in a repository that the learner may change. Marks are
# made by the course from the pushed notebook, with other inputs.
name: Self-check
on: [push, repository_dispatch, workflow_dispatch]
permissions:
  checks: write
  actions: read
  contents: read
jobs:
  run-autograding-tests:
    runs-on: ubuntu-latest
    if: github.actor != 'github-classroom[bot]'
    timeout-minutes: {minutes}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - name: Install vislearn
        run: pip install "{install}"
      - name: Check the notebook
        id: check
        run: vislearn check . --classroom
      - name: Report to GitHub Classroom
        uses: classroom-resources/autograding-grading-reporter@v1
        env:
{results}
        with:
          runners: {runners}
"""
_README = """\
# {en}

Write your answers into one of the notebooks and push it. The workflow *Self-check*
then runs the checks with public inputs. What it shows is not your mark: the course
marks the same notebook with other inputs.

At home: `vislearn check {lab}.en.ipynb`

# {ko}

노트북 하나를 골라 답을 쓰고 푸시하십시오. 그러면 *Self-check* 워크플로가 공개 입력으로
확인합니다. 여기에 나오는 점수는 성적이 아닙니다. 성적은 같은 노트북을 다른 입력으로
채점해서 매깁니다.

집에서 확인하기: `vislearn check {lab}.ko.ipynb`
"""
_IGNORE = ".ipynb_checkpoints/\n__pycache__/\n.venv/\n"


def classroom_repository(
    lab: Lab, languages: Sequence[str], out: Path, *, install: str = ""
) -> list[Path]:
    """Write a starter repository into the folder `out`.

    Args:
        install: what `pip install` gets in the workflow; by default the library from
            the repository that the course's settings name.

    Raises:
        ValueError: if the lab is refused, or nothing says where vislearn comes from.
    """
    install = install or _library(lab)
    written = release(lab, languages, out)
    for name, text in repository_files(lab, install).items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def repository_files(lab: Lab, install: str) -> dict[str, str]:
    """The files beside the release, by name.

    Raises:
        ValueError: if `install` could end the command that it stands in.
    """
    if not re.fullmatch(r"[\w.,\[\]@+:/=<>~ -]+", install):
        raise ValueError(f"{install!r}: not something that pip could install")
    runners = list(runners_of(lab.questions).values())
    results = "\n".join(
        f'          {name.upper()}_RESULTS: "${{{{ steps.check.outputs.{name} }}}}"'
        for name in runners
    )
    seconds = lab.question_timeout_s * len(lab.questions) * 2  # one per language
    return {
        WORKFLOW: _WORKFLOW.format(
            lab=lab.id,
            install=install,
            results=results,
            runners=",".join(runners),
            minutes=round(10 + seconds / 60),
        ),
        "README.md": _README.format(lab=lab.id, ko=lab.title["ko"], en=lab.title["en"]),
        ".gitignore": _IGNORE,
    }


def _library(lab: Lab) -> str:
    from vislearn.course.site import Course, find_root

    repository = Course(find_root(lab.path)).repository
    if not repository:
        raise ValueError(
            f"{lab.id}: the book's settings name no repository to install vislearn from"
        )
    return f"vislearn[course,grade] @ git+{repository}"
