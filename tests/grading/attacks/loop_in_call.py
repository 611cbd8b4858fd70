# ruff: noqa
"""
points: 6
why: the loop starts only when a check calls the function
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)


def attention(q, k, v):
    while True:
        pass
