# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 언제나 ValueError를 일으키는 함수
en: A function that always raises ValueError
why: who refuses every input has not checked its width
"""


def attention(q, k, v):
    raise ValueError("width")
