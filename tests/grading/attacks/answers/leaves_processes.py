# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 뒤에 남으려는 프로세스와 데몬
en: Processes and daemons meant to stay behind
why: what a submission starts dies with it
"""

import os
import subprocess
import sys


def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v


for _ in range(5):
    subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(300)", "vislearn-left-over"],
        start_new_session=True,
    )
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(
            sys.executable,
            [
                sys.executable,
                "-c",
                "import time; time.sleep(300)",
                "vislearn-left-over",
            ],
        )
    os._exit(0)
