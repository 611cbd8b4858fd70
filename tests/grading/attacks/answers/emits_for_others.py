# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 다른 문제와 없는 문제의 검사 이름으로 값 보내기
en: Sends values under the names of other questions' checks
why: a question's kernel is asked about this question only
peers: own channel
"""

import vislearn.grading.emit as emitting

for name in ("rows", "large", "mask", "output", "points", "q2", "total", "../q2"):
    emitting.emit(name, np.full((5, 7), 1 / 7))
    emitting.publish({"name": name, "points": 100, "dtype": "none", "shape": []})


def attention(q, k, v):
    for name in ("rows", "large", "mask"):
        emitting.emit(name, np.full((5, 7), 1 / 7))
    return np.zeros((len(q), v.shape[1]))
