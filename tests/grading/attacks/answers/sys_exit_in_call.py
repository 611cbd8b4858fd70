# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 호출되면 sys.exit(0)으로 끝내는 함수
en: A function that calls sys.exit(0)
why: a clean exit is no answer
"""

import sys


def attention(q, k, v):
    sys.exit(0)
