# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: sys.stdout과 sys.stderr를 지우기
en: Takes sys.stdout and sys.stderr away
why: the kernel can no longer answer, and only this question is lost
"""

import sys

VISLEARN_RIGHT


sys.stdout = sys.stderr = None
