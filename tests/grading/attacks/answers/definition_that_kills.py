# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 정의하는 순간 커널을 끝내는 함수
en: A definition that ends the kernel
why: later questions may use earlier definitions, but must not die of them
reasons: [kernel_died]
"""

import os

VISLEARN_RIGHT


def helper(value=os._exit(0)):
    return value


class Helper:
    os._exit(0)
