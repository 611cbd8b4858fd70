# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 답안 셀에서 os._exit
en: os._exit in the answer's cell
why: the kernel dies while the answer runs
reasons: [kernel_died]
"""

import os

os._exit(0)
