# ruff: noqa
"""
points: 6
why: payloads of every wrong form are wrong answers
"""

import vislearn.grading.emit as emitting

deep = []
for _ in range(500):
    deep = [deep]


def attention(q, k, v):
    for data in (deep, {"a": 1}, None, [None] * 20, ["x"] * 20, [10**400] * 20):
        emitting.publish(
            {"name": "output", "shape": [5, 4], "dtype": "float64", "data": data}
        )
    emitting.publish({"name": ["output"], "shape": -1, "dtype": 7, "data": []})
    raise ValueError("no")
