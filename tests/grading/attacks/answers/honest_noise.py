# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 경고와 stderr, 시간 출력이 있는 맞는 답안
en: A right answer with warnings, stderr and timings
why: output decides nothing, and noise of 1e-9 is within tolerance
"""

import sys
import time
import warnings

VISLEARN_RIGHT


_right = attention


def attention(q, k, v):
    warnings.warn("NNPACK is not available")
    print(f"{time.perf_counter():.6f} s", file=sys.stderr)
    print(f"took {time.perf_counter():.6f} s")
    return _right(q, k, v) + np.random.normal(scale=1e-9)
