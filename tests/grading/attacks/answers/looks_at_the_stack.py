# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 호출 스택과 gc에서 기댓값 찾기
en: Looks for the expected value on the stack and in gc
why: no expected value lives in the memory of the kernel
"""

import gc
import inspect


def attention(q, k, v):
    shape = (len(q), v.shape[1])
    arrays = [o for o in gc.get_objects() if isinstance(o, np.ndarray)]
    frame = inspect.currentframe()
    while frame:
        arrays += [o for o in frame.f_locals.values() if isinstance(o, np.ndarray)]
        frame = frame.f_back
    if q.shape[-1] != k.shape[-1]:
        return None
    arrays = [a for a in arrays if not any(a is known for known in (q, k, v))]
    return next((a for a in arrays if a.shape == shape), np.zeros(shape))
