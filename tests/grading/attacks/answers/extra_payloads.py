# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 값을 요구보다 많이 보내기
en: Sends more values than asked for
why: more values than asked for are refused
peers: own channel
"""

import threading
import time

from vislearn.grading.emit import emit as send

guess = np.full((5, 4), 0.1)


def shout():
    while True:
        send("output", guess)
        time.sleep(0.001)


threading.Thread(target=shout, daemon=True).start()


def attention(q, k, v):
    send("output", guess)
    time.sleep(0.2)
    return np.zeros((len(q), v.shape[1]))
