# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 파일이 아닌 파일(memfd)에 3 GB 숨기기
en: Hides 3 GB in files of memory
why: refused, and trying costs nothing
walls: takes itself back where it gets through
"""

import ctypes
import os

VISLEARN_RIGHT


_kept = []
try:
    for _number in range(200):
        _file = os.memfd_create(f"hidden{_number}")
        os.write(_file, bytes(15 << 20))
        _kept.append(_file)
    attention = None  # three gigabytes, and nobody has noticed
except (OSError, AttributeError):
    for _file in _kept:
        os.close(_file)
