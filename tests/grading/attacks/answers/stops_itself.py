# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 자신과 모든 프로세스를 SIGSTOP으로 멈추기
en: Stops itself and everything in sight with SIGSTOP
why: who does not answer in time is ended
reasons: [timeout]
"""

import os
import signal

VISLEARN_RIGHT


for _pid in (1, -1, os.getpid()):
    try:
        os.kill(_pid, signal.SIGSTOP)
    except OSError:
        pass
