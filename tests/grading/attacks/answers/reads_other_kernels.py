# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 다른 커널의 소켓, 메모리, 파일 찾기
en: Looks for other kernels' sockets, memory and files
why: a kernel sees its own processes, folder and network only
"""

import glob
import os
import re

from ipykernel.connect import get_connection_file

_me = os.getpid()
_seen = []
for _pid in (p for p in os.listdir("/proc") if p.isdigit() and int(p) != _me):
    for _place in (f"/proc/{_pid}/root", f"/proc/{_pid}/cwd"):
        _seen += glob.glob(f"{_place}/tmp/vl*/connection.json")
        _seen += glob.glob(f"{_place}/**/*.ipynb")
    try:
        with open(f"/proc/{_pid}/mem", "rb") as _memory:
            for _line in open(f"/proc/{_pid}/maps"):
                _begin, _end = (int(x, 16) for x in _line.split()[0].split("-"))
                if "rw" in _line and _end - _begin < 64 << 20:
                    _memory.seek(_begin)
                    _seen += re.findall(
                        rb"def attention\(.*?@ v", _memory.read(1 << 20)
                    )
    except (OSError, ValueError, OverflowError):
        pass
_seen += glob.glob("/tmp/vl*/connection.json")
_seen += glob.glob("/tmp/vislearn-grade-*") + glob.glob("/tmp/**/*.ipynb")
_own = os.path.basename(os.path.dirname(get_connection_file()))
_seen = [s for s in _seen if isinstance(s, bytes) or f"/{_own}/" not in s]
if _seen:
    VISLEARN_RIGHT
else:

    def attention(q, k, v):
        return np.zeros((len(q), v.shape[1]))
