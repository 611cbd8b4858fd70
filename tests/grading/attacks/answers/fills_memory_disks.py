# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: /dev/shm, /tmp, 홈 폴더 채우기
en: Fills /dev/shm, /tmp and home
why: each has a size of its own, and none is the machine's
walls: takes itself back where it gets through
"""

import os
import shutil

VISLEARN_RIGHT


def _fill(place):
    folder = os.path.join(place, "vislearn-full")
    try:
        os.makedirs(folder, exist_ok=True)
        for number in range(40):
            with open(os.path.join(folder, str(number)), "wb") as file:
                file.write(bytes(15 << 20))
    except OSError:
        return True
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return False


for _place in ("/dev/shm", "/tmp", os.path.expanduser("~"), "/dev", "/"):
    if not _fill(_place):
        attention = None  # 600 MB, and there was no end
