# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 모양이 잘못된 값과 깊이 겹친 JSON
en: Values of every wrong form, deep JSON
why: payloads of every wrong form are wrong answers
peers: own channel
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
