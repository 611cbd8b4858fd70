# ruff: noqa
"""
points: 6
why: memory has a budget
"""

import time

blocks = []
while True:
    blocks.append(bytearray(64 << 20))
    time.sleep(0.01)
