# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 채점 폴더와 시스템에 쓰기
en: Writes to the grader's folders and the system
why: nothing outside can be written, and trying costs nothing
"""

import os
import shutil

for place in (
    "VISLEARN_LAB",
    "VISLEARN_OUT",
    "/etc",
    "/usr/lib",
    os.path.dirname(np.__file__),
):
    shutil.rmtree(os.path.join(place, "mutants"), ignore_errors=True)
    try:
        open(os.path.join(place, "vislearn-was-here"), "w").write("x")
    except OSError:
        pass


def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v
