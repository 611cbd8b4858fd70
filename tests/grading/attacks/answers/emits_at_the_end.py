# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: __del__, atexit, 시그널에서 값 보내기
en: Emits from __del__, atexit and signals
why: a value that nobody asked for is one too many
peers: own channel
"""

import atexit
import signal

import vislearn.grading.emit as emitting

_guess = np.full((5, 4), 0.1)


def _send(*args):
    emitting.emit("output", _guess)


class _Late(np.ndarray):
    def __del__(self):
        _send()


atexit.register(_send)
signal.signal(signal.SIGALRM, _send)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)


def attention(q, k, v):
    return np.zeros((len(q), v.shape[1])).view(_Late)
