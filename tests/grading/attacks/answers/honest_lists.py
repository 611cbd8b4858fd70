# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 배열 대신 리스트를 돌려주는 맞는 답안
en: A right answer that returns lists
why: the values are right, whatever holds them
"""

VISLEARN_RIGHT


_right = attention
attention = lambda q, k, v: _right(q, k, v).tolist()
