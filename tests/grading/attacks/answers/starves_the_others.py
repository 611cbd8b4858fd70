# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 세션을 나눈 프로세스 60개로 CPU 차지하기
en: Takes the processor with 60 processes in sessions of their own
why: the others' time must not depend on it
"""

import os
import time


def attention(q, k, v):
    for _ in range(60):
        if os.fork() == 0:
            os.setsid()
            while True:
                pass
    time.sleep(3)
    return np.zeros((len(q), v.shape[1]))
