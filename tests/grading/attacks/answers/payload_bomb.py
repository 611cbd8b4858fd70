# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 풀면 수백 MB가 되는 값
en: Values that unpack to hundreds of megabytes
why: what a value may hold is bounded before it is unpacked
peers: own channel
"""

import vislearn.grading.emit as emitting

_many = [[]] * 1_000_000


def attention(q, k, v):
    for _ in range(2):
        emitting.publish(
            {"name": "output", "shape": [1], "dtype": "list", "data": _many}
        )
    return np.zeros((len(q), v.shape[1]))
