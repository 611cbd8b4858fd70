# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 스스로 결과를 내보이는 함수
en: A function that shows a result of its own
why: a result that shows itself is not a value
"""

import sys


def attention(q, k, v):
    sys.displayhook(1.0)
    sys.displayhook({"points": 4})
    return np.zeros((len(q), v.shape[1]))
