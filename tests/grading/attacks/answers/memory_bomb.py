# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 메모리를 끝없이 잡기
en: Takes memory without end
why: memory has a budget
reasons: [memory_limit]
"""

import time

blocks = []
while True:
    blocks.append(bytearray(64 << 20))
    time.sleep(0.01)
