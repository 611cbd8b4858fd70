# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 중단을 삼키는 무한 반복
en: An endless loop that swallows interrupts
why: one endless question must not cost the others
reasons: [timeout]
"""

import time

while True:
    try:
        while True:
            time.sleep(0.01)
    except BaseException:
        print("not me")
