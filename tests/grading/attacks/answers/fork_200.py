# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 자식 프로세스 200개
en: 200 child processes
why: within the limit on processes, and all of them die with the question
"""

import ctypes

VISLEARN_RIGHT


_libc = ctypes.CDLL(None)  # its fork is quicker than Python's
for _ in range(200):
    if _libc.fork() == 0:
        _libc.pause()
        _libc._exit(0)
