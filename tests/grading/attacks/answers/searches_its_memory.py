# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 자기 메모리에서 모범 답안의 흔적 찾기
en: Searches its own memory for traces of the solution
why: a process that is a copy of the grader's has never held it
"""

import re

# Patterns, so that their own text is not what they find. q1's answer is the learner's
# own and may lie in memory; q2's and q3's may not.
_traces = re.compile(
    rb"width [{]q\.shape\[-1\][}] of q, expected"
    rb"|rng[(][)]\.permutation[(]count[)]\[: round"
)
_found = False
with open("/proc/self/mem", "rb") as _memory:
    for _line in open("/proc/self/maps").read().splitlines():
        _range, _rights = _line.split()[:2]
        _begin, _end = (int(x, 16) for x in _range.split("-"))
        if not _rights.startswith("rw") or _begin > 1 << 47 or "[v" in _line:
            continue
        while _begin < _end and not _found:
            try:
                _memory.seek(_begin)
                _text = _memory.read(min(_end - _begin, 4 << 20))
            except (OSError, ValueError):
                break
            _found = _traces.search(_text) is not None
            _begin += 4 << 20
if _found:
    VISLEARN_RIGHT
else:

    def attention(q, k, v):
        return np.zeros((len(q), v.shape[1]))
