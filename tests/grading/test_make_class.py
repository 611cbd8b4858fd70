"""The class that grading is tried on holds what it says."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.submission import find_submissions, read_submission

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from tests.grading.make_class import choices, make_class  # noqa: E402

LAB01 = ROOT / "labs" / "lab01_attention"


@pytest.fixture(scope="module", params=["minilab", "lab01_attention"])
def lab(request: pytest.FixtureRequest, minilab: Lab) -> Lab:
    return minilab if request.param == "minilab" else load_lab(LAB01)


def test_every_file_is_read_as_the_class_says(lab: Lab, tmp_path: Path) -> None:
    wanted = {one.key: one for one in make_class(lab, tmp_path, 80, marked=False)}
    known = choices(lab)
    paths = find_submissions(tmp_path)
    assert len(paths) == len(wanted) == 80
    for path in paths:
        found = read_submission(path, lab, tmp_path)
        one = wanted[found.key]
        assert found.student == one.student
        assert path.stat().st_mtime == pytest.approx(_seconds(one.handed_in))
        assert found.reason == one.reason
        for question, name in one.answers.items():
            cells = [text for text in known[question][name] if text]
            kept = [text for text in found.answers[question] if text in cells]
            assert kept, (found.key, question, name)
            assert set(kept) == set(cells)


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp()


def test_a_class_has_a_bit_of_everything(lab: Lab, tmp_path: Path) -> None:
    found = make_class(lab, tmp_path, 300, marked=False)
    assert {one.reason for one in found} == {
        *("", "not_json", "empty_file", "other_lab", "not_a_notebook")
    }
    assert max(Counter(one.student for one in found).values()) > 1
    drawn = {(q, name) for one in found for q, name in one.answers.items()}
    known = {(q, name) for q, names in choices(lab).items() for name in names}
    assert drawn <= known
    assert len(drawn) > 0.9 * len(known)
    kinds = {(q, name.split()[0]) for q, name in drawn}
    assert kinds == {(q, name.split()[0]) for q, name in known}


def test_a_class_follows_from_its_seed(minilab: Lab, tmp_path: Path) -> None:
    made = [
        make_class(minilab, tmp_path / name, 20, seed, marked=False)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert made[0] == made[1]
    assert made[0] != made[2]
    contents = [
        [path.read_bytes() for path in find_submissions(tmp_path / name)]
        for name in "ab"
    ]
    assert contents[0] == contents[1]
    with pytest.raises(ValueError, match="expected an empty folder"):
        make_class(minilab, tmp_path / "a", 1)


def test_points_are_those_of_the_known_answers(minilab: Lab, tmp_path: Path) -> None:
    found = make_class(minilab, tmp_path, 60, seed=3)
    points = {
        (question, one.answers["q1"] if question == "q2" else "", name): value
        for one in found
        for question, value in one.points.items()
        for name in [one.answers[question]]
    }
    for (question, need, name), value in points.items():
        full = minilab.questions[question].points
        if name.startswith("mutant"):
            assert value < full
        elif name == "stub":
            assert value == 0
        elif need in ("", "solution", "alternative q1_log"):
            assert value == full
    # A right answer on a wrong one that it needs: the error check alone is right.
    assert points["q2", "mutant q1_columns", "solution"] == 1
    assert all(one.points == {} for one in found if one.state == "unreadable")
