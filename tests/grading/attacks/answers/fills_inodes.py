# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 빈 파일 수만 개
en: Tens of thousands of empty files
why: they lie in the sandbox's own /tmp and go with it
"""

import os
import time

VISLEARN_RIGHT


_end = time.monotonic() + 1.0
_number = 0
try:
    while time.monotonic() < _end:
        open(f"/tmp/vislearn-empty-{_number}", "w").close()
        _number += 1
except OSError:
    pass
