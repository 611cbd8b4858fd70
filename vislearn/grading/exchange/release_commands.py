"""`vislearn release` for nbgrader, Gradescope and GitHub Classroom."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vislearn.grading.lab import Lab

_OPTIONS = {  # where each option of a release has an effect
    "instructor": "out",
    "course_id": "nbgrader",
    "visibility": "gradescope",
    "seed_file": "gradescope",
    "install": "classroom",
}


def add_release_options(parser: argparse.ArgumentParser) -> None:
    """Where a release goes: into a folder, or to one of the other systems."""
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument("--out", type=Path, metavar="FOLDER", help="notebooks in a folder")
    to.add_argument(
        "--nbgrader", type=Path, metavar="COURSE", help="a course folder of nbgrader"
    )
    to.add_argument(
        "--gradescope",
        type=Path,
        metavar="ZIP",
        help="an autograder to upload; it holds the solutions and the course's secret",
    )
    to.add_argument(
        "--classroom",
        type=Path,
        metavar="FOLDER",
        help="a starter repository for GitHub Classroom",
    )
    parser.add_argument(
        "--course-id", default="", help="nbgrader: the course's name (vislearn)"
    )
    parser.add_argument(
        "--visibility",
        default="",
        help="gradescope: when learners see the tests: visible (default), "
        "after_due_date, after_published, hidden",
    )
    parser.add_argument(
        "--seed-file", type=Path, help="gradescope: a file with the course's secret"
    )
    parser.add_argument(
        "--install", default="", help="classroom: what `pip install` gets there"
    )


def refuse_misplaced(arguments: argparse.Namespace) -> None:
    """Refuse an option that the chosen target would pass over in silence.

    Raises:
        ValueError: naming the option and where it belongs.
    """
    for option, target in _OPTIONS.items():
        if getattr(arguments, option) and getattr(arguments, target) is None:
            name = option.replace("_", "-")
            raise ValueError(f"--{name} goes with --{target} only")
    if arguments.gradescope is not None and arguments.lang != "all":
        raise ValueError("--lang: an autograder takes notebooks of every language")


def release_elsewhere(
    arguments: argparse.Namespace, lab: Lab, languages: Sequence[str]
) -> list[Path]:
    """Make the release for the system that was named; the files that were written."""
    if arguments.nbgrader is not None:
        from vislearn.grading.exchange.nbgrader_release import nbgrader_course

        name = arguments.course_id or "vislearn"
        return nbgrader_course(lab, languages, arguments.nbgrader, course_id=name)
    if arguments.classroom is not None:
        from vislearn.grading.exchange.classroom_repository import classroom_repository

        install = arguments.install
        return classroom_repository(
            lab, languages, arguments.classroom, install=install
        )
    return [_gradescope(arguments, lab)]


def _gradescope(arguments: argparse.Namespace, lab: Lab) -> Path:
    from vislearn.grading.exchange.gradescope_zip import gradescope_zip
    from vislearn.grading.reference import reference
    from vislearn.grading.secret import course_secret, refuse_published

    refuse_published(arguments.gradescope, lab.path)
    secret = course_secret(arguments.seed_file, lab.path)
    visibility = arguments.visibility or "visible"
    reference(lab, secret)  # refuses a lab that would only fail over there
    return gradescope_zip(lab, arguments.gradescope, secret, visibility=visibility)
