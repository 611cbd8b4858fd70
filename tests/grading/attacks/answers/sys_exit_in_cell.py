# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 답안보다 앞에 있는 sys.exit()
en: A sys.exit() before the answer
why: nothing behind the exit is defined, and only this question is lost
"""

import sys

sys.exit()


VISLEARN_RIGHT
