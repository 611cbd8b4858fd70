# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 거절될 때까지 프로세스 만들기
en: Makes processes until they are refused
why: there is a limit, and it binds nobody else
walls: takes itself back where it gets through
"""

import ctypes
import os
import signal

VISLEARN_RIGHT


_libc = ctypes.CDLL(None)  # its fork is quicker than Python's
_children = []
while len(_children) < 1000:
    _pid = _libc.fork()
    if _pid == 0:
        _libc.pause()
        _libc._exit(0)
    if _pid < 0:
        break
    _children.append(_pid)
else:
    attention = None  # no limit at all
for _pid in _children:
    os.kill(_pid, signal.SIGKILL)
