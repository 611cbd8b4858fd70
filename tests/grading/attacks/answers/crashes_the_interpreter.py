# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 인터프리터를 비정상 종료시키기
en: Crashes the interpreter
why: a segmentation fault ends its own kernel
reasons: [kernel_died]
"""

import ctypes

VISLEARN_RIGHT


ctypes.string_at(0)
