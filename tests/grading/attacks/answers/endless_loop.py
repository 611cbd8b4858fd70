# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 끝나지 않는 반복문
en: A loop that never ends
why: a learner's slip, interrupted after its time
reasons: [timeout]
"""

while True:
    pass
