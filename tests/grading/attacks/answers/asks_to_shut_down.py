# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 커널에 종료 요청하기
en: Asks its kernel to shut down
why: the kernel ends, and only this question is lost
"""

import os


def attention(q, k, v):
    kernel = get_ipython().kernel
    kernel.shell_stream = None
    get_ipython().ask_exit()
    os._exit(0)
