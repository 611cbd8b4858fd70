# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: SIGINT를 무시하고 호출될 때 도는 무한 반복
en: Ignores SIGINT and loops when called
why: the loop starts only when a check calls the function
reasons: [timeout]
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)


def attention(q, k, v):
    while True:
        pass
