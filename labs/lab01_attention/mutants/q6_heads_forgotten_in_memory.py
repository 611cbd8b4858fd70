"""
question: q6
ko: >-
  점수 행렬의 메모리에서 헤드를 빼먹었습니다. 계산량에서는 h가 상쇄되지만, 헤드마다 T
  × T 행렬이 하나씩 있으므로 메모리는 h배입니다.
en: >-
  You forgot the heads in the memory of the scores. In the work h cancels, but every
  head has a T × T matrix of its own, so the memory is h times as large.
"""

import math
from typing import NamedTuple


class Cost(NamedTuple):
    tokens: int
    projection_macs: int
    mixing_macs: int
    score_bytes: int


def attention_cost(image, patch, width, heads, batch=1, prefix=1, bytes_per_number=4):
    T = prefix + (image[0] // patch) * (image[1] // patch)
    return Cost(
        tokens=T,
        projection_macs=batch * 4 * T * width**2,
        mixing_macs=batch * 2 * T**2 * width,
        score_bytes=batch * T**2 * bytes_per_number,
    )


def largest_side(budget_bytes, patch, heads, batch=1, prefix=1, bytes_per_number=4):
    numbers = budget_bytes // (batch * bytes_per_number)
    tokens = math.isqrt(numbers)
    return math.isqrt(tokens - prefix) * patch
