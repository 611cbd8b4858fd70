# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 소켓 폴더에 1,500겹 폴더와 빈 파일
en: 1,500 nested folders among the sockets, and empty files
why: what walks over them must neither break nor leave them behind
peers: own channel
"""

import os

from ipykernel.connect import get_connection_file

_home = os.getcwd()
_folder = os.path.dirname(get_connection_file())
for _number in range(5000):
    open(os.path.join(_folder, f"empty{_number}"), "w").close()
os.chdir(_folder)
for _number in range(1500):
    os.mkdir("d")
    os.chdir("d")
os.chdir(_home)
os.chmod(os.path.join(_folder, "d"), 0)


def attention(q, k, v):
    return np.zeros((len(q), v.shape[1]))
