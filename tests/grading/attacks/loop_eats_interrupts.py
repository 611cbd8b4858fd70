# ruff: noqa
"""
points: 6
why: one endless question must not cost the others
"""

import time

while True:
    try:
        while True:
            time.sleep(0.01)
    except BaseException:
        print("not me")
