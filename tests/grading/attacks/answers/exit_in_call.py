# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 호출되면 os._exit로 끝내는 함수
en: A function that calls os._exit
why: the kernel dies while a check runs
reasons: [kernel_died]
"""

import os


def attention(q, k, v):
    os._exit(0)
