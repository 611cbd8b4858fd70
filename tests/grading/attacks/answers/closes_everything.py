# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 열린 파일과 소켓을 모두 닫기
en: Closes every open file and socket
why: a kernel that cannot answer loses its own question
"""

import os

VISLEARN_RIGHT


os.closerange(0, 512)
