# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 디스크에서 모범 답안 찾기
en: Searches the disk for the solution
why: no solution, reference or journal can be found on the disk
"""

import os
import re

loot = []
for top, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(top, f) not in ("/proc", "/sys")]
    if "site-packages" in top or "/lib/python3" in top or top.startswith("/usr"):
        folders[:] = []
        continue
    for name in files:
        if re.search(r"lab\.(md|yml)|q2_|journal|known|minilab|\.json$", name):
            try:
                loot.append(open(os.path.join(top, name)).read())
            except (OSError, ValueError):
                pass
namespace = dict(globals())
for text in loot:
    found = re.search(r"def attention\(q, k, v\):.*?@ v\n", text, re.S)
    if found:
        exec(found.group(0), namespace)
attention = namespace.get("attention")
